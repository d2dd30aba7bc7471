package bayeux

import (
	"errors"
	"time"
)

// turn is the client's place among those of its browser that want a request to be held: one has it, the others are polite. A browser
// makes few connections to a server over HTTP/1.1, for all its tabs, and a server may hold the request of one client for a browser.
type turn struct {
	leave   func() // gives up the turn, or the place in the queue; nil if there is neither
	waiting bool   // it is not this client's turn
	asked   int    // counts the calls of Options.AwaitTurn: what an earlier one grants is not wanted any more
}

// A client keeps its turn through so many failures in a row, and a pause of so long before the next attempt: else each short
// outage would pass it around. With more it cannot reconnect, as with credentials that have expired, and has no request held.
const (
	failuresInTurn = 2
	pauseInTurn    = 5 * time.Second
)

// awaitTurn asks for the client's turn, if it is one that makes requests. Until that comes, the client is polite; whoever comes
// first has it long before the session is made, so that nothing waits for it.
func (c *Client) awaitTurn() {
	t := &c.turn
	if c.opts.AwaitTurn == nil || c.opts.Guest || t.leave != nil || c.link == nil || !c.link.perRequest() {
		return
	}
	t.asked++
	t.waiting = true
	asked := t.asked
	t.leave = c.opts.AwaitTurn(func() {
		c.box.put(func() {
			if c.turn.asked == asked && c.turn.leave != nil {
				c.takeTurn()
			}
		})
	})
}

// takeTurn has the next connect be held.
func (c *Client) takeTurn() {
	c.turn.waiting = false
	c.logf(Debug, "it is this client's turn to have its request held")
	if !c.in(working...) {
		return
	}
	c.reportConnected()
	if c.phase == pausing {
		c.connectAfter(c.pause() - time.Since(c.repliedAt))
	}
}

// leaveTurn lets the next client have its turn.
func (c *Client) leaveTurn() {
	c.postponeTurn()
	c.turn.waiting = false
}

// postponeIdleTurn is postponeTurn for a client that cannot reconnect; its next attempt comes in d.
func (c *Client) postponeIdleTurn(d time.Duration) {
	if c.retries.failures > failuresInTurn || d > pauseInTurn {
		c.postponeTurn()
	}
}

// postponeTurn is leaveTurn for a client that asks again, and is polite until then.
func (c *Client) postponeTurn() {
	t := &c.turn
	if t.leave == nil {
		return
	}
	t.leave()
	t.leave = nil
	t.waiting = true
}

// Away says that whoever uses the client is frozen, or about to be: others of its browser are not to wait for it. It goes on
// with [Client.Wake]. Away does not wait.
func (c *Client) Away() { c.box.put(c.postponeTurn) }

var errOtherHeld = errors.New("another client in this browser, such as that of another tab, has its request held: so that both get through, this one asks every 250 ms while a call is pending, every 2 s otherwise")
