//go:build js && wasm

package main

import (
	"context"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/outbound"
)

// startHosted gives the loader what the program exports: createClient, which
// takes the options and two functions for events.
func startHosted(host safejs.Value) error {
	reject := hostedError(host)
	m, err := newModule(reject)
	if err != nil {
		return err
	}
	create, err := export(reject, func(args arguments) (job, error) {
		opts, problems := readClientOptions(args.at(0))
		if len(problems) > 0 {
			return nil, outbound.InvalidOptions(problems)
		}
		hooks := args.at(1)
		tell := func(name string) func(map[string]any) {
			return func(detail map[string]any) { _, _ = hooks.Call(name, detail) }
		}
		return withSignal(opts.signal, func(ctx context.Context) (safejs.Value, error) {
			id, err := m.open(ctx, opts, events{tell("statechange"), tell("notification")})
			if err != nil {
				return safejs.Undefined(), err
			}
			handle, err := safejs.ValueOf(map[string]any{})
			if err == nil {
				err = m.addMethods(handle, id)
			}
			return handle, err
		})
	})
	if err != nil {
		return err
	}
	_, err = host.Call("ready", map[string]any{"createClient": create})
	return err
}
