//go:build !js

package gwssim

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
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
	id    int // for people to see, unlike the cookie
	user  string
	token string // CSRF
	since time.Time
	heard time.Time // when its cookie last came
	over  bool      // it has expired, and its browser has not signed in again
}

// How long an HTTP session without a CometD session is seen after its last request, and how long it lives then.
const (
	seenFor  = 30 * time.Second
	livesFor = 30 * time.Minute
)

// authenticate finds the HTTP session of a request: by its Basic credentials
// if it has any, else by its cookie. It returns nil for nobody. The caller
// holds the mutex.
func (s *Sim) authenticate(w http.ResponseWriter, r *http.Request) *login {
	before := s.loginOf(r)
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
	s.forgetLogins()
	id, now := rand.Text(), time.Now()
	l := &login{id: s.renewed(r, user), user: user, token: rand.Text(), since: now, heard: now}
	s.logins[id] = l
	s.changed()
	exchangeOf(r).note(l)
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return l
}

// loginOf finds the HTTP session of a request by its cookie; nil for none. The
// caller holds the mutex.
func (s *Sim) loginOf(r *http.Request) *login {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil
	}
	l := s.logins[cookie.Value]
	if l == nil || l.over {
		return nil
	}
	l.heard = time.Now()
	return l
}

// renewed is the id for a session that begins: that of the expired one whose browser signs in again as the same user,
// so that its CometD sessions stay its own. The caller holds the mutex.
func (s *Sim) renewed(r *http.Request, user string) int {
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		if before := s.logins[cookie.Value]; before != nil && before.user == user {
			delete(s.logins, cookie.Value)
			return before.id
		}
	}
	s.lastLogin++
	return s.lastLogin
}

// forgetLogins ends the sessions of browsers that are gone. The caller holds the mutex.
func (s *Sim) forgetLogins() {
	maps.DeleteFunc(s.logins, func(_ string, l *login) bool {
		return time.Since(l.heard) > livesFor && !s.hasCometD(l)
	})
}

// seen reports whether people are to see a session: browsers that have only been there are not. The caller holds the mutex.
func (s *Sim) seen(l *login) bool {
	return !l.over && (time.Since(l.heard) < seenFor || s.hasCometD(l))
}

func (s *Sim) hasCometD(l *login) bool {
	for _, ses := range s.sessions {
		if ses.login == l.id {
			return true
		}
	}
	return false
}

// ExpireHTTP forgets all HTTP sessions, with their cookies and CSRF tokens.
// CometD sessions live on.
func (s *Sim) ExpireHTTP() { s.expireHTTP(0) }

// expireHTTP forgets one HTTP session, or all if only is 0.
func (s *Sim) expireHTTP(only int) {
	s.mu.Lock()
	defer s.unlock()
	for _, l := range s.logins {
		l.over = l.over || only == 0 || l.id == only
	}
	s.changed()
}

// Become makes every HTTP session another user's, under the cookie that it has, with a CSRF token of its own: as when
// somebody else signs in in another tab of the same browser. CometD sessions stay whose they are.
func (s *Sim) Become(user string) error { return s.become(0, user) }

// become does it to one HTTP session, or to all if only is 0.
func (s *Sim) become(only int, user string) error {
	if !known(user) {
		return fmt.Errorf("there is no user %q", user)
	}
	s.mu.Lock()
	defer s.unlock()
	for _, l := range s.logins {
		if only == 0 || l.id == only {
			l.user, l.token, l.since = user, rand.Text(), time.Now()
		}
	}
	s.changed()
	return nil
}

// serveMe is GET /api/v2/me: the sign-in, and where CSRF tokens come from.
func (s *Sim) serveMe(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	l, refused := s.admit(w, r)
	if refused == nil && s.behavior.SignInStatus != 0 {
		refused = plainRefusal(s.behavior.SignInStatus)
	}
	var user string
	var id any
	if refused == nil {
		s.offerCSRF(w, l)
		user, id = l.user, s.userID(l.user)
	}
	s.unlock()
	if refused != nil {
		refused.write(w)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"statusCode": statusOK,
		"user": map[string]any{
			"id":        id,
			"userName":  user,
			"firstName": "Simulated",
			"lastName":  "Agent",
			"enabled":   true,
			"uri":       "/users/sim-" + user,
		},
	})
}

// userID is what the sign-in calls a user. The caller holds the mutex.
func (s *Sim) userID(user string) any {
	if !s.behavior.NumericIDs {
		return "sim-" + user
	}
	n, _ := strconv.ParseInt(strings.TrimPrefix(user, "agent"), 10, 64)
	return 1<<53 + n
}

// serveLogin is the page that Behavior.Redirect leads to.
func (s *Sim) serveLogin(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte("<!DOCTYPE html><title>Sign in</title><h1>Sign in</h1>\n"))
}
