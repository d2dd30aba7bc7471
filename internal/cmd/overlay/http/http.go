// Package http has the names of net/http that nhooyr.io/websocket uses in a
// browser. The module is built with it in place of net/http.
package http

// StatusSwitchingProtocols is the status that every dial reports.
const StatusSwitchingProtocols = 101

// Response is what a dial returns; the module ignores it.
type Response struct{ StatusCode int }

// Request and ResponseWriter are parameters of Accept, which returns an error
// in a browser.
type (
	Request        struct{}
	ResponseWriter any
)
