package core

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/fmt"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
	"gws-outbound/internal/outbound"
	"gws-outbound/internal/redact"
	"gws-outbound/internal/stack"
	"gws-outbound/internal/wire"
)

// Port is the core's end of the road to one page.
type Port struct {
	core *Core
	out  outbox

	mu        sync.Mutex
	clients   map[int]*client         // by the page's numbers; those that are open
	closing   map[int]*client         // those that are being closed
	kept      map[int]bool            // those that were closed, and have left their journal
	adopted   map[int]*bayeux.Adopted // the page's own sessions, by the numbers of the clients that use them
	calls     map[int]*call           // by the page's numbers: the one table of those that have no end yet
	ended     sync.Cond               // a call has come to its end
	questions map[int]chan *wire.HeadersAnswer
	owed      map[string]*client // by references: what calls over shared clients with a journal have come to, or will, and the page has not got
	asksMe    map[int]*meAhead   // by the numbers of clients that are being made

	gone  chan struct{} // closed when there is no page any more
	heard atomic.Int64  // ns since 1970: when something came from the page last
}

// meAhead is what a page has asked the server ahead: who is signed in.
type meAhead struct {
	answered chan *wire.Me
	asked    int // how often the page has been asked for headers
}

// call is a call that a page waits for.
type call struct {
	client *client // over which it goes, nil for one that makes or closes one
	cancel context.CancelCauseFunc
}

// errSignal is the cause of what a page's signal has ended: the page has its reason.
var errSignal = &keptError{cause: wire.Cause{Of: wire.OfSignal}, text: "the signal has fired"}

// keptError is an error whose value the page has.
type keptError struct {
	cause wire.Cause
	text  string
}

func (e *keptError) Error() string { return e.text }

// NewPort returns a port over which send sends messages to its page. It is called for one list at a time, must
// not block, and may lead to calls of [Port.Take] before it returns.
func (c *Core) NewPort(send func([]wire.ToPage)) *Port {
	var p *Port
	cleaned := func(messages []wire.ToPage) {
		if p.isGone() {
			return
		}
		for _, m := range messages {
			c.clean(m)
		}
		send(messages)
	}
	p = &Port{
		owed: map[string]*client{}, gone: make(chan struct{}),
		core: c, out: outbox{send: cleaned},
		clients: map[int]*client{}, closing: map[int]*client{}, kept: map[int]bool{}, adopted: map[int]*bayeux.Adopted{}, calls: map[int]*call{}, questions: map[int]chan *wire.HeadersAnswer{},
		asksMe: map[int]*meAhead{},
	}
	p.ended.L = &p.mu
	return p
}

// Take takes a message of the page. It does not wait for what comes of it.
func (p *Port) Take(m wire.FromPage) {
	p.heard.Store(time.Now().UnixNano())
	switch m := m.(type) {
	case *wire.CreateClient:
		me := p.awaitMe(m)
		p.adopt(m)
		p.begin(m.ID, nil, "createClient", m.Aborted, func(ctx context.Context) (json.RawMessage, error) { return nil, p.createClient(ctx, m, me) })
	case *wire.Call:
		p.ofClient(m.ID, m.Client, m.Method, m.Aborted, func(ctx context.Context, c *client) (json.RawMessage, error) { return c.perform(ctx, p, m) })
	case *wire.Cookies:
		p.core.secrets.AddCookies(m.Cookies)
	case *wire.Close:
		p.close(m)
	case *wire.Stats:
		p.ofClient(m.ID, m.Client, "stats", false, func(_ context.Context, c *client) (json.RawMessage, error) { return c.stats(), nil })
	case *wire.Unsettled:
		p.list(m)
	case *wire.Settled:
		p.ofClient(m.ID, m.Client, "settled", false, func(ctx context.Context, c *client) (json.RawMessage, error) {
			p.owe(m.ReferenceID, c)
			return c.Settled(ctx, m.ReferenceID)
		})
	case *wire.Forget:
		p.forget(m)
	case *wire.Abort:
		if c := p.call(m.ID); c != nil {
			c.cancel(errSignal)
		}
	case *wire.HeadersAnswer:
		p.answer(m)
	case *wire.Me:
		p.takeMe(m)
	case *wire.Delivered:
		p.delivered(m)
	case *wire.Listen:
		if c := p.client(m.Client); c != nil {
			c.listen(p, m.Since)
		}
	case *wire.Subscribe:
		p.subscribe(m)
	case *wire.Unsubscribe:
		p.unsubscribe(m)
	case *wire.PageSession, *wire.PageSubscribed, *wire.PageEvent:
		p.takeFromSession(m)
	case *wire.Wake:
		for _, c := range p.all() {
			c.back(p)
			c.Wake()
		}
	case *wire.Seen:
		for _, c := range p.all() {
			c.back(p)
			c.Seen()
		}
	case *wire.Away:
		for _, c := range p.all() {
			c.away(p)
		}
	case *wire.Leave:
		for _, c := range p.all() {
			p.core.leave(c)
		}
	case *wire.Gone:
		p.pageGone()
	case *wire.Ping:
		p.out.now(&wire.Pong{ID: m.ID})
	}
}

