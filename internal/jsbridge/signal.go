//go:build js

package jsbridge

import (
	"errors"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/fmt"
)

var errNoSignal = errors.New("it is not an AbortSignal")

// IsAbortSignal reports whether v has what an AbortSignal needs to have.
func IsAbortSignal(v safejs.Value) bool {
	aborted, err := Get(v, "aborted")
	if err != nil || TypeOf(aborted) != "boolean" {
		return false
	}
	listen, err := Get(v, "addEventListener")
	return err == nil && TypeOf(listen) == "function"
}

// OnAbort calls f with the reason of an AbortSignal when it fires, or at once
// if it has fired; f runs on the event loop and must not wait. stop ends that,
// and is to be called when the signal is of no more interest: a page may use
// one signal for thousands of calls.
func OnAbort(signal safejs.Value, f func(reason safejs.Value)) (stop func(), err error) {
	aborted, err := Get(signal, "aborted")
	if err != nil || !IsAbortSignal(signal) {
		return nil, errNoSignal
	}
	fire := func() {
		reason, err := Get(signal, "reason")
		if err != nil {
			reason = safejs.Undefined()
		}
		f(reason)
	}
	if fired, _ := aborted.Bool(); fired {
		fire()
		return func() {}, nil
	}
	listener, err := safejs.FuncOf(func(safejs.Value, []safejs.Value) any {
		fire()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("making a listener: %w", err)
	}
	if _, err := signal.Call("addEventListener", "abort", listener); err != nil {
		listener.Release()
		return nil, errNoSignal
	}
	return func() {
		_, _ = signal.Call("removeEventListener", "abort", listener)
		listener.Release()
	}, nil
}
