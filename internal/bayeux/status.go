package bayeux

import (
	"runtime/debug"
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

// Watch returns the status, and a channel that is closed when it is no longer
// the newest.
func (c *Client) Watch() (Status, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status, c.changed
}

// report makes s the status, and tells who listens.
func (c *Client) report(s Status) {
	c.mu.Lock()
	old := c.status
	same := s.State == old.State && s.Transport == old.Transport && s.RetryIn == old.RetryIn && s.Session == old.Session
	if same && (s.Reason == nil && old.Reason == nil || s.State == Connected && s.Reason != nil && old.Reason != nil && s.Reason.Error() == old.Reason.Error()) {
		c.mu.Unlock()
		return // one of many connects
	}
	c.status = s
	close(c.changed)
	c.changed = make(chan struct{})
	c.mu.Unlock()
	if c.opts.OnStatus == nil {
		return
	}
	defer func() { // the fault of who listens is not the session's
		if p := recover(); p != nil {
			c.logf(Warn, "OnStatus panicked: %v\n%s", p, debug.Stack())
		}
	}()
	c.opts.OnStatus(s)
}