// begin registers a call, and sends what it comes to.
func (p *Port) begin(id int, over *client, operation string, aborted bool, work func(context.Context) (json.RawMessage, error)) {
	ctx, cancel := context.WithCancelCause(context.Background())
	if aborted {
		cancel(errSignal)
	}
	p.mu.Lock()
	p.calls[id] = &call{over, cancel}
	p.mu.Unlock()
	go func() {
		stack.Reserve()
		value, err := p.try(ctx, operation, work)
		p.mu.Lock()
		delete(p.calls, id)
		p.ended.Broadcast()
		p.mu.Unlock()
		cancel(nil)
		if err != nil {
			p.reject(id, err)
			return
		}
		p.out.now(&wire.Resolved{ID: id, Value: value})
	}()
}

// try makes a panic an error: it must not end the program, which others use as well.
func (p *Port) try(ctx context.Context, operation string, work func(context.Context) (json.RawMessage, error)) (value json.RawMessage, err error) {
	defer func() {
		if r := recover(); r != nil {
			p.core.config.Log(bayeux.Warn, fmt.Sprintf("internal error in %s: %v\n%s", operation, r, debug.Stack()))
			err = fmt.Errorf("internal error: %v", r)
		}
	}()
	return work(ctx)
}

func (p *Port) reject(id int, err error) { p.out.now(&wire.Rejected{ID: id, Error: describe(err)}) }

// ofClient begins a call over a client, which waits for it when it is closed. One that is closed takes none.
func (p *Port) ofClient(id, number int, operation string, aborted bool, work func(context.Context, *client) (json.RawMessage, error)) {
	c := p.client(number)
	if c == nil {
		p.reject(id, outbound.ClosedError(gws.NotSent))
		return
	}
	p.begin(id, c, operation, aborted, func(ctx context.Context) (json.RawMessage, error) { return work(ctx, c) })
}

// awaitEnds waits until the calls over a client have come to their ends.
func (p *Port) awaitEnds(c *client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for slices.ContainsFunc(slices.Collect(maps.Values(p.calls)), func(other *call) bool { return other.client == c }) {
		p.ended.Wait()
	}
}

func (p *Port) client(number int) *client {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.clients[number]
}

func (p *Port) call(id int) *call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[id]
}

func (p *Port) all() []*client {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Values(p.clients))
}

// unforgotten is as in js/src/remote-client.ts, which asks no program for it.
const unforgotten = "the client was closed before, and nothing was forgotten: close({ forget: true }) of a new client forgets it"

// close closes a client, and waits until its calls have come to their ends: where the client is the
// only one of its program, the page ends that then.
func (p *Port) close(m *wire.Close) {
	forget, problems := readCloseOptions(m.Options)
	if len(problems) > 0 {
		p.reject(m.ID, outbound.InvalidOptions(problems))
		return
	}
	p.mu.Lock()
	c := p.clients[m.Client]
	delete(p.clients, m.Client)
	if c != nil {
		p.closing[m.Client] = c
		if c.journal && !forget {
			p.kept[m.Client] = true
		}
	}
	kept := p.kept[m.Client]
	p.mu.Unlock()
	p.begin(m.ID, nil, "close", false, func(ctx context.Context) (json.RawMessage, error) {
		switch {
		case c == nil && forget && kept:
			return nil, &outbound.Error{Code: outbound.Closed, Delivery: gws.NotSent, Message: unforgotten}
		case c == nil:
			return nil, nil
		}
		defer func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			delete(p.closing, m.Client)
			delete(p.adopted, m.Client)
		}()
		if page := p.core.part(c, p, forget); page != nil {
			return nil, p.quit(ctx, c, page, forget)
		}
		defer p.awaitEnds(c)
		return nil, c.close(forget)
	})
}

// list begins to list unsettled calls: what was asked for before the client is closed comes whole.
func (p *Port) list(m *wire.Unsettled) {
	if c := p.client(m.Client); c != nil {
		c.listing.Add(1)
	}
	p.ofClient(m.ID, m.Client, "unsettled", false, func(ctx context.Context, c *client) (json.RawMessage, error) {
		defer c.listing.Done()
		return c.unsettled(ctx), nil
	})
}

