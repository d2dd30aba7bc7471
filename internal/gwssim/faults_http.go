//go:build !js

package gwssim

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// withFaults has the faults strike HTTP requests.
func (s *Sim) withFaults(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			plainRefusal(http.StatusRequestEntityTooLarge).write(w)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		at := requestStage(r, body)
		s.mu.Lock()
		s.note(r)
		session := 0
		if l := s.loginOf(r); l != nil {
			session = l.id
		}
		f := s.strike(at, transportOf(at), session)
		x := exchangeOf(r)
		x.Operation = cut(operationOf(at, body))
		if f != nil {
			x.Fault = f.Do
		}
		if f != nil && at == AtPost && !f.processes() {
			s.posts = append(s.posts, newPost(r, body)) // it has reached the server all the same
		}
		s.unlock()
		switch {
		case f != nil && !f.processes():
			s.strikeHTTP(w, r, f, nil)
			return
		case at == AtUpgrade:
			if f != nil && !s.pause(r.Context(), milliseconds(f.DelayMS)) {
				abort()
			}
			next.ServeHTTP(w, r)
			return
		case f == nil && (at == "" || at == AtPost || at == AtSignIn):
			next.ServeHTTP(w, r)
			return
		}
		answer := &recorder{ResponseWriter: w}
		next.ServeHTTP(answer, r)
		if answer.hijacked {
			return
		}
		if f == nil && acknowledges(answer.body) {
			s.mu.Lock()
			if f = s.strike(AtAcknowledgement, typeLongPolling, session); f != nil {
				x.Fault = f.Do
			}
			s.unlock()
		}
		if f == nil {
			answer.write()
			return
		}
		s.strikeHTTP(w, r, f, answer)
	})
}

// note keeps a request for [Sim.Requests]. The caller holds the mutex.
func (s *Sim) note(r *http.Request) {
	const most = 10_000
	if strings.HasPrefix(r.URL.Path, "/gwssim/") || len(s.requests) == most {
		return
	}
	s.requests = append(s.requests, Request{
		Method: r.Method, Path: r.URL.Path, Authorization: r.Header.Get("Authorization"),
		Cookie: r.Header.Get("Cookie"), CSRFToken: r.Header.Get(csrfTokenHeader),
	})
}

// Requests returns the requests that reached the server, oldest first, and
// without those that only asked whether another may be made (CORS): 10,000 at
// most.
func (s *Sim) Requests() []Request {
	s.mu.Lock()
	defer s.unlock()
	return append([]Request{}, s.requests...)
}

// requestStage is the stage of an HTTP request; "" if no fault strikes it.
func requestStage(r *http.Request, body []byte) Stage {
	switch path := r.URL.Path; {
	case path == "/api/v2/me":
		return AtSignIn
	case strings.HasPrefix(path, "/api/v2/me/outbound-records"), strings.HasPrefix(path, "/api/v2/me/outbound-campaigns/"):
		return AtPost
	case path != "/api/v2/notifications" && !strings.HasPrefix(path, "/api/v2/notifications/"):
		return ""
	case strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		return AtUpgrade
	}
	requests, err := parseRequests(body)
	if err != nil {
		return ""
	}
	return messageStage(requests)
}

// transportOf is the transport that a request is of; "" for none.
func transportOf(at Stage) string {
	switch at {
	case AtSignIn, AtPost:
		return ""
	case AtUpgrade:
		return typeWebSocket
	}
	return typeLongPolling
}

// operationOf is what a request asks for, as it says itself.
func operationOf(at Stage, body []byte) string {
	switch at {
	case "", AtSignIn, AtUpgrade:
		return ""
	case AtPost:
		var fields struct {
			OperationName string `json:"operationName"`
		}
		_ = json.Unmarshal(body, &fields) // whatever else it is, it is answered by the handler
		return fields.OperationName
	}
	requests, err := parseRequests(body)
	if err != nil {
		return ""
	}
	return requests[0].Channel
}

// strikeHTTP does to a request what the fault says. The answer is what the
// server would have said, if it was processed.
func (s *Sim) strikeHTTP(w http.ResponseWriter, r *http.Request, f *Fault, answer *recorder) {
	header := w.Header()
	for name, value := range f.Header {
		header.Set(name, value)
	}
	switch f.Do {
	case DoReset:
		resetRequest(w)
	case DoClose:
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			abort()
		}
		_ = conn.Close()
	case DoSilence:
		select {
		case <-r.Context().Done():
		case <-s.ctx.Done():
		}
		abort()
	case DoAnswer:
		header.Set("Content-Length", strconv.Itoa(len(f.Body)))
		w.WriteHeader(cmp.Or(f.Status, http.StatusOK))
		_, _ = io.WriteString(w, f.Body)
	case DoDelay:
		if !s.pause(r.Context(), milliseconds(f.DelayMS)) {
			abort()
		}
		answer.write()
	case DoPieces:
		w.WriteHeader(answer.status)
		for _, piece := range pieces(answer.body) {
			_, _ = w.Write(piece)
			_ = http.NewResponseController(w).Flush()
			if !s.pause(r.Context(), milliseconds(f.DelayMS)) {
				abort()
			}
		}
	case DoHalf:
		w.WriteHeader(answer.status)
		_, _ = w.Write(answer.body[:len(answer.body)/2])
		_ = http.NewResponseController(w).Flush()
		resetRequest(w)
	case DoTruncate:
		answer.body = answer.body[:len(answer.body)/2]
		answer.write()
	case DoAmend:
		answer.body = amend(answer.body, f.Body)
		answer.write()
	}
}

// recorder keeps an answer back.
type recorder struct {
	http.ResponseWriter // the header is shared with it
	status              int
	body                []byte
	hijacked            bool
}

func (a *recorder) WriteHeader(status int) { a.status = status }

func (a *recorder) Write(b []byte) (int, error) {
	a.status = cmp.Or(a.status, http.StatusOK)
	a.body = append(a.body, b...)
	return len(b), nil
}

// Flush does nothing: what is kept back is kept back.
func (a *recorder) Flush() {}

// Hijack gives the connection away, so that it can be reset.
func (a *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	a.hijacked = true
	return http.NewResponseController(a.ResponseWriter).Hijack()
}

func (a *recorder) write() {
	a.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	a.ResponseWriter.WriteHeader(cmp.Or(a.status, http.StatusOK))
	_, _ = a.ResponseWriter.Write(a.body)
}
