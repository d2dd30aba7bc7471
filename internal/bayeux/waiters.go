package bayeux

import (
	"time"
)

// AddWaiters says that so many more callers (or, below 0, less) wait for an event,
// or for a session. While there are any, a silent connection is found out about
// sooner, and the next attempt comes within 2 s, also if it was put off for
// longer before, unless the server has asked for a pause. AddWaiters does not wait.
func (c *Client) AddWaiters(change int) {
	c.box.put(func() {
		if c.waiters == 0 {
			c.waitedFrom = time.Now()
		}
		c.waiters += change
		if change <= 0 {
			return
		}
		c.shortenConnect()
		c.watch()
		switch {
		case c.phase == waiting:
			c.retrySoon()
		case c.phase == opening:
			c.shortenDial()
		case c.phase == pausing:
			if left := c.pause() - time.Since(c.repliedAt); left < time.Until(c.dueAt) {
				c.connectAfter(left)
			}
		}
	})
}

// Wake says that something has happened after which the connection may be
// dead, or may be had again: the network is back or gone, the machine was
// asleep, the page is seen again. The server is asked at once whether it is
// there; if the client waits for its next attempt, that is made now, unless the
// server has asked for a pause; an attempt that is under way is left alone.
// Wake does not wait.
func (c *Client) Wake() {
	c.box.put(func() {
		if c.turn.waiting && c.in(inSession...) { // else it is asked for once there is a session
			c.awaitTurn()
		}
		switch {
		case c.phase == waiting:
			if c.retries.postponed() == 0 {
				c.try()
			}
		case c.phase == pausing && c.isPolite():
			c.connectAfter(0)
		case c.in(working...):
			if c.phase == pausing && c.waiters > 0 {
				c.connectAfter(0) // events come with nothing else
			}
			c.probe()
		}
	})
}

// Alive returns a channel that is closed when the next frame comes from the
// server.
func (c *Client) Alive() <-chan struct{} {
	alive := make(chan struct{})
	c.box.put(func() { c.alive = append(c.alive, alive) })
	return alive
}
