//go:build !js

package core

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/contract"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/httpx"
	"gws-outbound/internal/journal"
	"gws-outbound/internal/journal/journaltest"
	"gws-outbound/internal/outbound"
	"gws-outbound/internal/wire"
)

// sharing asks for a client that pages share, with headers, or a function for them where there are none.
func (p *testPage) sharing(client int, sim *gwssim.Sim, headers map[string]string, more map[string]any) (id int) {
	id = p.id()
	options := map[string]any{"baseUrl": sim.URL}
	for name, v := range more {
		options[name] = v
	}
	p.port.Take(&wire.CreateClient{ID: id, Client: client, Options: options, Headers: wire.Headers{Fields: headers, Ask: headers == nil}, Share: true, AsksMe: p.asksMe, Log: p.takesLog})
	return id
}

// answer answers the next question for headers.
func (p *testPage) answer(headers map[string]string) {
	q := await(p, func(*wire.AskHeaders) bool { return true })
	p.port.Take(&wire.HeadersAnswer{ID: q.ID, Fields: headers})
}

func (p *testPage) close(client int) (id int) {
	id = p.id()
	p.port.Take(&wire.Close{ID: id, Client: client})
	return id
}

func (p *testPage) closeAndForget(client int) (id int) {
	id = p.id()
	p.port.Take(&wire.Close{ID: id, Client: client, Options: map[string]any{"forget": true}})
	return id
}

func (p *testPage) unsettled(client int) (calls []map[string]any) {
	id := p.id()
	p.port.Take(&wire.Unsettled{ID: id, Client: client})
	require.NoError(p, json.Unmarshal(p.resolved(id), &calls))
	return calls
}

func isState(state string) func(*wire.Status) bool {
	return func(m *wire.Status) bool { return m.State == state }
}

func waitSessions(t *testing.T, sim *gwssim.Sim, n int) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	require.NoError(t, sim.WaitSessions(ctx, n))
}

func waitPosts(t *testing.T, sim *gwssim.Sim, n int) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	require.NoError(t, sim.WaitPosts(ctx, n))
}

func agentHeaders(user string) map[string]string {
	return map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":secret"))}
}

func TestShare_TwoPagesHaveOneSessionAndEachItsOwnCalls(t *testing.T) {
	sim := gwssim.New(t)
	sim.Set(gwssim.Behavior{HoldAck: true})
	c := newCore()
	a, b := openPage(t, c), openPage(t, c)
	a.resolved(a.sharing(1, sim, basic, nil))
	b.resolved(b.sharing(1, sim, basic, nil))
	require.Equal(t, "connected", await(b, func(m *wire.Status) bool { return m.Client == 1 }).State)
	require.Equal(t, 1, sim.Sessions())
	require.Len(t, c.clients, 1)

	calls := []int{a.call(1, map[string]any{"referenceId": "a"}), b.call(1, map[string]any{"referenceId": "b"})}
	waitPosts(t, sim, 2)
	require.Equal(t, "INVALID_REQUEST", b.rejected(b.call(1, map[string]any{"referenceId": "a"})).Code)
	aborted := b.call(1, map[string]any{"referenceId": "c"})
	b.port.Take(&wire.Abort{ID: aborted})
	require.Equal(t, "ABORTED", b.rejected(aborted).Code)

	closed := a.close(1)
	e := a.rejected(calls[0])
	require.Equal(t, "CLOSED", e.Code)
	require.NotEqual(t, gws.NotSent, e.Delivery)
	await(a, isState("closed"))
	a.resolved(closed)
	require.Equal(t, "CLOSED", a.rejected(a.call(1, nil)).Code)
	sim.Ack("b")
	b.resolved(calls[1])
	require.Equal(t, 1, sim.Sessions())
	b.resolved(b.close(1))
	waitSessions(t, sim, 0)
	require.Empty(t, c.clients)
	require.Empty(t, c.shared)
	require.Empty(t, a.port.calls)
	require.Empty(t, b.port.calls)
}

