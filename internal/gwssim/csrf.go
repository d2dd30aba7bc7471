//go:build !js

package gwssim

import (
	"crypto/rand"
	"net/http"
)

// The headers of the CSRF protection: the first names the second, which holds
// the token.
const (
	csrfNameHeader  = "X-CSRF-HEADER"
	csrfTokenHeader = "X-CSRF-TOKEN"
)

// offerCSRF puts the token of an HTTP session into the answer to a GET. The
// caller holds the mutex.
func (s *Sim) offerCSRF(w http.ResponseWriter, l *login) {
	if s.behavior.NoCSRF {
		return
	}
	header := w.Header()
	header.Set(csrfNameHeader, csrfTokenHeader)
	header.Set(csrfTokenHeader, l.token)
	if !s.behavior.HideCSRF {
		header.Set("Access-Control-Expose-Headers", csrfExposed)
	}
}

// checkCSRF refuses a POST without the token of its HTTP session. The caller
// holds the mutex.
func (s *Sim) checkCSRF(r *http.Request, l *login) *answer {
	if s.behavior.NoCSRF {
		return nil
	}
	right := r.Header.Get(csrfTokenHeader) == l.token
	if s.behavior.RejectCSRF > 0 {
		s.behavior.RejectCSRF--
		l.token = rand.Text()
		right = false
	}
	if !right {
		return refusal(http.StatusForbidden, statusForbidden, "Missing or invalid Csrf token")
	}
	return nil
}
