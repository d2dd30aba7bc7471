package bayeux

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"
)

// An attempt goes through these steps: prepare, open, handshake, subscribe,
// connect. The first and the third are for new sessions only. Whichever goes
// wrong, it ends in failed, or in lost where the connection is of no more use.

// start begins the first attempt, of which the caller waits until deadline.
func (c *Client) start(deadline time.Time) {
	if c.attempt == 0 {
		c.deadline = deadline
		c.try()
	}
}

func (c *Client) try() {
	c.stopRetry()
	c.waiting = false
	c.attempt++
	if c.clientID != "" && !c.failedAt.IsZero() && time.Since(c.failedAt) > c.plan.lifetime() {
		c.logf(Info, "not connected for longer than the server keeps a session: a new one is needed")
		c.forget()
	}
	if c.clientID == "" {
		c.choose()
	}
	c.report(Status{State: c.unconnected(), Transport: c.name(), Reason: c.lastErr, Session: c.session})
	keep := c.clientID != ""
	if c.opts.Prepare == nil || keep && !c.signIn {
		c.resume()
		c.open()
		return
	}
	c.signIn = false
	attempt := c.attempt
	go func() {
		err := c.prepare(keep)
		c.box.put(func() {
			switch {
			case c.attempt != attempt:
			case err == nil:
				c.signedIn = keep
				c.resume()
				c.open()
			case !c.established && c.opts.Final != nil && c.opts.Final(err):
				c.finish(err)
			default:
				c.failed(err)
			}
		})
	}()
}

// prepare calls the option of that name. It is somebody else's code on a
// goroutine of ours, so that a panic must not end the program.
func (c *Client) prepare(hurry bool) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &InternalError{p}
		}
	}()
	ctx := c.ctx
	if hurry { // the server keeps the session for a short time only
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.opts.DialTimeout)
		defer cancel()
	}
	return c.opts.Prepare(ctx)
}

// open makes sure of a connection. A socket on which nothing was heard for
// longer than it takes to find out that it is dead, since the client has waited
// or was signing in, is not trusted: opening another is sooner done.
func (c *Client) open() {
	_, requests := c.conn.(Canceler)
	if c.conn != nil && (requests || time.Since(c.heard) < c.opts.MaxNetworkDelay) {
		c.begin()
		return
	}
	c.dropConn()
	c.connection++
	c.complaints = 0
	to, transport := sink{c, c.connection, new(backlog)}, c.opts.Transports[c.transport]
	ctx, cancel := context.WithTimeout(c.ctx, c.share(c.opts.DialTimeout))
	go func() {
		defer cancel()
		conn, err := transport.Open(ctx, to)
		handled := c.box.put(func() {
			switch {
			case to.stale():
				if conn != nil {
					conn.Close()
				}
			case err != nil:
				c.lost(&OpenError{Transport: transport.Name(), Err: err})
			default:
				c.conn = conn
				c.begin()
			}
		})
		if !handled && conn != nil {
			conn.Close()
		}
	}()
}

// share is the time that a step may take: limit, but not more than half of
// what is left to the caller of Connect, since the rest is for what comes after the step or
// in its place.
func (c *Client) share(limit time.Duration) time.Duration {
	if c.established || c.deadline.IsZero() {
		return limit
	}
	return max(min(limit, time.Until(c.deadline)/2), time.Millisecond)
}

// begin goes on with the session, or makes a new one.
func (c *Client) begin() {
	if c.clientID != "" {
		c.subscribe()
		return
	}
	names := make([]string, len(c.opts.Transports))
	for i, t := range c.opts.Transports {
		names[i] = t.Name()
	}
	m := Message{
		Channel:                  metaHandshake,
		Version:                  "1.0",
		MinimumVersion:           "1.0",
		SupportedConnectionTypes: names,
		Ext:                      ackRequest,
	}
	c.send(m, c.share(c.opts.MaxNetworkDelay), c.handshook)
}

// maxClientID is how many bytes the id of a session may have: every message
// carries it.
const maxClientID = 1024

func (c *Client) handshook(r *Message, err error) {
	if err != nil {
		c.lost(err)
		return
	}
	c.plan = defaultPlan().follow(r.Advice)
	if !r.successful() {
		refused := &HandshakeError{Refusal: parseRefusal(r.Error), Final: c.plan.final()}
		if refused.Final || !c.established && (refused.Code == 401 || refused.Code == 403) {
			c.finish(refused)
		} else {
			c.failed(refused)
		}
		return
	}
	if r.ClientID == "" {
		c.lost(protocolError("a handshake reply without a clientId", c.frame))
		return
	}
	if len(r.ClientID) > maxClientID {
		c.lost(protocolError(fmt.Sprintf("a clientId of more than %d bytes", maxClientID), c.frame))
		return
	}
	if types := r.SupportedConnectionTypes; types != nil && !slices.Contains(types, c.name()) {
		c.lost(&OpenError{Transport: c.name(), Err: fmt.Errorf("the server offers %s", quote(fmt.Appendf(nil, "%q", types)))})
		return
	}
	if c.preferred < 0 {
		c.preferred = c.transport
	}
	c.session++
	if c.session > 1 {
		c.gap()
	}
	c.failedAt = time.Time{}
	c.clientID = r.ClientID
	c.ack = negotiated(r.Ext)
	if !c.ack.on {
		c.logf(Info, "the server has no acknowledged delivery: events sent while a connection breaks can be lost")
	}
	if c.plan.final() {
		c.finish(&DisconnectedError{Reason: "its advice is not to connect"})
		return
	}
	c.subscribe()
}

