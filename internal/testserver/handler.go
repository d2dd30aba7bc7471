//go:build !js

package testserver

import (
	"net/http"
	"strings"
)

// Handler returns the scenarios, to any origin: those of WebSockets below
// /ws/, those of HTTP below /http/.
func Handler() http.Handler {
	mux := http.NewServeMux()
	sockets(mux)
	requests(mux)
	mux.Handle("/echo/", &Echo{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); origin != "" && !strings.HasPrefix(r.URL.Path, "/http/no-cors") && !strings.HasPrefix(r.URL.Path, "/echo/") {
			h := w.Header()
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Credentials", "true")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Test")
			h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
			h.Set("Access-Control-Expose-Headers", "X-Test, X-Echo")
			if r.Method == http.MethodOptions {
				return
			}
		}
		mux.ServeHTTP(w, r)
	})
}
