package bayeux

import (
	"context"
	"errors"
	"fmt"
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

const (
	// quiet is how long a server may say nothing, at least, before it is asked
	// whether it is there; its answer may take as long. What a server has sent into
	// a dead connection it keeps, by default, for 10 s: the client must have found
	// out, and come back, well before where the line allows.
	quiet = 3 * time.Second
	// mostQuiet bounds how long that gets.
	mostQuiet = 30 * time.Second

	// shortLimit is how long a connect over requests may take, at least, that is
	// answered at once, while others may follow it, of which there are mostShort,
	// each with twice the time. It can go out on a connection that a browser has kept,
	// and that is dead: the browser finds out only when the request is given up.
	shortLimit = time.Second
	mostShort  = 3

	// mostReplacing is how many connects may be sent to take the place of one.
	mostReplacing = 3

	// loadedBy and loadedFrom are by how much longer another connection takes to open
	// on a line that is busy: so many times as long as the first one took, and no less than.
	loadedBy   = 3
	loadedFrom = 250 * time.Millisecond
)

// roundTrips is how long replies take that a server gives at once, as RFC 6298
// estimates it.
type roundTrips struct{ smoothed, variation time.Duration }

func (r *roundTrips) add(d time.Duration) {
	if r.smoothed == 0 {
		r.smoothed, r.variation = d, d/2
		return
	}
	r.variation += ((r.smoothed - d).Abs() - r.variation) / 4
	r.smoothed += (d - r.smoothed) / 8
}

// limit is how long a reply can be expected to take at most; 0 if nothing is known.
func (r roundTrips) limit() time.Duration { return max(r.smoothed+4*r.variation, 2*r.smoothed) }

// mostSwallowed is how many sockets in a row may get no answer, beside one that is silent, before
// somebody who waits is helped over another transport.
const mostSwallowed = 2

// mostRequest is how much of the time that a request has taken counts.
const mostRequest = 5 * time.Second

// NoteRequest says that another request to the same server is leaving. What it returns is
// to be called when that has been answered, or given up. A line that has become slow shows
// there first. Neither waits.
func (c *Client) NoteRequest() (end func(answered bool)) {
	began := time.Now()
	c.box.put(func() { c.requests++ })
	return func(answered bool) {
		took := time.Since(began)
		c.box.put(func() {
			c.requests--
			if answered {
				c.request = min(took, mostRequest)
			}
		})
	}
}

// mostRetriedProbes is how many probes in a row may be given up while another request is not
// answered either: then it is the line that is slow or away, and not one of its connections.
const mostRetriedProbes = 2

// noteRoundTrip takes the time that a reply has taken which is given at once.
func (c *Client) noteRoundTrip(x *exchange) {
	if x.held || x.link != c.link && x.link != c.rival {
		return
	}
	took := time.Since(x.sent)
	c.trips.add(took)
	if took < quiet {
		c.patience = 0
	}
}

// quietLimit is how long the connection may be silent.
func (c *Client) quietLimit() time.Duration {
	return min(max(quiet, c.trips.limit(), 3*c.request)<<min(c.patience, 8), mostQuiet)
}

// silenceLimit is how long a socket may be silent at the very most.
func (c *Client) silenceLimit() time.Duration { return max(c.plan.timeout, 0) + c.opts.MaxNetworkDelay }

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
		switch {
		case c.phase == waiting:
			if !time.Now().Before(c.notBefore) {
				c.try()
			}
		case c.phase == pausing && c.isPolite():
			c.connectAfter(0)
		case c.in(working...):
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
	if l == nil || l.conn == nil || !c.in(inSession...) || c.spare != nil {
		return due, false
	}
	limit := c.quietLimit()
	if !l.perRequest() {
		if x := l.oldestDue(); x != nil {
			return later(x.sent, l.heard).Add(limit), c.confirmed
		}
	}
	if c.waiters == 0 || c.phase != connected || c.probing || c.isPolite() {
		return due, false
	}
	return later(later(l.heard, c.askedAt), c.waitedFrom).Add(limit), true
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
	x := l.expect(&m, limit, func(r *Message, err error) {
		c.probing = false
		if err != nil {
			if l.perRequest() {
				c.patience++
				switch {
				case time.Since(l.heard) < limit: // the reply to another request is arriving
					c.watch()
					return
				case c.requests > 0 && c.patience <= mostRetriedProbes:
					c.probe()
					return
				}
			}
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
	if l.perRequest() {
		x.patient = c.quietLimit
	}
	l.conn.Send([]Message{m})
	c.watch()
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
	if x == nil || time.Since(x.arriving) < c.quietLimit() {
		return // or its reply is arriving
	}
	x.end() // the connection gives it up for the next
	c.patience = max(c.patience, c.replacements)
	c.replacements++
	c.replacing = mostReplacing
	c.connect()
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

// shortenConnect gives a connect over requests less time, if it is one that is
// answered at once. It does where somebody waits for what the server keeps for
// a short time: not for a new session, whose handshake has just been answered.
func (c *Client) shortenConnect() {
	if c.waiters == 0 || c.in(working...) || !c.confirmed || c.shortened >= mostShort || c.link == nil || !c.link.perRequest() {
		return
	}
	if x := c.link.underWay(metaConnect); x != nil && !x.short {
		limit := max(shortLimit, c.trips.limit(), 3*c.request)
		if c.requests > 0 && c.patience > 0 {
			limit = max(limit, c.quietLimit()/2) // it is the line that is slow
		}
		limit <<= c.shortened
		if limit < x.limit {
			x.short = true
			x.extend(limit)
		}
	}
}

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
		case took > max(loadedFrom, loadedBy*c.openedIn):
			c.logf(Debug, "the line is busy: another connection took %v to open", took)
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

// replaceSilent goes on over another socket in place of one that was silent for
// too long, or over another transport where sockets are of no use again and again.
func (c *Client) replaceSilent(l *link, err error) {
	if _, other := c.next(); other && !c.link.proved && c.fruitless+1 >= c.mostFruitless() {
		c.lost(err)
		return
	}
	if !c.link.proved {
		c.fruitless++
	}
	c.note(err)
	c.broken()
	c.link.silentFrom, c.link.clientID = later(c.link.heard, c.link.oldestSent()), c.clientID
	c.replaceLink(l)
	c.report(Status{State: c.unconnected(), Transport: c.name(), Reason: c.lastErr, Session: c.session})
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
