//go:build js && wasm

package main

import (
	"errors"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/core"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/jsbridge"
	"gws-outbound/internal/outbound"
	"gws-outbound/internal/wire"
)

// startBare sets globalThis.gwsOutbound, with createClient and CallResult, and
// globalThis.completeRecord, which completes a record over the client that
// createClient has made last, or over one with the default options that the first call
// makes.
func startBare(c *core.Core) error {
	_, err := newBare(c)
	return err
}

func newBare(c *core.Core) (*bare, error) {
	b := &bare{calls: map[int]*bareCall{}, clients: map[int]*bareClient{}, settling: map[settling]safejs.Value{}, methods: map[string]safejs.Func{}}
	b.port = c.NewPort(b.receive)
	if err := b.watchPage(); err != nil {
		return nil, err
	}
	if err := b.watchDropped(); err != nil {
		return nil, err
	}
	var err error
	if b.ignore, err = safejs.FuncOf(func(safejs.Value, []safejs.Value) any { return nil }); err != nil {
		return nil, err
	}
	functions := map[string]safejs.Func{}
	for name, begin := range map[string]func(arguments) job{"createClient": b.createClient, "completeRecord": b.completeRecord} {
		if functions[name], err = export(begin); err != nil {
			return nil, err
		}
	}
	for name, begin := range map[string]func(arguments) job{"call": b.callMethod, "unsettled": b.unsettled, "forget": b.forget, "close": b.close} {
		if b.methods[name], err = export(begin); err != nil {
			return nil, err
		}
	}
	codes := map[string]any{}
	for _, r := range gws.CallResults() {
		codes[r.Name] = r.Code
	}
	global := safejs.Global()
	if err := global.Set("gwsOutbound", map[string]any{"createClient": functions["createClient"], "CallResult": codes}); err != nil {
		return nil, err
	}
	return b, global.Set("completeRecord", functions["completeRecord"])
}

// bare is the page's end of the road where there is no loader. Its fields belong to the event loop and to
// goroutines, of which one runs at a time.
type bare struct {
	port    *core.Port
	last    int                    // number that was given to a call or a client
	calls   map[int]*bareCall      // by their numbers
	clients map[int]*bareClient    // by their numbers; those that are closed, or that the page has dropped, are not there
	current *bareClient            // the one that completeRecord uses; nil if there is none
	opening *opening               // of that client, nil if none is under way
	methods map[string]safejs.Func // of clients; they take the number of the client first

	settling map[settling]safejs.Value // promises of unsettled calls that were listed
	ignore   safejs.Func
	dropped  safejs.Value // a FinalizationRegistry of clients' targets, with their numbers; undefined where there is none
	thrown   struct {     // by a function for headers, last
		question int
		value    safejs.Value
	}
}

// bareCall is a call that is not settled.
type bareCall struct {
	end    chan wire.ToPage // *wire.Resolved or *wire.Rejected
	reason safejs.Value     // of its signal
}

// bareClient is a client, as the page has it.
type bareClient struct {
	number  int
	target  safejs.Value // an EventTarget, with the properties state and transport; the page's alone once it is closed
	headers safejs.Value // the option, if that is a function
	own     bool         // completeRecord's alone: the page does not have it
	closed  bool
}

// opening is an attempt to make a client.
type opening struct {
	done   chan struct{}
	client int   // its number
	err    error // to be read after done
}

// settling is an unsettled call that was listed.
type settling struct {
	client    int
	reference string
}

// receive takes messages of the core.
func (b *bare) receive(messages []wire.ToPage) {
	for _, m := range messages {
		switch m := m.(type) {
		case *wire.Resolved:
			b.end(m.ID, m)
		case *wire.Rejected:
			b.end(m.ID, m)
		case *wire.AskHeaders:
			go b.askHeaders(m)
		case *wire.Status:
			b.tellCookies()
			if c := b.clients[m.Client]; c != nil && !c.closed {
				b.change(c, m)
			}
		case *wire.Notification:
			if c := b.clients[m.Client]; c != nil && !c.closed {
				if data, err := valueOf(m.Data); err == nil {
					_ = jsbridge.Dispatch(c.target, "notification", map[string]any{"channel": m.Channel, "data": data})
				}
			}
		case *wire.Gap:
			if c := b.clients[m.Client]; c != nil && !c.closed {
				_ = jsbridge.Dispatch(c.target, "gap", map[string]any{"reason": m.Reason})
			}
		}
	}
}

