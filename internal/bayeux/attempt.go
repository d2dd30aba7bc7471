package bayeux

import (
	"context"
	"errors"
	"time"

	"gws-outbound/internal/fmt"
)

// An attempt goes through these steps: prepare, open, handshake, subscribe,
// connect. The first and the third are for new sessions only. Whichever goes
// wrong, it ends in failed, or in lost where the connection is of no more use.

// start begins the first attempt, for a caller who waits until ctx is done.
func (c *Client) start(ctx context.Context) {
	if c.phase == fresh {
		c.opening = ctx
		c.try()
	}
}

// left is how much time is left to the caller of Connect; ok is false where that
// does not matter. The deadline is asked for each time: one that fires late is put off.
func (c *Client) left() (left time.Duration, ok bool) {
	if c.established || c.opening == nil {
		return 0, false
	}
	deadline, ok := c.opening.Deadline()
	return time.Until(deadline), ok
}

func (c *Client) try() {
	c.stopRetry()
	c.attempt++
	if c.clientID != "" && c.retries.unconnected() > c.plan.lifetime() {
		c.logf(Info, "not connected for longer than the server keeps a session: a new one is needed")
		c.forget()
		c.moved = false
	}
	c.chooseTransport()
	c.report(Status{State: c.unconnected(), Transport: c.name(), Reason: c.lastErr, Session: c.session})
	keep := c.clientID != ""
	if c.opts.Prepare == nil || keep && !c.signIn {
		c.resume()
		c.open()
		return
	}
	c.enter(signingIn)
	c.signIn = false
	attempt, began := c.attempt, time.Now()
	go func() {
		err := c.prepare(keep)
		c.box.put(func() {
			switch {
			case c.attempt != attempt:
			case err == nil:
				c.preparedIn = time.Since(began)
				if c.opts.PreparedIn != nil {
					c.preparedIn = max(c.preparedIn, c.opts.PreparedIn())
				}
				c.signedIn = keep
				c.resume()
				c.open()
			default:
				c.failed(err)
			}
		})
	}()
}

func (c *Client) prepare(short bool) error {
	ctx := c.ctx
	if short { // the server keeps the session for a short time only
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.opts.DialTimeout)
		defer cancel()
	}
	return c.opts.prepare(ctx)
}

// prepare calls the option of that name. It is somebody else's code on a
// goroutine of ours, so that a panic must not end the program.
func (o *Options) prepare(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &InternalError{p}
		}
	}()
	return o.Prepare(ctx)
}

// open makes sure of a connection. A socket on which nothing was heard for
// longer than it takes to find out that it is dead, since the client has waited
// or was signing in, is not trusted: opening another is sooner done.
func (c *Client) open() {
	c.enter(opening)
	if c.link != nil && c.link.conn != nil && c.link.transport == c.transport &&
		(c.link.perRequest() || time.Since(c.link.heard) < c.opts.MaxNetworkDelay) {
		c.begin()
		c.startRace()
		return
	}
	c.dropLink()
	c.link = c.dial(c.transport, c.dialLimit(), func(l *link, err error) {
		switch {
		case l == c.link && err != nil:
			c.lost(err)
		case l == c.link:
			if took := max(time.Since(l.began), time.Millisecond); c.openedIn == 0 || took < c.openedIn {
				c.openedIn = took
			}
			if !c.handsOver || c.clientID != "" { // else the rival is about to make a session for it
				c.begin()
			}
		case l == c.rival && err != nil: // it was the client's until another took its place
			c.lostRival(err)
		}
	})
	c.startRace()
}

// dialLimit is how long the opening of a connection may take: longer where round
// trips do, and where the time before was too short.
func (c *Client) dialLimit() time.Duration {
	limit := c.opts.DialTimeout
	if c.established {
		limit = max(limit, 3*c.trips.smoothed)
	}
	if c.established && c.waiters > 0 {
		limit = min(limit, max(quiet, 3*c.trips.smoothed)) // others can be made meanwhile
		if _, other := c.next(); other {
			return limit // and it is not this one that is given more time then
		}
	}
	return c.share(limit << min(c.fruitless, 2))
}

// shortenDial gives the opening of a connection the time that it would have, had
// somebody waited from its beginning.
func (c *Client) shortenDial() {
	l := c.link
	if l == nil || l.conn != nil {
		return
	}
	c.after(c.dialLimit()-time.Since(l.began), func() {
		if l == c.link && l.conn == nil && c.waiters > 0 {
			c.lost(&OpenError{Transport: l.name(), Err: context.DeadlineExceeded})
		}
	})
}

// share is the time that a step may take: limit, but not more than half of
// what is left to the caller of Connect, since the rest is for what comes after the step or
// in its place.
func (c *Client) share(limit time.Duration) time.Duration {
	left, ok := c.left()
	if !ok {
		return limit
	}
	return max(min(limit, left/2), time.Millisecond)
}

