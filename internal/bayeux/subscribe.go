package bayeux

import (
	"context"
	"slices"
)

// subscription is a handler and the channels that it wants to hear.
type subscription struct {
	pattern string
	handler Handler
	session int        // the session in which the server has confirmed it
	granted bool       // the server has confirmed it in some session
	first   chan error // gets one value, when it has been confirmed or refused for the first time; nil from then on
}

// answered says what became of it for the first time.
func (s *subscription) answered(err error) {
	if s.first != nil {
		s.first <- err
		s.first = nil
	}
}

// Subscribe calls handler for each event on channel, which may end in a
// wildcard: "/v2/me/*". Several handlers may want the same event; each gets it
// once. Before [Client.Connect] it only notes the subscription, which the
// server can then refuse there. Later, it waits until the server has confirmed
// it; it returns a *[SubscribeError] if the server refused, the reason if the
// client was closed meanwhile, or ctx's error. After each new handshake it is
// made again by the client.
func (c *Client) Subscribe(ctx context.Context, channel string, handler Handler) (*Subscription, error) {
	if err := CheckChannel(channel); err != nil {
		return nil, err
	}
	s := &subscription{pattern: channel, handler: handler, first: make(chan error, 1)}
	result := s.first
	c.box.put(func() {
		c.subscriptions = append(c.subscriptions, s)
		switch {
		case c.phase == fresh:
			s.answered(nil)
		case c.granted(channel):
			s.session, s.granted = c.session, true
			s.answered(nil)
		case c.in(inSession...):
			c.subscribe()
		}
	})
	handle := &Subscription{func() { c.box.put(func() { c.remove(s) }) }}
	select {
	case err := <-result:
		if err != nil {
			return nil, err
		}
		return handle, nil
	case <-ctx.Done():
		c.box.put(func() { c.remove(s) })
		return nil, ctx.Err()
	case <-c.done:
		status, _ := c.Watch()
		return nil, status.Reason
	}
}

// Subscription is a handler that [Client.Subscribe] has put in place.
type Subscription struct{ cancel func() }

// Cancel ends the subscription: the handler is not called any more once Cancel has been
// handled by the client's loop, and the server learns of it if nobody else here
// wants the channel. It does not wait.
func (s *Subscription) Cancel() { s.cancel() }

func (c *Client) remove(s *subscription) {
	i := slices.Index(c.subscriptions, s)
	if i < 0 {
		return
	}
	c.subscriptions = slices.Delete(c.subscriptions, i, i+1)
	same := func(o *subscription) bool { return o.pattern == s.pattern }
	if c.link == nil || c.link.conn == nil || c.clientID == "" || s.session != c.session || slices.ContainsFunc(c.subscriptions, same) {
		return
	}
	m := Message{Channel: metaUnsubscribe, Subscription: s.pattern}
	c.link.send(m, c.opts.MaxNetworkDelay, func(r *Message, err error) {
		if err == nil && !r.successful() {
			c.logf(Info, "the server refused to unsubscribe from %s: %s", s.pattern, quote([]byte(r.Error)))
		}
	})
}

// granted reports whether the server has confirmed a subscription to pattern in
// this session.
func (c *Client) granted(pattern string) bool {
	return c.clientID != "" && slices.ContainsFunc(c.subscriptions, func(s *subscription) bool {
		return s.pattern == pattern && s.session == c.session
	})
}

// subscribe sends what the server has not confirmed in this session, in one
// batch, since it forgot all with the session before, and in a new session the first
// connect beside it. Once everything is confirmed, it goes on to connect, unless
// that has been done.
func (c *Client) subscribe() {
	var batch []Message
	outstanding := c.link.underWay(metaSubscribe) != nil
	limit := c.share(c.opts.MaxNetworkDelay)
	if c.confirmed && !c.link.perRequest() {
		limit = c.silenceLimit() // the watch looks sooner, and more closely
	}
	asked := map[string]bool{}
	for _, s := range c.subscriptions {
		if s.session == c.session || asked[s.pattern] || c.asking(s.pattern) {
			continue
		}
		asked[s.pattern] = true
		m := Message{Channel: metaSubscribe, Subscription: s.pattern}
		c.link.expect(&m, limit, func(r *Message, err error) { c.subscribed(m.Subscription, r, err) })
		batch = append(batch, m)
	}
	switch {
	case len(batch) > 0:
		c.link.conn.Send(batch)
		c.watch()
		if c.isFirstConnect() {
			c.connect()
		}
	case outstanding || !c.in(subscribing, connecting):
	case c.answeredBeside:
		c.ready()
	default:
		c.enter(connecting)
		c.connect()
	}
}

// asking reports whether a subscription to pattern is on its way.
func (c *Client) asking(pattern string) bool {
	for _, x := range c.link.exchanges {
		if x.message.Channel == metaSubscribe && x.message.Subscription == pattern {
			return true
		}
	}
	return false
}

// subscribed takes the reply to a subscription.
func (c *Client) subscribed(pattern string, r *Message, err error) {
	switch {
	case err != nil && c.in(working...):
		c.withdraw(pattern, err)
		return
	case err != nil:
		if !c.resumeFailed(err) {
			c.failed(err)
		}
		return
	}
	if r.Advice != nil {
		c.plan = c.plan.follow(r.Advice)
	}
	if r.successful() {
		for _, s := range c.subscriptions {
			if s.pattern == pattern {
				s.session, s.granted = c.session, true
				s.answered(nil)
			}
		}
		if !c.in(working...) {
			c.subscribe()
		}
		return
	}
	refused := &SubscribeError{Refusal: parseRefusal(r.Error), Channel: pattern}
	switch {
	case c.resuming: // a session that is gone, or a refusal, which a new session will get as well
		c.abandonResume(refused)
	case c.sessionGone(r, refused.Refusal):
		c.renew(refused)
	case c.in(working...):
		c.withdraw(pattern, refused)
	case !c.established:
		c.finish(refused)
	case !slices.ContainsFunc(c.subscriptions, func(s *subscription) bool { return s.pattern == pattern && s.granted }):
		c.withdraw(pattern, refused)
		c.subscribe()
	default:
		// It was granted before: without it events would be missing, so the
		// client keeps asking rather than pretend to be connected.
		c.forget()
		c.failed(refused)
	}
}

// withdraw takes back a subscription that was asked for, in vain, on a session
// that works, which goes on without it.
func (c *Client) withdraw(pattern string, err error) {
	for _, s := range slices.Clone(c.subscriptions) {
		if s.pattern == pattern && s.session != c.session {
			c.remove(s)
			s.answered(err)
		}
	}
}
