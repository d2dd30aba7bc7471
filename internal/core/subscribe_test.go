//go:build !js

package core

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/wire"
)

func TestEvent_OneMessageForTheSubscriptionsOfOneClient(t *testing.T) {
	var sent []wire.ToPage
	o := &outbox{send: func(messages []wire.ToPage) { sent = append(sent, messages...) }, planned: true}
	a, b := json.RawMessage(`1`), json.RawMessage(`1`)
	o.event(&wire.Event{Client: 1, Subscriptions: []int{3}, Data: a})
	o.event(&wire.Event{Client: 1, Subscriptions: []int{4}, Data: a})
	o.event(&wire.Event{Client: 1, Subscriptions: []int{3}, Data: b})
	o.event(&wire.Event{Client: 2, Subscriptions: []int{5}, Data: b})
	o.flush()
	o.event(&wire.Event{Client: 2, Subscriptions: []int{6}, Data: b}) // the one before it is gone
	o.flush()
	require.Equal(t, []wire.ToPage{
		&wire.Event{Client: 1, Subscriptions: []int{3, 4}, Data: a},
		&wire.Event{Client: 1, Subscriptions: []int{3}, Data: b},
		&wire.Event{Client: 2, Subscriptions: []int{5}, Data: b},
		&wire.Event{Client: 2, Subscriptions: []int{6}, Data: b},
	}, sent)
}

func TestSubscribe_EachHearsUntilItIsEnded(t *testing.T) {
	sim := gwssim.New(t)
	p := openPage(t, newCore())
	p.resolved(p.create(1, sim))
	subscribe := func(channel, listener any) (id int) {
		id = p.id()
		p.port.Take(&wire.Subscribe{ID: id, Client: 1, Channel: channel, Listener: listener})
		return id
	}
	function := gws.Foreign("function")
	event := func() *wire.Event { return await(p, func(*wire.Event) bool { return true }) }

	one, two := subscribe("/a", function), subscribe("/a", function)
	p.resolved(one)
	p.resolved(two)
	sim.Publish("/a", json.RawMessage(`{"n":1}`))
	var got []int
	for len(got) < 2 {
		e := event()
		require.Equal(t, "/a", e.Channel)
		require.JSONEq(t, `{"n":1}`, string(e.Data))
		got = append(got, e.Subscriptions...)
	}
	require.ElementsMatch(t, []int{one, two}, got)

	for range 2 {
		id := p.id()
		p.port.Take(&wire.Unsubscribe{ID: id, Client: 1, Subscription: one})
		p.resolved(id)
	}
	sim.Publish("/a", json.RawMessage(`2`))
	require.Equal(t, []int{two}, event().Subscriptions)

	for _, tt := range []struct {
		channel, listener any
		fields            []string
	}{{"/a", gws.Foreign("undefined"), []string{"listener"}}, {"/a/*/b", function, []string{"channel"}}, {5.0, map[string]any{}, []string{"channel", "listener"}}} {
		failed := p.rejected(subscribe(tt.channel, tt.listener))
		require.Equal(t, "INVALID_REQUEST", failed.Code)
		var fields []string
		for _, problem := range failed.Problems {
			fields = append(fields, problem.Field)
		}
		require.Equal(t, tt.fields, fields)
	}

	id := p.id()
	p.port.Take(&wire.Close{ID: id, Client: 1})
	p.resolved(id)
	require.Equal(t, "CLOSED", p.rejected(subscribe("/a", function)).Code)
}
