//go:build js

package jsbridge

import (
	"context"
	"fmt"

	"github.com/hack-pad/safejs"
)

// Await waits until promise, or any object with a then method, is settled, or
// ctx is done. A rejection is a *[Thrown]. It must not be called on the event
// loop, that is, in a function that JavaScript calls.
func Await(ctx context.Context, promise safejs.Value) (safejs.Value, error) {
	type result struct {
		value safejs.Value
		err   error
	}
	done := make(chan result, 1)
	var fulfilled, rejected safejs.Func
	settle := func(r result) {
		fulfilled.Release()
		rejected.Release()
		done <- r
	}
	fulfilled, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		settle(result{value: first(args)})
		return nil
	})
	if err != nil {
		return safejs.Undefined(), fmt.Errorf("making a callback: %w", err)
	}
	rejected, err = safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		settle(result{err: &Thrown{first(args)}})
		return nil
	})
	if err != nil {
		fulfilled.Release()
		return safejs.Undefined(), fmt.Errorf("making a callback: %w", err)
	}
	if _, err := promise.Call("then", fulfilled, rejected); err != nil {
		fulfilled.Release()
		rejected.Release()
		return safejs.Undefined(), fmt.Errorf("waiting for a promise: %w", err)
	}
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return safejs.Undefined(), ctx.Err() // the callbacks are released when the promise settles
	}
}

func first(args []safejs.Value) safejs.Value {
	if len(args) == 0 {
		return safejs.Undefined()
	}
	return args[0]
}
