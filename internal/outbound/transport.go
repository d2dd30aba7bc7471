package outbound

import (
	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/bayeux/longpolling"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
)

// The names of the transports.
const (
	WebSocket   = "websocket"
	LongPolling = "long-polling"
)

// transports returns those that the options name, in their order.
func transports(opts Options, doer *httpx.Client, rest *gws.Auth) []bayeux.Transport {
	var list []bayeux.Transport
	for _, name := range opts.Transports {
		url := opts.BaseURL + opts.CometdPath
		switch name {
		case WebSocket:
			list = append(list, webSocket(url, doer).WithMaxMessageSize(opts.MaxMessageSize))
		case LongPolling:
			list = append(list, longpolling.New(longpolling.Options{
				URL: url, Doer: doer, Header: rest.RequestHeader, Credentials: opts.Credentials,
				AppendMessageType: opts.AppendMessageTypeToURL, MaxMessageSize: opts.MaxMessageSize,
			}))
		}
	}
	return list
}
