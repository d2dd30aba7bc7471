//go:build js

package jsbridge

import (
	"context"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/fmt"
)

// Locks are the Web Locks of the origin's pages and Workers: the browser frees them when the page or Worker is gone,
// whatever ended it.
type Locks struct{ manager safejs.Value } // navigator.locks

// NewLocks returns the locks of the origin. ok is false where there are none: browsers have them in secure contexts only.
func NewLocks() (l Locks, ok bool) {
	navigator, err := Get(safejs.Global(), "navigator")
	if err != nil || TypeOf(navigator) != "object" {
		return Locks{}, false
	}
	manager, err := Get(navigator, "locks")
	if err != nil || TypeOf(manager) != "object" {
		return Locks{}, false
	}
	return Locks{manager}, true
}

// Request asks for the lock of that name; if it is not to wait for it, only unless somebody has it. granted is called on the
// event loop, with whether the lock is held: where the request waits, only once it is. refused is called on a goroutine of its own where
// locks cannot be had, as in a document without an origin, or where this one is taken away. release gives the lock up, or takes the request
// back, of which refused hears as well; it may be called again.
func (l Locks) Request(name string, wait bool, granted func(held bool), refused func(error)) (release func(), err error) {
	promises, err := promiseConstructor()
	if err != nil {
		return nil, err
	}
	// The lock is held until the Promise settles that the callback returns.
	var free safejs.Value
	executor, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		free = args[0]
		return nil
	})
	if err != nil {
		return nil, err
	}
	defer executor.Release()
	holding, err := promises.New(executor)
	if err != nil {
		return nil, err
	}
	release = func() { _, _ = free.Invoke() }
	options := map[string]any{"ifAvailable": true}
	if wait {
		controller, signal, err := newAbortController()
		if err != nil {
			return nil, err
		}
		options = map[string]any{"signal": signal}
		release = func() {
			_, _ = free.Invoke()
			_, _ = controller.Call("abort")
		}
	}
	callback, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		held := len(args) > 0 && !args[0].IsNull()
		granted(held)
		if !held {
			return nil
		}
		return holding
	})
	if err != nil {
		return nil, err
	}
	promise, err := l.manager.Call("request", name, options, callback)
	if err != nil {
		callback.Release()
		return nil, AsThrown(err)
	}
	go func() { // until the lock is given up
		_, err := Await(context.Background(), promise)
		callback.Release()
		if err != nil {
			refused(err)
		}
	}()
	return release, nil
}

func newAbortController() (controller, signal safejs.Value, err error) {
	constructor, err := safejs.Global().Get("AbortController")
	if err != nil {
		return controller, signal, fmt.Errorf("making a signal: %w", err)
	}
	if controller, err = constructor.New(); err != nil {
		return controller, signal, fmt.Errorf("making a signal: %w", err)
	}
	signal, err = controller.Get("signal")
	return controller, signal, err
}