// The page has asked who is signed in while it reached the program: that answer is enough, whether it is logged or not.
func TestShare_PageThatJoinsAsksNothingAgain(t *testing.T) {
	for _, level := range []string{"off", "debug"} {
		t.Run(level, func(t *testing.T) {
			sim := gwssim.New(t)
			c := newCore()
			a, b := openPage(t, c), openPage(t, c)
			more := map[string]any{"logLevel": level}
			a.resolved(a.sharing(1, sim, basic, more))
			answer, err := httpx.New().Do(t.Context(), &httpx.Request{Method: "GET", URL: sim.URL + gws.MePath, Header: httpx.Header(basic)})
			require.NoError(t, err)
			signIns := func() (n int) {
				for _, r := range sim.Requests() {
					if r.Path == gws.MePath {
						n++
					}
				}
				return n
			}
			before := signIns()
			b.asksMe = true
			joining := b.sharing(1, sim, basic, more)
			b.port.Take(&wire.Me{Client: 1, Status: answer.Status, Took: 40, Body: answer.Body})
			b.resolved(joining)
			require.Equal(t, before, signIns())
			require.Len(t, c.shared, 1)
			b.resolved(b.call(1, nil))
			if level == "debug" {
				require.Contains(t, await(b, func(m *wire.Log) bool { return strings.Contains(m.Message, gws.MePath) }).Message, "the page had asked")
			}
		})
	}
}

func TestShare_SubscriptionsAreThePages(t *testing.T) {
	sim := gwssim.New(t)
	c := newCore()
	a, b := openPage(t, c), openPage(t, c)
	for _, p := range []*testPage{a, b} {
		p.resolved(p.sharing(1, sim, basic, nil))
		id := p.id()
		p.port.Take(&wire.Subscribe{ID: id, Client: 1, Channel: "/a", Listener: gws.Foreign("function")})
		p.resolved(id)
	}
	isEvent := func(n int) func(*wire.Event) bool {
		return func(m *wire.Event) bool { return string(m.Data) == fmt.Sprint(n) }
	}
	sim.Publish("/a", json.RawMessage(`1`))
	await(a, isEvent(1))
	await(b, isEvent(1))
	a.resolved(a.close(1))
	sim.Publish("/a", json.RawMessage(`2`))
	await(b, isEvent(2))
	a.mu.Lock()
	defer a.mu.Unlock()
	require.False(t, slices.ContainsFunc(a.got, func(m wire.ToPage) bool { e, ok := m.(*wire.Event); return ok && string(e.Data) == "2" }))
}

func TestShare_OpenerThatGivesUpLeavesItToTheNext(t *testing.T) {
	for name, end := range map[string]func(p *testPage, id int){
		"aborted": func(p *testPage, id int) { p.port.Take(&wire.Abort{ID: id}) },
		"gone":    func(p *testPage, _ int) { p.port.Take(&wire.Gone{}) },
	} {
		t.Run(name, func(t *testing.T) {
			sim := gwssim.New(t)
			sim.Set(gwssim.Behavior{SignInStatus: 503})
			c := newCore()
			a, b := openPage(t, c), openPage(t, c)
			opening := a.sharing(1, sim, basic, nil)
			joining := b.sharing(1, sim, basic, nil)
			end(a, opening)
			sim.Set(gwssim.Behavior{})
			b.resolved(joining)
			require.Equal(t, 1, sim.Sessions())
			require.Len(t, c.shared, 1)
			b.resolved(b.call(1, nil))
		})
	}
}

