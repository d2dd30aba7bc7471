//go:build js && wasm

package main

import (
	"context"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/httpx"
	"gws-outbound/internal/jsbridge"
	"gws-outbound/internal/outbound"
)

// hosted is a program that the loader has started.
type hosted struct{ *module }

// startHosted gives the loader what the program exports: createClient, which
// takes the options and two functions for events. The loader watches the page,
// and tells the clients what happens to it.
func startHosted(host safejs.Value) error {
	request, err := host.Get("request")
	if err != nil {
		return err
	}
	httpx.Through(request)
	reject := hostedError(host)
	m, err := newModule(reject)
	if err != nil {
		return err
	}
	watchForSleep(m.wakeAll)
	h := hosted{m}
	for name, f := range map[string]func(id int, c *outbound.Client){
		"listen": func(id int, _ *outbound.Client) { h.listening[id] = true },
		"wake":   func(_ int, c *outbound.Client) { c.Wake() },
		"leave":  func(_ int, c *outbound.Client) { c.Leave() },
	} {
		if m.methods[name], err = h.notice(f); err != nil {
			return err
		}
	}
	create, err := export(reject, h.createClient)
	if err != nil {
		return err
	}
	if m.methods["told"], err = h.told(); err != nil {
		return err
	}
	_, err = host.Call("ready", map[string]any{"createClient": create})
	return err
}

func (h hosted) createClient(args arguments) (job, error) {
	opts, problems := readClientOptions(args.at(0))
	if len(problems) > 0 {
		return nil, outbound.InvalidOptions(problems)
	}
	opts.Confirms = opts.Journal != nil
	hooks := args.at(1)
	tell := func(name string) func(map[string]any) {
		return func(detail map[string]any) { _, _ = hooks.Call(name, detail) }
	}
	return withSignal(opts.signal, func(ctx context.Context) (safejs.Value, error) {
		var id int // 0 until the client is made, when nobody listens yet
		id, err := h.open(ctx, opts, events{tell("statechange"), tell("notification"), func() bool { return h.listening[id] }})
		if err != nil {
			return safejs.Undefined(), err
		}
		handle, err := safejs.ValueOf(map[string]any{})
		for name, f := range h.methods {
			if err == nil {
				err = addMethod(handle, name, f, id)
			}
		}
		return handle, err
	})
}

// told makes the method that says that a caller was told what came of a call.
func (h hosted) told() (safejs.Func, error) {
	return safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		_, _ = jsbridge.Try(func() (struct{}, error) {
			id, err := arguments(args).at(0).Int()
			reference, wrong := readReference(arguments(args).at(1))
			if c := h.clients[id]; err == nil && wrong == nil && c != nil {
				c.Told(reference)
			}
			return struct{}{}, err
		})
		return nil
	})
}

// notice makes a method that tells a client something, and returns nothing. A
// client that is closed is not told.
func (h hosted) notice(f func(id int, c *outbound.Client)) (safejs.Func, error) {
	return safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		_, _ = jsbridge.Try(func() (struct{}, error) {
			id, err := arguments(args).at(0).Int()
			if c := h.clients[id]; err == nil && c != nil {
				f(id, c)
			}
			return struct{}{}, err
		})
		return nil
	})
}
