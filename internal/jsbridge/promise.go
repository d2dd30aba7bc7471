//go:build js

package jsbridge

import (
	"runtime/debug"
	"sync"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/fmt"
)

// PanicError is a panic that was recovered.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("internal error: %v", e.Value) }

var promiseConstructor = sync.OnceValues(func() (safejs.Value, error) {
	constructor, err := safejs.Global().Get("Promise")
	if err != nil {
		return safejs.Undefined(), fmt.Errorf("making a promise: %w", err)
	}
	return constructor, nil
})

// Go runs f on a goroutine of its own and returns a Promise of its result.
// What f returns as an error, or panics with as a *[PanicError], goes through
// reject, whose result the Promise is rejected with.
func Go(f func() (safejs.Value, error), reject func(error) safejs.Value) (safejs.Value, error) {
	constructor, err := promiseConstructor()
	if err != nil {
		return safejs.Undefined(), err
	}
	var resolvePromise, rejectPromise safejs.Value
	executor, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		resolvePromise, rejectPromise = args[0], args[1]
		return nil
	})
	if err != nil {
		return safejs.Undefined(), fmt.Errorf("making a promise: %w", err)
	}
	defer executor.Release()
	promise, err := constructor.New(executor)
	if err != nil {
		return safejs.Undefined(), fmt.Errorf("making a promise: %w", err)
	}
	go func() {
		value, err := Try(f)
		if err != nil {
			_, _ = rejectPromise.Invoke(reject(err))
			return
		}
		_, _ = resolvePromise.Invoke(value)
	}()
	return promise, nil
}

// Try calls f and makes a panic of it a *[PanicError].
func Try[T any](f func() (T, error)) (value T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return f()
}
