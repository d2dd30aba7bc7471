//go:build !js

package core

import (
	"encoding/base64"
	"encoding/json"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/wire"
)

// testPage is a page: it has a port, and keeps what comes for it.
type testPage struct {
	*testing.T
	port     *Port
	last     int
	takesLog bool
	asksMe   bool // it says who is signed in: see sharing

	mu   sync.Mutex
	cond *sync.Cond
	got  []wire.ToPage
}

func newCore() *Core {
	return New(Config{Log: func(bayeux.Level, string) {}})
}

func openPage(t *testing.T, c *Core) *testPage {
	p := &testPage{T: t}
	p.cond = sync.NewCond(&p.mu)
	p.port = c.NewPort(func(messages []wire.ToPage) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.got = append(p.got, messages...)
		p.cond.Broadcast()
	})
	return p
}

// await returns the first message that is wanted, and takes it off those that have come.
func await[M wire.ToPage](p *testPage, wanted func(M) bool) M {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for i, m := range p.got {
			if m, ok := m.(M); ok && wanted(m) {
				p.got = append(p.got[:i:i], p.got[i+1:]...)
				return m
			}
		}
		p.cond.Wait()
	}
}

func (p *testPage) id() int {
	p.last++
	return p.last
}

// end returns what a call comes to: a *wire.Resolved or *wire.Rejected.
func (p *testPage) end(id int) wire.ToPage {
	return await(p, func(m wire.ToPage) bool {
		switch m := m.(type) {
		case *wire.Resolved:
			return m.ID == id
		case *wire.Rejected:
			return m.ID == id
		}
		return false
	})
}

func (p *testPage) resolved(id int) json.RawMessage {
	p.Helper()
	m, ok := p.end(id).(*wire.Resolved)
	require.True(p, ok)
	return m.Value
}

func (p *testPage) rejected(id int) wire.Error {
	p.Helper()
	m, ok := p.end(id).(*wire.Rejected)
	require.True(p, ok)
	return m.Error
}

var basic = map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("agent:secret"))}

func (p *testPage) create(client int, sim *gwssim.Sim) (id int) {
	id = p.id()
	p.port.Take(&wire.CreateClient{ID: id, Client: client, Options: map[string]any{"baseUrl": sim.URL}, Headers: wire.Headers{Fields: basic}})
	return id
}

func (p *testPage) call(client int, fields map[string]any) (id int) {
	id = p.id()
	request := map[string]any{"recordHandle": 12.0, "applicationId": 1.0, "campaignName": "C", "callingList": "L", "devicePath": "/devices/d"}
	for name, v := range fields {
		request[name] = v
	}
	p.port.Take(&wire.Call{ID: id, Client: client, Method: "completeRecord", Request: request, Options: gws.Foreign("undefined"), Reference: "made", Delivery: gws.Unknown})
	return id
}

// A page that has asked who is signed in, and is asked for headers again, since its function did not answer in time, may give another
// agent's then.
func TestPort_WhatThePageHasAskedCountsForTheHeadersItAskedWith(t *testing.T) {
	sim := gwssim.New(t)
	sim.Set(gwssim.Behavior{NoCSRF: true})
	p := openPage(t, newCore())
	id := p.id()
	p.port.Take(&wire.CreateClient{
		ID: id, Client: 1, Headers: wire.Headers{Ask: true}, AsksMe: true,
		Options: map[string]any{"baseUrl": sim.URL, "requestTimeout": 300.0, "connectTimeout": 60_000.0},
	})
	await(p, func(*wire.AskHeaders) bool { return true }) // in vain
	question := await(p, func(*wire.AskHeaders) bool { return true })
	p.port.Take(&wire.Me{Client: 1, Status: 200, Body: []byte(`{"statusCode":0,"user":{"id":"7c"}}`)})
	theirs := "Basic " + base64.StdEncoding.EncodeToString([]byte("agent2:secret"))
	p.port.Take(&wire.HeadersAnswer{ID: question.ID, Fields: map[string]string{"Authorization": theirs}})
	p.resolved(id)
	require.Equal(t, gwssim.Request{Method: "GET", Path: gws.MePath, Authorization: theirs}, sim.Requests()[0])
}

func TestPort_CallsOfTwoPagesWithTheSameNumbers(t *testing.T) {
	c := newCore()
	sims := []*gwssim.Sim{gwssim.New(t), gwssim.New(t)}
	pages := []*testPage{openPage(t, c), openPage(t, c)}
	for i, p := range pages {
		p.resolved(p.create(1, sims[i]))
	}
	for i, reference := range []string{"a", "b"} {
		id := pages[i].call(1, map[string]any{"referenceId": reference})
		require.Contains(t, string(pages[i].resolved(id)), `"referenceId":"`+reference+`"`)
		require.Len(t, sims[i].Posts(), 1)
	}
	close := pages[0].id()
	pages[0].port.Take(&wire.Close{ID: close, Client: 1, Options: nil})
	pages[0].resolved(close)
	require.Equal(t, "CLOSED", pages[0].rejected(pages[0].call(1, nil)).Code)
	pages[1].resolved(pages[1].call(1, nil))
	require.Empty(t, pages[0].port.calls)
	require.Empty(t, pages[1].port.calls)
	require.Len(t, c.clients, 1)
}