func (b *bare) change(c *bareClient, m *wire.Status) {
	detail := map[string]any{"state": m.State, "transport": nil}
	if m.Transport != "" {
		detail["transport"] = m.Transport
	}
	if m.Reason != "" {
		detail["reason"] = m.Reason
	}
	if m.RetryIn > 0 {
		detail["retryIn"] = m.RetryIn
	}
	c.closed = m.State == "closed"
	_ = c.target.Set("state", detail["state"])
	_ = c.target.Set("transport", detail["transport"])
	_ = jsbridge.Dispatch(c.target, "statechange", detail)
	if c.closed {
		b.ended(c)
	}
}

// ended lets go of what a client that has ended holds of the page. The page may ask it for what is unsettled still, until
// it closes the client or drops it; and completeRecord, why it has ended and for whom it was, until there is another one.
func (b *bare) ended(c *bareClient) {
	c.target = safejs.Undefined()
	if c.own && c != b.current {
		b.release(c.number)
	}
}

// use makes a client the one that completeRecord uses.
func (b *bare) use(c *bareClient) {
	before := b.current
	b.current = c
	if before != nil && before.own && before.closed {
		b.release(before.number)
	}
}

// remove takes a client off the table.
func (b *bare) remove(number int) {
	delete(b.clients, number)
	if b.current != nil && b.current.number == number {
		b.current = nil
	}
}

// release closes a client that nobody can use any more.
func (b *bare) release(number int) {
	if b.clients[number] == nil {
		return
	}
	b.remove(number)
	b.last++
	b.port.Take(&wire.Close{ID: b.last, Client: number})
}

