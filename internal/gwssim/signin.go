//go:build !js

package gwssim

import (
	"crypto/rand"
	"net/http"
)

// sessionCookie is the cookie that an HTTP session is known by.
const sessionCookie = "JSESSIONID"

// passwords holds who may sign in.
var passwords = map[string]string{"agent": "secret", "agent2": "secret"}

// login is an HTTP session.
type login struct {
	user  string
	token string // CSRF
}

// authenticate finds the HTTP session of a request: by its Basic credentials
// if it has any, else by its cookie. It returns nil for nobody. The caller
// holds the mutex.
func (s *Sim) authenticate(w http.ResponseWriter, r *http.Request) *login {
	var known *login
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		known = s.logins[cookie.Value]
	}
	if r.Header.Get("Authorization") == "" {
		return known
	}
	user, password, ok := r.BasicAuth()
	if want, exists := passwords[user]; !ok || !exists || password != want {
		return nil
	}
	if known != nil && known.user == user {
		return known
	}
	id := rand.Text()
	l := &login{user: user, token: rand.Text()}
	s.logins[id] = l
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return l
}

// ExpireHTTP forgets all HTTP sessions, with their cookies and CSRF tokens.
// CometD sessions live on.
func (s *Sim) ExpireHTTP() {
	s.mu.Lock()
	defer s.unlock()
	clear(s.logins)
}

// serveMe is GET /api/v2/me: the sign-in, and where CSRF tokens come from.
func (s *Sim) serveMe(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	l, refused := s.admit(w, r)
	if refused == nil && s.behavior.SignInStatus != 0 {
		refused = plainRefusal(s.behavior.SignInStatus)
	}
	if refused == nil {
		s.offerCSRF(w, l)
	}
	s.unlock()
	if refused != nil {
		refused.write(w)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"statusCode": statusOK,
		"user": map[string]any{
			"id":        "sim-" + l.user,
			"userName":  l.user,
			"firstName": "Simulated",
			"lastName":  "Agent",
			"enabled":   true,
			"uri":       "/users/sim-" + l.user,
		},
	})
}

// serveLogin is the page that Behavior.Redirect leads to.
func (s *Sim) serveLogin(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte("<!DOCTYPE html><title>Sign in</title><h1>Sign in</h1>\n"))
}
