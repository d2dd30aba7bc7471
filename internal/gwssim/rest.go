//go:build !js

package gwssim

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// maxBody is how many bytes of a request or a WebSocket message are accepted.
const maxBody = 1 << 20

// The values of statusCode that the simulator uses by itself.
const (
	statusOK               = 0
	statusMissingParameter = 1
	statusInvalidState     = 2
	statusForbidden        = 3
	statusInternalError    = 4
	statusNotFound         = 6
	statusInvalidInput     = 10
	statusNotAuthenticated = 20
)

// answer is a response that was decided on and is to be written.
type answer struct {
	status      int
	contentType string
	body        []byte
	location    string // of a redirect
	cut         bool   // reset the connection instead
}

// refusal is an answer of GWS that says no.
func refusal(status, code int, message string) *answer {
	body, _ := json.Marshal(map[string]any{"statusCode": code, "statusMessage": message})
	return &answer{status: status, contentType: "application/json", body: body}
}

// plainRefusal is the refusal that fits an HTTP status.
func plainRefusal(status int) *answer {
	code := statusInternalError
	switch status {
	case http.StatusUnauthorized:
		code = statusNotAuthenticated
	case http.StatusForbidden:
		code = statusForbidden
	case http.StatusNotFound:
		code = statusNotFound
	}
	return refusal(status, code, http.StatusText(status))
}

func (a *answer) write(w http.ResponseWriter) {
	if a.cut {
		resetRequest(w)
		return
	}
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	if a.location != "" {
		header.Set("Location", a.location)
	}
	if a.contentType != "" {
		header.Set("Content-Type", a.contentType)
	}
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// writeJSON answers with a value that is known to marshal.
func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	(&answer{status: status, contentType: "application/json", body: body}).write(w)
}

// admit decides whether a REST request may go on: it returns the HTTP session,
// or the refusal. There is no WWW-Authenticate in a 401, for which a browser
// would open its own dialog. The caller holds the mutex.
func (s *Sim) admit(w http.ResponseWriter, r *http.Request) (*login, *answer) {
	if s.behavior.Redirect {
		return nil, &answer{status: http.StatusFound, location: "/login"}
	}
	unauthorized := refusal(http.StatusUnauthorized, statusNotAuthenticated, "The request is not authenticated.")
	if s.behavior.RejectAuth > 0 {
		s.behavior.RejectAuth--
		return nil, unauthorized
	}
	l := s.authenticate(w, r)
	if l == nil {
		return nil, unauthorized
	}
	return l, nil
}

// serveOther is a resource that is not simulated. Even so, every GET hands out
// a token, and everything else must carry it.
func (s *Sim) serveOther(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	l, a := s.admit(w, r)
	if a == nil {
		if r.Method == http.MethodGet {
			s.offerCSRF(w, l)
		} else {
			a = s.checkCSRF(r, l)
		}
	}
	if a == nil {
		a = refusal(http.StatusNotFound, statusNotFound, "Resource not found.")
	}
	s.unlock()
	a.write(w)
}