func TestShare_PageThatIsGoneLeavesItsCallsToTheOthers(t *testing.T) {
	sim := gwssim.New(t)
	sim.Set(gwssim.Behavior{HoldAck: true})
	browser := journaltest.NewBrowser()
	c := newCoreIn(browser)
	a, b := openPage(t, c), openPage(t, c)
	withJournal := map[string]any{"journal": true}
	a.resolved(a.sharing(1, sim, basic, withJournal))
	b.resolved(b.sharing(1, sim, basic, withJournal))
	a.call(1, map[string]any{"referenceId": "pending"})
	answered := a.call(1, map[string]any{"referenceId": "answered"})
	a.call(1, map[string]any{"referenceId": "refused", "phoneNumber": 1.0})
	own := b.call(1, map[string]any{"referenceId": "own"})
	waitPosts(t, sim, 3)
	sim.Ack("answered")
	a.resolved(answered) // and the page does not live to confirm it
	require.Empty(t, b.unsettled(1))
	a.port.Take(&wire.Gone{})

	var calls []map[string]any
	for len(calls) < 2 {
		calls = b.unsettled(1)
	}
	require.Len(t, calls, 2)
	for _, call := range calls {
		require.Contains(t, []any{"pending", "answered"}, call["referenceId"])
		require.Equal(t, call["referenceId"] == "answered", call["answered"])
		require.Nil(t, call["answerableUntil"], "the session goes on")
	}
	for _, reference := range []string{"answered", "pending"} {
		sim.Ack(reference)
		id := b.id()
		b.port.Take(&wire.Settled{ID: id, Client: 1, ReferenceID: reference})
		require.Contains(t, string(b.resolved(id)), `"referenceId":"`+reference+`"`)
		b.port.Take(&wire.Delivered{Client: 1, ReferenceID: reference})
	}
	sim.Ack("own")
	b.resolved(own)
	b.port.Take(&wire.Delivered{Client: 1, ReferenceID: "own"})
	require.Empty(t, b.unsettled(1))
	require.Len(t, sim.Posts(), 3)
	b.resolved(b.close(1))
	require.Empty(t, browser.Texts())
}

// newCoreIn returns a core whose journals are in that browser.
func newCoreIn(browser *journaltest.Browser) *Core {
	return New(Config{Log: func(bayeux.Level, string) {}, Journal: func() (journal.Store, journal.Locks, error) {
		page := browser.Page()
		return page, page, nil
	}})
}

// awaitPages waits until a client has n pages. One that has gone departs beside, and nobody is told: all that can be done is
// to look again.
func awaitPages(c *client, n int) {
	for len(c.allPages()) != n {
		time.Sleep(time.Millisecond) // no event tells when a page has departed
	}
}

func TestShare_LastPageThatIsGone(t *testing.T) {
	sim := gwssim.New(t)
	c := newCore()
	a, b := openPage(t, c), openPage(t, c)
	a.resolved(a.sharing(1, sim, basic, nil))
	shared := c.shared[0]
	a.port.Take(&wire.Gone{})
	b.resolved(b.sharing(1, sim, basic, nil)) // it comes back in time
	require.Equal(t, 1, sim.Sessions())
	c.closeIfAlone(shared, shared.left)
	b.resolved(b.call(1, nil))
	b.port.Take(&wire.Gone{})
	awaitPages(shared, 0)
	c.closeIfAlone(shared, shared.left)
	waitSessions(t, sim, 0)
	require.Empty(t, c.shared)
}

// adoptedInBubble opens a client over the page's own session, which needs no network: what it does in time can be tested by the
// clock of a bubble. It is one that pages share from then on.
func (p *testPage) adoptedInBubble(more map[string]any) *client {
	id := p.id()
	options := map[string]any{"baseUrl": "http://localhost"}
	maps.Copy(options, more)
	p.port.Take(&wire.CreateClient{ID: id, Client: 1, Options: options, AsksMe: true, CometD: wire.CometD{Adopted: true}})
	p.port.Take(&wire.Me{Client: 1, Status: 200, Body: []byte(`{"statusCode":0}`)})
	p.port.Take(&wire.PageSession{Client: 1, Up: true, Session: 1})
	p.port.Take(&wire.PageSubscribed{Client: 1, Channel: await(p, func(*wire.PageSubscribe) bool { return true }).Channel})
	p.resolved(id)
	c := p.port.client(1)
	c.share = newShare(nil, false)
	close(c.share.opened)
	p.port.core.shared = append(p.port.core.shared, c)
	return c
}

