//go:build js

package jsbridge

import (
	"context"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/fmt"
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

// AwaitAll waits for all of promises as [Await] does for one, in one go. The
// error is that of the first which is rejected.
func AwaitAll(ctx context.Context, promises ...safejs.Value) ([]safejs.Value, error) {
	constructor, err := promiseConstructor()
	if err != nil {
		return nil, err
	}
	list := make([]any, len(promises))
	for i, p := range promises {
		list[i] = p
	}
	all, err := constructor.Call("all", list)
	if err != nil {
		return nil, fmt.Errorf("waiting for promises: %w", err)
	}
	array, err := Await(ctx, all)
	if err != nil {
		return nil, err
	}
	values := make([]safejs.Value, len(promises))
	for i := range values {
		if values[i], err = array.Index(i); err != nil {
			return nil, fmt.Errorf("waiting for promises: %w", err)
		}
	}
	return values, nil
}

func first(args []safejs.Value) safejs.Value {
	if len(args) == 0 {
		return safejs.Undefined()
	}
	return args[0]
}
