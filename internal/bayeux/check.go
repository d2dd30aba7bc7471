package bayeux

import (
	"context"
	"errors"
	"time"

	"gws-outbound/internal/fmt"
)

const (
	// loadedBy and loadedFrom are by how much longer another connection takes to open
	// on a line that is busy: so many times as long as on one that is not, and no less than.
	loadedBy   = 3
	loadedFrom = 75 * time.Millisecond

	// mostSwallowed is how many sockets in a row may get no answer, beside one that is silent, before
	// somebody who waits is helped over another transport.
	mostSwallowed = 2
)

// check opens another socket, to see whether it is the line that is slow or
// away, or only this socket that is dead.
func (c *Client) check() {
	limit := c.quietLimit()
	silent := func() bool { l := c.link; return l != nil && time.Since(later(l.heard, l.oldestSent())) >= limit }
	c.logf(Debug, "nothing has come over the socket for %v: opening another to see whether the server is there", limit)
	c.spare = c.dial(c.transport, limit, func(l *link, err error) {
		if l != c.spare {
			return
		}
		switch took := time.Since(l.began); {
		case err != nil:
			c.lostSpare(err)
			return
		case !silent():
			c.logf(Debug, "the socket lives")
		case took > max(loadedFrom, loadedBy*c.opensIn()):
			c.logf(Debug, "the line is busy: another connection took %v to open", took)
			c.busyAt = time.Now()
		default:
			c.patience++
			c.replaceSilent(l, fmt.Errorf("the socket was silent for %v, while another could be opened: %w", limit, errNoReply))
			return
		}
		c.patience++
		c.dropSpare()
		c.watch()
	})
}

// opensIn is how long it takes to open a socket where the line is not busy: as long as it took before, but no less than one and a half
// round trips. The first may have been opening before anybody measured, and long-polling takes no time.
func (c *Client) opensIn() time.Duration { return max(c.openedIn, c.trips.least*3/2) }

// replaceSilent goes on over another socket in place of one that was silent for
// too long, or over another transport where sockets are of no use again and again.
func (c *Client) replaceSilent(l *link, err error) {
	if _, other := c.next(); other && !c.link.proved && (c.link.trial || c.fruitless+1 >= c.mostFruitless()) {
		c.lost(err)
		return
	}
	if !c.link.proved {
		c.fruitless++
	}
	c.note(err)
	c.noteSilence()
	c.replaceLink(l)
	c.report(Status{State: c.unconnected(), Transport: c.name(), Reason: c.lastErr, Session: c.session})
	c.broken(c.lastErr)
	c.begin()
}

// oldestSent is when the oldest message was sent that is still without a reply
// which is given at once.
func (l *link) oldestSent() time.Time {
	if x := l.oldestDue(); x != nil {
		return x.sent
	}
	return time.Time{}
}

// lostSpare takes the failure of a second socket. If it was refused, the server
// is there, or the network says that it is not, and the first one is as good as
// lost. If nothing came at all, it may be the line that is away or slow.
func (c *Client) lostSpare(err error) {
	c.dropSpare()
	c.patience++
	c.swallowed++
	_, other := c.next()
	switch {
	case !errors.Is(err, context.DeadlineExceeded):
		c.lost(err)
		return
	case other && c.waiters > 0 && c.swallowed >= mostSwallowed:
		c.cutOff(c.link) // it may be slow all the same
		c.link, c.fruitless = nil, mostFruitless
		c.lost(err)
		return
	}
	if status, _ := c.Watch(); status.State == Connected {
		c.unsure = true
		c.report(Status{State: c.unconnected(), Transport: c.name(), Session: c.session,
			Reason: c.reason(fmt.Errorf("nothing has come from the server for %v, nor could another connection be opened", time.Since(c.link.heard).Round(time.Second)))})
	}
	c.watch()
}

func (c *Client) dropSpare() {
	c.spare.close()
	c.spare = nil
}
