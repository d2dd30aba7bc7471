package bayeux

import (
	"errors"
	"time"
)

// A server may lawfully keep silent for longer than anybody wants to wait. So
// while somebody does, a connection on which nothing was heard for a while is
// asked whether it lives. How long a while is follows from the round trips seen
// on it, and doubles each time that it has proved too short.
//
// Requests are seen while their replies arrive, so that only what is dead is
// silent. A socket shows a frame once it is whole: behind a large one on a slow
// line it is silent for long, and lives. It is given up only once another
// connection has been opened meanwhile, and quickly; and what it still brings
// is heard all the same.

// watch sets the clock for the next look at the connection, if there is to be one.
// A clock that goes off sooner is left alone, since it looks by itself at what is true then.
func (c *Client) watch() {
	due, ok := c.nextLook()
	if !ok || !c.lookAt.IsZero() && !due.Before(c.lookAt) {
		return
	}
	if c.clock != nil {
		c.clock.Stop()
	}
	c.lookAt = due
	c.clock = c.after(time.Until(due), func() {
		if due != c.lookAt {
			return
		}
		c.lookAt = time.Time{}
		if next, ok := c.nextLook(); ok && !time.Now().Before(next) {
			c.look()
		}
		c.watch()
	})
}

// nextLook is when the connection will have been silent for too long; ok is
// false where there is nothing to look at.
func (c *Client) nextLook() (due time.Time, ok bool) {
	l := c.link
	if l == nil || l.conn == nil || !c.in(inSession...) || c.spare != nil && !l.perRequest() { // over requests it is another transport, and says nothing of them
		return due, false
	}
	limit := c.quietLimit()
	if !l.perRequest() {
		if x := l.oldestDue(); x != nil {
			from := later(x.sent, l.heard)
			if limit == mostQuiet {
				from = later(from, c.busyAt) // what is opened meanwhile takes its share of the line
			}
			return from.Add(limit), c.confirmed
		}
	}
	if c.waiters == 0 || c.phase != connected || c.probing {
		return due, false
	}
	heard := l.heard
	if x := l.underWay(metaConnect); x != nil && !x.arriving.IsZero() {
		heard = later(x.arriving, c.probedAt) // what else comes beside it is no sign of its life
	}
	from := later(later(heard, c.askedAt), c.waitedFrom)
	if !l.perRequest() {
		// The reply to the connect may be arriving, unseen, and the server's clock run: see keepSession.
		return from.Add(min(limit, c.keepInterval())), true
	}
	due = from.Add(limit)
	if c.requests.any() && !time.Now().Before(due) {
		due = due.Add(limit) // its answer will tell as much, and a probe could take the connection that it needs
	}
	return due, true
}

var errFrozen = errors.New("this program did not run for so long that the server may have given up the session")

// noteFreeze notes that this program has not run until the reply to a connect, or the next connect, was overdue. What has arrived
// meanwhile says nothing of the session: whoever has something to send waits until the next connect is answered.
func (c *Client) noteFreeze() {
	if c.phase == connected {
		c.wasFrozen = true
		c.report(Status{State: c.unconnected(), Transport: c.name(), Reason: errFrozen, Session: c.session})
	}
}

// isConnectLate reports whether the next connect is so late that a server, by its own word or by default, has given the session up.
func (c *Client) isConnectLate() bool {
	kept := max(c.plan.maxInterval, defaultPlan().maxInterval)
	return c.plan.maxInterval >= 0 && time.Since(c.repliedAt) > max(c.plan.interval, 0)+kept
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// oldestDue returns the message that has waited longest for a reply that is
// given at once; nil if there is none.
func (l *link) oldestDue() (oldest *exchange) {
	for _, x := range l.exchanges {
		if !x.held && (oldest == nil || x.sent.Before(oldest.sent)) {
			oldest = x
		}
	}
	return oldest
}

func (c *Client) look() {
	if !c.link.perRequest() && c.link.oldestDue() != nil {
		c.check()
		return
	}
	c.probe()
}
