package bayeux

import (
	"context"
	"slices"
	"time"
)

// subscription is a handler and the channels that it wants to hear.
type subscription struct {
	pattern  string
	handler  Handler
	optional bool       // the session goes on without it
	session  int        // the session in which the server has confirmed it
	refused  int        // the last session in which the server has refused it, of an optional one that it had granted before
	granted  bool       // the server has confirmed it in some session
	first    chan error // gets one value, when it has been confirmed or refused for the first time; nil from then on
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
// made again by the client, which is not connected without it.
func (c *Client) Subscribe(ctx context.Context, channel string, handler Handler) (*Subscription, error) {
	return c.add(ctx, &subscription{pattern: channel, handler: handler})
}

// TrySubscribe is [Client.Subscribe] for a channel that the session can do without. Where the
// server refuses it for the first time, that is the error. Where it refuses later, in a new session,
// the handler goes on waiting, and the server is asked again in the next one.
func (c *Client) TrySubscribe(ctx context.Context, channel string, handler Handler) (*Subscription, error) {
	return c.add(ctx, &subscription{pattern: channel, handler: handler, optional: true})
}

func (c *Client) add(ctx context.Context, s *subscription) (*Subscription, error) {
	channel := s.pattern
	if err := CheckChannel(channel); err != nil {
		return nil, err
	}
	s.first = make(chan error, 1)
	result := s.first
	c.box.put(func() {
		c.subscriptions = append(c.subscriptions, s)
		c.noticed(channel)
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
	handle := &Subscription{func() <-chan struct{} { return c.endSubscription(s) }}
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
type Subscription struct{ cancel func() <-chan struct{} }

// Cancel ends the subscription: the handler is not called any more once Cancel has been
// handled by the client's loop, and the server learns of it if nobody else here
// wants the channel; at the next connection, if there is none. It does not wait: what it returns is
// closed once the server has answered, or cannot now.
func (s *Subscription) Cancel() <-chan struct{} { return s.cancel() }

// endSubscription ends a subscription; what it returns is as [Subscription.Cancel] has it.
func (c *Client) endSubscription(s *subscription) <-chan struct{} {
	done := make(chan struct{})
	handled := c.box.put(func() {
		c.remove(s)
		if waiting, ok := c.unwanted[s.pattern]; ok && c.in(inSession...) {
			c.unwanted[s.pattern] = append(waiting, done)
		} else {
			close(done)
		}
	})
	if !handled {
		close(done)
	}
	return done
}

func (c *Client) remove(s *subscription) {
	i := slices.Index(c.subscriptions, s)
	if i < 0 {
		return
	}
	c.subscriptions = slices.Delete(c.subscriptions, i, i+1)
	if c.clientID != "" && s.session == c.session {
		c.unwant(s.pattern)
	}
}

// unwant has the server told that a channel which it has confirmed in this session is wanted no more, unless somebody wants it.
func (c *Client) unwant(pattern string) {
	if slices.ContainsFunc(c.subscriptions, func(s *subscription) bool { return s.pattern == pattern }) {
		return
	}
	if c.unwanted == nil {
		c.unwanted = map[string][]chan struct{}{}
	}
	if _, ok := c.unwanted[pattern]; !ok {
		c.unwanted[pattern] = nil
	}
	if c.in(inSession...) {
		c.unsubscribe()
	}
}

// unsubscribe sends what the server has confirmed and nobody wants. What gets no answer is sent again over the next
// connection of the session. A subscription to the channel that is made meanwhile goes behind it.
func (c *Client) unsubscribe() {
	for pattern := range c.unwanted {
		if c.asking(metaUnsubscribe, pattern) {
			continue
		}
		m := Message{Channel: metaUnsubscribe, Subscription: pattern}
		c.link.send(m, c.opts.MaxNetworkDelay, func(r *Message, err error) {
			if err != nil {
				c.stopAwaiting(pattern)
				return
			}
			if !r.successful() {
				c.logf(Info, "the server refused to unsubscribe from %s: %s", pattern, quote([]byte(r.Error)))
			}
			c.noticed(pattern)
		})
	}
}

// noticed takes a channel off those that the server is to be told of.
func (c *Client) noticed(pattern string) {
	c.stopAwaiting(pattern)
	delete(c.unwanted, pattern)
}

// stopAwaiting tells who waits for the server's answer that none will come now, or that it has come.
func (c *Client) stopAwaiting(pattern string) {
	if waiting := c.unwanted[pattern]; waiting != nil {
		for _, done := range waiting {
			close(done)
		}
		c.unwanted[pattern] = nil
	}
}

func (c *Client) stopAwaitingAll() {
	for pattern := range c.unwanted {
		c.stopAwaiting(pattern)
	}
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
	c.unsubscribe()
	asked := map[string]bool{}
	for _, s := range c.subscriptions {
		if s.session == c.session || s.refused == c.session || asked[s.pattern] || c.asking(metaSubscribe, s.pattern) {
			continue
		}
		asked[s.pattern] = true
		m := Message{Channel: metaSubscribe, Subscription: s.pattern}
		c.link.expect(&m, limit, func(r *Message, err error) { c.subscribed(m.Subscription, r, err) })
		batch = append(batch, m)
	}
	switch {
	case len(batch) > 0:
		c.link.transmit(batch)
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

// asking reports whether such a message about pattern is on its way.
func (c *Client) asking(channel, pattern string) bool {
	for _, x := range c.link.exchanges {
		if x.message.Channel == channel && x.message.Subscription == pattern {
			return true
		}
	}
	return false
}

// subscribed takes the reply to a subscription.
func (c *Client) subscribed(pattern string, r *Message, err error) {
	switch {
	case err != nil && c.in(working...):
		if c.optional(pattern) {
			c.after(askAgain, func() {
				if c.in(inSession...) {
					c.subscribe()
				}
			})
			return
		}
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
		c.unwant(pattern) // it may have been cancelled meanwhile
		if !c.in(working...) {
			c.subscribe()
		}
		return
	}
	refused := &SubscribeError{Refusal: parseRefusal(r.Error), Channel: pattern}
	gone := c.sessionGone(r, refused.Refusal)
	if c.optional(pattern) && refused.Code == 401 && (r.Advice == nil || r.Advice.Reconnect == "") && !c.handedOver() {
		gone = false // it may be about the channel; if the session is gone, the connect finds that out
	}
	switch {
	case c.resuming: // a session that is gone, or a refusal, which a new session will get as well
		c.abandonResume(refused)
	case gone && c.handedOver():
		c.handoverRefused(refused)
	case c.optional(pattern) && !gone:
		c.goWithout(pattern, refused)
	case gone:
		c.sessionLost()
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

// askAgain is after how long a request for an optional subscription that got no answer is sent again, in a session that works.
const askAgain = time.Second

// optional reports whether the session goes on without the channel.
func (c *Client) optional(pattern string) bool {
	return !slices.ContainsFunc(c.subscriptions, func(s *subscription) bool { return s.pattern == pattern && !s.optional })
}

// goWithout goes on without a channel that the server refuses in this session. Who has heard it before may
// do so again in another one.
func (c *Client) goWithout(pattern string, refused *SubscribeError) {
	for _, s := range c.subscriptions {
		if s.pattern == pattern && s.granted && s.session != c.session {
			c.logf(Warn, "%v; it had granted it before, and is asked again in the next session", refused)
			break
		}
	}
	for _, s := range slices.Clone(c.subscriptions) {
		switch {
		case s.pattern != pattern || s.session == c.session:
		case s.granted:
			s.refused = c.session
		default:
			c.remove(s)
			s.answered(refused)
		}
	}
	if !c.in(working...) {
		c.subscribe()
	}
}
