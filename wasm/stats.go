//go:build js && wasm && stats

package main

import (
	"runtime"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/jsbridge"
)

// A program built with the tag stats, as `make soak` does it, leaves a function
// on the real globalThis that says what is alive after a collection: bytes on
// the heap, objects, goroutines.
func init() {
	stats, err := safejs.FuncOf(func(safejs.Value, []safejs.Value) any {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return map[string]any{"heap": m.HeapAlloc, "objects": m.HeapObjects, "goroutines": runtime.NumGoroutine()}
	})
	if err == nil {
		var real safejs.Value
		if real, err = safejs.Global().Get("self"); err == nil { // past the loader's scope
			err = jsbridge.Set(real, "gwsOutboundStats", stats.Value())
		}
	}
	if err != nil {
		panic(err)
	}
}
