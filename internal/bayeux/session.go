package bayeux

import (
	"errors"
	"runtime"
	"slices"
	"time"

	"gws-outbound/internal/fmt"
)

// begin goes on with the session, or makes a new one.
func (c *Client) begin() {
	if c.clientID != "" {
		c.startSubscribing()
		return
	}
	c.enter(handshaking)
	c.handshake(c.link)
}

func (c *Client) startSubscribing() {
	c.enter(subscribing)
	c.awaitTurn()
	c.answeredBeside = false
	c.subscribe()
}

func (c *Client) handshake(l *link) {
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
	l.send(m, c.share(c.opts.MaxNetworkDelay), func(r *Message, err error) {
		if err == nil {
			c.secret(r.ClientID)
			err = c.checkHandshake(l, r)
		}
		switch {
		case l == c.rival && err != nil:
			c.lostRival(err)
		case l == c.rival:
			c.rivalHandshook(r)
		case err != nil:
			c.handshakeFailed(err)
		case c.newSession(r):
			c.dropRival()
			c.startSubscribing()
		}
	})
}

// maxClientID is how many bytes the id of a session may have: every message
// carries it.
const maxClientID = 1024

// secret has the id of a session kept out of texts.
func (c *Client) secret(clientID string) {
	if c.opts.Secret != nil && clientID != "" {
		c.opts.Secret(clientID)
	}
}

// checkHandshake takes the advice of a reply, and returns why that gives no session, or none that is of use over the link.
func (c *Client) checkHandshake(l *link, r *Message) error {
	c.plan = defaultPlan().follow(r.Advice)
	switch {
	case !r.successful():
		return &HandshakeError{Refusal: parseRefusal(r.Error), Final: c.plan.final()}
	case r.ClientID == "":
		return protocolError("a handshake reply without a clientId", c.frame)
	case len(r.ClientID) > maxClientID:
		return protocolError(fmt.Sprintf("a clientId of more than %d bytes", maxClientID), c.frame)
	}
	return notOffered(r, l)
}

// notOffered returns that the server does not have the transport of the link; nil if it has, or says nothing of it.
func notOffered(r *Message, l *link) error {
	types := r.SupportedConnectionTypes
	if types == nil || slices.Contains(types, l.name()) {
		return nil
	}
	return &OpenError{Transport: l.name(), Err: fmt.Errorf("the server offers %s", quote([]byte(fmt.Sprintf("%q", types))))}
}

// handshakeFailed takes the failure of a handshake over the client's link, or a refusal.
func (c *Client) handshakeFailed(err error) {
	refused, ok := err.(*HandshakeError)
	if !ok {
		c.lost(err)
		return
	}
	if refused.Final || !c.established && (refused.Code == 401 || refused.Code == 403) {
		c.finish(refused)
	} else {
		c.failed(refused)
	}
}

// newSession begins with the session that the server gave, and reports whether it may be used.
func (c *Client) newSession(r *Message) bool {
	c.session++
	c.cutAfter, c.mostHold = 0, 0
	if c.session > 1 && !c.gapSaid {
		c.gap(c.newSessionReason())
	}
	c.gapSaid = false
	c.retries.succeeded()
	c.clientID = r.ClientID
	c.ack = negotiated(r.Ext)
	if !c.ack.on {
		c.logf(Info, "the server has no acknowledged delivery: events sent while a connection breaks can be lost")
	}
	if c.plan.final() {
		c.finish(&DisconnectedError{Reason: "its advice is not to connect"})
		return false
	}
	c.noteAdvice(r.Advice)
	return true
}

// connect asks for events. Until one has succeeded, after a handshake as after
// a failure, the server is asked not to hold it, so that being connected is
// known at once.
func (c *Client) connect() {
	if c.phase == leaving || c.link.underWay(metaConnect) != nil {
		return
	}
	if !c.isFirstConnect() && c.save() { // the first one acknowledges nothing
		return
	}
	c.askedAt, c.eventful = time.Now(), false
	m := Message{Channel: metaConnect, ConnectionType: c.name(), Ext: c.ack.ext()}
	limit := c.opts.MaxNetworkDelay
	held := c.phase == connected && !c.isPolite() && !c.wasFrozen
	c.wasFrozen = false
	if held {
		hold := c.hold()
		if hold < c.plan.timeout {
			ms := float64(hold / time.Millisecond)
			m.Advice = &Advice{Timeout: &ms}
		}
		if limit += max(hold, 0); !c.link.perRequest() {
			limit = c.silenceLimit() // the reply may be large, and is not seen while it arrives
		}
	} else {
		m.Advice = &Advice{Timeout: new(float64)}
		if c.resuming {
			limit = c.share(limit)
		} else if c.link.trial && !c.link.proved {
			limit = c.trialLimit()
		} else if c.confirmed && !c.link.perRequest() {
			limit = c.silenceLimit() // the watch looks sooner, and more closely
		}
	}
	x := c.link.expect(&m, limit, c.connected)
	x.held = held
	if !held && c.confirmed && !c.link.perRequest() {
		c.keepSession(x) // the reply may be large, and is not seen while it arrives
	}
	c.link.transmit([]Message{m})
	c.shortenConnect()
	c.watch()
}