func TestPort_ReferenceThatThePageHasMadeIsSent(t *testing.T) {
	sim := gwssim.New(t)
	sim.Set(gwssim.Behavior{HoldAck: true})
	p := openPage(t, newCore())
	p.resolved(p.create(1, sim))
	await(p, func(m *wire.Status) bool { return m.State == "connected" })
	for _, given := range []any{nil, "given"} {
		id := p.id()
		request := map[string]any{"recordHandle": 12.0, "applicationId": 1.0, "campaignName": "C", "callingList": "L", "devicePath": "/devices/d", "referenceId": given}
		p.port.Take(&wire.Call{ID: id, Client: 1, Method: "completeRecord", Request: request, Options: gws.Foreign("undefined"), Reference: "made", Delivery: gws.Unknown})
		want := "made"
		if given != nil {
			want = "given"
		}
		first := await(p, func(m *wire.Known) bool { return m.ID == id })
		require.Equal(t, &wire.Known{ID: id, Delivery: gws.Accepted}, first, "nothing is said before")
		posts := sim.Posts()
		require.Contains(t, string(posts[len(posts)-1].Body), `"referenceId":"`+want+`"`)
		p.port.Take(&wire.Abort{ID: id})
		require.Equal(t, want, p.rejected(id).ReferenceID)
	}
}

func TestPort_AbortedCallHasItsDeliveryAndItsCause(t *testing.T) {
	sim := gwssim.New(t)
	sim.Set(gwssim.Behavior{HoldAck: true})
	p := openPage(t, newCore())
	p.resolved(p.create(1, sim))
	await(p, func(m *wire.Status) bool { return m.State == "connected" }) // which may come behind the end of the call
	id := p.call(1, nil)
	known := await(p, func(m *wire.Known) bool { return m.ID == id })
	require.Equal(t, &wire.Known{ID: id, Delivery: gws.Accepted}, known)
	p.port.Take(&wire.Abort{ID: id})
	e := p.rejected(id)
	require.Equal(t, "ABORTED", e.Code)
	require.Equal(t, gws.Accepted, e.Delivery)
	require.Equal(t, wire.Cause{Of: wire.OfSignal}, e.Cause)
	require.Equal(t, "made", e.ReferenceID)
}

func TestPort_CallThatWaitsForASessionIsNotSent(t *testing.T) {
	sim := gwssim.New(t)
	p := openPage(t, newCore())
	p.resolved(p.create(1, sim))
	sim.Close()
	await(p, func(m *wire.Status) bool { return m.State == "reconnecting" })
	id := p.call(1, map[string]any{"referenceId": "r"})
	require.Equal(t, &wire.Known{ID: id, Delivery: gws.NotSent}, await(p, func(m *wire.Known) bool { return m.ID == id }))
	p.port.Take(&wire.Close{ID: p.id(), Client: 1})
	e := p.rejected(id)
	require.Equal(t, "CLOSED", e.Code)
	require.Equal(t, gws.NotSent, e.Delivery)
}

func TestPort_TransportIsSaidOnlyWhileConnected(t *testing.T) {
	sim := gwssim.New(t)
	p := openPage(t, newCore())
	p.resolved(p.create(1, sim))
	require.Equal(t, "websocket", await(p, func(m *wire.Status) bool { return m.State == "connected" }).Transport)
	sim.Close()
	require.Empty(t, await(p, func(m *wire.Status) bool { return m.State == "reconnecting" }).Transport)
}

func TestPort_HeadersAreAskedFor(t *testing.T) {
	sim := gwssim.New(t)
	p := openPage(t, newCore())
	create := func() (id int, question *wire.AskHeaders) {
		id = p.id()
		p.port.Take(&wire.CreateClient{ID: id, Client: id, Options: map[string]any{"baseUrl": sim.URL}, Headers: wire.Headers{Ask: true}})
		return id, await(p, func(m *wire.AskHeaders) bool { return m.Client == id })
	}
	id, question := create()
	p.port.Take(&wire.HeadersAnswer{ID: question.ID, Fields: basic})
	p.resolved(id)
	id, question = create()
	p.port.Take(&wire.HeadersAnswer{ID: question.ID, Failed: "RangeError: no token"})
	e := p.rejected(id)
	require.Equal(t, wire.Cause{Of: wire.OfHeaders, ID: question.ID}, e.Cause)
	require.Contains(t, e.Message, "the headers option failed: RangeError: no token")
}

