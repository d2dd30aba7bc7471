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
	switch ok, err := s.add(frame, s.c.opts.maxMessageSize()); {
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
	before := c.ack.batch
	r := decode(frame, func(m *Message) {
		if c.ctx.Err() == nil {
			c.handle(m)
		}
	})
	c.frame = nil
	if r.first == sound {
		return
	}
	c.dropped.Add(int64(r.dropped))
	c.complain(r)
	_, requests := c.conn.(Canceler)
	again := requests && c.ack.on && c.ack.batch == before // the reply to the connect was not in it
	switch {
	case r.handled == 0 && c.clientID == "":
		c.lost(r.err(frame)) // waiting for the handshake's reply in such company would be in vain
	case !requests && c.ack.on && c.cutShort < mostCutShort && r.cutShort:
		c.cutShort++
		c.lost(r.err(frame)) // what was in it is sent again over the next connection
	case r.dropped > 0 && !again:
		c.gap()
	}
}

// mostCutShort is how many frames in a row, none of them after a connection that was
// steady, may be asked for again: a server that cuts each of them short would
// have the client reconnect for ever.
const mostCutShort = 3

// complain says what was wrong with a frame, once a connection and kind: complaints has a bit
// for each.
func (c *Client) complain(r report) {
	if bit := 1 << r.first; c.complaints&bit == 0 {
		c.complaints |= bit
		c.logf(Warn, "%v; no more of this kind are named on this connection", r)
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
