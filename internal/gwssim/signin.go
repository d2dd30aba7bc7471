//go:build !js

package gwssim

import (
	"crypto/rand"
	"net/http"
	"strings"
)

// sessionCookie is the cookie that an HTTP session is known by.
const sessionCookie = "JSESSIONID"

// password is everybody's.
const password = "secret"

// known reports whether there is such a user: "agent", and as many more as a
// test wants, "agent2" and so on.
func known(user string) bool {
	number, ok := strings.CutPrefix(user, "agent")
	return ok && strings.Trim(number, "0123456789") == ""
}

// login is an HTTP session.
type login struct {
	user  string
	token string // CSRF
}

// authenticate finds the HTTP session of a request: by its Basic credentials
// if it has any, else by its cookie. It returns nil for nobody. The caller
// holds the mutex.
func (s *Sim) authenticate(w http.ResponseWriter, r *http.Request) *login {
	var before *login
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		before = s.logins[cookie.Value]
	}
	if r.Header.Get("Authorization") == "" {
		return before
	}
	user, given, ok := r.BasicAuth()
	if !ok || !known(user) || given != password {
		return nil
	}
	if before != nil && before.user == user {
		return before
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
