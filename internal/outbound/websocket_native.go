//go:build !js

package outbound

import (
	"gws-outbound/internal/bayeux/websocket"
	"gws-outbound/internal/httpx"
)

// webSocket returns the transport to url, with the doer's cookies.
func webSocket(url string, doer *httpx.Client) *websocket.Transport {
	return websocket.New(url).WithClient(doer.HTTP)
}