func (p *Port) delivered(m *wire.Delivered) {
	p.mu.Lock()
	c := p.clients[m.Client]
	if c == nil {
		c = p.closing[m.Client] // which waits for this
	}
	delete(p.owed, m.ReferenceID)
	p.ended.Broadcast()
	p.mu.Unlock()
	if c != nil {
		c.Delivered(m.ReferenceID)
	}
}

func (p *Port) forget(m *wire.Forget) {
	reference, ok := m.ReferenceID.(string)
	if !ok {
		p.reject(m.ID, outbound.InvalidOptions([]gws.Problem{{Field: "referenceId", Message: "must be a string, got " + wire.TypeOf(m.ReferenceID)}}))
		return
	}
	p.ofClient(m.ID, m.Client, "forget", false, func(ctx context.Context, c *client) (json.RawMessage, error) {
		return nil, c.Forget(ctx, reference)
	})
}

// ask asks the page's function for headers.
func (p *Port) ask(ctx context.Context, client int) (map[string]string, error) {
	answered := make(chan *wire.HeadersAnswer, 1)
	id := p.core.nextQuestion()
	p.mu.Lock()
	p.questions[id] = answered
	if a := p.asksMe[client]; a != nil {
		a.asked++
	}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.questions, id)
		p.mu.Unlock()
	}()
	p.out.now(&wire.AskHeaders{ID: id, Client: client})
	select {
	case m := <-answered:
		if m.Failed != "" {
			return nil, &keptError{wire.Cause{Of: wire.OfHeaders, ID: id}, m.Failed}
		}
		return m.Fields, nil
	case <-p.gone:
		return nil, errGone
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *Port) answer(m *wire.HeadersAnswer) {
	p.mu.Lock()
	answered := p.questions[m.ID]
	delete(p.questions, m.ID)
	p.mu.Unlock()
	if answered != nil {
		answered <- m
	}
}

// awaitMe returns the option Ahead of a client whose page asks for it who is signed in, nil for another one.
func (p *Port) awaitMe(m *wire.CreateClient) func(context.Context) (*httpx.Response, time.Duration) {
	if !m.AsksMe {
		return nil
	}
	a := &meAhead{answered: make(chan *wire.Me, 1)}
	p.mu.Lock()
	p.asksMe[m.Client] = a
	p.mu.Unlock()
	return func(ctx context.Context) (*httpx.Response, time.Duration) {
		if p.askedAgain(a) {
			return nil, 0
		}
		select {
		case m := <-a.answered:
			if m.Status == 0 {
				return nil, 0
			}
			return httpx.NewResponse(m.Status, httpx.Header(m.Fields), m.Body), time.Duration(m.Took * float64(time.Millisecond))
		case <-ctx.Done():
			return nil, 0
		}
	}
}

// askedAgain reports whether the page has given headers since, with which it has not asked: they may be another agent's.
func (p *Port) askedAgain(a *meAhead) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return a.asked > 1
}

func (p *Port) takeMe(m *wire.Me) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a := p.asksMe[m.Client]; a != nil {
		select {
		case a.answered <- m:
		default: // it has answered
		}
	}
}

// thrown is what the browser threw, as package jsbridge has it.
type thrown interface {
	error
	NameAndMessage() (name, message string)
}

// describe makes an OutboundError of an error.
func describe(err error) wire.Error {
	e, ok := errors.AsType[*outbound.Error](err)
	if !ok { // a panic, or a page without what a browser has
		e = &outbound.Error{Code: outbound.ModuleExited, Message: err.Error(), Delivery: gws.Unknown, Err: err}
	}
	d := wire.Error{
		Code: string(e.Code), Message: e.Message, Delivery: e.Delivery, ReferenceID: e.ReferenceID,
		HTTPStatus: e.HTTPStatus, StatusCode: e.StatusCode, StatusMessage: e.StatusMsg,
		Event: e.Event, Problems: e.Problems,
	}
	if kept, ok := errors.AsType[*keptError](err); ok {
		d.Cause = kept.cause
	} else if t, ok := errors.AsType[thrown](err); ok {
		d.Cause.Of = wire.OfBrowser
		d.Cause.Name, d.Cause.Message = t.NameAndMessage()
	}
	if r, ok := errors.AsType[*requestError](err); ok {
		values := r.values
		if e.Code == outbound.InvalidRequest {
			values = quotedIfShort(values)
		}
		cleanError(&d, func(text string) string { return redact.Cut(text, values) })
	}
	return d
}
