//go:build js && wasm

package main

import "time"

const (
	// wakeCheck is how often the clock is looked at.
	wakeCheck = 10 * time.Second
	// wakeLate is by how much the check must be late to tell of sleep.
	wakeLate = 10 * time.Second
)

// watchForSleep calls wake when the machine was asleep, or the page frozen,
// which shows in a clock that has jumped.
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
