package outbound

import (
	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/bayeux/websocket"
	"gws-outbound/internal/httpx"
)

// newTransport returns the transport of that name. The browser adds the
// cookies.
func newTransport(_, url string, _ *httpx.Client) bayeux.Transport { return websocket.New(url) }
