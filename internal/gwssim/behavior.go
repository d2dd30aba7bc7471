package gwssim

// Behavior says in what a [Sim] departs from a server that works. The zero
// value is that server. Fields whose names end in MS are milliseconds.
type Behavior struct {
	// Faults strike single requests; the first that fits does. What they do not
	// strike goes by the other fields.
	Faults []Fault `json:"faults,omitempty"`

	// The line, of all connections together but those of control, where the simulator
	// listens itself.

	// BytesPerSecond is how many bytes of what the server sends arrive in a second,
	// packets of all connections in turn; without a bound if 0.
	BytesPerSecond int `json:"bytesPerSecond,omitempty"`
	// RoundTripMS is by how much all that the server sends is late.
	RoundTripMS int `json:"roundTripMS,omitempty"`

	// REST: sign-in and the POST.

	// SignInStatus answers GET /api/v2/me with this HTTP status.
	SignInStatus int `json:"signInStatus,omitempty"`
	// NumericIDs gives users numbers for ids in place of names: "agent" has 2^53, and "agent1" the next one, which float64
	// does not tell from it.
	NumericIDs bool `json:"numericIDs,omitempty"`
	// PostStatus answers the POST with this HTTP status. The record is not
	// processed, unless PostProcessed says so.
	PostStatus int `json:"postStatus,omitempty"`
	// PostBody answers the POST with this body in place of JSON, such as a
	// login page; with status 200 unless PostStatus is set. The record is not
	// processed, unless PostProcessed says so.
	PostBody string `json:"postBody,omitempty"`
	// PostContentType is the content type of PostBody; text/html if empty.
	PostContentType string `json:"postContentType,omitempty"`
	// PostCut resets the TCP connection instead of answering the POST. The
	// record is not processed, unless PostProcessed says so.
	PostCut bool `json:"postCut,omitempty"`
	// PostProcessed processes the record, and acknowledges it, in spite of
	// PostStatus, PostBody or PostCut.
	PostProcessed bool `json:"postProcessed,omitempty"`
	// StatusCode refuses the POST as GWS does: HTTP 200 with this statusCode.
	// The record is not processed.
	StatusCode int `json:"statusCode,omitempty"`
	// StatusMessage is the statusMessage that goes with StatusCode.
	StatusMessage string `json:"statusMessage,omitempty"`
	// PostDelayMS delays the answer to the POST. The record is processed when
	// the POST arrives, so that its acknowledgement may come first.
	PostDelayMS int `json:"postDelayMS,omitempty"`
	// RejectCSRF answers so many following POSTs with 403 "Missing or invalid
	// Csrf token", even with the right token, as if it had been changed
	// meanwhile. The next GET hands out a new one.
	RejectCSRF int `json:"rejectCSRF,omitempty"`
	// HideCSRF keeps the two CSRF headers from pages of other origins.
	HideCSRF bool `json:"hideCSRF,omitempty"`
	// NoCSRF turns the protection off: no headers, and none asked for.
	NoCSRF bool `json:"noCSRF,omitempty"`
	// RejectAuth answers so many following REST requests with 401.
	RejectAuth int `json:"rejectAuth,omitempty"`
	// KeepAlive lets HTTP connections be used again. Without it each request has
	// a connection of its own, which makes cuts exact: browsers send a request
	// again by themselves, a POST too, when a connection that was used before
	// is reset without an answer.
	KeepAlive bool `json:"keepAlive,omitempty"`
	// Redirect redirects (302) GET /api/v2/me and the POST to /login, an HTML
	// page with status 200.
	Redirect bool `json:"redirect,omitempty"`

	// Events: what follows a record that was processed.

	// AckDelayMS is the time from processing to the acknowledgement. With 0 it
	// is sent once the POST has been answered, or at once with PostDelayMS.
	AckDelayMS int `json:"ackDelayMS,omitempty"`
	// AckFirst withholds the answer to the POST until the acknowledgement has
	// been sent.
	AckFirst bool `json:"ackFirst,omitempty"`
	// NoAck sends no events for a processed record.
	NoAck bool `json:"noAck,omitempty"`
	// HoldAck keeps the events until [Sim.Ack] is called.
	HoldAck bool `json:"holdAck,omitempty"`
	// NoEcho leaves the referenceId out of the acknowledgement.
	NoEcho bool `json:"noEcho,omitempty"`
	// Duplicates sends the acknowledgement that many extra times.
	Duplicates int `json:"duplicates,omitempty"`
	// Notification is the notificationType in place of
	// RecordProcessedAcknowledge, such as "RecordProcessedError".
	Notification string `json:"notification,omitempty"`
	// WrongRecord acknowledges another recordHandle (one more than ours) under
	// our referenceId.
	WrongRecord bool `json:"wrongRecord,omitempty"`

	// CometD.

	// TimeoutMS is how long a connect is held, and advice.timeout; 30000 if 0.
	TimeoutMS int `json:"timeoutMS,omitempty"`
	// IntervalMS is advice.interval: how long a client is to wait between two
	// connects.
	IntervalMS int `json:"intervalMS,omitempty"`
	// MaxIntervalMS is how long a session outlives its last connect, beyond
	// IntervalMS, and any other message after that; 10000 if 0.
	MaxIntervalMS int `json:"maxIntervalMS,omitempty"`
	// SessionsPerBrowser is how many sessions of one browser have their connect held
	// over long-polling. Others are answered at once, with the advice that there are
	// multiple clients, and an interval of 2 s. Without a bound if 0; CometD's
	// own default is 1.
	SessionsPerBrowser int `json:"sessionsPerBrowser,omitempty"`
	// RefuseHandshake refuses every handshake with this error, such as
	// "403::Handshake denied".
	RefuseHandshake string `json:"refuseHandshake,omitempty"`
	// RefuseHandshakeAdvice is advice.reconnect of that refusal; no advice if
	// empty.
	RefuseHandshakeAdvice string `json:"refuseHandshakeAdvice,omitempty"`
	// RefuseSubscribe refuses subscriptions with this error.
	RefuseSubscribe string `json:"refuseSubscribe,omitempty"`
	// RefuseChannel limits RefuseSubscribe to this channel; all if empty.
	RefuseChannel string `json:"refuseChannel,omitempty"`
	// Nonsense is sent, as it is, in place of the reply to a handshake.
	Nonsense string `json:"nonsense,omitempty"`
	// NoWebSocket answers WebSocket upgrades with 404.
	NoWebSocket bool `json:"noWebSocket,omitempty"`
	// OpenWebSocket takes WebSockets of those who are not signed in, and refuses
	// the handshake on them, where a 401 answers their upgrade otherwise.
	OpenWebSocket bool `json:"openWebSocket,omitempty"`
	// NoLongPolling answers long-polling requests with 404.
	NoLongPolling bool `json:"noLongPolling,omitempty"`
	// NoAckExtension negotiates no acknowledged delivery (ext.ack).
	NoAckExtension bool `json:"noAckExtension,omitempty"`
	// SingleFrames sends one message a WebSocket frame, each in an array of
	// its own, the connect reply last.
	SingleFrames bool `json:"singleFrames,omitempty"`
	// Direct writes events to the WebSocket at once, on frames of their own,
	// while the connect stays held, and keeps none of them: what is written
	// into a dead socket, or published while there is no socket, is lost. That
	// is what CometD does without acknowledged delivery, which is therefore
	// not negotiated. Long-polling is not affected.
	Direct bool `json:"direct,omitempty"`
}

// Post is one POST of an operation that reached the server.
type Post struct {
	Path        string `json:"path"`        // of the URL, such as "/api/v2/me/outbound-records/12"
	User        string `json:"user"`        // who was signed in; "" for nobody
	Body        string `json:"body"`        // as it was sent
	ContentType string `json:"contentType"` // the header Content-Type
	CSRFToken   string `json:"csrfToken"`   // the header X-CSRF-TOKEN
	Status      int    `json:"status"`      // HTTP status of the answer; 0 before it, and for a reset connection
}
