//go:build js && wasm

// Command wasm is the browser module. The loader of the npm package finds it
// through gwsOutboundHost, which it lays into the program's own globalThis;
// started bare, by Go's wasm_exec.js alone, it sets globalThis.completeRecord
// and globalThis.gwsOutbound.
//
// It makes the ports: the work is done by package core behind them.
package main

import (
	"github.com/hack-pad/safejs"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/core"
	"gws-outbound/internal/fmt"
	"gws-outbound/internal/jsbridge"
	"gws-outbound/internal/librarylog"
)

func main() {
	if err := start(); err != nil {
		panic(fmt.Sprintf("gws-outbound cannot start: %v", err))
	}
	select {} // what JavaScript calls runs on the event loop
}

func start() error {
	host, err := safejs.Global().Get("gwsOutboundHost")
	if err != nil {
		return err
	}
	c := core.New(core.Config{Journal: openJournal, Turns: turns(), Log: logLine})
	librarylog.Print = c.LogLibrary
	watchForSleep(c.WakeAll)
	if jsbridge.TypeOf(host) == "object" {
		return startHosted(host, c)
	}
	return startBare(c)
}

func logLine(level bayeux.Level, line string) {
	methods := map[bayeux.Level]string{bayeux.Debug: "debug", bayeux.Info: "info", bayeux.Warn: "warn"}
	if console, err := safejs.Global().Get("console"); err == nil {
		_, _ = console.Call(methods[level], "gws-outbound: "+line)
	}
}