// Each page that leaves a client alone gives the next one the whole of the time. It passes by the clock of the bubble.
func TestShare_ClientIsAloneSinceItsLastPageHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore()
		a, b, late := openPage(t, c), openPage(t, c), openPage(t, c)
		shared := a.adoptedInBubble(nil)
		a.port.Take(&wire.Gone{})
		time.Sleep(aloneFor / 2) // by the clock of the bubble
		require.True(t, b.port.join(shared, &page{port: b.port, number: 1}))
		time.Sleep(aloneFor/2 - time.Second) // by the clock of the bubble
		b.port.Take(&wire.Gone{})
		time.Sleep(aloneFor - time.Second) // by the clock of the bubble: the time after the first one has long been over
		require.False(t, shared.Ended())
		require.True(t, late.port.join(shared, &page{port: late.port, number: 1}))
		time.Sleep(2 * aloneFor) // by the clock of the bubble
		require.False(t, shared.Ended(), "it has a page")
		late.port.Take(&wire.Gone{})
		time.Sleep(aloneFor + time.Second) // by the clock of the bubble
		require.True(t, shared.Ended())
		require.Empty(t, c.shared)
		require.Empty(t, c.clients)
	})
}

// What the last page has sent is answered to the session, which is kept as long as a call waits.
func TestShare_LastPageThatIsGoneLeavesItsCallsToTheNext(t *testing.T) {
	sim := gwssim.New(t)
	sim.Set(gwssim.Behavior{HoldAck: true})
	browser := journaltest.NewBrowser()
	c := newCoreIn(browser)
	a, b := openPage(t, c), openPage(t, c)
	withJournal := map[string]any{"journal": true}
	a.resolved(a.sharing(1, sim, basic, withJournal))
	a.call(1, map[string]any{"referenceId": "pending"})
	waitPosts(t, sim, 1)
	shared := c.shared[0]
	a.port.Take(&wire.Gone{})
	awaitPages(shared, 0)
	for !shared.Needed() || shared.Pending() > 0 {
		time.Sleep(time.Millisecond) // the page departs beside, as in awaitPages
	}
	c.closeIfAlone(shared, shared.left)
	sim.Ack("pending")
	b.resolved(b.sharing(1, sim, basic, withJournal))
	require.Same(t, shared, c.shared[0])
	id := b.id()
	b.port.Take(&wire.Settled{ID: id, Client: 1, ReferenceID: "pending"})
	require.Contains(t, string(b.resolved(id)), `"referenceId":"pending"`)
	b.port.Take(&wire.Delivered{Client: 1, ReferenceID: "pending"})
	b.resolved(b.close(1))
}

// forgettingInBubble runs a test with two pages of a client, and calls that others have left, in the clock of a bubble.
func forgettingInBubble(t *testing.T, calls int, test func(browser *journaltest.Browser, a, b *testPage)) {
	synctest.Test(t, func(t *testing.T) {
		browser := journaltest.NewBrowser()
		before := browser.Page()
		j, _ := journal.Open(t.Context(), journal.Config{
			Store: before, Locks: before, Scope: journal.Scope("http://localhost"+outbound.DefaultCometdPath, ""), Owner: "before",
		})
		for i := range calls {
			reference := fmt.Sprint("ref-", i)
			request, _ := gws.ParseRequest("completeRecord", gws.Fields{
				"recordHandle": 12.0, "applicationId": 1.0, "campaignName": "C", "callingList": "L", "devicePath": "/devices/d", "referenceId": reference,
			}, false)
			j.Put(journal.Entry{ReferenceID: reference, Path: request.Path(), Body: string(request.Body()), SentAt: time.Now()}, nil)
		}
		synctest.Wait()
		before.Kill()
		c := newCoreIn(browser)
		a, b := openPage(t, c), openPage(t, c)
		shared := a.adoptedInBubble(map[string]any{"journal": true})
		require.True(t, b.port.join(shared, &page{port: b.port, number: 1}))
		require.Len(t, a.unsettled(1), calls)
		test(browser, a, b)
	})
}

// The last page closes the client while another one, which has left it, clears the journal still.
func TestShare_PageForgetsWhileTheLastOneCloses(t *testing.T) {
	forgettingInBubble(t, 1, func(browser *journaltest.Browser, a, b *testPage) {
		browser.Slow(100 * time.Millisecond)
		forgetting := a.closeAndForget(1)
		synctest.Wait()
		b.resolved(b.close(1))
		a.resolved(forgetting)
		require.Empty(t, browser.Texts())
	})
}

