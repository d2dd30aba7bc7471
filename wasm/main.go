//go:build js && wasm

// Command wasm is the browser module. The loader of the npm package finds it
// through gwsOutboundHost, which it lays into the program's own globalThis;
// started bare, by Go's wasm_exec.js alone, it sets globalThis.completeRecord
// and globalThis.gwsOutbound.
//
// It only reads what JavaScript passes and makes JavaScript of what comes
// back: the work is done by package outbound.
package main

import (
	"fmt"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/jsbridge"
)

func main() {
	if err := start(); err != nil {
		panic(fmt.Sprintf("gws-outbound cannot start: %v", err))
	}
	select {} // what is exported is called on the event loop
}

func start() error {
	host, err := safejs.Global().Get("gwsOutboundHost")
	if err != nil {
		return err
	}
	if jsbridge.TypeOf(host) == "object" {
		return startHosted(host)
	}
	return startBare()
}
