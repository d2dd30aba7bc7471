package gws

import (
	"context"
	"errors"
	"maps"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/httpx"
)

// MePath is the path of the customary first GET, behind the base URL.
const MePath = "/api/v2/me"

// SignIn makes the first contact, GET {base}/api/v2/me: it brings the session
// cookie, and the CSRF header and token, which are remembered. A sign-in that
// is already under way is shared. On HTTP 401 the headers are asked for again
// and the GET repeated once, where they are dynamic.
//
// The agent of the first sign-in is the one whom the Auth is for: see
// [Config.OnAgentChanged].
//
// Errors: [*AgentChangedError], [*UnauthorizedError], [*StatusError], [*HTTPError],
// [*httpx.NetworkError], [*TimeoutError], [*InternalError], that of Headers, or that of ctx. Of
// all of them [DeliveryOf] says NotSent.
func (s *Auth) SignIn(ctx context.Context) error {
	before := s.snapshot()
	return withDelivery(NotSent, s.renew(ctx, false, func(now state) bool { return now.signIns > before.signIns }))
}

// signIn is a sign-in under way, for everybody who waits for it.
type signIn struct {
	askAgain bool // ask for new headers first, since the old ones got HTTP 401
	waiters  int  // guarded by Auth.mu
	cancel   context.CancelFunc
	done     chan struct{} // closed at its end
	err      error         // to be read after done
}

// renew signs in, or waits for whoever is doing so, until the state is good
// enough. Many requests may fail on the same old token at once: the first
// gets a new one, the others find it here.
func (s *Auth) renew(ctx context.Context, askAgain bool, enough func(state) bool) error {
	for {
		s.mu.Lock()
		if s.state.changed {
			s.mu.Unlock()
			return &AgentChangedError{}
		}
		if enough(s.state) {
			s.mu.Unlock()
			return nil
		}
		if err := ctx.Err(); err != nil {
			s.mu.Unlock()
			return fmt.Errorf("signing in: %w", err)
		}
		f := s.flight
		if f == nil {
			f = s.startSignIn(ctx, askAgain)
		}
		f.waiters++
		s.mu.Unlock()
		if err := s.waitFor(ctx, f); err != nil {
			return err
		}
	}
}

// startSignIn begins a sign-in that outlives ctx, since others may come to
// wait for it. s.mu is held.
func (s *Auth) startSignIn(ctx context.Context, askAgain bool) *signIn {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &signIn{askAgain: askAgain, cancel: cancel, done: make(chan struct{})}
	s.flight = f
	go func() {
		defer close(f.done)
		defer cancel()
		defer func() {
			if p := recover(); p != nil { // in a browser it would end the whole program
				f.err = fmt.Errorf("signing in: %w", &InternalError{p})
			}
			s.update(f, func(*state) { s.flight = nil })
		}()
		f.err = s.signIn(ctx, f)
	}()
	return f
}

// waitFor waits for the end of f. The last to stop waiting cancels it.
func (s *Auth) waitFor(ctx context.Context, f *signIn) error {
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	asking := s.asking > 0 // until it is cancelled
	if f.waiters--; f.waiters == 0 {
		f.cancel()
		if s.flight == f {
			s.flight = nil // nobody must join what was cancelled
		}
	}
	if asking {
		return &HeadersPendingError{ctx.Err()}
	}
	return fmt.Errorf("signing in: %w", ctx.Err())
}

// update changes the state for f, unless f was given up and another sign-in
// may have taken its place.
func (s *Auth) update(f *signIn, change func(*state)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight == f {
		change(&s.state)
	}
}

// signIn is the work of f.
func (s *Auth) signIn(ctx context.Context, f *signIn) error {
	headers, err := s.customHeaders(ctx, f, f.askAgain)
	if err != nil {
		return err
	}
	resp, err := s.get(ctx, headers)
	again := f.askAgain
	if err == nil && resp.Status == 401 && s.mayAskAgain() && !again {
		again = true
		if headers, err = s.customHeaders(ctx, f, again); err != nil {
			return err
		}
		resp, err = s.get(ctx, headers)
	}
	if err != nil {
		return err
	}
	if s.config.Secret != nil {
		s.config.Secret(resp.Field("X-CSRF-TOKEN"))
	}
	request := "GET " + MePath
	if err := checkAnswer(request, resp); err != nil {
		if u, ok := errors.AsType[*UnauthorizedError](err); ok {
			u.Again = again
		}
		return err
	}
	var csrf csrfToken
	if s.config.CSRF {
		if csrf, err = readCSRF(resp); err != nil {
			return &HTTPError{Request: request, Status: resp.Status, Reason: err.Error()}
		}
	}
	return s.signedIn(f, headers, csrf, readIdentity(resp.Body))
}

func (s *Auth) get(ctx context.Context, headers httpx.Header) (*httpx.Response, error) {
	return s.do(ctx, "GET", MePath, s.header(state{headers: headers}), nil)
}

func (s *Auth) mayAskAgain() bool {
	return s.config.Headers != nil && s.config.HeadersDynamic
}

// customHeaders returns the caller's headers: those remembered, or, where
// there are none yet or they were refused (again), those that Headers returns.
func (s *Auth) customHeaders(ctx context.Context, f *signIn, again bool) (httpx.Header, error) {
	known := s.snapshot()
	if s.config.Headers == nil || known.asked > 0 && !again {
		return known.given, nil
	}
	limited, cancel := s.limit(ctx)
	defer cancel()
	headers, err := s.askHeaders(limited, again)
	if err != nil {
		if limited.Err() != nil && ctx.Err() == nil {
			err = &TimeoutError{Request: "the headers function", After: s.config.RequestTimeout}
		}
		if again {
			return nil, &UnauthorizedError{Again: true, Err: err}
		}
		return nil, fmt.Errorf("asking for the request headers: %w", err)
	}
	headers = maps.Clone(headers)
	s.update(f, func(st *state) {
		st.given = headers
		st.asked++
	})
	return headers, nil
}

func (s *Auth) askHeaders(ctx context.Context, again bool) (httpx.Header, error) {
	s.count(1)
	defer s.count(-1)
	return s.config.Headers(ctx, again)
}

func (s *Auth) count(asking int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asking += asking
}