func TestPort_WrongOptionsOfCloseCloseNothing(t *testing.T) {
	sim := gwssim.New(t)
	p := openPage(t, newCore())
	p.resolved(p.create(1, sim))
	id := p.id()
	p.port.Take(&wire.Close{ID: id, Client: 1, Options: map[string]any{"forgot": true}})
	require.Equal(t, []gws.Problem{{Field: "forgot", Message: "unknown option; did you mean forget?"}}, p.rejected(id).Problems)
	p.resolved(p.call(1, nil))
}

func TestPort_NotificationsOnlyToWhoListens(t *testing.T) {
	sim := gwssim.New(t)
	p := openPage(t, newCore())
	p.resolved(p.create(1, sim))
	campaign := json.RawMessage(`{"notificationType":"CampaignLoaded"}`)
	sim.Publish("/v2/me/outbound", campaign)
	p.resolved(p.call(1, nil)) // which is behind it
	p.port.Take(&wire.Listen{Client: 1, Since: time.Now().UnixMilli() + 1})
	sim.Publish("/v2/me/outbound", campaign)
	await(p, func(*wire.Notification) bool { return true })
	p.resolved(p.call(1, nil))
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.got {
		_, is := m.(*wire.Notification)
		require.False(t, is, "the first one was left out")
	}
}

func TestUnheard_KeepsTheLastOnes(t *testing.T) {
	var u unheard
	for n := range mostUnheard + 1 {
		u.add(&wire.Notification{Client: n, Data: json.RawMessage(`1`)})
	}
	require.Len(t, u.list, mostUnheard)
	u.add(&wire.Notification{Client: -1, Data: make([]byte, mostUnheardBytes-50)})
	got := u.take(0)
	require.Len(t, got, 51)
	require.Equal(t, mostUnheard, got[49].Client)
	require.Empty(t, u.take(0))
	u.add(&wire.Notification{Data: make([]byte, mostUnheardBytes+1)})
	require.Empty(t, u.take(0))
	u.add(&wire.Notification{})
	require.Empty(t, u.take(time.Now().UnixMilli()+1))
}

func TestPort_PingIsAnswered(t *testing.T) {
	p := openPage(t, newCore())
	p.port.Take(&wire.Ping{ID: 7})
	require.Equal(t, []wire.ToPage{&wire.Pong{ID: 7}}, p.got)
}

func TestLogLibrary_PassesWhereAClientLetsIt(t *testing.T) {
	sim := gwssim.New(t)
	for level, want := range map[string]int{"off": 0, "warn": 0, "info": 1, "debug": 1} {
		lines := 0
		c := New(Config{Log: func(_ bayeux.Level, line string) {
			if line == "Version change detected" {
				lines++
			}
		}})
		p := openPage(t, c)
		c.LogLibrary("Version change detected")
		id := p.id()
		p.port.Take(&wire.CreateClient{ID: id, Client: 1, Options: map[string]any{"baseUrl": sim.URL, "logLevel": level}, Headers: wire.Headers{Fields: basic}})
		p.resolved(id)
		c.LogLibrary("Version change detected")
		require.Equal(t, want, lines, level)
		id = p.id()
		p.port.Take(&wire.Close{ID: id, Client: 1})
		p.resolved(id)
		c.LogLibrary("Version change detected")
		require.Equal(t, want, lines, "after it was closed")
		require.Empty(t, c.levels)
	}
}

func TestOutbox_KeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var texts [][]wire.ToPage
		o := &outbox{send: func(m []wire.ToPage) {
			mu.Lock()
			defer mu.Unlock()
			texts = append(texts, m)
		}}
		sent := func() (list [][]wire.ToPage) {
			mu.Lock()
			defer mu.Unlock()
			list, texts = texts, nil
			return list
		}
		pong := func(id int) wire.ToPage { return &wire.Pong{ID: id} }

		o.later(pong(1))
		o.now(pong(2))
		require.Equal(t, [][]wire.ToPage{{pong(1), pong(2)}}, sent(), "what may wait goes along")

		o.later(pong(3))
		synctest.Wait()
		require.Empty(t, sent())
		time.Sleep(soon) // by the clock of the bubble
		synctest.Wait()
		require.Equal(t, [][]wire.ToPage{{pong(3)}}, sent(), "or soon")

		for i := range mostTogether + 2 {
			o.together(pong(i))
		}
		synctest.Wait()
		next := 0 // natively, another thread may send some earlier
		for _, text := range sent() {
			require.LessOrEqual(t, len(text), mostTogether)
			for _, m := range text {
				require.Equal(t, pong(next), m)
				next++
			}
		}
		require.Equal(t, mostTogether+2, next)
	})
}

func TestOutbox_WhatThePageSaysMeanwhileGoesBehind(t *testing.T) {
	var o *outbox
	var got []int
	o = &outbox{send: func(messages []wire.ToPage) {
		for _, m := range messages {
			id := m.(*wire.Pong).ID
			got = append(got, id)
			if id == 1 {
				o.now(&wire.Pong{ID: 3})
			}
		}
	}}
	o.later(&wire.Pong{ID: 1})
	o.now(&wire.Pong{ID: 2})
	require.Equal(t, []int{1, 2, 3}, got)
}
