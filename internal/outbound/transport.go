package outbound

import (
	"strings"

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

// turnLock is the lock of those clients of a browser that share its connections to a server, which
// are counted by the origin. All of it is shown to any script of the page's origin: a path could hold a secret.
func turnLock(baseURL string) string {
	scheme, rest, _ := strings.Cut(strings.ToLower(baseURL), "://")
	host, _, _ := strings.Cut(rest, "/")
	host = strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[scheme])
	return "gws-outbound turn " + scheme + "://" + host
}

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
