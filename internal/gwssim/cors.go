//go:build !js

package gwssim

import "net/http"

// csrfExposed are the response headers that pages of other origins may read.
const csrfExposed = csrfNameHeader + ", " + csrfTokenHeader

// allowOrigin lets a page read the response, with cookies. The request is of the audience.
func allowOrigin(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin != "" {
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