// As a page may close it that was started bare.
func TestClose_WithForgetAfterAnotherWithout(t *testing.T) {
	forgettingInBubble(t, 1, func(browser *journaltest.Browser, a, b *testPage) {
		b.resolved(b.close(1))
		a.resolved(a.close(1))
		require.NotEmpty(t, browser.Texts())
		e := a.rejected(a.closeAndForget(1))
		require.Equal(t, "CLOSED", e.Code)
		require.Contains(t, e.Message, "nothing was forgotten")
		a.resolved(a.close(1))
	})
}

func TestShare_PageForgetsInAStoreThatHangs(t *testing.T) {
	forgettingInBubble(t, 20, func(browser *journaltest.Browser, a, b *testPage) {
		browser.Slow(time.Hour)
		began := time.Now()
		e := a.rejected(a.closeAndForget(1))
		require.Equal(t, "CLOSED", e.Code)
		require.Contains(t, e.Message, "the browser's storage does not answer")
		require.Less(t, time.Since(began), 10*time.Second)
		browser.Slow(0)
		b.resolved(b.close(1))
	})
}

// What other clients have left may be there.
func TestShare_PageForgetsInAStoreThatCannotBeRead(t *testing.T) {
	forgettingInBubble(t, 0, func(browser *journaltest.Browser, a, b *testPage) {
		browser.Fail(errors.New("no access"))
		e := a.rejected(a.closeAndForget(1))
		require.Equal(t, "CLOSED", e.Code)
		require.Contains(t, e.Message, "no access")
		b.resolved(b.close(1))
	})
}

func TestShare_PageForgetsWhatIsAnotherAgents(t *testing.T) {
	sim := gwssim.New(t)
	c := newCoreIn(journaltest.NewBrowser())
	a, b := openPage(t, c), openPage(t, c)
	withJournal := map[string]any{"journal": true}
	opening := a.sharing(1, sim, nil, withJournal)
	a.answer(basic)
	a.resolved(opening)
	joining := b.sharing(1, sim, nil, withJournal)
	b.answer(basic)
	b.resolved(joining)
	sim.Inject(gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoAnswer, Status: 401})
	id := b.call(1, nil)
	b.answer(agentHeaders("agent2"))
	require.Equal(t, "AGENT_CHANGED", b.rejected(id).Code)
	b.port.Take(&wire.Delivered{Client: 1, ReferenceID: "made"})
	require.Equal(t, "AGENT_CHANGED", b.rejected(b.closeAndForget(1)).Code)
	require.Equal(t, "AGENT_CHANGED", a.rejected(a.closeAndForget(1)).Code)
}

// turns grants each turn at once, and says when one is asked for (true) or given up.
type turns chan bool

func (t turns) await(_ string, granted func()) (leave func()) {
	t <- true
	granted()
	return func() { t <- false }
}

func TestShare_TurnIsGivenUpWhileAllPagesAreFrozen(t *testing.T) {
	sim := gwssim.New(t)
	asked := make(turns, 100)
	c := New(Config{Log: func(bayeux.Level, string) {}, Turns: asked.await})
	a, b := openPage(t, c), openPage(t, c)
	more := map[string]any{"transports": wire.List{"long-polling"}}
	a.resolved(a.sharing(1, sim, basic, more))
	require.True(t, <-asked)
	a.port.Take(&wire.Away{})
	require.False(t, <-asked)
	b.resolved(b.sharing(1, sim, basic, more))
	require.True(t, <-asked, "a page has joined that is not frozen")
	b.port.Take(&wire.Gone{})
	require.False(t, <-asked, "the frozen one is left alone")
	a.port.Take(&wire.Seen{})
	require.True(t, <-asked)
	b = openPage(t, c)
	b.resolved(b.sharing(1, sim, basic, more))
	a.port.Take(&wire.Away{})
	b.resolved(b.call(1, nil))
	require.Empty(t, asked, "one page is enough")
	b.resolved(b.close(1))
	require.False(t, <-asked)
	a.port.Take(&wire.Gone{})
}

