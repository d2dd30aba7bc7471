package bayeux

import (
	"runtime/debug"
	"time"
)

// receive handles a frame, message by message. Should one of them end the
// connection, the events behind it are delivered all the same.
func (c *Client) receive(l *link, frame []byte) {
	l.heard = time.Now()
	c.brokeSilence(l)
	for _, alive := range c.alive {
		close(alive)
	}
	c.alive = nil
	if l == c.link && c.unsure {
		c.unsure = false
		if c.held {
			c.reportConnected()
		}
	}
	c.frame = frame
	n, err := decode(frame, func(m *Message) {
		if c.ctx.Err() == nil {
			c.handle(l, m)
		}
	})
	c.frame = nil
	if err != nil {
		c.complain(l, err)
		requests := l.perRequest()
		switch {
		case l.state != inUse || l != c.link && l != c.rival:
		case l == c.rival:
			c.lostRival(err)
		case n == 0 && c.clientID == "":
			c.lost(err) // waiting for the handshake's reply in such company would be in vain
		case !requests && c.ack.on && c.cutShort < mostCutShort && err.(*ProtocolError).Problem == cutShort:
			c.cutShort++
			c.lost(err) // what was in it is sent again over the next connection
		case !requests || !c.ack.on:
			c.gap()
		}
	}
}

// mostCutShort is how many frames in a row, none of them after a connection that was
// steady, may be asked for again: a server that cuts each of them short would
// have the client reconnect for ever.
const mostCutShort = 3

// mostComplaints is how many broken frames of a connection go into the log.
const mostComplaints = 10

func (c *Client) complain(l *link, err error) {
	if l.complaints++; l.complaints <= mostComplaints {
		c.logf(Warn, "%v", err)
	}
	if l.complaints == mostComplaints {
		c.logf(Warn, "more broken frames on this connection are not told")
	}
}

func (c *Client) handle(l *link, m *Message) {
	if !m.isMeta() {
		if m.isEvent() { // advice counts in replies only: events come from whoever may publish
			c.deliver(m)
		}
		return
	}
	if l.state == eventsOnly {
		return
	}
	x := l.settle(m)
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
			c.call(s, m)
		}
	}
}

// call keeps the fault of one handler from the others, and from the session.
func (c *Client) call(s *subscription, m *Message) {
	defer func() {
		if p := recover(); p != nil {
			c.logf(Warn, "the handler of %s panicked: %v\n%s", s.pattern, p, debug.Stack())
		}
	}()
	s.handler(*m)
}
