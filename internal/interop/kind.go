package interop

// Kind names a server.
type Kind string

// The servers.
const (
	Jetty9  Kind = "cometd-9"      // CometD 9 on Jetty 12.1
	Jetty8  Kind = "cometd-8"      // CometD 8 on Jetty 12
	Jetty31 Kind = "cometd-3.1"    // CometD 3.1 on Jetty 9.4
	Faye    Kind = "faye"          // Faye on Node.js
	NodeJS  Kind = "cometd-nodejs" // CometD for Node.js
)

// Kinds are all servers.
var Kinds = []Kind{Jetty9, Jetty8, Jetty31, Faye, NodeJS}

// Transports returns the connection types that the server has.
func (k Kind) Transports() []string {
	if k == NodeJS {
		return []string{"long-polling"}
	}
	return []string{"websocket", "long-polling"}
}

// HasAck reports whether the server has acknowledged delivery.
func (k Kind) HasAck() bool { return k != Faye }

// Options are those of a server's start.
type Options struct {
	NoAck         bool `json:"noAck"`         // leave acknowledged delivery off
	TimeoutMS     int  `json:"timeoutMS"`     // for which a connect is held; 30,000 if 0
	MaxIntervalMS int  `json:"maxIntervalMS"` // for which a session outlives its last connect; 10,000 if 0. Faye has none: twice the timeout

	// Agents makes every sign-in an agent of its own, who alone gets the events
	// that answer his operations, in all his sessions. CometD 8 and 9 alone tell
	// agents apart.
	Agents bool `json:"agents"`

	// OneHeld has the server hold one connect per browser at a time, as CometD
	// does by default, and answer others with the advice multiple-clients; else
	// it holds all. CometD on Jetty alone has the choice.
	OneHeld bool `json:"oneHeld"`
}

// Behavior is what can be switched while a server runs.
type Behavior struct {
	AckDelayMS    int    `json:"ackDelayMS"`    // from the POST to the events that answer it
	HoldAck       bool   `json:"holdAck"`       // answer only by the verb ack
	Chain         int    `json:"chain"`         // how many records every chain has
	Notification  string `json:"notification"`  // the notificationType of the last event of an answer; "" for the operation's own
	DenyHandshake bool   `json:"denyHandshake"` // by the server's own policy
	DenySubscribe bool   `json:"denySubscribe"` // by the server's own policy
}
