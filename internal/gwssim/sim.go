//go:build !js

package gwssim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// errClosed is what a wait ends with when the simulator is closed.
var errClosed = errors.New("the simulator is closed")

// Sim is a simulated GWS server. Make one with [New], [Start] or
// [NewUnstarted]. Its methods may be called from several goroutines.
type Sim struct {
	// URL is where the server is, such as "http://127.0.0.1:41234"; empty
	// for one made by NewUnstarted.
	URL string

	handler  http.Handler
	audience Audience
	server   *http.Server // nil if NewUnstarted
	ctx      context.Context
	cancel   context.CancelFunc
	busy     sync.WaitGroup // handlers, timers and connections that Close waits for
	line     line
	once     sync.Once // of Close

	mu        sync.Mutex // release it with unlock; guards all below
	closed    bool
	behavior  Behavior
	faults    []*armed // of the behaviour, and those that were added
	lastFault int      // its id
	world     *world
	posts     []*Post
	requests  []Request
	processed int
	logins    map[string]*login
	lastLogin int // its id
	sessions  map[string]*session
	byUser    map[string]map[*session]struct{} // the same, so that one agent of thousands is soon found
	sockets   map[*socket]struct{}
	timers    map[*timer]struct{}
	heldAcks  map[string][]func() // by referenceId
	waiters   []*waiter

	// What people see; see State.
	version   int
	noted     int // the last N
	exchanges []*Exchange
	events    []*SentEvent
}

// New starts a simulator on a free port of 127.0.0.1 for the length of a test.
func New(t testing.TB) *Sim {
	t.Helper()
	s, err := Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Start starts a simulator on a TCP address such as "127.0.0.1:0". The caller
// closes it.
func Start(addr string) (*Sim, error) { return StartFor(addr, Audience{}) }

// StartFor starts one for an audience.
func StartFor(addr string, a Audience) (*Sim, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("start the GWS simulator: %w", err)
	}
	s := NewUnstarted(a)
	s.URL = "http://" + listener.Addr().String()
	s.server = &http.Server{Handler: s.handler, ReadHeaderTimeout: 10 * time.Second, ConnState: s.track, ConnContext: withConn}
	s.busy.Go(func() { _ = s.server.Serve(lineListener{listener, s}) })
	return s, nil
}

// NewUnstarted makes a simulator for an audience that listens nowhere, to be mounted with
// [Sim.Handler] beside other things. The caller closes it.
func NewUnstarted(a Audience) *Sim {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sim{
		audience: a,
		ctx:      ctx,
		cancel:   cancel,
		world:    newWorld(defaultSeed, time.Now()),
		logins:   make(map[string]*login),
		sessions: make(map[string]*session),
		byUser:   make(map[string]map[*session]struct{}),
		sockets:  make(map[*socket]struct{}),
		timers:   make(map[*timer]struct{}),
		heldAcks: make(map[string][]func()),
	}
	s.handler = s.routes()
	return s
}

// Handler serves all paths of the simulator (see the package's
// documentation), to be mounted at "/api/", "/login" and "/gwssim/".
func (s *Sim) Handler() http.Handler { return s.handler }

func (s *Sim) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v2/me", s.serveMe)
	mux.HandleFunc("/api/v2/", s.serveOther)
	mux.HandleFunc("POST /api/v2/me/outbound-records/{handle}", s.servePost)
	mux.HandleFunc("POST /api/v2/me/outbound-records", s.servePost)
	mux.HandleFunc("POST /api/v2/me/outbound-campaigns/{campaign}", s.servePost)
	mux.HandleFunc("GET /login", s.serveLogin)
	mux.HandleFunc("/api/v2/notifications", s.serveCometD)
	mux.HandleFunc("/api/v2/notifications/", s.serveCometD)
	mux.HandleFunc("POST /gwssim/{verb}", s.serveControl)
	faulty := s.withJournal(s.withFaults(mux))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keepAlive, ok := s.enter()
		if !ok {
			http.Error(w, errClosed.Error(), http.StatusServiceUnavailable)
			return
		}
		defer s.busy.Done()
		if s.audience.refuse(w, r) {
			return
		}
		if strings.HasPrefix(r.URL.Path, "/gwssim/") {
			besideTheLine(r)
		}
		if !keepAlive {
			w.Header().Set("Connection", "close")
		}
		allowOrigin(w, r)
		if r.Method == http.MethodOptions {
			servePreflight(w)
			return
		}
		faulty.ServeHTTP(w, r)
	})
}

// enter counts a handler in, so that Close waits for it. It is not ok once the
// simulator is closed.
func (s *Sim) enter() (keepAlive, ok bool) {
	s.mu.Lock()
	defer s.unlock()
	if s.closed {
		return false, false
	}
	s.busy.Add(1)
	return s.behavior.KeepAlive, true
}

// track counts the connections, so that Close waits for their goroutines. A
// hijacked one belongs to its handler, which is counted too.
func (s *Sim) track(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.busy.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.busy.Done()
	}
}

// Done is closed when the simulator is, also by the control verb "close".
func (s *Sim) Done() <-chan struct{} { return s.ctx.Done() }

