//go:build !js

package gwssim

import (
	"crypto/rand"
	"io"
	"net/http"
	"strings"
)

// browserCookie is the cookie that long-polling sessions are found by.
const browserCookie = "BAYEUX_BROWSER"

// serveCometD is the entry of both transports. Whoever is not signed in gets
// 401, also for a WebSocket, unless OpenWebSocket has it refused later.
func (s *Sim) serveCometD(w http.ResponseWriter, r *http.Request) {
	upgrade := strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
	s.mu.Lock()
	l := s.authenticate(w, r)
	var refused *answer
	switch {
	case upgrade && s.behavior.NoWebSocket, !upgrade && s.behavior.NoLongPolling:
		refused = plainRefusal(http.StatusNotFound)
	case l == nil && upgrade && s.behavior.OpenWebSocket:
		l = &login{}
	case l == nil:
		refused = plainRefusal(http.StatusUnauthorized)
	case !upgrade && r.Method != http.MethodPost:
		refused = plainRefusal(http.StatusMethodNotAllowed)
	}
	s.unlock()
	switch {
	case refused != nil:
		refused.write(w)
	case upgrade:
		s.serveWebSocket(w, r, l)
	default:
		s.serveLongPolling(w, r, l)
	}
}

// serveLongPolling answers one request, when all of its messages are answered.
func (s *Sim) serveLongPolling(w http.ResponseWriter, r *http.Request, l *login) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		plainRefusal(http.StatusRequestEntityTooLarge).write(w)
		return
	}
	requests, err := parseRequests(body)
	if err != nil {
		refusal(http.StatusBadRequest, statusInvalidInput, err.Error()).write(w)
		return
	}
	from := origin{user: l.user, login: l.id, browser: s.browser(w, r, requests), alone: len(requests) == 1}

	s.mu.Lock()
	var answers []any
	var waiting *held
	for _, m := range requests {
		replies, h := s.handle(m, from)
		answers = append(answers, replies...)
		if h != nil {
			waiting = h
		}
	}
	s.unlock()

	if waiting != nil {
		o, ok := s.await(r, waiting)
		switch {
		case !ok:
			abort()
		case o.cut:
			resetRequest(w)
			return
		case o.status != 0:
			plainRefusal(o.status).write(w)
			return
		}
		answers = append(answers, o.messages...)
	}
	if text, ok := answers[0].(nonsense); ok {
		(&answer{status: http.StatusOK, contentType: "application/json", body: []byte(text)}).write(w)
		return
	}
	(&answer{status: http.StatusOK, contentType: "application/json", body: encode(answers)}).write(w)
}

// browser returns the browser's id from its cookie. A handshake sets it for a
// browser that has none.
func (s *Sim) browser(w http.ResponseWriter, r *http.Request, requests []*request) string {
	if cookie, err := r.Cookie(browserCookie); err == nil && cookie.Value != "" {
		return cookie.Value
	}
	for _, m := range requests {
		if m.Channel == metaHandshake {
			id := rand.Text()
			http.SetCookie(w, &http.Cookie{Name: browserCookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
			return id
		}
	}
	return ""
}

// await waits for the outcome of a held connect. It reports false if the
// client went away, or the simulator ended.
func (s *Sim) await(r *http.Request, h *held) (outcome, bool) {
	select {
	case o := <-h.answered:
		return o, true
	case <-r.Context().Done():
	case <-s.ctx.Done():
	}
	s.mu.Lock()
	defer s.unlock()
	for _, ses := range s.sessions {
		if ses.held == h {
			s.release(ses, outcome{})
		}
	}
	return outcome{}, false
}
