package bayeux

import (
	"errors"
	"time"

	"gws-outbound/internal/fmt"
)

// How often connects are sent: at once after the one before where the server
// holds them, and with pauses where it does not, or has asked for them. While
// somebody waits for an event no pause is long.

const (
	// mostInterval bounds the pause that a server may ask for between connects, and
	// mostWait that one while somebody waits.
	mostInterval = time.Minute
	mostWait     = 2 * time.Second

	// reallyHeld is how long a server must have held a connect for that to prove
	// anything. It is also the pause between connects that it does not hold, while nobody waits.
	reallyHeld = time.Second

	// mostAtOnce is how many connects may be answered at once, without an event
	// that somebody here listens to, before there are pauses between them.
	mostAtOnce = 10

	// A server that answers each connect at once with an event is asked
	// 100 times a second at most, once it has been asked 1,000 times.
	connectBurst = 1000
	connectPause = 10 * time.Millisecond

	// politePause is the pause of a polite client while somebody waits, and between connects
	// that a server does not hold; politeIdle is that of a polite client otherwise, at least.
	politePause = 250 * time.Millisecond
	politeIdle  = 2 * time.Second

	// aloneAfter is for how long, and through how many connects, a polite client
	// must have seen no sign of another one before it lets its connects be held again.
	aloneAfter    = 20 * time.Second
	aloneConnects = 10
)

// pace keeps count of the connects that were not held.
type pace struct {
	atOnce   int // in a row, with nothing that anybody here listens to
	burst    int // connects in a row that were answered at once
	burstAt  time.Time
	logged   bool      // an interval that is too long was logged
	unseen   int       // connects since the last sign of another client
	unseenAt time.Time // when the first of them was answered

	cutAfter time.Duration // for how long the last connect was held that broke off
	mostHold time.Duration // for how long one can be held; 0 if that is for the server to say
}

// answeredAtOnce counts a connect that has just been answered.
func (c *Client) answeredAtOnce() {
	p := &c.pace
	switch {
	case !c.in(working...) || c.isPolite(): // it was not to be held
		return
	case time.Since(c.askedAt) >= reallyHeld:
		p.atOnce, p.burst = 0, 0
	case c.eventful:
		p.atOnce = 0
		if p.burst++; p.burst == 1 {
			p.burstAt = c.askedAt
		}
	default:
		p.atOnce++
	}
}

// pause is how long to wait before the next connect.
func (c *Client) pause() time.Duration {
	pause := c.interval()
	switch p := &c.pace; {
	case c.isPolite() && c.waiters > 0:
		return politePause
	case c.isPolite():
		return max(pause, politeIdle)
	case p.atOnce > mostAtOnce && c.waiters > 0:
		pause = max(pause, politePause)
	case p.atOnce > mostAtOnce:
		pause = max(pause, reallyHeld)
	case p.burst > connectBurst && time.Since(p.burstAt) < time.Duration(p.burst)*connectPause:
		pause = max(pause, connectPause)
	}
	return pause
}

// interval is the pause that the server has asked for, within bounds.
func (c *Client) interval() time.Duration {
	most := mostInterval
	if c.waiters > 0 {
		most = mostWait
	}
	return min(max(c.plan.interval, 0), most)
}

// hold is for how long a connect is to be held: for as long as the server does, or shorter where that does not go through.
func (c *Client) hold() time.Duration {
	hold := c.plan.timeout
	if !c.movedAt.IsZero() && time.Since(c.movedAt) < afterMove {
		hold = min(hold, movedHold)
	}
	if c.mostHold > 0 {
		hold = min(hold, c.mostHold)
	}
	return hold
}

// noteCut takes the failure of a connect that was held. What stands between may end what is silent for a while, such as a
// proxy: where two in a row end after the same time, the next ones are to be answered sooner.
func (c *Client) noteCut(err error) {
	after := time.Since(c.askedAt)
	if c.phase != connected || c.isPolite() || after < reallyHeld || errors.Is(err, errNoReply) {
		return
	}
	most := max(after*3/4, reallyHeld)
	if (after-c.cutAfter).Abs() <= after/8 && (c.mostHold == 0 || most < c.mostHold*7/8) {
		c.logf(Info, "a connect was held for %v when it ended, as was the one before that did (%v): from now on the server is asked to hold them for %v", after.Round(time.Second), err, most.Round(time.Second))
		c.mostHold = most
	}
	c.cutAfter = after
}

// isPolite reports whether another client of this browser is to have the one
// request that a server holds for a browser.
func (c *Client) isPolite() bool {
	return c.link.perRequest() && (c.opts.Guest || c.seesOthers || c.turn.waiting)
}

// noteAdvice notes what the advice in the reply to a message of ours says of others, and of pauses.
func (c *Client) noteAdvice(a *Advice) {
	if c.plan.interval > mostInterval && !c.pace.logged {
		c.pace.logged = true
		c.logf(Warn, "%v", &IntervalError{c.plan.interval})
	}
	p := &c.pace
	switch {
	case a != nil && a.MultipleClients:
		if !c.seesOthers && !c.turn.waiting { // else it is one of those that take turns, most likely
			c.logf(Warn, "%v", errMultipleClients)
		}
		c.seesOthers, p.unseen = true, 0
	case c.eventful: // servers do not tell then
	default:
		if p.unseen++; p.unseen == 1 {
			p.unseenAt = time.Now()
		}
		// One that is never seen while this one asks is gone, since it would be held.
		if c.seesOthers && p.unseen > aloneConnects && time.Since(p.unseenAt) >= aloneAfter {
			c.logf(Info, "no other client is seen in this browser any more")
			c.seesOthers = false
		}
	}
}

var errMultipleClients = errors.New("the server sees several clients in this browser (the desktop's own session, or another tab), and holds the request of one only: this one leaves that to the others and asks every 250 ms while a call is pending, every 2 s otherwise")

// IntervalError says that a server asks for pauses that are too long to be kept.
type IntervalError struct{ Interval time.Duration }

func (e *IntervalError) Error() string {
	return fmt.Sprintf("the server asks for %v between two connects: %v are kept, and %v while a call is pending", e.Interval, mostInterval, mostWait)
}
