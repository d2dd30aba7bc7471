package bayeux

import (
	"runtime/debug"
	"time"
)

// sink takes what a connection brings to the loop.
type sink struct {
	c          *Client
	connection int
	*backlog
}

// stale reports whether the connection has been given up: what still comes
// from it is late. To be called on the loop.
func (s sink) stale() bool { return s.connection != s.c.connection }

func (s sink) Receive(frame []byte) {
	switch ok, err := s.add(frame); {
	case err != nil:
		s.Lose(err)
		return
	case !ok:
		return
	}
	s.c.box.put(func() {
		defer s.done(frame)
		if !s.stale() {
			s.c.receive(frame)
		}
	})
}

func (s sink) Progress(messages []Message) {
	s.c.box.put(func() {
		if !s.stale() {
			s.c.progress(messages)
		}
	})
}

func (s sink) Fail(messages []Message, err error) {
	s.c.box.put(func() {
		for _, m := range messages {
			if s.stale() {
				return
			}
			s.c.failExchange(m.ID, &LostError{err})
		}
	})
}

func (s sink) Lose(err error) {
	s.c.box.put(func() {
		if !s.stale() {
			s.c.lost(&LostError{err})
		}
	})
}

// receive handles a frame, message by message. Should one of them end the
// connection, the events behind it are delivered all the same.
func (c *Client) receive(frame []byte) {
	c.heard = time.Now()
	for _, alive := range c.alive {
		close(alive)
	}
	c.alive = nil
	c.frame = frame
	n, err := decode(frame, func(m *Message) {
		if c.ctx.Err() == nil {
			c.handle(m)
		}
	})
	c.frame = nil
	if err != nil {
		c.complain(err)
		_, requests := c.conn.(Canceler)
		switch {
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

func (c *Client) complain(err error) {
	if c.complaints++; c.complaints <= mostComplaints {
		c.logf(Warn, "%v", err)
	}
	if c.complaints == mostComplaints {
		c.logf(Warn, "more broken frames on this connection are not told")
	}
}

func (c *Client) handle(m *Message) {
	if !m.isMeta() {
		if m.Advice != nil {
			c.plan = c.plan.follow(m.Advice)
		}
		if m.isEvent() {
			c.eventful = true
			c.deliver(m)
		}
		return
	}
	x := c.settle(m)
	switch {
	case x != nil:
		x.done(m, nil)
	case m.Channel == metaDisconnect && m.ID == "":
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
