//go:build js && wasm

package main

import (
	"fmt"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/bayeux"
)

// readLogLevel returns the log that the option asks for.
func readLogLevel(o *object) func(bayeux.Level, string) {
	level := "warn"
	o.text("logLevel", &level)
	var from bayeux.Level
	switch level {
	case "debug":
		from = bayeux.Debug
	case "info":
		from = bayeux.Info
	case "warn":
		from = bayeux.Warn
	case "off":
		return nil
	default:
		o.problem("logLevel", fmt.Sprintf("must be off, warn, info or debug, got %.40q", level))
	}
	methods := map[bayeux.Level]string{bayeux.Debug: "debug", bayeux.Info: "info", bayeux.Warn: "warn"}
	return func(l bayeux.Level, line string) {
		if l < from {
			return
		}
		if console, err := safejs.Global().Get("console"); err == nil {
			_, _ = console.Call(methods[l], "gws-outbound: "+line)
		}
	}
}
