// Package longpolling carries Bayeux messages in HTTP requests: one that the
// server holds until it has events, and at most one other beside it.
//
// A connection is no more than a list of requests. It cannot be lost as
// a whole: each request fails by itself, and its messages with it.
package longpolling

import (
	"context"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/httpx"
)

// Options say where and how to send requests. URL and Doer are required.
type Options struct {
	URL  string // of the CometD endpoint, absolute
	Doer httpx.Doer

	// Header returns what every request carries beside its Content-Type: the
	// caller's headers and the CSRF token. It is asked for each request, and
	// must not block; nil if there is nothing.
	Header func() httpx.Header

	Credentials httpx.Credentials

	// MaxMessageSize is how many bytes the answer to a request may have;
	// [bayeux.DefaultMaxMessageSize] if zero. More fails the request with a
	// *[bayeux.TooLargeError].
	MaxMessageSize int

	// AppendMessageType appends "/handshake", "/connect" or "/disconnect" to
	// the URL of a request that carries one such message, for load balancers
	// that route by it; not where the URL ends in a file name.
	AppendMessageType bool
}

// Transport sends messages to one server. It implements [bayeux.Transport].
type Transport struct{ o Options }

// New returns a transport.
func New(o Options) *Transport { return &Transport{o} }

// Name returns "long-polling".
func (*Transport) Name() string { return "long-polling" }

// PerRequest returns true.
func (*Transport) PerRequest() bool { return true }

// Open returns at once, since there is nothing to open before the first
// message.
func (t *Transport) Open(_ context.Context, sink bayeux.Sink) (bayeux.Conn, error) {
	return &conn{o: t.o, sink: sink}, nil
}