func TestShare_LeavingPageOfSeveralEndsNothing(t *testing.T) {
	sim := gwssim.New(t)
	c := newCore()
	a, b := openPage(t, c), openPage(t, c)
	a.resolved(a.sharing(1, sim, basic, nil))
	b.resolved(b.sharing(1, sim, basic, nil))
	a.port.Take(&wire.Leave{})
	b.resolved(b.call(1, nil))
	a.port.Take(&wire.Gone{})
	awaitPages(c.shared[0], 1)
	b.port.Take(&wire.Leave{})
	waitSessions(t, sim, 0)
	require.Empty(t, c.shared)
}

func TestShare_FunctionsForHeaders(t *testing.T) {
	sim := gwssim.New(t)
	c := newCore()
	a, b, other := openPage(t, c), openPage(t, c), openPage(t, c)
	create := func(p *testPage, headers map[string]string, questions int) {
		id := p.sharing(1, sim, nil, map[string]any{"logLevel": "info"})
		for range questions {
			p.answer(headers)
		}
		p.resolved(id)
	}
	create(a, basic, 1)
	create(b, basic, 1)
	require.Equal(t, 1, sim.Sessions())
	create(other, agentHeaders("agent2"), 2) // for who it is, and then for the session of its own
	require.Equal(t, 2, sim.Sessions())
	line := await(other, func(m *wire.Log) bool { return m.Level == "info" && strings.HasPrefix(m.Message, "this page") }).Message
	require.Contains(t, line, "another agent is signed in there")
	id := other.call(1, nil)
	other.resolved(id)
	require.Equal(t, "agent2", sim.Posts()[0].User)

	// The one that was heard last is asked first; where its function fails, or it dies, the other one is.
	for _, end := range []func(question int){
		func(question int) { b.port.Take(&wire.HeadersAnswer{ID: question, Failed: "TypeError: no token"}) },
		func(int) { b.port.Take(&wire.Gone{}) },
	} {
		sim.Inject(gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoAnswer, Status: 401})
		b.port.heard.Store(time.Now().Add(time.Hour).UnixNano())
		id = a.call(1, nil)
		end(await(b, func(*wire.AskHeaders) bool { return true }).ID)
		a.answer(basic)
		a.resolved(id)
	}
}

// A page that hangs while it opens, at a prompt or frozen, keeps no other one from its client.
func TestShare_OpenerWhoseFunctionDoesNotAnswer(t *testing.T) {
	sim := gwssim.New(t)
	c := newCore()
	a, b := openPage(t, c), openPage(t, c)
	more := map[string]any{"connectTimeout": 2500.0, "requestTimeout": 1500.0} // the other page has to connect in that time
	opening := a.sharing(1, sim, nil, more)
	await(a, func(*wire.AskHeaders) bool { return true }) // in vain
	joining := b.sharing(1, sim, nil, more)
	b.answer(basic) // for who it is
	require.Equal(t, "CONNECT_FAILED", a.rejected(opening).Code)
	b.answer(basic)
	b.resolved(joining)
	b.resolved(b.call(1, nil))
}

func TestShare_OpenerWhoseFunctionIsLateIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore()
		nowhere := &gwssim.Sim{URL: "http://localhost"} // nothing is sent
		a, b := openPage(t, c), openPage(t, c)
		b.asksMe = true
		more := map[string]any{"logLevel": "info"}
		opening := a.sharing(1, nowhere, nil, more)
		await(a, func(*wire.AskHeaders) bool { return true }) // in vain
		joining := b.sharing(1, nowhere, nil, more)
		b.port.Take(&wire.Me{Client: 1, Status: 200, Body: []byte(`{"statusCode":0}`)})
		b.answer(basic)
		began := time.Now()
		await(b, func(*wire.AskHeaders) bool { return true }) // for a client of its own
		require.Equal(t, answersFor, time.Since(began))
		require.Contains(t, await(b, func(*wire.Log) bool { return true }).Message, "has not given its headers")
		for p, id := range map[*testPage]int{a: opening, b: joining} {
			p.port.Take(&wire.Abort{ID: id})
			require.Equal(t, "ABORTED", p.rejected(id).Code)
		}
		require.Empty(t, c.shared)
	})
}

