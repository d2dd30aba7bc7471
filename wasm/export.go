//go:build js && wasm

package main

import (
	"github.com/hack-pad/safejs"

	"gws-outbound/internal/jsbridge"
)

// job is the part of a call that may wait; its result settles the Promise that
// JavaScript has got.
type job func() (safejs.Value, error)

// export makes a JavaScript function that returns a Promise. begin runs on
// the event loop, before the caller goes on and may change what it has
// passed; it must not wait. The job that it returns runs on a goroutine. What
// either panics with becomes a rejection.
func export(reject func(error) safejs.Value, begin func(args arguments) (job, error)) (safejs.Func, error) {
	return safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		work, wrong := jsbridge.Try(func() (job, error) { return begin(args) })
		if wrong != nil {
			work = func() (safejs.Value, error) { return safejs.Undefined(), wrong }
		}
		promise, err := jsbridge.Go(work, reject)
		if err != nil {
			return nil // a page without Promise
		}
		return promise
	})
}

// arguments are those of a call. One that was not passed is undefined.
type arguments []safejs.Value

func (a arguments) at(i int) safejs.Value {
	if i < len(a) {
		return a[i]
	}
	return safejs.Undefined()
}
