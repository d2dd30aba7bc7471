package outbound

import (
	"context"
	"encoding/json"
	"errors"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/fmt"
	"gws-outbound/internal/gws"
)

// Subscription is a listener that [Client.Subscribe] has put in place.
type Subscription struct{ session *bayeux.Subscription }

// Subscribe has listener called with each event on channel, which [bayeux.CheckChannel] must allow: one at a
// time, in order, and never blocking. It waits for a session, and until the server has granted the subscription,
// for [Options.ConnectTimeout] at most. In each new session it is made again; where that is refused,
// the client goes on without it. An error is an *[Error], its delivery not-sent.
func (c *Client) Subscribe(ctx context.Context, channel string, listener func(channel string, data json.RawMessage)) (*Subscription, error) {
	c.session.AddWaiters(1) // a session that is put off has to be had soon
	defer c.session.AddWaiters(-1)
	limited, cancel := c.clock.WithTimeout(ctx, c.opts.ConnectTimeout, c.wakeOnly)
	defer cancel()
	s, err := c.session.TrySubscribe(limited, channel, func(m bayeux.Message) { listener(m.Channel, m.Data) })
	switch {
	case err == nil:
		return &Subscription{s}, nil
	case ctx.Err() != nil:
		return nil, AbortedError(ctx, gws.NotSent)
	case limited.Err() != nil:
		reason := errors.New("the server has not answered")
		if status, _ := c.session.Watch(); status.Reason != nil {
			reason = status.Reason
		}
		return nil, c.explain(sessionError(fmt.Errorf("%s was not subscribed to within %v: %w", channel, c.opts.ConnectTimeout, reason), gws.NotSent))
	default:
		return nil, c.explain(sessionError(err, gws.NotSent))
	}
}

// Cancel ends the subscription: the listener hears nothing that comes from now on. If it was the last one on its channel, the session
// unsubscribes at the server. What is returned is closed once that is answered. It does not wait for a connection: the session
// unsubscribes over the next one.
func (s *Subscription) Cancel() <-chan struct{} { return s.session.Cancel() }
