//go:build js && wasm

package main

import (
	"fmt"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/outbound"
)

// readLogLevel reads which lines go to the console.
func readLogLevel(o *object, opts *outbound.Options) {
	level := "warn"
	o.text("logLevel", &level)
	switch level {
	case "debug":
		opts.LogFrom = bayeux.Debug
	case "info":
		opts.LogFrom = bayeux.Info
	case "warn":
		opts.LogFrom = bayeux.Warn
	case "off":
		return
	default:
		o.problem("logLevel", fmt.Sprintf("must be off, warn, info or debug, got %.40q", level))
	}
	methods := map[bayeux.Level]string{bayeux.Debug: "debug", bayeux.Info: "info", bayeux.Warn: "warn"}
	opts.Log = func(l bayeux.Level, line string) {
		if console, err := safejs.Global().Get("console"); err == nil {
			_, _ = console.Call(methods[l], "gws-outbound: "+line)
		}
	}
}
