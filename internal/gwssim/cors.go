//go:build !js

package gwssim

import (
	"net/http"
	"net/url"
)

// csrfExposed are the response headers that pages of other origins may read.
const csrfExposed = csrfNameHeader + ", " + csrfTokenHeader

// localOrigin reports whether pages of an origin may talk to the simulator:
// those on this machine, and browser extensions.
func localOrigin(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http":
		return u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost"
	case "chrome-extension":
		return true
	}
	return false
}

// allowOrigin lets a page on this machine read the response, with cookies.
func allowOrigin(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); localOrigin(origin) {
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Credentials", "true")
	}
}

// servePreflight answers the OPTIONS request that a browser sends ahead of
// one across origins. Without the headers of [allowOrigin] it allows nothing.
func servePreflight(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Access-Control-Allow-Methods", "GET, POST")
	header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, "+csrfTokenHeader)
	w.WriteHeader(http.StatusNoContent)
}
