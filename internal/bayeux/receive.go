package bayeux

import (
	"runtime/debug"
	"time"
)

// receive handles a frame, message by message. Should one of them end the
// connection, the events behind it are delivered all the same.
func (c *Client) receive(l *link, frame []byte) {
	l.heard = time.Now()
	for _, alive := range c.alive {
		close(alive)
	}
	c.alive = nil
	if l == c.link {
		c.swallowed = 0
	}
	if l == c.link && c.unsure {
		c.unsure = false
		if c.in(working...) {
			c.reportConnected()
		}
	}
	c.frame = frame
	before := c.ack.batch
	// With acknowledged delivery, events come with the reply to a connect, in the same frame or before it.
	l.returns = c.canReturn(l) && !c.ack.on
	var t *trace
	if c.opts.traces() {
		t = &trace{l: l, what: "received", size: len(frame)}
	}
	var last *Message // the reply to the connect: it confirms events, or ends all, and they are to be handled before, wherever they are
	r := decode(frame, func(m *Message) {
		t.message(m)
		switch {
		case c.ctx.Err() != nil:
		case last == nil && m.Channel == metaConnect && (l.state == eventsOnly || l.underWay(metaConnect) != nil):
			last = new(*m)
		default:
			c.handle(l, m)
		}
	})
	if last != nil && c.ctx.Err() == nil {
		c.handle(l, last)
	}
	t.end()
	c.frame = nil
	if l.returns {
		l.returns = false
		if c.canReturn(l) {
			c.returnTo(l)
		}
	}
	if r.first == sound {
		return
	}
	c.dropped.Add(int64(r.dropped))
	c.complain(l, r)
	requests := l.perRequest()
	again := requests && c.ack.on && c.ack.batch == before // the reply to the connect was not in it
	switch {
	case l.state == inUse && r.handled == 0 && r.dropped == 0 && !requests: // it holds nothing; the handshake's reply may follow
		if x := l.underWay(metaHandshake); x != nil && time.Until(x.due) > l.firstReply() {
			x.extend(l.firstReply())
		}
	case l.state == inUse && l == c.rival && r.handled == 0:
		c.lostRival(r.err(frame))
	case l.state != inUse || l != c.link: // what it should have brought comes over another
	case r.handled == 0 && c.clientID == "":
		c.lost(r.err(frame)) // waiting for the handshake's reply in such company would be in vain
	case c.ack.on && r.hidden && last == nil:
		c.hide(l, r.err(frame))
		if !requests {
			c.gap(r.String())
		}
	case !requests && c.ack.on && c.cutShort < mostCutShort && r.cutShort:
		c.cutShort++
		c.lost(r.err(frame)) // what was in it is sent again over the next connection
	case r.dropped > 0 && !again:
		c.gap(r.String())
	}
}

// mostCutShort is how many frames in a row, none of them after a connection that was
// steady, may be asked for again: a server that cuts each of them short would
// have the client reconnect for ever.
const mostCutShort = 3

// hide notes a frame in which the reply to the connect may be, and cannot be found. Over a socket it may follow, soon. If it
// does not, the server sends the same again; if that is of no use either, the session is given up, since it would go on so.
func (c *Client) hide(l *link, err *ProtocolError) {
	err.again = c.hiddenBy != nil
	c.hiddenBy = err
	if x := l.underWay(metaConnect); x != nil && !l.perRequest() {
		x.extend(max(l.firstReply(), c.trips.limit()))
	} else if err.again && l.perRequest() {
		c.lost(err)
	}
}

// complain says what was wrong with a frame, once a connection and kind: complaints has a bit
// for each.
func (c *Client) complain(l *link, r report) {
	if bit := 1 << r.first; l.complaints&bit == 0 {
		l.complaints |= bit
		c.logf(Warn, "%v; no more of this kind are named on this connection", r)
	}
}

func (c *Client) handle(l *link, m *Message) {
	if !m.isMeta() {
		if m.isEvent() {
			c.events.Add(1)
			c.deliver(m) // advice counts in replies only: events come from whoever may publish
		}
		return
	}
	if l.state == eventsOnly {
		if c.ack.on && m.Channel == metaConnect && m.successful() && c.canReturn(l) {
			c.ack.delivered(m.Ext) // what came before it need not come again
			l.returns = true
		}
		return
	}
	x := l.endExchange(m)
	switch {
	case x != nil:
		c.noteRoundTrip(x)
		x.done(m, nil)
	case l == c.link && m.Channel == metaDisconnect && m.ID == "":
		reason := "it disconnected the client"
		if m.Error != "" {
			reason = quote([]byte(m.Error))
		}
		c.finish(&DisconnectedError{Reason: reason})
	default:
		c.logf(Debug, "a late reply on %s is ignored", m.Channel)
	}
}

// deliver calls each handler that wants the event. Events that nobody asked
// for do come, and are no error.
func (c *Client) deliver(m *Message) {
	for _, s := range c.subscriptions {
		if matches(s.pattern, m.Channel) {
			c.eventful = true
			c.opts.call(s, m)
		}
	}
}

// call keeps the fault of one handler from the others, and from the session.
func (o *Options) call(s *subscription, m *Message) {
	defer func() {
		if p := recover(); p != nil {
			o.logf(Warn, "the handler of %s panicked: %v\n%s", s.pattern, p, debug.Stack())
		}
	}()
	s.handler(*m)
}