// watchDropped has clients released that have ended, and that the page has dropped without closing them.
func (b *bare) watchDropped() error {
	b.dropped = safejs.Undefined()
	constructor, err := safejs.Global().Get("FinalizationRegistry")
	if err != nil || constructor.Type() != safejs.TypeFunction {
		return nil // an old browser: what is dropped stays
	}
	callback, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		number, err := arguments(args).at(0).Int()
		switch c := b.clients[number]; {
		case err != nil || c == nil:
		case c == b.current:
			c.own = true // completeRecord asks it for whom the next one has to be
		default:
			b.release(number)
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.dropped, err = constructor.New(callback)
	return err
}

func (b *bare) end(id int, m wire.ToPage) {
	if c := b.calls[id]; c != nil {
		delete(b.calls, id)
		c.end <- m
	}
}

// begin begins a call: message makes it of its number, and of whether its signal has fired. What is
// returned waits for its end.
func (b *bare) begin(signal safejs.Value, message func(id int, aborted bool) wire.FromPage) func() (*wire.Resolved, error) {
	b.last++
	id := b.last
	c := &bareCall{end: make(chan wire.ToPage, 1), reason: safejs.Undefined()}
	b.calls[id] = c
	aborted, sent := false, false
	stop := func() {}
	if !jsbridge.IsNullish(signal) {
		if s, err := jsbridge.OnAbort(signal, func(reason safejs.Value) {
			c.reason, aborted = reason, true
			if sent {
				b.port.Take(&wire.Abort{ID: id})
			}
		}); err == nil {
			stop = s
		}
	}
	sent = true
	b.port.Take(message(id, aborted))
	return func() (*wire.Resolved, error) {
		defer stop()
		switch m := (<-c.end).(type) {
		case *wire.Rejected:
			return nil, b.failure(m, c)
		case *wire.Resolved:
			return m, nil
		}
		return nil, errors.New("no end of a call")
	}
}

// failure makes the error that a promise rejects with.
func (b *bare) failure(m *wire.Rejected, c *bareCall) error {
	e := &bareError{init: m.Error, cause: safejs.Undefined()}
	switch cause := m.Error.Cause; cause.Of {
	case wire.OfSignal:
		e.cause = c.reason
	case wire.OfHeaders:
		if b.thrown.question == cause.ID {
			e.cause = b.thrown.value
		}
	case wire.OfBrowser:
		if v, err := jsbridge.NewError(cause.Name, cause.Message, nil); err == nil {
			e.cause = v
		}
	}
	return e
}

func (b *bare) createClient(args arguments) job {
	options, signal, headers := readOptions(args.at(0))
	if fields, ok := options.(map[string]any); ok && len(fields) == 0 && jsbridge.TypeOf(args.at(0)) == "object" && !jsbridge.IsData(args.at(0)) {
		options = wire.Unreadable("it is no plain object")
	}
	_, work := b.newClient(options, signal, headers, false)
	return work
}

// newClient begins to make a client that is an EventTarget, with the properties state and
// transport, and makes it the current one.
func (b *bare) newClient(options any, signal, headers safejs.Value, own bool) (number int, work job) {
	fail := func(err error) (int, job) {
		return 0, func() (safejs.Value, error) { return safejs.Undefined(), err }
	}
	constructor, err := safejs.Global().Get("EventTarget")
	if err != nil {
		return fail(err)
	}
	target, err := constructor.New()
	if err != nil {
		return fail(err)
	}
	b.last++
	c := &bareClient{number: b.last, target: target, own: own}
	b.clients[c.number] = c
	message := &wire.CreateClient{Client: c.number, Options: withOrigin(options)}
	if own && b.current != nil {
		message.InPlaceOf = b.current.number
	}
	if jsbridge.TypeOf(headers) == "function" {
		c.headers, message.Headers.Ask = headers, true
	} else if !jsbridge.IsNullish(headers) {
		message.Headers.Fields, err = readHeaders(headers)
		if err != nil {
			message.Headers.Refused = err.Error()
		}
	}
	b.tellCookies()
	wait := b.begin(signal, func(id int, aborted bool) wire.FromPage {
		message.ID, message.Aborted = id, aborted
		return message
	})
	return c.number, func() (safejs.Value, error) {
		if _, err := wait(); err != nil {
			delete(b.clients, c.number)
			return safejs.Undefined(), err
		}
		b.port.Take(&wire.Listen{Client: c.number})
		if !own && !b.dropped.IsUndefined() {
			if _, err := b.dropped.Call("register", target, c.number); err != nil {
				return safejs.Undefined(), err
			}
		}
		if !c.closed { // which it can be by now
			b.use(c)
		}
		return target, b.addMethods(target, c.number)
	}
}

func (b *bare) addMethods(target safejs.Value, number int) error {
	for _, name := range gws.Methods() {
		if err := addMethod(target, name, b.methods["call"], number, name); err != nil {
			return err
		}
	}
	for _, name := range []string{"unsettled", "forget", "close"} {
		if err := addMethod(target, name, b.methods[name], number); err != nil {
			return err
		}
	}
	return nil
}

// addMethod gives target a method, which passes first what is bound here. It is bound in
// JavaScript, so that it goes with the target: a function of Go's would have to be released.
func addMethod(target safejs.Value, name string, f safejs.Func, bound ...any) error {
	method, err := f.Value().Call("bind", append([]any{safejs.Undefined()}, bound...)...)
	if err != nil {
		return err
	}
	return target.Set(name, method)
}

// callMethod takes a client's number, the name of a method, a request, and options.
func (b *bare) callMethod(args arguments) job {
	method, _ := args.at(1).String()
	options, signal, _ := readOptions(args.at(3))
	return value(b.call(args.client(), method, readGiven(args.at(2)), options, signal))
}

func (b *bare) call(client int, method string, request, options any, signal safejs.Value) func() (*wire.Resolved, error) {
	reference := gws.NewReferenceID()
	wait := b.begin(signal, func(id int, aborted bool) wire.FromPage {
		return &wire.Call{ID: id, Client: client, Method: method, Request: request, Options: options, Reference: reference, Delivery: gws.Unknown, Aborted: aborted}
	})
	if fields, ok := request.(map[string]any); ok {
		if own, ok := fields["referenceId"].(string); ok {
			reference = own
		}
	}
	return func() (*wire.Resolved, error) {
		m, err := wait()
		if codeOf(err) != outbound.InvalidRequest { // of a reference that is in flight, the other call has not come to its end
			b.port.Take(&wire.Delivered{Client: client, ReferenceID: reference})
		}
		return m, err
	}
}

// completeRecord takes a request, and options. It makes a client if there is none, or that has ended: one for the same agent. Where
// another agent was the reason, the page has to say for whom the next one is, by createClient.
func (b *bare) completeRecord(args arguments) job {
	request := readGiven(args.at(0))
	options, signal, _ := readOptions(args.at(1))
	ended := func() (safejs.Value, error) { return safejs.Undefined(), nil }
	if b.current != nil {
		call := value(b.call(b.current.number, "completeRecord", request, options, signal))
		if !b.current.closed {
			return call
		}
		ended = call // it sends nothing, and says why
	}
	fired := make(chan safejs.Value, 1)
	stop := func() {}
	if !jsbridge.IsNullish(signal) {
		if s, err := jsbridge.OnAbort(signal, func(reason safejs.Value) { fired <- reason }); err == nil {
			stop = s
		}
	}
	return func() (safejs.Value, error) {
		defer stop()
		if _, err := ended(); codeOf(err) == outbound.AgentChanged {
			return safejs.Undefined(), err
		}
		o := b.open()
		select {
		case <-o.done:
			if o.err != nil {
				return safejs.Undefined(), o.err
			}
			return value(b.call(o.client, "completeRecord", request, options, signal))()
		case reason := <-fired:
			return safejs.Undefined(), &bareError{
				init: wire.Error{Code: string(outbound.Aborted), Message: "aborted by the caller", Delivery: gws.NotSent}, cause: reason,
			}
		}
	}
}

// open makes the current client. All who wait for one share an attempt, and its outcome.
func (b *bare) open() *opening {
	if b.opening == nil {
		o := &opening{done: make(chan struct{})}
		b.opening = o
		options, _, _ := readOptions(safejs.Undefined())
		var wait job
		o.client, wait = b.newClient(options, safejs.Undefined(), safejs.Undefined(), true)
		go func() {
			defer close(o.done)
			_, o.err = jsbridge.Try(wait)
			b.opening = nil
		}()
	}
	return b.opening
}

// unsettled lists the calls that clients before this one have left, each with a Promise of its
// end.
func (b *bare) unsettled(args arguments) job {
	client := args.client()
	list := value(b.begin(safejs.Undefined(), func(id int, _ bool) wire.FromPage { return &wire.Unsettled{ID: id, Client: client} }))
	return func() (safejs.Value, error) {
		array, err := list()
		if err != nil {
			return array, err
		}
		length, err := array.Length()
		for i := 0; i < length && err == nil; i++ {
			var call safejs.Value
			if call, err = array.Index(i); err != nil {
				break
			}
			if err = makeDates(call, "sentAt", "answerableUntil"); err != nil {
				break
			}
			err = b.addSettled(client, call)
		}
		return array, err
	}
}

// makeDates makes Dates of properties that are milliseconds since 1970, or null.
func makeDates(object safejs.Value, names ...string) error {
	date, err := safejs.Global().Get("Date")
	if err != nil {
		return err
	}
	for _, name := range names {
		at, err := object.Get(name)
		if err != nil {
			return err
		}
		if at.IsNull() {
			continue
		}
		if at, err = date.New(at); err != nil {
			return err
		}
		if err := object.Set(name, at); err != nil {
			return err
		}
	}
	return nil
}

// addSettled gives an unsettled call the Promise of its end, which is the same one until it settles. Who ignores it
// does not hear of a rejection that nobody handles.
func (b *bare) addSettled(client int, call safejs.Value) error {
	v, err := call.Get("referenceId")
	if err != nil {
		return err
	}
	reference, err := v.String()
	if err != nil {
		return err
	}
	s := settling{client, reference}
	promise, ok := b.settling[s]
	if !ok {
		wait := value(b.begin(safejs.Undefined(), func(id int, _ bool) wire.FromPage {
			return &wire.Settled{ID: id, Client: client, ReferenceID: reference}
		}))
		promise, err = jsbridge.Go(func() (safejs.Value, error) {
			defer b.port.Take(&wire.Delivered{Client: client, ReferenceID: reference})
			defer delete(b.settling, s)
			return wait()
		}, errorOf)
		if err == nil {
			_, err = promise.Call("catch", b.ignore)
		}
		if err != nil {
			return err
		}
		b.settling[s] = promise
	}
	return call.Set("settled", promise)
}

func (b *bare) forget(args arguments) job {
	client, reference := args.client(), readGiven(args.at(1))
	return value(b.begin(safejs.Undefined(), func(id int, _ bool) wire.FromPage {
		return &wire.Forget{ID: id, Client: client, ReferenceID: reference}
	}))
}

func (b *bare) close(args arguments) job {
	client, options := args.client(), readGiven(args.at(1))
	wait := value(b.begin(safejs.Undefined(), func(id int, _ bool) wire.FromPage { return &wire.Close{ID: id, Client: client, Options: options} }))
	return func() (safejs.Value, error) {
		v, err := wait()
		if err == nil {
			b.remove(client)
		}
		return v, err
	}
}

// watchPage tells the core of what js/src/page.ts tells it where there is a loader, but that the page is left.
func (b *bare) watchPage() error {
	listener, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		switch {
		case len(args) > 0 && goesAway(args[0]):
			b.port.Take(&wire.Away{})
		case len(args) > 0 && seenAgain(args[0]):
			b.port.Take(&wire.Seen{})
		default:
			b.port.Take(&wire.Wake{})
		}
		return nil
	})
	if err != nil {
		return err
	}
	global := safejs.Global()
	// It is called without its object: that may stand for the real global.
	if listen, err := global.Get("addEventListener"); err == nil && listen.Type() == safejs.TypeFunction {
		for _, event := range []string{"online", "offline", "pageshow", "pagehide"} {
			if _, err := listen.Invoke(event, listener); err != nil {
				return err
			}
		}
	}
	if document, err := global.Get("document"); err == nil && document.Type() == safejs.TypeObject {
		for _, event := range []string{"visibilitychange", "freeze", "resume"} {
			if _, err := document.Call("addEventListener", event, listener); err != nil {
				return err
			}
		}
	}
	return nil
}

// goesAway reports whether an event says that the page is frozen, or about to be.
func goesAway(event safejs.Value) bool {
	switch textOf(event, "type") {
	case "pagehide", "freeze":
		return true
	}
	return false
}

// seenAgain reports whether an event says that the page is seen again: it was in the back/forward cache, or hidden.
func seenAgain(event safejs.Value) bool {
	if persisted, err := jsbridge.Get(event, "persisted"); err == nil && persisted.Type() == safejs.TypeBoolean {
		if is, _ := persisted.Bool(); is {
			return true
		}
	}
	if textOf(event, "type") != "visibilitychange" {
		return false
	}
	document, err := jsbridge.Get(event, "target")
	return err == nil && textOf(document, "visibilityState") == "visible"
}

// textOf returns a property that is a text; "" for all else.
func textOf(object safejs.Value, name string) string {
	v, err := jsbridge.Get(object, name)
	if err != nil || v.Type() != safejs.TypeString {
		return ""
	}
	text, _ := v.String()
	return text
}
