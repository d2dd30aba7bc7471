package bayeux

import "context"

const longPolling = "long-polling"

// Transport opens connections over which Bayeux messages travel. There is one
// for each connection type.
type Transport interface {
	// Name is the Bayeux connection type: "websocket" or "long-polling".
	Name() string

	// PerRequest reports whether messages travel in requests, each of which can
	// fail or be given up alone, and whose reply is seen while it arrives. If
	// not, all travel over one socket, which shows a frame once it is whole.
	PerRequest() bool

	// Open opens a connection. It may block until ctx is done, and must not
	// leave a connection behind then. What arrives, and the end of the
	// connection, goes to sink, from any goroutine, possibly before Open has
	// returned.
	Open(ctx context.Context, sink Sink) (Conn, error)
}

// Conn is an open connection. Its methods never block.
type Conn interface {
	// Send sends messages, at least one, as one array. A message that cannot be sent is
	// reported to the sink, as one that was sent and not answered would be.
	Send(messages []Message)

	// Cancel gives up the request that carries the message with this id; all of
	// its messages fail. It is called where messages travel in requests only.
	Cancel(id string)

	// Close ends the connection once what was sent before has left; where messages travel in requests, of
	// what waits for a request to end only a /meta/disconnect. Nothing is reported to the sink from then on.
	Close()
}

// Sink takes what happens on a connection. Its methods never block.
type Sink interface {
	// Receive takes a frame: an array of messages in JSON, or a single one.
	Receive(frame []byte)

	// Progress says that bytes of the reply to these messages have arrived, and
	// more are to come: whoever waits for it need not fear that it is lost. It may
	// come often.
	Progress(messages []Message)

	// Fail says that these messages will not be answered, and why. The
	// connection lives on.
	Fail(messages []Message, err error)

	// Lose says that the connection has ended, and why. No message that is
	// without an answer will get one. It comes at most once, and last.
	Lose(err error)
}
