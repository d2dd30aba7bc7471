//go:build !js

package gwssim

import (
	"net/http"
	"slices"
	"sync"
)

// Pool makes simulators for programs that cannot listen themselves, as tests
// in a browser cannot. It serves POST /gwssim-new; the zero value is ready.
type Pool struct {
	mu     sync.Mutex
	sims   []*Sim
	closed bool
}

// ServeHTTP starts a simulator on a port of its own and answers with its URL.
// It lives until its verb "close", or until the pool is closed.
func (p *Pool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if (Audience{}).refuse(w, r) {
		return
	}
	allowOrigin(w, r)
	switch r.Method {
	case http.MethodOptions:
		servePreflight(w)
		return
	case http.MethodPost:
	default:
		writeJSON(w, http.StatusMethodNotAllowed, errorResult{Error: "use POST"})
		return
	}
	if _, err := readControl(w, r); err != nil {
		writeJSON(w, http.StatusBadRequest, errorResult{Error: err.Error()})
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		writeJSON(w, http.StatusServiceUnavailable, errorResult{Error: errClosed.Error()})
		return
	}
	s, err := Start("127.0.0.1:0")
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, errorResult{Error: err.Error()})
		return
	}
	p.sims = slices.DeleteFunc(p.sims, func(s *Sim) bool { return s.ctx.Err() != nil })
	p.sims = append(p.sims, s)
	writeJSON(w, http.StatusOK, newResult{URL: s.URL})
}

// Close ends all simulators of the pool.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, s := range p.sims {
		s.Close()
	}
	p.sims = nil
}
