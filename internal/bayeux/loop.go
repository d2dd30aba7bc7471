package bayeux

import (
	"runtime/debug"
	"time"
)

// loop runs until the client is closed. What is queued by then is still run,
// for it may hold a connection to be closed; it finds that it is stale.
func (c *Client) loop() {
	defer close(c.done)
	// A panic would end the whole program in a browser, and with it every
	// other client of the page.
	c.box.run(c.ctx, func(p any) {
		c.logf(Warn, "internal error: %v\n%s", p, debug.Stack())
		c.finish(&InternalError{p})
	})
}

// after runs f on the loop in d, unless the timer is stopped. A timer that has
// fired may still be in the mailbox when it is stopped, so f must check that
// it is wanted.
func (c *Client) after(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() { c.box.put(f) })
}

// finish closes the client for good. To be called on the loop, or when it has ended.
func (c *Client) finish(reason error) {
	if c.ctx.Err() != nil {
		return
	}
	if c.phase == leaving {
		reason = ErrClosed // whatever the server said to that
	}
	open := c.link != nil && c.link.conn != nil
	if _, theirs := reason.(*DisconnectedError); open && c.clientID != "" && !c.resuming && c.phase != leaving && !theirs {
		c.link.send(Message{Channel: metaDisconnect}, c.opts.MaxNetworkDelay, nil) // the reply will not be heard
	}
	c.end()
	c.attempt++
	c.stopRetry()
	c.enter(ended)
	c.waiters = 0
	c.leaveTurn()
	c.dropRival()
	c.dropLate()
	c.dropPredecessor()
	c.dropLink()
	c.stopAwaitingAll()
	for _, s := range c.subscriptions {
		s.answered(reason)
	}
	c.report(Status{State: Closed, Reason: reason, Session: c.session})
}