// connect asks for events. Until one has succeeded, after a handshake as after
// a failure, the server is asked not to hold it, so that being connected is
// known at once.
func (c *Client) connect() {
	for _, x := range c.exchanges {
		if x.message.Channel == metaConnect {
			return // it is under way
		}
	}
	if c.closing || c.save() {
		return
	}
	c.askedAt, c.eventful = time.Now(), false
	m := Message{Channel: metaConnect, ConnectionType: c.name(), Ext: c.ack.ext()}
	if c.held {
		c.send(m, c.opts.MaxNetworkDelay+max(c.plan.timeout, 0), c.answer)
		return
	}
	m.Advice = &Advice{Timeout: new(float64)}
	limit := c.opts.MaxNetworkDelay
	if c.resuming {
		limit = c.share(limit)
	}
	c.send(m, limit, c.answer)
	c.hasten()
}

// answer takes the reply to a connect.
func (c *Client) answer(r *Message, err error) {
	if err != nil && c.replacing > 1 && replaced(err) {
		c.replacing--
		c.connect()
		return
	}
	c.replacing = 0
	c.hastened = 0
	if err != nil {
		c.held = false
		if !c.doubt(err) {
			c.failed(err)
		}
		return
	}
	c.plan = c.plan.follow(r.Advice)
	if !r.successful() {
		c.held = false
		refused := &SessionError{parseRefusal(r.Error)}
		switch {
		case c.resuming:
			c.anew(refused)
		case r.Advice != nil && c.plan.final():
			c.finish(&DisconnectedError{Reason: refused.Text})
		case c.sessionGone(r, refused.Refusal):
			c.renew(refused)
		default:
			c.failed(refused)
		}
		return
	}
	c.ack.delivered(r.Ext)
	c.resumed()
	switch {
	case c.plan.final():
		c.finish(&DisconnectedError{Reason: "its advice is not to connect again"})
		return
	case c.plan.reconnect == handshake:
		c.renew(errors.New("the server advised a new handshake"))
		return
	}
	c.failedAt = time.Time{}
	pause := max(c.plan.interval, c.unhurried())
	if c.held && time.Since(c.askedAt) >= reallyHeld {
		c.steady()
	} else if status, _ := c.Watch(); status.State != Connected {
		c.connectedAt = time.Now()
	}
	c.held = true
	c.confirmed = true
	c.established = true
	c.signedIn = false
	c.lastErr = nil
	status := Status{State: Connected, Transport: c.name(), Session: c.session}
	if c.plan.multipleClients {
		status.Reason = errMultipleClients
	}
	c.report(status)
	c.watch()
	if pause == 0 {
		runtime.Gosched() // who waited for these events goes on before the request, which takes browsers longer
		c.connect()
		return
	}
	c.schedule(pause, c.connect)
}

const (
	// reallyHeld is how long a server must have held a connect for that to prove
	// anything. It is also the pause between connects that it does not hold.
	reallyHeld = time.Second

	// mostHurried is how many connects may be answered at once, and without an
	// event, before there are pauses between them.
	mostHurried = 10
)

// unhurried is the pause before the next connect, with a server that holds
// none, but says that it does: it would be asked in a tight loop otherwise.
func (c *Client) unhurried() time.Duration {
	switch {
	case !c.held: // it was not to be held
	case c.eventful || time.Since(c.askedAt) >= reallyHeld:
		c.hurried = 0
	default:
		c.hurried++
	}
	if c.hurried > mostHurried {
		return reallyHeld
	}
	return 0
}

var errMultipleClients = errors.New("the server sees several clients in this browser (another tab?) and holds only one of their requests: events can be late by its polling interval")

// sessionGone reports whether a refusal means that the server does not know
// the session. What it advises counts first: numbers mean different things to
// different servers.
func (c *Client) sessionGone(r *Message, refused Refusal) bool {
	if r.Advice != nil && r.Advice.Reconnect != "" {
		return r.Advice.Reconnect == handshake
	}
	return refused.unknownSession()
}

