package core

import (
	"context"
	"encoding/json"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/outbound"
	"gws-outbound/internal/wire"
)

// subscribe subscribes a page to a channel: its events go to the page from the moment that the server grants it, also
// before the page hears of that.
func (p *Port) subscribe(m *wire.Subscribe) {
	channel, problems := readSubscribe(m)
	if len(problems) > 0 {
		p.reject(m.ID, outbound.InvalidOptions(problems))
		return
	}
	p.ofClient(m.ID, m.Client, "subscribe", false, func(ctx context.Context, c *client) (json.RawMessage, error) {
		s, err := c.Subscribe(ctx, channel, func(channel string, data json.RawMessage) {
			p.out.event(&wire.Event{Client: m.Client, Subscriptions: []int{m.ID}, Channel: channel, Data: data})
		})
		if err == nil && !c.keep(p, m.ID, s) {
			<-s.Cancel()
		}
		return nil, err
	})
}

func readSubscribe(m *wire.Subscribe) (channel string, problems []gws.Problem) {
	channel, ok := m.Channel.(string)
	if !ok {
		problems = append(problems, gws.Problem{Field: "channel", Message: "must be a string, got " + wire.TypeOf(m.Channel)})
	} else if err := bayeux.CheckChannel(channel); err != nil {
		problems = append(problems, gws.Problem{Field: "channel", Message: err.Error()})
	}
	if t := wire.TypeOf(m.Listener); t != "function" {
		problems = append(problems, gws.Problem{Field: "listener", Message: "must be a function, got " + t})
	}
	return channel, problems
}

// unsubscribe ends a subscription of a page. It succeeds whatever becomes of the session meanwhile.
func (p *Port) unsubscribe(m *wire.Unsubscribe) {
	p.ofClient(m.ID, m.Client, "unsubscribe", false, func(_ context.Context, c *client) (json.RawMessage, error) {
		if s := c.drop(p, m.Subscription); s != nil {
			<-s.Cancel()
		}
		return nil, nil
	})
}

// keep keeps a subscription for the page, unless that has left meanwhile.
func (c *client) keep(p *Port, number int, s *outbound.Subscription) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	page := c.page(p)
	if page == nil {
		return false
	}
	if page.subscriptions == nil {
		page.subscriptions = map[int]*outbound.Subscription{}
	}
	page.subscriptions[number] = s
	return true
}

func (c *client) drop(p *Port, number int) *outbound.Subscription {
	c.mu.Lock()
	defer c.mu.Unlock()
	page := c.page(p)
	if page == nil {
		return nil
	}
	s := page.subscriptions[number]
	delete(page.subscriptions, number)
	return s
}
