//go:build js && wasm

package main

import "gws-outbound/internal/jsbridge"

// turns returns what has clients of all pages and Workers of the origin take turns, by a lock of the browser; nil where there
// are none. Where a lock cannot be had, as in a document without an origin, each client has its turn.
func turns() func(lock string, granted func()) (leave func()) {
	locks, ok := jsbridge.NewLocks()
	if !ok {
		return nil
	}
	return func(lock string, granted func()) (leave func()) {
		leave, err := locks.Request(lock, true, func(bool) { granted() }, func(error) { granted() })
		if err != nil {
			granted()
			return func() {}
		}
		return leave
	}
}
