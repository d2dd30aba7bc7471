//go:build js && wasm

package main

import (
	"time"

	"github.com/hack-pad/safejs"
)

const (
	// wakeCheck is how often the clock is looked at.
	wakeCheck = 10 * time.Second
	// wakeLate is by how much the check must be late to tell of sleep.
	wakeLate = 10 * time.Second
)

// watchForWaking calls wake when the network is gone or back, when the page is
// seen again, and when the machine was asleep.
func watchForWaking(wake func()) error {
	listener, err := safejs.FuncOf(func(safejs.Value, []safejs.Value) any {
		wake()
		return nil
	})
	if err != nil {
		return err
	}
	global := safejs.Global()
	// It is called without its object: that may stand for the real global.
	if listen, err := global.Get("addEventListener"); err == nil && listen.Type() == safejs.TypeFunction {
		for _, event := range []string{"online", "offline", "pageshow"} {
			if _, err := listen.Invoke(event, listener); err != nil {
				return err
			}
		}
	}
	if document, err := global.Get("document"); err == nil && document.Type() == safejs.TypeObject {
		if _, err := document.Call("addEventListener", "visibilitychange", listener); err != nil {
			return err
		}
	}
	watchForSleep(wake)
	return nil
}

// watchForSleep calls wake when the machine was asleep, or the page frozen,
// which is told by a clock that has jumped.
func watchForSleep(wake func()) {
	go func() {
		for {
			before := time.Now().Round(0) // the wall clock: the other one may stand still in sleep
			time.Sleep(wakeCheck)
			if time.Now().Round(0).Sub(before) > wakeCheck+wakeLate {
				wake()
			}
		}
	}()
}
