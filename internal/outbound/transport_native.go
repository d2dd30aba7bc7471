//go:build !js

package outbound

import (
	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/bayeux/websocket"
	"gws-outbound/internal/httpx"
)

// newTransport returns the transport of that name, with the doer's cookies.
func newTransport(_, url string, doer *httpx.Client) bayeux.Transport {
	return websocket.New(url).WithClient(doer.HTTP)
}