func TestShare_FunctionsWhereTheServerNamesNobody(t *testing.T) {
	sim := gwssim.New(t)
	sim.Set(gwssim.Behavior{NoCSRF: true, Faults: []gwssim.Fault{
		{At: gwssim.AtSignIn, Do: gwssim.DoAnswer, Body: `{"statusCode":0}`, Processed: true, Times: -1},
	}})
	c := newCore()
	a, b := openPage(t, c), openPage(t, c)
	for _, p := range []*testPage{a, b} {
		id := p.sharing(1, sim, nil, nil)
		for range map[*testPage]int{a: 1, b: 2}[p] {
			p.answer(basic)
		}
		p.resolved(id)
	}
	require.Len(t, c.shared, 2)
}

func TestShare_FailureIsTheSameForWhoWaits(t *testing.T) {
	sim := gwssim.New(t)
	sim.Set(gwssim.Behavior{SignInStatus: 401})
	c := newCore()
	a, b := openPage(t, c), openPage(t, c)
	one, two := a.sharing(1, sim, basic, nil), b.sharing(1, sim, basic, nil)
	require.Equal(t, "UNAUTHORIZED", a.rejected(one).Code)
	require.Equal(t, "UNAUTHORIZED", b.rejected(two).Code)
	require.Empty(t, c.shared)
	require.Empty(t, c.clients)
}

func TestSettings_EachOptionCounts(t *testing.T) {
	var names []string
	for _, s := range settings(&outbound.Options{}, wire.Headers{}) {
		names = append(names, s.name)
	}
	others := []string{"signal", "log", "cometd"}
	for _, o := range contract.Options {
		if !slices.Contains(others, o.Name) {
			require.Contains(t, names, o.Name)
		}
	}
	require.Len(t, names, len(contract.Options)-len(others))
}

// Whatever pages do, and whenever: each call has one end, and in the end nothing is left.
func TestShare_PagesThatComeAndGo(t *testing.T) {
	sim := gwssim.New(t)
	browser := journaltest.NewBrowser()
	c := newCoreIn(browser)
	var all sync.WaitGroup
	for n := range 40 {
		all.Go(func() {
			p := openPage(t, c)
			random := rand.New(rand.NewPCG(uint64(n), 1))
			// No event is waited for: what happens between two steps of a page is to differ from run to run.
			pause := func() { time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond) }
			pause()
			id := p.sharing(1, sim, basic, map[string]any{"journal": random.IntN(2) == 0})
			if random.IntN(4) == 0 {
				pause()
				p.port.Take(&wire.Gone{})
				return
			}
			p.resolved(id)
			subscribed := p.id()
			p.port.Take(&wire.Subscribe{ID: subscribed, Client: 1, Channel: "/a", Listener: gws.Foreign("function")})
			var calls []int
			for i := range random.IntN(4) {
				calls = append(calls, p.call(1, map[string]any{"referenceId": fmt.Sprint(n, "-", i)}))
			}
			pause()
			switch random.IntN(3) {
			case 0:
				p.port.Take(&wire.Leave{})
				p.port.Take(&wire.Gone{})
				return
			case 1:
				p.port.Take(&wire.Gone{})
				return
			}
			closed := p.close(1)
			for i, call := range calls {
				if m, failed := p.end(call).(*wire.Rejected); failed {
					require.Equal(t, "CLOSED", m.Error.Code)
				}
				p.port.Take(&wire.Delivered{Client: 1, ReferenceID: fmt.Sprint(n, "-", i)})
			}
			p.end(subscribed)
			p.resolved(closed)
		})
	}
	all.Wait()
	c.mu.Lock()
	shared := slices.Clone(c.shared)
	c.mu.Unlock()
	for _, left := range shared {
		<-left.share.opened // a page that has gone may still be making it
		if left.share.failed != nil {
			continue
		}
		awaitPages(left, 0)
		// A request that a page had under way when it went may never be answered: the session is kept for it until ackTimeout.
		for left.Needed() {
			for _, u := range left.Unsettled(t.Context()) {
				require.NoError(t, left.Forget(t.Context(), u.ReferenceID))
			}
			time.Sleep(time.Millisecond) // nothing tells when the calls of a page have ended, and the journal is written
		}
		c.closeIfAlone(left, left.left)
	}
	require.Empty(t, c.shared)
	require.Empty(t, c.clients)
}
