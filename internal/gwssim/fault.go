package gwssim

// Fault is something that goes wrong with one kind of request, over HTTP or a
// WebSocket, so many times; then that kind works again.
type Fault struct {
	At Stage  `json:"at"`
	Do Action `json:"do"`

	// Processed has the server do what it is asked before DoReset, DoSilence,
	// DoAnswer or DoClose. With the other actions it always does.
	Processed bool `json:"processed,omitempty"`
	// Over limits it to one transport, "websocket" or "long-polling"; both if
	// empty. REST requests are of neither.
	Over string `json:"over,omitempty"`
	// Times is how often it happens: once if 0, for ever if negative.
	Times int `json:"times,omitempty"`
	// Session limits it to one HTTP session, by its number in [State]; all if 0.
	Session int `json:"session,omitempty"`
	// Every lets it happen only to each n-th of those requests, such as to each third with 3; to each
	// if 0.
	Every int `json:"every,omitempty"`

	DelayMS int               `json:"delayMS,omitempty"` // of DoDelay, and between two of DoPieces
	Status  int               `json:"status,omitempty"`  // of DoAnswer over HTTP; 200 if 0
	Header  map[string]string `json:"header,omitempty"`  // of the answer over HTTP, beside its own
	Body    string            `json:"body,omitempty"`    // of DoAnswer; of DoAmend the fields, a JSON object
	Code    int               `json:"code,omitempty"`    // of DoClose, on a WebSocket; 1001 if 0
}

// Stage is the kind of request that a [Fault] strikes.
type Stage string

// The stages.
const (
	AtSignIn     Stage = "sign-in"    // GET /api/v2/me
	AtPost       Stage = "post"       // of an operation
	AtUpgrade    Stage = "upgrade"    // to a WebSocket
	AtHandshake  Stage = "handshake"  // /meta/handshake
	AtSubscribe  Stage = "subscribe"  // /meta/subscribe
	AtConnect    Stage = "connect"    // /meta/connect that is to be answered at once
	AtHeld       Stage = "held"       // /meta/connect that may be held
	AtDisconnect Stage = "disconnect" // /meta/disconnect
	AtCometD     Stage = "cometd"     // any from AtUpgrade to AtDisconnect
	AtAll        Stage = "all"        // any of those above

	// AtAcknowledgement is what carries an event of a record to the client, in
	// answer to whatever connect. The record has been processed.
	AtAcknowledgement Stage = "acknowledgement"

	// AtEvent is the events that answer an operation, before they go to any
	// session: DoSilence has them lost, DoDelay has them come later, DoAmend puts
	// fields into the data of those on /v2/me/outbound, such as another
	// notificationType. It can do nothing else.
	AtEvent Stage = "event"
)

// Request is a request that reached the server, whatever for; those to
// /gwssim/ do not count.
type Request struct {
	Method        string `json:"method"`
	Path          string `json:"path"`
	Authorization string `json:"authorization"` // the headers of these names
	Cookie        string `json:"cookie"`
	CSRFToken     string `json:"csrfToken"`
}

// Action is what happens to a request, or to its answer.
type Action string

// The actions.
const (
	DoReset    Action = "reset"    // the connection is reset in place of the answer
	DoClose    Action = "close"    // the connection is closed in place of the answer: a WebSocket with the code of the fault
	DoSilence  Action = "silence"  // there is no answer; a WebSocket stays open and carries nothing any more
	DoAnswer   Action = "answer"   // the answer has the status, header and body of the fault; on a WebSocket, the body is the frame
	DoDelay    Action = "delay"    // the answer comes late
	DoPieces   Action = "pieces"   // the answer comes in five chunks, or fragments of a WebSocket message
	DoHalf     Action = "half"     // half of the answer comes, then the connection is reset
	DoTruncate Action = "truncate" // half of the answer comes as if it were the whole
	DoAmend    Action = "amend"    // the replies in the answer, meta messages all, get the fields in the body of the fault; null removes one
)
