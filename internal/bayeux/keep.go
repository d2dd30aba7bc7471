package bayeux

import (
	"math"
	"slices"
	"time"
)

// A server's clock for a session runs from when it has written the reply to a
// connect, be it into buffers on the way, until the next connect comes. That is sent
// once the reply has arrived, which on a slow line can take longer than the server keeps the
// session, with all that it still holds for it. But any other message sets the
// clock back: so CometD from 3.1 to 9 and on Node.js have it.

// noEnd is how long a session is kept that ends only when the client ends it.
const noEnd = time.Duration(math.MaxInt64)

// keepInterval is how often a server must hear of a client that may be
// receiving a reply.
func (c *Client) keepInterval() time.Duration {
	if c.plan.maxInterval < 0 {
		return noEnd
	}
	return max(c.plan.maxInterval/3, time.Second)
}

// keepSession sends such messages until the reply to x has arrived, or is given up.
func (c *Client) keepSession(x *exchange) {
	every := c.keepInterval()
	if every == noEnd {
		return
	}
	x.keeper = c.after(every, func() {
		if x.link == c.link && x.link.exchanges[x.message.ID] == x {
			x.keeper.Reset(every)
			c.touch(every)
		}
	})
}

// touch sends a message for which the server sets its clock back: a subscription that is in
// place already. What comes of it matters to nobody. Its answer is behind the reply that is
// arriving; that the session is gone is found out by the next connect, while
// to begin another one would give up what is arriving.
func (c *Client) touch(every time.Duration) {
	l := c.link
	i := slices.IndexFunc(c.subscriptions, func(s *subscription) bool { return s.session == c.session })
	if i < 0 || !c.in(connecting, connected) || l.perRequest() && l.underWay(metaSubscribe) != nil {
		return
	}
	limit := every + every/2 // then it makes way for the next
	if !l.perRequest() {
		limit = c.silenceLimit() // which is over sooner for what was sent before
	}
	m := Message{Channel: metaSubscribe, Subscription: c.subscriptions[i].pattern}
	l.expect(&m, limit, func(*Message, error) {}).held = true
	l.transmit([]Message{m})
}
