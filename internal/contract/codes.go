package contract

// Code is a code of OutboundError.
type Code struct {
	Code     string
	Doc      string // TSDoc
	When     string // as the manual has it, in Markdown, as what follows
	Delivery string // what is known of the request then
	Remedy   string // what to do
}

// Codes are all codes, in the order of the manual.
var Codes = []Code{
	{Code: "INVALID_REQUEST", Doc: "A field or an option is missing or wrong; the message names every one.",
		When: "a field or an option is missing or wrong, or the reference is in flight; every one is named", Delivery: "not-sent",
		Remedy: "Correct the fields that `problems` names. It is a mistake in the program, or in what an agent has typed."},
	{Code: "CONNECT_FAILED", Doc: "No session in time, or none is possible: the network, CORS, the page's CSP.",
		When: "no session in time, or none is possible; the failure is in the message", Delivery: "not-sent",
		Remedy: "Read the failure in the message. It is the network, CORS, the page's policy, or the server: [connecting](errors.md#connecting). `httpStatus` is there if the server answered."},
	{Code: "HANDSHAKE_REFUSED", Doc: "The server refused the CometD handshake.",
		When: "the server said no; its words are in the message", Delivery: "not-sent; as known of a call under way",
		Remedy: "The agent is not signed in on this transport, or may not hear that channel: [connecting](errors.md#connecting)."},
	{Code: "SUBSCRIBE_REFUSED", Doc: "The server refused a subscription.",
		When: "the server said no; its words are in the message", Delivery: "not-sent; as known of a call under way",
		Remedy: "The agent is not signed in on this transport, or may not hear that channel: [connecting](errors.md#connecting)."},
	{Code: "DISCONNECTED", Doc: "The server ended the session for good.",
		When: "the server ended the session for good", Delivery: "as known",
		Remedy: "The server does not want this session back. Make a new client, once the agent is signed in."},
	{Code: "UNAUTHORIZED", Doc: "HTTP 401; where `headers` is a function, after asking it once more.",
		When: "401; where `headers` is a function, after it was asked once more", Delivery: "rejected; [where signing in failed](#where-signing-in-failed), not-sent or as known",
		Remedy: "Sign in again. Give `headers` as a function, so that it can return a new token."},
	{Code: "AGENT_CHANGED", Doc: "Another agent is signed in than when the client was created.",
		When: "the server names [another agent](errors.md#another-agent) than when the client was created: with a cookie that another tab has signed in with, or with new `headers`. The client is `closed`, and sends nothing more", Delivery: "as known; not-sent from then on",
		Remedy: "Nothing more is sent in the other agent's name. Drop what the page has of the first one, and make a new client: [another agent](errors.md#another-agent)."},
	{Code: "API_ERROR", Doc: "The response has a `statusCode` other than 0.",
		When: "`statusCode` is not 0; with its documented meaning", Delivery: "rejected; unknown for 4 (internal error, which may come from a server behind GWS), 7 (partially successful) and 9 (processing incomplete), and for a code that is not documented with 408 or 5xx, as of a gateway; [where signing in failed](#where-signing-in-failed), not-sent or as known",
		Remedy: "Show `statusCode` and `statusMessage`. With `delivery` `\"unknown\"`, look at the record first."},
	{Code: "HTTP_ERROR", Doc: "Another HTTP status, or a body that is not the API's.",
		When: "another status, a redirect, HTML or anything else that is not the documented JSON", Delivery: "rejected for 4xx except 408, else unknown; [where signing in failed](#where-signing-in-failed), not-sent or as known",
		Remedy: "Something other than the API answered: [calls](errors.md#calls)."},
	{Code: "NETWORK_ERROR", Doc: "The request got no answer, nor did an acknowledgement follow.",
		When: "the POST got no answer", Delivery: "unknown; [where signing in failed](#where-signing-in-failed), not-sent or rejected",
		Remedy: "Look at the record before you send the request again."},
	{Code: "REQUEST_TIMEOUT", Doc: "The request was not answered within `requestTimeout`, nor did an acknowledgement follow.",
		When: "the POST got no answer", Delivery: "unknown; [where signing in failed](#where-signing-in-failed), not-sent or rejected",
		Remedy: "Look at the record before you send the request again."},
	{Code: "RECORD_ERROR", Doc: "Another event than the acknowledgement answered the request, or a list may lack records.",
		When: "another event came with this reference, or the list of records may lack some; the event is in `event`", Delivery: "accepted",
		Remedy: "Show `event`. For a list of records, ask again."},
	{Code: "ACK_TIMEOUT", Doc: "Accepted, but not acknowledged within `ackTimeout`.",
		When: "accepted, but no acknowledgement in time; the message says if the session was lost meanwhile", Delivery: "accepted",
		Remedy: "Look at the record before you send the request again."},
	{Code: "ABORTED", Doc: "A signal fired; its reason is `cause`.",
		When: "the signal fired; its reason is the `cause`", Delivery: "as known",
		Remedy: "The page's own signal fired. What was sent stays sent: `delivery` says what is known."},
	{Code: "CLOSED", Doc: "The client was closed, or an unsettled call was forgotten; or the journal still has what was to be forgotten.",
		When: "`close()` was called; of an unsettled call also `forget()`", Delivery: "as known",
		Remedy: "The page called `close()` or `forget()`. Or the journal could not remove the calls: try again."},
	{Code: "LOAD_FAILED", Doc: "The module cannot be fetched, compiled or started here.",
		When: "the WebAssembly module cannot be fetched, compiled or started; the message says why", Delivery: "not-sent",
		Remedy: "The message names the cause: [loading](errors.md#loading)."},
	{Code: "MODULE_EXITED", Doc: "The program of the module has ended, or does not answer.",
		When: "the WebAssembly program or its Worker ended, or does not answer; the message says which", Delivery: "as known",
		Remedy: "Call `createClient()` again."},
}