// lost gives up the connection.
func (c *Client) lost(err error) {
	if c.link != nil {
		c.noteCut(err)
	}
	useful := c.link != nil && c.link.useful()
	trial := c.link != nil && c.link.trial && !useful
	if l := c.link; l != nil && !l.perRequest() && c.confirmed && !trial && errors.Is(err, errNoReply) {
		c.noteSilence()
		c.cutOff(l) // a frame may be arriving, which without acknowledged delivery does not come again
		c.link = nil
	}
	c.dropLink()
	c.moved = false
	if c.in(waiting, signingIn) {
		return // the next attempt, already due, will open another, and so does this one once it is signed in
	}
	again := comesAgain(err)
	if again {
		c.logf(Warn, "%v: the session is given up, since the server would send it again", err)
		c.forget()
		defer c.gap(err.Error())
	}
	if c.fruitless++; useful {
		c.fruitless = 0
	}
	switch {
	case c.phase == leaving:
		c.finish(ErrClosed)
	case again && !c.retries.mayRenew(): // as over any transport
		c.failed(err)
	case again:
		c.note(err)
		c.wait(0, c.lastErr)
	case c.otherTransport(err, trial):
	case c.clientID == "" && c.preferred < 0:
		c.failed(err)
	default:
		if _, ok := errors.AsType[*OpenError](err); ok && !errors.Is(err, context.DeadlineExceeded) {
			c.signIn = !c.signedIn // browsers do not tell a refusal for want of a cookie from others
		}
		if !c.resumeFailed(err) {
			c.failed(err)
		}
	}
}

// comesAgain reports whether the server would send to the same session again what has ended the connection.
func comesAgain(err error) bool {
	if _, large := errors.AsType[*TooLargeError](err); large {
		return true
	}
	p, _ := errors.AsType[*ProtocolError](err)
	return p != nil && p.again
}

// failed ends an attempt; the next one follows by itself, unless that is of no use.
func (c *Client) failed(err error) {
	if !c.established && c.opts.Final != nil && c.opts.Final(err) {
		c.finish(err)
		return
	}
	err = c.reportable(err)
	if e, ok := errors.AsType[interface {
		error
		Unauthorized() bool
	}](err); ok && e.Unauthorized() {
		if c.signedIn {
			c.forget() // it was of no use
		} else {
			c.signIn = true // with the session, for which the server may hold something
		}
	}
	c.note(err)
	c.wait(c.retries.heed(err, c.interval())+c.backoff(), c.lastErr)
}

// reportable returns the failure that is to be reported. Where the caller of Connect has hardly any time left, one for want of
// it says less than the one before, and so does a dial that fails then, unless another one did before: browsers do not say why.
func (c *Client) reportable(err error) error {
	const hardlyAny = 2 * time.Second
	left, ok := c.left()
	if !ok || left > hardlyAny || c.lastErr == nil {
		return err
	}
	_, dial := errors.AsType[*OpenError](err)
	_, dialBefore := errors.AsType[*OpenError](c.lastErr)
	if dial && !dialBefore || errors.Is(err, errNoReply) || errors.Is(err, context.DeadlineExceeded) {
		return c.lastErr
	}
	return err
}

// backoff is how long to wait after the failures so far.
func (c *Client) backoff() time.Duration {
	return c.retries.delay(c.waiters > 0, c.opts.Random)
}

// steadyAfter is how long a connection must have worked for its failures to
// be forgotten, unless a connect was held. One that is not held proves too little: a server may
// grant it, and refuse the next one, for ever.
const steadyAfter = 10 * time.Second

func (c *Client) checkSteady() {
	if status, _ := c.Watch(); status.State == Connected && time.Since(c.connectedAt) >= steadyAfter {
		c.steady()
	}
}

func (c *Client) steady() {
	c.cutShort = 0
	c.retries.steady()
}

// note counts a failure.
func (c *Client) note(err error) {
	c.checkSteady()
	c.retries.failed()
	c.lastErr = c.reason(err)
}

// wait starts the next attempt in d.
func (c *Client) wait(d time.Duration, reason error) {
	if c.phase == leaving {
		c.finish(ErrClosed)
		return
	}
	c.enter(waiting)
	c.dropRival()
	c.stopAwaitingAll()
	if c.link != nil {
		c.link.abandonExchanges()
	}
	c.probing, c.outrun = false, 0
	c.postponeIdleTurn(d)
	c.schedule(d, c.try)
	c.report(Status{State: c.unconnected(), Transport: c.name(), Reason: reason, RetryIn: d, Session: c.session})
	c.broken(reason)
}

// retrySoon brings the next attempt forward to when it would be, had somebody
// waited before.
func (c *Client) retrySoon() {
	d := max(c.interval(), c.retries.postponed()) + c.backoff()
	if time.Now().Add(d).Before(c.dueAt) {
		c.wait(d, c.lastErr)
	}
}

// broken notes that a connection is given up, with what the server may have
// sent into it.
func (c *Client) broken(reason error) {
	if c.clientID != "" && !c.ack.on {
		c.gap(fmt.Sprintf("%v, and the server has no acknowledged delivery", reason))
	}
}

// schedule runs f in d, unless something else has been begun by then.
func (c *Client) schedule(d time.Duration, f func()) {
	c.stopRetry()
	c.attempt++
	c.dueAt = time.Now().Add(d)
	attempt := c.attempt
	c.retryAt = c.after(d, func() {
		if c.attempt == attempt {
			f()
		}
	})
}

func (c *Client) stopRetry() {
	if c.retryAt != nil {
		c.retryAt.Stop()
		c.retryAt = nil
	}
}

func (c *Client) name() string { return c.opts.Transports[c.transport].Name() }

func (c *Client) unconnected() State {
	if c.established {
		return Reconnecting
	}
	return Connecting
}
