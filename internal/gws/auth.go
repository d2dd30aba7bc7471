package gws

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"time"

	"gws-outbound/internal/deadline"
	"gws-outbound/internal/fmt"
	"gws-outbound/internal/httpx"
)

// Config says how to reach one server.
type Config struct {
	// BaseURL is where the API is, as ParseBaseURL returns it.
	BaseURL string
	Doer    httpx.Doer

	// Headers returns the caller's own headers, such as Authorization, for
	// every request; nil if there are none. It is asked once, before the
	// first request, and, where HeadersDynamic says that it may then return
	// something else, again (again is true) after HTTP 401. It must return
	// when ctx ends.
	Headers        func(ctx context.Context, again bool) (httpx.Header, error)
	HeadersDynamic bool

	// OnAgentChanged is called once, when a sign-in names another agent than the first one: with
	// a cookie that another tab has signed in with, or with new headers. Nothing is sent from
	// then on. It must not block; whoever waits for the sign-in hears of it afterwards. It may be nil.
	OnAgentChanged func(error)

	// SameAs is an Auth for whose agent this one has to be, where the server has named one. It may be nil.
	SameAs *Auth

	Credentials httpx.Credentials
	CSRF        bool // look for the server's CSRF token and send it

	// Secret is given each token that the server sends, used or not: it is to be in no text. It may be nil.
	Secret func(token string)

	// Sends is given the values of the caller's headers, and the token, each time just before they are sent: what answers that may
	// repeat them, however many others were sent meanwhile. It may be nil.
	Sends func(value string)

	// RequestTimeout bounds each request, and each call of Headers; 0 is no bound. What
	// has arrived when that is noticed late has a grace: see package deadline.
	RequestTimeout time.Duration
	Clock          deadline.Clock
}

// Auth is who is signed in at one server: a cookie, which the Doer keeps,
// the caller's headers and the CSRF token. It may be used by several
// goroutines at once.
type Auth struct {
	config Config

	mu     sync.Mutex
	state  state
	flight *signIn // the sign-in under way, nil if none
	asking int     // calls of Headers under way
}

// state is what requests are sent with. Its maps are never changed, so that
// a copy of it is a snapshot.
type state struct {
	given   httpx.Header // what Headers returned last
	asked   int          // how often it returned some
	headers httpx.Header // those of them that the agent has signed in with
	csrf    csrfToken
	agent   identity // whom the first sign-in has named
	changed bool     // a later one has named somebody else
	signIns int      // how many succeeded
}

// SignedIn reports whether a sign-in has succeeded.
func (s *Auth) SignedIn() bool { return s.snapshot().signIns > 0 }

// AwaitsHeaders reports whether the caller's function for headers was called, and has not returned.
func (s *Auth) AwaitsHeaders() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asking > 0
}

// NewAuth returns one that has not sent anything yet.
func NewAuth(c Config) *Auth {
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	s := &Auth{}
	if c.SameAs != nil {
		s.state.agent = c.SameAs.snapshot().agent
		c.SameAs = nil // it may hold much
	}
	s.config = c
	return s
}

// RequestHeader returns the headers that other requests to the same server,
// such as those of long-polling, have to carry now: the caller's own, and the
// CSRF token. The map is the caller's.
func (s *Auth) RequestHeader() httpx.Header {
	return s.header(s.snapshot())
}

func (s *Auth) snapshot() state {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

func (s *Auth) header(st state) httpx.Header {
	h := maps.Clone(st.headers)
	if h == nil {
		h = httpx.Header{}
	}
	if st.csrf != (csrfToken{}) {
		setHeader(h, st.csrf.header, st.csrf.value)
	}
	if s.config.Sends != nil {
		for _, value := range h {
			s.config.Sends(value)
		}
	}
	return h
}

// setHeader sets a field in place of all whose name differs in case only.
func setHeader(h httpx.Header, name, value string) {
	maps.DeleteFunc(h, func(k, _ string) bool { return strings.EqualFold(k, name) })
	h[name] = value
}

// do sends one request. Its errors are [*TimeoutError], [*HTTPError] for an
// answer that is too large, [*httpx.NetworkError], or that of ctx.
func (s *Auth) do(ctx context.Context, method, path string, header httpx.Header, body []byte) (*httpx.Response, error) {
	if header.Get("Accept") == "" {
		header["Accept"] = "application/json"
	}
	if body != nil {
		setHeader(header, "Content-Type", "application/json")
	}
	request := method + " " + path
	limited, cancel := s.limit(ctx)
	defer cancel()
	resp, err := s.config.Doer.Do(limited, &httpx.Request{
		Method:      method,
		URL:         s.config.BaseURL + path,
		Header:      header,
		Body:        body,
		Credentials: s.config.Credentials,
	})
	switch {
	case err == nil:
		return resp, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", request, ctx.Err())
	case limited.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		return nil, &TimeoutError{Request: request, After: s.config.RequestTimeout}
	case errors.Is(err, httpx.ErrTooLarge):
		return nil, &HTTPError{Request: request, Reason: err.Error(), Err: err}
	}
	if _, ok := errors.AsType[*httpx.NetworkError](err); !ok {
		err = &httpx.NetworkError{Method: method, URL: s.config.BaseURL + path, Err: err}
	}
	return nil, err
}

// limit returns ctx bounded by the request timeout.
func (s *Auth) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.config.RequestTimeout <= 0 {
		return context.WithCancel(ctx)
	}
	return s.config.Clock.WithTimeout(ctx, s.config.RequestTimeout, nil)
}
