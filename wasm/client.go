//go:build js && wasm

package main

import (
	"context"
	"encoding/json"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/jsbridge"
	"gws-outbound/internal/outbound"
)

// module is what the program exports, and the clients that it keeps. Its
// fields belong to the event loop and to goroutines, of which one runs at a
// time.
type module struct {
	reject  func(error) safejs.Value
	clients map[int]*outbound.Client // those that are not closed
	closing map[int]*outbound.Client // those that are being closed
	last    int
	methods map[string]safejs.Func // of a client in Go; they take its number first
}

func newModule(reject func(error) safejs.Value) (*module, error) {
	m := &module{reject: reject, clients: map[int]*outbound.Client{}, closing: map[int]*outbound.Client{}, methods: map[string]safejs.Func{}}
	for name, begin := range map[string]func(arguments) (func(*outbound.Client) (safejs.Value, error), error){
		"unsettled": unsettled, "settled": settled, "forget": forget,
	} {
		var err error
		if m.methods[name], err = m.ofClient(begin); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *module) wakeAll() {
	for _, c := range m.clients {
		c.Wake()
	}
}

// events are told what happens to a client. They run on its loop and must
// not wait.
type events struct {
	status       func(detail map[string]any)
	notification func(channel string, data json.RawMessage)
	wanted       func() bool // whether anybody listens to notifications
}

// open makes a client and returns its number.
func (m *module) open(ctx context.Context, opts clientOptions, to events) (int, error) {
	opts.OnStatus = func(s bayeux.Status) { to.status(statusDetail(s)) }
	opts.OnNotification = func(channel string, data json.RawMessage) {
		if to.wanted() {
			to.notification(channel, data)
		}
	}
	c, err := outbound.Open(ctx, opts.Options)
	if err != nil {
		return 0, err
	}
	m.last++
	m.clients[m.last] = c
	return m.last, nil
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

func statusDetail(s bayeux.Status) map[string]any {
	detail := map[string]any{"state": string(s.State), "transport": nil}
	if s.Transport != "" {
		detail["transport"] = s.Transport
	}
	if s.Reason != nil {
		detail["reason"] = s.Reason.Error()
	}
	if s.RetryIn > 0 {
		detail["retryIn"] = float64(s.RetryIn.Microseconds()) / 1000
	}
	return detail
}

// withSignal runs f with a context that ends when the AbortSignal fires, with
// its reason as the cause.
func withSignal(signal safejs.Value, f func(context.Context) (safejs.Value, error)) (job, error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := func() {}
	if !jsbridge.IsNullish(signal) {
		var err error
		stop, err = jsbridge.OnAbort(signal, func(reason safejs.Value) { cancel(&jsbridge.Thrown{Value: reason}) })
		if err != nil {
			cancel(nil)
			return nil, outbound.InvalidOptions([]gws.Problem{{Field: "signal", Message: err.Error()}})
		}
	}
	return func() (safejs.Value, error) {
		defer cancel(nil)
		defer stop()
		return f(ctx)
	}, nil
}

func (m *module) closeClient(args arguments) (job, error) {
	id, err := args.at(0).Int()
	if err != nil {
		return nil, err
	}
	o := newObject("options", args.at(1))
	forget := false
	o.boolean("forget", &forget)
	if problems := o.done(); len(problems) > 0 {
		return nil, outbound.InvalidOptions(problems)
	}
	return func() (safejs.Value, error) {
		c := m.clients[id]
		if c == nil {
			return safejs.Undefined(), nil
		}
		delete(m.clients, id)
		m.closing[id] = c
		defer delete(m.closing, id)
		if forget {
			return safejs.Undefined(), c.CloseAndForget()
		}
		c.Close()
		return safejs.Undefined(), nil
	}, nil
}
