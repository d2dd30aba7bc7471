package bayeux

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"time"
)

// State is where a client stands.
type State string

// The states of a client.
const (
	Connecting   State = "connecting"   // no session yet
	Connected    State = "connected"    // the server answers, and every subscription is in place
	Reconnecting State = "reconnecting" // there was a session; the client is getting it back, or a new one
	Closed       State = "closed"       // for good
)

// Status is what is known of a client at one time.
type Status struct {
	State     State
	Transport string        // the name of the transport in use, "" before the first attempt and when closed
	Reason    error         // why it is not connected; nil where it is, and before the first attempt has failed
	RetryIn   time.Duration // until the next attempt, from the time of this status; 0 if one is under way
	Session   int           // how many sessions there were, a resumed one included: a new number means that the server forgot what it held for the one before
}

// statusWatch holds the status for those who watch it.
type statusWatch struct {
	mu      sync.Mutex
	status  Status
	changed chan struct{}
}

func newStatusWatch() statusWatch {
	return statusWatch{status: Status{State: Connecting}, changed: make(chan struct{})}
}

// Watch returns the status, and a channel that is closed when it is no longer
// the newest.
func (w *statusWatch) Watch() (Status, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.status, w.changed
}

// awaitConnected is the end of a call of Connect.
func (w *statusWatch) awaitConnected(ctx context.Context) error {
	for {
		status, changed := w.Watch()
		switch status.State {
		case Connected:
			return nil
		case Closed:
			return status.Reason
		}
		select {
		case <-changed:
		case <-ctx.Done():
			err := status.Reason
			if err == nil {
				err = errors.New("the server has not answered")
			}
			return &ConnectError{Err: err}
		}
	}
}

// report makes s the status, and tells who listens.
func (c *Client) report(s Status) { c.statusWatch.report(s, &c.opts) }

func (w *statusWatch) report(s Status, opts *Options) {
	w.mu.Lock()
	old := w.status
	same := s.State == old.State && s.Transport == old.Transport && s.RetryIn == old.RetryIn && s.Session == old.Session
	if same && (s.Reason == nil && old.Reason == nil || s.State == Connected && s.Reason != nil && old.Reason != nil && s.Reason.Error() == old.Reason.Error()) {
		w.mu.Unlock()
		return // one of many connects
	}
	w.status = s
	close(w.changed)
	w.changed = make(chan struct{})
	w.mu.Unlock()
	if opts.traces() {
		opts.Log(Debug, s.String())
	}
	if opts.OnStatus == nil {
		return
	}
	defer func() { // the fault of who listens is not the session's
		if p := recover(); p != nil {
			opts.logf(Warn, "OnStatus panicked: %v\n%s", p, debug.Stack())
		}
	}()
	opts.OnStatus(s)
}