// Close ends the server, its sockets, held requests and timers, and waits for
// all of them. A second call does nothing.
func (s *Sim) Close() {
	s.once.Do(func() {
		s.mu.Lock()
		s.closed = true
		s.cancel()
		for t := range s.timers {
			s.stop(t)
		}
		for sock := range s.sockets {
			reset(sock.raw) // also ends a closing handshake, which no context does
		}
		s.unlock()
		if s.server != nil {
			_ = s.server.Close()
		}
		s.busy.Wait()
	})
}

// Set replaces the behaviour, and all faults. Held connects and delayed events
// stay as they are.
func (s *Sim) Set(b Behavior) {
	s.mu.Lock()
	defer s.unlock()
	s.behavior = b
	s.line.set(b)
	s.faults = nil
	for _, f := range b.Faults {
		s.arm(f)
	}
	s.changed()
}

// Reset makes the campaigns again, as they are in the beginning: with the same
// seed the same ones. The seed that every simulator starts with is 1. Preview
// sessions are over.
func (s *Sim) Reset(seed uint64) {
	s.mu.Lock()
	defer s.unlock()
	s.world = newWorld(seed, time.Now())
	s.changed()
}

// Posts returns every POST of an operation that reached the server, oldest first.
func (s *Sim) Posts() []Post {
	s.mu.Lock()
	defer s.unlock()
	posts := make([]Post, len(s.posts))
	for i, p := range s.posts {
		posts[i] = *p
	}
	return posts
}

// Processed returns how many operations were carried out.
func (s *Sim) Processed() int {
	s.mu.Lock()
	defer s.unlock()
	return s.processed
}

// WaitPosts waits until at least n POSTs have arrived. What a POST asks for has
// been done then, also if it is not answered yet.
func (s *Sim) WaitPosts(ctx context.Context, n int) error {
	return s.wait(ctx, fmt.Sprintf("%d POSTs", n), func() (bool, int) { return len(s.posts) >= n, len(s.posts) })
}

// WaitSessions waits until exactly n CometD sessions are alive.
func (s *Sim) WaitSessions(ctx context.Context, n int) error {
	return s.wait(ctx, fmt.Sprintf("%d CometD sessions", n), func() (bool, int) { return len(s.sessions) == n, len(s.sessions) })
}

// WaitConnected waits until exactly n CometD sessions have a connect that the
// server holds.
func (s *Sim) WaitConnected(ctx context.Context, n int) error {
	return s.wait(ctx, fmt.Sprintf("%d held connects", n), func() (bool, int) {
		held := 0
		for _, ses := range s.sessions {
			if ses.held != nil {
				held++
			}
		}
		return held == n, held
	})
}

// waiter is somebody who waits for reached to be true. It is looked at each
// time the mutex is released, so that no state is missed, however short.
type waiter struct {
	reached func() (ok bool, have int)
	done    chan struct{}
}

func (s *Sim) wait(ctx context.Context, what string, reached func() (bool, int)) error {
	w := &waiter{reached: reached, done: make(chan struct{})}
	s.mu.Lock()
	s.waiters = append(s.waiters, w)
	s.unlock()
	err := errClosed
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-s.ctx.Done():
	}
	s.mu.Lock()
	defer s.unlock()
	select {
	case <-w.done: // both at once
		return nil
	default:
	}
	s.waiters = slices.DeleteFunc(s.waiters, func(other *waiter) bool { return other == w })
	_, have := reached()
	return fmt.Errorf("wait for %s, there are %d: %w", what, have, err)
}

// unlock tells the waiters whose time has come, and releases the mutex.
func (s *Sim) unlock() {
	s.waiters = slices.DeleteFunc(s.waiters, func(w *waiter) bool {
		ok, _ := w.reached()
		if ok {
			close(w.done)
		}
		return ok
	})
	s.mu.Unlock()
}

// timer is a function that runs later, with the mutex held.
type timer struct {
	timer   *time.Timer
	stopped bool
}

// after runs f with the mutex held after d, unless it is stopped before, or
// the simulator is closed. The caller holds the mutex.
func (s *Sim) after(d time.Duration, f func()) *timer {
	t := &timer{stopped: s.closed}
	if t.stopped {
		return t
	}
	s.timers[t] = struct{}{}
	s.busy.Add(1)
	t.timer = time.AfterFunc(d, func() {
		defer s.busy.Done()
		s.mu.Lock()
		defer s.unlock()
		if t.stopped {
			return
		}
		delete(s.timers, t)
		f()
	})
	return t
}

// stop makes sure that t does not run. The caller holds the mutex.
func (s *Sim) stop(t *timer) {
	if t == nil || t.stopped {
		return
	}
	t.stopped = true
	delete(s.timers, t)
	if t.timer.Stop() {
		s.busy.Done()
	}
}

// pause waits for d. It reports false if the request or the simulator ended
// before.
func (s *Sim) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
	return false
}

// abort ends a request whose client has gone, or whose simulator is closing,
// without the empty answer that returning would give.
func abort() { panic(http.ErrAbortHandler) }

// milliseconds turns a field of [Behavior] into a duration.
func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// reset ends a TCP connection with RST, as a failing network would: the peer
// gets an error, not an end of file.
func reset(conn net.Conn) {
	if tcp, ok := conn.(interface{ SetLinger(seconds int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// resetRequest resets the connection that a request came on.
func resetRequest(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		abort() // not to be hijacked, as HTTP/2 is not: the nearest there is
	}
	reset(conn)
}
