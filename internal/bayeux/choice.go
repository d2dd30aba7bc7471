package bayeux

import (
	"strings"
	"time"

	"gws-outbound/internal/fmt"
)

// Which transport is used: what has worked is tried first; where it has not
// opened, or is of no use, the next follows in the same attempt, and at the
// opening of a session even before the first has failed: see race.go. A session
// on a lesser transport looks for a better one by itself.

const (
	// mostFruitless is how many times in a row a socket may fail to open, or end
	// before it was of use, before a session goes on over the next transport;
	// mostFruitlessWaited while somebody waits.
	mostFruitless       = 3
	mostFruitlessWaited = 2

	// firstUpgrade is how long a session has been on a lesser transport before the
	// better one is tried; each time that fails doubles it, up to maxUpgrade.
	firstUpgrade = 5 * time.Second
	maxUpgrade   = time.Minute
)

// chooseTransport picks the transport of an attempt.
func (c *Client) chooseTransport() {
	switch {
	case c.clientID == "" && !c.moved:
		c.transport = c.firstChoice()
	case c.refusals == 0 && c.before != nil && c.before.clientID == c.clientID && c.worked&(1<<c.before.transport) != 0:
		// No server has answered over this one, either: the one before comes first again, then this one.
		c.transport, c.moved = c.before.transport, false
	}
	c.tried = 1 << c.transport
}

func (c *Client) firstChoice() int { return max(c.preferred, c.remembered, 0) }

// next returns the best transport that this attempt has not tried.
func (c *Client) next() (transport int, ok bool) {
	for i := range c.opts.Transports {
		if c.tried&(1<<i) == 0 {
			return i, true
		}
	}
	return 0, false
}

// otherTransport goes on over another transport where this one is of no use,
// and reports whether it does. After a trial it does at once.
func (c *Client) otherTransport(err error, trial bool) bool {
	if c.resuming || c.rival == nil && !trial && c.clientID != "" && c.worked&(1<<c.transport) != 0 && c.fruitless < c.mostFruitless() {
		return false
	}
	from := c.name()
	if c.rival != nil { // it has begun already
		c.causes[from] = err
		c.rivalWins(err)
		return true
	}
	next, ok := c.next()
	if !ok {
		return false
	}
	c.causes[from] = err
	c.logf(Info, "%v: trying %s", err, c.opts.Transports[next].Name())
	if !c.confirmed {
		c.forget() // there is nothing to be kept of the session
	}
	c.moveSession(next)
	c.tried |= 1 << next
	c.lastErr = c.reason(err)
	c.attempt++
	c.report(Status{State: c.unconnected(), Transport: c.name(), Reason: c.lastErr, Session: c.session})
	c.broken(c.lastErr)
	if failed := c.failedBeside; failed != nil {
		c.handshakeFailed(failed)
		return true
	}
	c.open()
	return true
}

func (c *Client) mostFruitless() int {
	if c.waiters > 0 {
		return mostFruitlessWaited
	}
	return mostFruitless
}

// transportWorks notes that the transport in use has proved itself.
func (c *Client) transportWorks() {
	if !c.link.proved && !c.link.perRequest() {
		c.leaveTurn()
		c.seesOthers = false // what it was told was of its requests
	}
	if !c.link.proved {
		c.link.proved, c.link.provedAt = true, time.Now()
	}
	useful := c.link.perRequest() || c.link.useful()
	if useful {
		c.fruitless = 0
	}
	c.moved, c.before = false, nil
	clear(c.causes)
	c.failedBeside = nil
	c.tried = 1 << c.transport // whatever fails next has the others
	c.worked |= 1 << c.transport
	c.remembered = -1
	if c.preferred < 0 || c.transport < c.preferred {
		c.preferred = c.transport
	}
	switch {
	case c.transport != 0:
		c.scheduleUpgrade()
	case useful:
		c.upgradeIn = 0
	}
}

// scheduleUpgrade has a better transport tried after a while.
func (c *Client) scheduleUpgrade() {
	if c.upgrading {
		return
	}
	c.upgrading = true
	c.upgradeIn = min(max(2*c.upgradeIn, firstUpgrade), maxUpgrade)
	// With jitter, since all agents lose their sockets at once where a server restarts.
	c.after(time.Duration(float64(c.upgradeIn)*(0.5+c.opts.Random()/2)), func() {
		c.upgrading = false
		c.upgrade()
	})
}

// upgrade opens a better transport beside the session, and moves the session
// there if nobody waits for an event. The server keeps what it has for it.
func (c *Client) upgrade() {
	if c.ctx.Err() != nil || c.transport == 0 || c.phase == leaving {
		return
	}
	status, _ := c.Watch()
	if status.State != Connected || c.waiters > 0 || c.spare != nil {
		c.upgradeIn /= 2 // not tried
		c.scheduleUpgrade()
		return
	}
	c.spare = c.dial(0, c.opts.DialTimeout, func(l *link, err error) {
		if l != c.spare {
			return
		}
		status, _ := c.Watch()
		switch {
		case err != nil:
			c.logf(Debug, "no better transport yet: %v", err)
			c.dropSpare()
		case status.State != Connected || c.waiters > 0 || c.link.asksMore() || c.isArriving(): // what is sent last must be what the server takes last
			c.dropSpare()
			c.upgradeIn /= 2
		default:
			c.logf(Info, "the session moves from %s to %s", c.name(), l.name())
			c.moved = true
			c.replaceLink(l)
			c.tried, l.trial = 1<<l.transport, true
			c.begin()
			return
		}
		c.scheduleUpgrade()
	})
}

// trialLimit is how long a better transport, which is open, may take for its first reply: the session is not
// kept from the one that works for longer.
func (c *Client) trialLimit() time.Duration {
	return max(c.link.firstReply(), c.trips.limit())
}

// reason puts together why there is no session, by transport where several have failed.
func (c *Client) reason(err error) error {
	if err == c.lastErr {
		return err
	}
	c.causes[c.name()] = err
	var all []error
	for _, t := range c.opts.Transports {
		if cause := c.causes[t.Name()]; cause != nil {
			all = append(all, cause)
		}
	}
	if len(all) > 1 {
		err = &TransportsError{Errs: all, last: err}
	}
	if c.opts.Online != nil && !c.opts.Online() {
		err = &OfflineError{err}
	}
	return err
}

// TransportsError is why none of several transports works.
type TransportsError struct {
	Errs []error // of each, in the order of Options.Transports
	last error
}

func (e *TransportsError) Error() string {
	texts := make([]string, len(e.Errs))
	for i, err := range e.Errs {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns the errors, the latest first.
func (e *TransportsError) Unwrap() []error { return append([]error{e.last}, e.Errs...) }

// OfflineError is a failure while the browser says that it is offline.
type OfflineError struct{ Err error }

func (e *OfflineError) Error() string { return fmt.Sprintf("the browser is offline: %v", e.Err) }

// Unwrap returns the failure.
func (e *OfflineError) Unwrap() error { return e.Err }

// moveSession makes a transport that of the session. Servers find sessions of
// long-polling by a cookie that others do not have: where this one refuses to go
// on, it may keep the session all the same, for a socket that can be had again.
func (c *Client) moveSession(to int) {
	if c.clientID != "" {
		c.before = &predecessor{clientID: c.clientID, transport: c.transport, ack: c.ack, until: time.Now().Add(c.plan.lifetime())}
	}
	c.transport, c.moved = to, true
}