// renew starts a new session in place of one that the server has lost: at once,
// unless that one took the place of another in the same way and was not steady
// either. A server that forgets each session as soon as it is made would be
// asked in a tight loop otherwise.
func (c *Client) renew(reason error) {
	unconfirmed := !c.confirmed
	c.checkSteady()
	c.forget()
	if c.renewed {
		if unconfirmed && c.name() == longPolling {
			reason = &CookieError{reason}
		}
		c.failed(reason)
		return
	}
	c.renewed = true
	c.note(reason)
	c.wait(max(c.plan.interval, 0), reason)
}

func (c *Client) forget() {
	c.clientID = ""
	c.resuming = false
	c.confirmed = false
	c.held = false
	c.signIn, c.signedIn = false, false
	c.ack = ackState{}
}

// choose picks the transport of the next handshake: the one that has worked
// first, but after three failures in a row the next one for once. A transport
// that does not work any more, as after a change of network, must not keep
// the client from the others.
func (c *Client) choose() {
	if c.preferred < 0 {
		return // lost goes from one to the next
	}
	next := c.preferred
	if c.failures >= 3 && c.transport == c.preferred {
		next = (c.preferred + 1) % len(c.opts.Transports)
	}
	if next != c.transport {
		c.dropConn()
		c.transport = next
	}
}

// lost gives up the connection.
func (c *Client) lost(err error) {
	c.dropConn()
	if c.waiting {
		return // the next attempt, already due, will open another
	}
	if c.clientID != "" || c.preferred >= 0 || c.closing {
		if _, ok := errors.AsType[*OpenError](err); ok && !errors.Is(err, context.DeadlineExceeded) {
			c.signIn = !c.signedIn // browsers do not tell a refusal for want of a cookie from others
		}
		if !c.doubt(err) {
			c.failed(err)
		}
		return
	}
	// The transport has not worked yet: the next one may.
	if c.transport+1 < len(c.opts.Transports) {
		c.logf(Info, "%v: trying %s", err, c.opts.Transports[c.transport+1].Name())
		c.transport++
		c.lastErr = err
		c.try()
		return
	}
	c.transport = 0
	c.failed(err)
}

// failed ends an attempt; the next one follows by itself.
func (c *Client) failed(err error) {
	err = c.telling(err)
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
	pause := max(c.plan.interval, 0)
	if e, ok := errors.AsType[interface {
		error
		RetryAfter() time.Duration
	}](err); ok {
		pause = max(pause, min(e.RetryAfter(), maxBackoff))
		c.notBefore = time.Now().Add(pause)
	}
	c.wait(pause+c.backoff(), err)
}

// telling returns the failure that is to be told. One for want of time, because
// the caller of Connect has hardly any left, says less than the one before.
func (c *Client) telling(err error) error {
	const hardlyAny = time.Second
	inTime := c.established || c.deadline.IsZero() || time.Until(c.deadline) > hardlyAny
	if inTime || c.lastErr == nil || !errors.Is(err, errNoReply) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return c.lastErr
}

// backoff is how long to wait after the failures so far.
func (c *Client) backoff() time.Duration {
	failures := c.failures
	if c.attending > 0 {
		// Servers keep for some seconds only what somebody waits for here.
		failures = min(failures, 2)
	}
	return backoff(failures, c.opts.Random)
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
	c.failures = 0
	c.renewed = false
}

// note counts a failure.
func (c *Client) note(err error) {
	c.checkSteady()
	if c.failedAt.IsZero() {
		c.failedAt = time.Now()
	}
	c.failures++
	c.lastErr = err
}

// wait starts the next attempt in d.
func (c *Client) wait(d time.Duration, reason error) {
	if c.closing {
		c.finish(ErrClosed)
		return
	}
	c.held = false
	c.broken()
	c.cancelExchanges()
	c.schedule(d, c.try)
	c.waiting = true
	c.dueAt = time.Now().Add(d)
	c.report(Status{State: c.unconnected(), Transport: c.name(), Reason: reason, RetryIn: d, Session: c.session})
}

// broken notes that a connection is given up, with what the server may have
// sent into it.
func (c *Client) broken() {
	if c.clientID != "" && !c.ack.on {
		c.gap()
	}
}

// schedule runs f in d, unless something else has been begun by then.
func (c *Client) schedule(d time.Duration, f func()) {
	c.stopRetry()
	c.attempt++
	attempt := c.attempt
	c.retryAt = c.after(d, func() {
		if c.attempt == attempt {
			f()
		}
	})
}

func (c *Client) name() string { return c.opts.Transports[c.transport].Name() }

func (c *Client) unconnected() State {
	if c.established {
		return Reconnecting
	}
	return Connecting
}

// goodbye ends the session at the server, and then the client.
func (c *Client) goodbye() {
	if c.closing {
		return
	}
	c.closing = true
	c.stopRetry()
	c.waiting = false
	c.attempt++ // what was begun is not wanted any more
	if c.conn == nil || c.clientID == "" || c.resuming {
		c.finish(ErrClosed)
		return
	}
	c.send(Message{Channel: metaDisconnect}, c.opts.MaxNetworkDelay, func(*Message, error) { c.finish(ErrClosed) })
}
