package bayeux

import (
	"errors"
	"time"
)

const (
	// quiet is how long a server may say nothing while somebody waits for an
	// event, before it is asked whether it is there.
	quiet = 3 * time.Second
	// probeLimit is how long its answer may take. What a server has sent into a
	// dead connection it keeps, by default, for 10 s: the client must have found
	// out, and come back, well before.
	probeLimit = 3 * time.Second
	// hasty is how long a connect may take that a server answers at once, while
	// others may follow it, of which there are mostHasty. Over requests, one can
	// go out on a connection that a browser has kept, and that is as dead as
	// the one before: the browser finds out only when the request is given up.
	// Over a socket it is given as long as a probe, once.
	hasty     = time.Second
	mostHasty = 3
	// mostReplacing is how many connects may be sent to take the place of one.
	mostReplacing = 3
)

// Attend says that one more (or, with -1, one less) caller waits for an event,
// or for a session.
// A server may lawfully keep silent for longer than anybody wants to wait, so
// while somebody does, a connection on which nothing was heard for 3 s is
// probed, and given up if the answer takes another 3 s. The next attempt comes
// within 2 s, also if it was put off for longer when nobody waited, unless the
// server has asked to be left alone. Attend does not wait.
func (c *Client) Attend(change int) {
	c.box.put(func() {
		c.attending += change
		c.hasten()
		c.watch()
		if change > 0 && c.waiting {
			c.hurry()
		}
	})
}

// hurry brings the next attempt forward to when it would be, had somebody
// waited before.
func (c *Client) hurry() {
	d := max(c.plan.interval, time.Until(c.notBefore), 0) + c.backoff()
	if time.Now().Add(d).Before(c.dueAt) {
		c.wait(d, c.lastErr)
	}
}

// Wake says that something has happened after which the connection may be
// dead, or may be had again: the network is back, the machine was asleep, the
// page is seen again. The server is asked at once whether it is there; if the
// client waits for its next attempt, that is made now, unless the server has
// asked to be left alone; an attempt that is under way is left alone. Wake does
// not wait.
func (c *Client) Wake() {
	c.box.put(func() {
		switch {
		case c.waiting:
			if !time.Now().Before(c.notBefore) {
				c.try()
			}
		case c.held:
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

// watch sets the clock for the next probe, if there is to be one. A clock that runs is left alone, since
// it looks by itself at what is true then: setting it anew for each caller costs more.
func (c *Client) watch() {
	if c.watching || !c.toBeWatched() {
		return
	}
	c.watching = true
	c.after(quiet-time.Since(c.heard), func() {
		c.watching = false
		if c.toBeWatched() && time.Since(c.heard) >= quiet {
			c.probe()
		} else {
			c.watch()
		}
	})
}

func (c *Client) toBeWatched() bool { return c.attending > 0 && c.held && !c.probing }

// hasten gives the connect that is under way less time, if it is one that is
// answered at once. It does where somebody waits for what the server keeps for
// a short time: not for a new session, whose handshake has just been answered.
// And it does the first few times only: on a slow network, the last one must
// have its time.
func (c *Client) hasten() {
	if c.attending == 0 || c.held || !c.confirmed {
		return
	}
	limit, most := probeLimit, 1
	if _, requests := c.conn.(Canceler); requests {
		limit, most = hasty, mostHasty
	}
	if c.hastened >= most {
		return
	}
	for _, x := range c.exchanges {
		if x.message.Channel == metaConnect && !x.hasty {
			x.hasty = true
			x.timer.Reset(min(limit, x.limit-time.Since(c.askedAt)))
			x.limit = limit
		}
	}
}

// probe sends what must be answered: a subscription that is in place already.
// Over long-polling it goes beside the connect that is held. (A second connect
// would not do: not every server answers that before the first has ended.)
func (c *Client) probe() {
	if c.probing || !c.held || len(c.subscriptions) == 0 {
		return
	}
	c.probing = true
	c.send(Message{Channel: metaSubscribe, Subscription: c.subscriptions[0].pattern}, probeLimit, func(r *Message, err error) {
		c.probing = false
		if err != nil {
			c.lost(err)
			return
		}
		if refused := parseRefusal(r.Error); !r.successful() && c.sessionGone(r, refused) {
			c.renew(&SessionError{refused})
			return
		}
		c.replaceConnect()
		c.watch()
	})
}

// replaceConnect sends a connect in place of the one that is held, where each
// has a connection of its own: that of a connect may be dead while those of
// others work, and what the server has sent into it is sent again only in
// answer to another. Without acknowledged delivery it would not be, and what
// comes just now would be lost.
func (c *Client) replaceConnect() {
	if _, requests := c.conn.(Canceler); !requests || !c.ack.on {
		return
	}
	for id, x := range c.exchanges {
		if x.message.Channel == metaConnect {
			x.timer.Stop()
			delete(c.exchanges, id) // the connection gives it up for the next
			c.replacing = mostReplacing
			c.connect()
			return
		}
	}
}

// replaced reports whether a connect may have failed because another took its
// place at the server. That can be the one whose place it was to take: they
// overtake each other where that has just been sent; and what CometD before
// 3.1.11 and 4.0.5 answers to the one that lost its place, HTTP 408, Chromium
// sends once more, even if it is just being given up.
func replaced(err error) bool {
	e, ok := errors.AsType[interface {
		error
		Replaced() bool
	}](err)
	return ok && e.Replaced()
}
