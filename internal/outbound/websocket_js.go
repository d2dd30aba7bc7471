package outbound

import (
	"gws-outbound/internal/bayeux/websocket"
	"gws-outbound/internal/httpx"
)

// webSocket returns the transport to url. The browser adds the cookies.
func webSocket(url string, _ *httpx.Client) *websocket.Transport { return websocket.New(url) }
