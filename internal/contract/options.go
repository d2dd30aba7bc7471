package contract

// Option is an option of createClient that Go reads.
type Option struct {
	Name    string
	Type    string   // in TypeScript
	Default string   // JSON, or an expression of JavaScript; "" if there is none
	Go      string   // the field of outbound.Options that it is read into; "" where a method of core's optionsReader reads it, which has its name
	Unit    string   // of a number: "ms" or "bytes"
	Manual  string   // what it is, as the manual has it, in Markdown
	Doc     []string // paragraphs of TSDoc
}

// Options are all options of createClient but those of the loader, in the order of the manual.
var Options = []Option{
	{Name: "baseUrl", Type: "string", Default: `location.origin`,
		Manual: "where the API is: an http(s) URL, with a path prefix if there is one",
		Doc:    []string{"The origin of the server, with a path if it has one. A frame by `srcdoc` or about:blank has its parent's by default."}},
	{Name: "cometd", Type: "CometDLike", Default: "",
		Manual: "the page's own cometd.js (3.1 to 9): its session is used, and none is opened: [over a desktop's session](deployment.md#over-a-desktops-own-session)",
		Doc: []string{
			"A cometd.js object of the page's own, of CometD 3.1 to 9, whose session is to be used: the client opens none. It subscribes to its channels there, again after each successful handshake, and hears nothing else; the page configures the object, has it shake hands and disconnects it. REST requests are the client's own. Closing the client leaves the session alone.",
			"One that is not connected is waited for, until `connectTimeout`. While it is not connected later on, or has been disconnected, the client is `\"reconnecting\"`.",
			"What is lost: without the AckExtension of cometd.js and that of the server, events that the server writes into a connection that has just died. A dead connection is noticed only when cometd.js notices it. An event is confirmed to the server before it is in the journal, and no later client goes on with the session. Numbers beyond 2^53 - 1 were rounded by cometd.js. `clearSubscriptions()` and `clearListeners()` of the object end what the client hears.",
			"Not beside `cometdPath`, `transports`, `guest` or `appendMessageTypeToURL`. `maxMessageSize` then limits the JSON text of one event.",
		}},
	{Name: "cometdPath", Type: "string", Default: `"/api/v2/notifications"`,
		Manual: "the CometD endpoint below it; some installations have `/genesys/cometd`",
		Doc:    []string{"The path of the CometD endpoint below `baseUrl`."}},
	{Name: "transports", Type: "Transport[]", Default: `["websocket", "long-polling"]`,
		Manual: "to be tried in this order; `client.transport` says which it is",
		Doc:    []string{"The transports to try, in this order. {@link OutboundClient.transport} says which is in use. While a WebSocket is being opened, the handshake goes over long-polling, where that is one of them. The one that has worked last is remembered in `sessionStorage`, for the next page of the tab."}},
	{Name: "guest", Type: "boolean", Default: `false`, Go: "Guest",
		Manual: "the page, or another in this browser, has a CometD session of its own over long-polling: never take [the one request that a server holds](deployment.md#beside-other-clients-in-one-browser)",
		Doc:    []string{"Says that the page, or another one of this browser, has a CometD session of its own with the server, such as a desktop's, over long-polling. Such a server holds the request of one session for each browser, whose events come at once; the others have to ask again and again. With `true` this client never takes that place: over long-polling it asks every 250 ms while a call is pending, and every 2 s otherwise. Connect it once the other one is connected. It is the same once the server has said that there are several: see {@link OutboundClient.reason}."}},
	{Name: "appendMessageTypeToURL", Type: "boolean", Default: `false`, Go: "AppendMessageTypeToURL",
		Manual: "long-polling goes to `…/handshake`, `/connect`, `/disconnect`, for load balancers that route by it",
		Doc:    []string{"Appends `/handshake`, `/connect` or `/disconnect` to the URL of a long-polling request that carries such a message, for load balancers that route by it."}},
	{Name: "headers", Type: "HeadersInit | (() => HeadersInit | Promise<HeadersInit>)", Default: "",
		Manual: "`HeadersInit`, or a function that returns it or a Promise of it; a function is asked again after a 401",
		Doc:    []string{"Header fields for every HTTP request, such as `Authorization`, or a function that gives them. The function is asked once, and again after each 401. With `worker: \"shared\"`, the function of each page that joins is asked as well. Browsers cannot put headers on a WebSocket: the cookie that the first request earns is what signs it in."}},
	{Name: "credentials", Type: "RequestCredentials", Default: `"include"`,
		Manual: "as for `fetch`",
		Doc:    []string{"Whether cookies go with the HTTP requests."}},
	{Name: "csrf", Type: "boolean", Default: `true`, Go: "CSRF",
		Manual: "fetch and send the CSRF token",
		Doc:    []string{"Whether to fetch and send the CSRF token."}},
	{Name: "channels", Type: "string[]", Default: `[]`,
		Manual: "more channels to hear, as `notification` events",
		Doc:    []string{"More channels to subscribe to, for `notification` events. `/v2/me/outbound` is always subscribed to, and need not be named."}},
	{Name: "connectTimeout", Type: "number", Default: `10000`, Go: "ConnectTimeout", Unit: "ms",
		Manual: "ms until there is a session: at first, and for a call that finds none; from 1 to 86400000 (a day)",
		Doc:    []string{"How long signing in, connecting and subscribing may take together, in milliseconds, from 1 to 86400000 (a day). It also limits how long a call waits for a session. The download of the module is not counted. See {@link ClientOptions.ackTimeout} for a page that was frozen meanwhile."}},
	{Name: "requestTimeout", Type: "number", Default: `10000`, Go: "RequestTimeout", Unit: "ms",
		Manual: "ms for each HTTP request; from 1 to 86400000",
		Doc:    []string{"How long one HTTP request may take, in milliseconds, from 1 to 86400000 (a day). See {@link ClientOptions.ackTimeout} for a page that was frozen meanwhile."}},
	{Name: "ackTimeout", Type: "number", Default: `30000`, Go: "AckTimeout", Unit: "ms",
		Manual: "ms from the POST to the acknowledgement; from 1 to 86400000",
		Doc:    []string{"How long to wait for the answer to a request, from the POST to the event that settles the call, in milliseconds, from 1 to 86400000 (a day).", "Where the page was frozen, the machine asleep or the thread busy when the time was over, events that arrived meanwhile are handled first. That may take 2 seconds more, or 4 where the page freezes again."}},
	{Name: "maxMessageSize", Type: "number", Default: `16777216`, Go: "MaxMessageSize", Unit: "bytes",
		Manual: "bytes of messages that the server may send at once, an integer from 1024 to 268435456; for more, the connection and its session are given up, and the log says so",
		Doc:    []string{"How many bytes of messages the server may send at once, in one WebSocket frame or one answer to long-polling: an integer from 1024 to 268435456. What is more is not read: the connection and its session are given up, and the log names this option."}},
	{Name: "allowUnknownCallResult", Type: "boolean", Default: `false`, Go: "AllowUnknownCallResult",
		Manual: "let call results pass that are not among the 54 names and their known spellings",
		Doc:    []string{"Lets call results pass that are not among the known names, for servers with a list of their own."}},
	{Name: "journal", Type: "boolean", Default: `false`,
		Manual: "keep what was sent and is not settled over a crash or a reload: [the journal](journal.md)",
		Doc:    []string{"Keeps a journal of what was sent and is not settled, in IndexedDB, so that the next client finds it after a crash or a reload: see {@link OutboundClient.unsettled}. Before its POST leaves, each request is written there as it is sent, and nothing else of anybody; it is removed when its Promise settles. A client keeps at most 1,000 requests, with those it has found, for at most 7 days. {@link OutboundOperations.getChainedRecords} is not written down: it can be asked for again.", "It needs IndexedDB and Web Locks (a secure context). Without them the client works all the same, and so it does with a store that fails or hangs; the log says once, at level `\"warn\"`, that calls are not in the journal."}},
	{Name: "signal", Type: "AbortSignal", Default: "",
		Manual: "an `AbortSignal` for connecting",
		Doc:    []string{"Gives up connecting when it fires. It has no effect once the client is there: {@link OutboundClient.close} ends that."}},
	{Name: "logLevel", Type: `"off" | "warn" | "info" | "debug"`, Default: `"warn"`,
		Manual: "`\"off\"`, `\"warn\"`, `\"info\"`, `\"debug\"`: [what each says](errors.md#the-log)",
		Doc:    []string{"What goes to the console, or to {@link ClientOptions.log}. At `\"debug\"` that is each request with its outcome and time, each CometD message with its size, channel and id, each attempt to connect, and each call, with the time of day; no bodies, headers or secrets. Paths of requests, with record handles and names of campaigns, and references are in it."}},
	{Name: "log", Type: "(entry: LogEntry) => void", Default: "",
		Manual: "takes the lines of the log in place of the console: `{ level, time, message }`",
		Doc:    []string{"Takes what `logLevel` lets pass, in place of the console. What it throws is reported as an uncaught error."}},
}
