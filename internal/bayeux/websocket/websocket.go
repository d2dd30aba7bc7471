// Package websocket carries Bayeux messages over a WebSocket, with the same
// code in the browser and natively.
//
// In a browser, nhooyr.io/websocket closes a socket only by a call that waits
// for the peer while it holds a lock, which the socket's error event takes on
// the event loop: one reset at the wrong time would stop the whole page. So
// the package keeps hold of the browser's own socket, and closes that.
//
// The library is marked as deprecated: its code is maintained under the name
// github.com/coder/websocket. It is here because the project is required to use
// it by this name. The other name would replace it: in the imports of this
// package, of gwssim and of testserver, and in internal/cmd/overlay, which
// builds the library for browsers without net/http.
package websocket

import (
	"strings"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/fmt"
)

// Transport opens WebSockets to one server. It implements
// [bayeux.Transport].
type Transport struct {
	url   string
	limit int // bytes of a frame
	dialer
}

// New returns a transport to url, whose scheme is http, https, ws or wss.
func New(url string) *Transport {
	if rest, ok := strings.CutPrefix(url, "http"); ok {
		url = "ws" + rest
	}
	return &Transport{url: url, limit: bayeux.DefaultMaxMessageSize}
}

// WithMaxMessageSize makes the transport take frames of so many bytes, in place of
// [bayeux.DefaultMaxMessageSize], which 0 stands for. One that is longer ends the
// connection with a *[bayeux.TooLargeError].
func (t *Transport) WithMaxMessageSize(bytes int) *Transport {
	if bytes > 0 {
		t.limit = bytes
	}
	return t
}

// Name returns "websocket".
func (*Transport) Name() string { return "websocket" }

// PerRequest returns false.
func (*Transport) PerRequest() bool { return false }

// closeReason is what is known of a close by its code and reason.
func closeReason(code int, reason string) string {
	text := fmt.Sprintf("close code %d", code)
	switch code {
	case 1000:
		text += " (closed normally)"
	case 1001:
		text += " (the server is going away)"
	case 1005:
		text += " (closed without a reason)"
	case 1006:
		text += " (cut off)"
	}
	const most = 123 // bytes that the protocol has for it
	if reason != "" {
		text += ": " + reason
	}
	if len(reason) > most-4 {
		text += "…" // a longer one does not come whole
	}
	return text
}