// connected takes the reply to a connect.
func (c *Client) connected(r *Message, err error) {
	if c.phase == leaving {
		return
	}
	if err != nil && c.losesPlace(err) {
		c.connect()
		return
	}
	if err != nil {
		c.noteCut(err)
		if !c.resumeFailed(err) {
			c.failed(err)
		}
		return
	}
	if c.shortened, c.replacements, c.silences = 0, 0, 0; c.link.perRequest() {
		c.patience = 0
	}
	c.plan = c.plan.follow(r.Advice)
	if !r.successful() {
		refused := &SessionError{parseRefusal(r.Error)}
		c.refusals++
		switch {
		case c.resuming:
			c.abandonResume(refused)
		case r.Advice != nil && c.plan.final():
			c.finish(&DisconnectedError{Reason: refused.Text})
		case c.handedOver():
			c.handoverRefused(refused)
		case c.sessionGone(r, refused.Refusal) || c.refusals >= mostRefusals:
			c.sessionLost()
			c.renew(refused)
		default:
			c.failed(refused)
		}
		return
	}
	c.refusals, c.hiddenBy = 0, nil
	c.dropRival() // the session is of use over the link
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
	c.noteAdvice(r.Advice)
	c.retries.succeeded()
	c.repliedAt = time.Now()
	c.answeredAtOnce()
	if c.in(working...) && time.Since(c.askedAt) >= reallyHeld {
		c.steady()
	} else if status, _ := c.Watch(); status.State != Connected {
		c.connectedAt = time.Now()
	}
	c.confirmed = true
	if c.wasFrozen {
		c.answeredBeside = false
		c.enter(subscribing)
		c.enter(connecting)
		c.connect()
		return
	}
	if c.phase == subscribing {
		c.answeredBeside = true
		return
	}
	c.ready()
}

// isFirstConnect reports whether the next connect is that of a new session, which
// travels beside the subscriptions: it saves a round trip, and over requests the
// browser has two connections from then on, so that no call waits for one to be made
// beside the connect that is held.
func (c *Client) isFirstConnect() bool {
	return c.phase == subscribing && !c.confirmed && !c.resuming
}

// ready goes on once the subscriptions are in place and a connect was answered. Who sends a request from then
// on has its answer in a session that is saved, though the next connect may come later.
func (c *Client) ready() {
	c.save()
	c.established = true
	c.signedIn = false
	c.lastErr = nil
	c.transportWorks()
	c.reportConnected()
	c.watch()
	c.connectAfter(c.pause())
}

// reportConnected tells who listens that the session works.
func (c *Client) reportConnected() {
	status := Status{State: Connected, Transport: c.name(), Session: c.session}
	switch {
	case c.turn.waiting && c.turn.leave != nil: // else it has given its turn up by itself
		status.Reason = errOtherHeld
	case c.seesOthers:
		status.Reason = errMultipleClients
	case c.plan.interval > mostInterval:
		status.Reason = &IntervalError{c.plan.interval}
	}
	c.report(status)
}

// connectAfter sends the next connect after a pause.
func (c *Client) connectAfter(pause time.Duration) {
	if pause > 0 {
		c.enter(pausing)
		c.schedule(pause, func() { c.connectAfter(0) })
		return
	}
	c.enter(connected)
	if c.isConnectLate() {
		c.noteFreeze()
	}
	c.stopRetry()
	runtime.Gosched() // who waited for these events goes on before the request, which takes browsers longer
	c.connect()
}

// mostRefusals is how many connects in a row a server may refuse before the
// session is given up, whatever its words and its advice are.
const mostRefusals = 2

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
	c.checkSteady()
	c.forget()
	if !c.retries.mayRenew() {
		if c.link != nil && c.link.perRequest() && refuses(reason) {
			reason = &CookieError{reason}
		}
		c.failed(reason)
		return
	}
	c.note(reason)
	c.wait(c.interval(), c.lastErr)
}

// refuses reports whether a server has refused to go on with a session; it may
// also advise a new one while it knows the old one well.
func refuses(reason error) bool {
	switch reason.(type) {
	case *SessionError, *SubscribeError:
		return true
	}
	return false
}

// newSessionReason says why there is a new session in place of the one before.
func (c *Client) newSessionReason() string {
	const reason = "a new session has taken the place of the one before"
	if c.lastErr == nil {
		return reason
	}
	return fmt.Sprintf("%s: %v", reason, c.lastErr)
}

func (c *Client) forget() {
	c.clientID = ""
	c.stopAwaitingAll()
	clear(c.unwanted)
	c.resuming = false
	c.confirmed = false
	c.refusals, c.hiddenBy = 0, nil
	c.signIn, c.signedIn = false, false
	c.ack = ackState{}
}

// goodbye ends the session at the server, and then the client.
func (c *Client) goodbye() {
	if c.in(leaving, ended) {
		return
	}
	if c.handsOver && c.clientID != "" && (c.link.conn == nil || c.link.isMute()) {
		c.link.close()
		c.link, c.rival = c.rival, nil // to end its session
	}
	c.enter(leaving)
	c.leaveTurn()
	c.dropRival()
	c.dropSpare()
	c.stopRetry()
	c.attempt++ // what was begun is not wanted any more
	if c.link == nil || c.link.conn == nil || c.clientID == "" || c.resuming {
		c.finish(ErrClosed)
		return
	}
	c.link.abandonExchanges() // none of them is to be in its way
	c.link.send(Message{Channel: metaDisconnect}, c.opts.MaxNetworkDelay, func(*Message, error) { c.finish(ErrClosed) })
}
