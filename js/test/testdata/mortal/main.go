//go:build js

// Command mortal follows the protocol between the loader and the module, and
// ends in the way that a test asks for by the request's callResult. It does
// nothing else, so that syscall/js is enough for it.
package main

import (
	"fmt"
	"os"
	"syscall/js"
	"time"
)

// end makes main return.
var end = make(chan struct{})

// known is the loader's: it takes what is known of a call.
var known js.Value

func main() {
	fmt.Println("mortal is running")
	js.Global().Set("mortalWasHere", true) // must not reach the page
	host := js.Global().Get("gwsOutboundHost")
	known = host.Get("known")
	host.Call("ready", object(map[string]any{"createClient": createClient}))
	<-end
}

// createClient(options, hooks); options.callResult ends the program already here.
func createClient(_ js.Value, args []js.Value) any {
	options, hooks := args[0], args[1]
	die(options)
	hooks.Call("statechange", map[string]any{"state": "connected", "transport": "websocket"})
	hooks.Call("notification", "/hello", "[1,null]")
	return js.Global().Get("Promise").Call("resolve", object(map[string]any{
		"call":  call,
		"close": func(js.Value, []js.Value) any { return js.Null() },
	}))
}

// call(text) never settles by itself.
func call(_ js.Value, args []js.Value) any {
	parsed := js.Global().Get("JSON").Call("parse", args[0])
	known.Invoke(parsed.Get("id"), "accepted")
	die(parsed.Get("request"))
	return nil
}

func die(how js.Value) {
	switch how := how.Get("callResult"); {
	case how.Type() == js.TypeString && how.String() == "trap":
		// A getter that throws unwinds the program's stack.
		throws := js.Global().Get("decodeURIComponent").Call("bind", js.Null(), "%")
		o := object(nil)
		js.Global().Get("Object").Call("defineProperty", o, "trap", object(map[string]any{"get": throws}))
		o.Get("trap")
	case how.Type() != js.TypeString:
	case how.String() == "panic in the call":
		panic("as asked")
	case how.String() == "panic":
		time.AfterFunc(10*time.Millisecond, func() { panic("as asked") })
	case how.String() == "exit":
		time.AfterFunc(time.Second, func() {}) // must not be heard of again
		time.AfterFunc(10*time.Millisecond, func() { os.Exit(3) })
	case how.String() == "return":
		time.AfterFunc(10*time.Millisecond, func() { close(end) })
	case how.String() == "print":
		fmt.Fprint(os.Stderr, "one\ntwo")
		fmt.Fprint(os.Stderr, " and a half\n")
	}
}

func object(fields map[string]any) js.Value {
	o := js.Global().Get("Object").New()
	for name, field := range fields {
		if f, ok := field.(func(js.Value, []js.Value) any); ok {
			field = js.FuncOf(f)
		}
		o.Set(name, field)
	}
	return o
}
