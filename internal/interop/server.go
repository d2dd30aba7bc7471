package interop

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"
)

// Server is a running server behind its proxy. What goes wrong in a method
// fails the test. The methods may be called from several goroutines.
type Server struct {
	// URL is where the proxy listens, such as "http://127.0.0.1:41234". It
	// outlives a restart.
	URL string

	t      testing.TB
	call   func(verb string, in []byte) ([]byte, error)
	closed sync.Once
}

// Start starts a server for the length of a test. The test fails, with the
// reason, if that cannot be done.
func Start(t testing.TB, kind Kind, options Options) *Server {
	t.Helper()
	s, err := start(kind, options)
	if err != nil {
		t.Fatalf("interop: %s cannot be started: %v", kind, err)
	}
	s.t = t
	t.Cleanup(s.Close)
	return s
}

// Cut resets every connection, and returns how many there were. What they had
// in transit is lost.
func (s *Server) Cut() (cut int) {
	s.t.Helper()
	s.Control("cut", nil, &cut)
	return cut
}

// Stall makes every connection half-open, for good: it stays, but nothing goes
// through any more, while both ends believe that it does. New ones work.
func (s *Server) Stall() {
	s.t.Helper()
	s.Control("stall", nil, nil)
}

// Refuse says whether new connections are reset.
func (s *Server) Refuse(refuse bool) {
	s.t.Helper()
	s.Control("refuse", refuse, nil)
}

// Lose has so many of a hundred frames lost, of either direction, each with
// its connection, which is reset; which ones follows from the seed. It returns
// how many connections were cut so since the call before.
func (s *Server) Lose(percent int, seed uint64) (cut int) {
	s.t.Helper()
	s.Control("lose", loseArgs{percent, seed}, &cut)
	return cut
}

// Line limits what goes through to so many bytes a second in each direction,
// shared by all connections, or to no rate if it is 0; and gives it a round trip,
// of which each way takes a half. A new connection takes a round trip as well.
func (s *Server) Line(rate int, roundTrip time.Duration) {
	s.t.Helper()
	s.Control("line", lineArgs{rate, int(roundTrip.Milliseconds())}, nil)
}

// SwallowSockets leaves WebSockets that are asked for from now on without an
// answer.
func (s *Server) SwallowSockets() {
	s.t.Helper()
	s.Control("sockets", socketsArgs{Fate: swallowed}, nil)
}

// KillSockets closes WebSockets that are asked for from now on with the code
// 1008, each in place of the message of the server's that comes after so many.
func (s *Server) KillSockets(after int) {
	s.t.Helper()
	s.Control("sockets", socketsArgs{Fate: dying, After: after}, nil)
}

// SpareSockets ends what SwallowSockets or KillSockets began.
func (s *Server) SpareSockets() {
	s.t.Helper()
	s.Control("sockets", socketsArgs{Fate: living}, nil)
}

// Restart kills the process of the server, which resets its connections, and
// starts another. The new one knows nothing of the old one's sessions, nor of
// its [Behavior].
func (s *Server) Restart() {
	s.t.Helper()
	s.Control("restart", nil, nil)
}

// Close ends the server and its proxy. It is called at the end of the test.
func (s *Server) Close() {
	s.t.Helper()
	s.closed.Do(func() { s.Control("close", nil, nil) })
}

// Control calls a verb; see the documentation of the package. out may be nil.
func (s *Server) Control(verb string, in, out any) {
	s.t.Helper()
	body, err := json.Marshal(in)
	if err == nil {
		body, err = s.call(verb, body)
	}
	if err == nil && out != nil {
		err = json.Unmarshal(body, out)
	}
	if err != nil {
		s.t.Error(fmt.Errorf("interop: %s: %w", verb, err))
	}
}
