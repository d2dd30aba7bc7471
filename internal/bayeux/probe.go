package bayeux

import (
	"errors"
	"time"
)

const (
	// shortLimit is how long a connect over requests may take, at least, that is
	// answered at once, while others may follow it, of which there are mostShort,
	// each with twice the time. It can go out on a connection that a browser has kept,
	// and that is dead: the browser finds out only when the request is given up.
	shortLimit = time.Second
	mostShort  = 3

	// mostOutrun is how many connects in a row may lose their place to one that was given up.
	mostOutrun = 2

	// mostRetriedProbes is how many probes in a row may be given up while another request is not
	// answered either: then it is the line that is slow or away, and not one of its connections.
	mostRetriedProbes = 2
)

// probe sends what must be answered at once: a subscription that is in place already.
// Over requests it goes beside the connect that is held. (A second connect
// would not do: not every server answers that before the first has ended.)
func (c *Client) probe() {
	if c.probing || !c.in(working...) || len(c.subscriptions) == 0 {
		return
	}
	limit := c.silenceLimit()
	if c.link.perRequest() {
		limit = c.quietLimit()
	}
	c.probing = true
	l := c.link
	m := Message{Channel: metaSubscribe, Subscription: c.subscriptions[0].pattern}
	sent := time.Now()
	x := l.expect(&m, limit, func(r *Message, err error) {
		c.probing, c.probedAt = false, time.Now()
		if err != nil {
			if l.perRequest() {
				c.patience++
				switch {
				case time.Since(l.heard) < limit: // the reply to another request is arriving
					c.watch()
					return
				case c.requests.any() && c.patience <= mostRetriedProbes:
					c.probe()
					return
				}
			}
			c.lost(err)
			return
		}
		if refused := parseRefusal(r.Error); !r.successful() && c.sessionGone(r, refused) && !c.isArriving() {
			c.renew(&SessionError{refused})
			return
		}
		c.replaceUnlessAnswered(time.Since(sent))
		c.watch()
	})
	if l.perRequest() {
		x.patient = c.quietLimit
	} else {
		c.keepSession(x) // a large frame may be in the way of its answer
	}
	l.transmit([]Message{m})
	c.watch()
}

// isArriving reports whether the reply to a connect is: what it brings would be given up with the session.
func (c *Client) isArriving() bool {
	x := c.link.underWay(metaConnect)
	return x != nil && !x.arriving.IsZero() && time.Since(x.arriving) < c.quietLimit()
}

// replaceUnlessAnswered replaces the connect that is held if no reply to it comes within a round trip: on a slow
// line one may be just behind the answer to the probe.
func (c *Client) replaceUnlessAnswered(roundTrip time.Duration) {
	l, x := c.link, c.link.underWay(metaConnect)
	if x == nil {
		return
	}
	c.after(roundTrip, func() {
		if l == c.link && l.underWay(metaConnect) == x {
			c.replaceConnect()
		}
	})
}

// replaceConnect sends a connect in place of the one that is held, where each
// has a connection of its own: that of a connect may be dead while those of
// others work, and what the server has sent into it is sent again only in
// answer to another. Without acknowledged delivery it would not be, and what
// comes just now would be lost. Each time that does not help, the next comes later.
func (c *Client) replaceConnect() {
	if !c.link.perRequest() || !c.ack.on {
		return
	}
	x := c.link.underWay(metaConnect)
	if x == nil || c.isArriving() {
		return
	}
	x.end() // the connection gives it up for the next
	c.patience = max(c.patience, c.replacements)
	c.replacements++
	c.outruns()
	c.connect()
}

// outruns notes that a connect is given up for another, which may be at the server first, as may those after it.
func (c *Client) outruns() {
	c.outrun, c.outrunFrom = mostOutrun, time.Now()
}

// losesPlace reports whether a connect may have failed because another took its
// place at the server, and is to be sent again. That other can be one that was
// given up a while ago: they overtake each other where that had just been sent;
// and what CometD before 3.1.11 and 4.0.5 answers to the one that lost its place,
// HTTP 408, Chromium sends once more, even if it is just being given up.
func (c *Client) losesPlace(err error) bool {
	if c.outrun == 0 || time.Since(c.outrunFrom) > heardLate || !replaced(err) {
		return false
	}
	c.outrun--
	return true
}

// replaced reports whether the server says that another connect took the place of one.
func replaced(err error) bool {
	e, ok := errors.AsType[interface {
		error
		Replaced() bool
	}](err)
	return ok && e.Replaced()
}

// shortenConnect gives a connect over requests less time, if it is one that is
// answered at once. It does where somebody waits for what the server keeps for
// a short time: not for a new session, whose handshake has just been answered.
func (c *Client) shortenConnect() {
	if c.waiters == 0 || c.in(working...) || !c.confirmed || c.shortened >= mostShort || c.link == nil || !c.link.perRequest() {
		return
	}
	if x := c.link.underWay(metaConnect); x != nil && !x.short {
		limit := max(shortLimit, c.trips.limit(), 3*c.requests.took())
		if c.requests.any() && c.patience > 0 {
			limit = max(limit, c.quietLimit()/2) // it is the line that is slow
		}
		limit <<= c.shortened
		if limit < x.limit {
			x.short = true
			x.extend(limit)
		}
	}
}
