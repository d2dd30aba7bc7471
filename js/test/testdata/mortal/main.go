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

// send is the loader's: it sends a text to a page.
var send js.Value

func main() {
	fmt.Println("mortal is running")
	js.Global().Set("mortalWasHere", true) // must not reach the page
	host := js.Global().Get("gwsOutboundHost")
	send = host.Get("send")
	host.Call("ready", object(map[string]any{"receive": receive}))
	<-end
}

// receive(port, text): createClient, whose option callResult ends the program already; call, which never settles
// by itself, and whose callResult ends it; all else is answered.
func receive(_ js.Value, args []js.Value) any {
	port, m := args[0], js.Global().Get("JSON").Call("parse", args[1])
	id, client := m.Get("id"), m.Get("client")
	switch m.Get("kind").String() {
	case "createClient":
		die(m.Get("options").Get("fields"))
		send.Invoke(port, fmt.Sprintf(`[{"kind":"status","client":%[1]d,"state":"connected","transport":"websocket"},`+
			`{"kind":"notification","client":%[1]d,"channel":"/hello","data":[1,null]}]`, client.Int()))
		resolve(port, id)
	case "call":
		fields := m.Get("request").Get("fields")
		send.Invoke(port, fmt.Sprintf(`[{"kind":"known","id":%d,"delivery":"accepted","referenceId":%q}]`, id.Int(), text(fields.Get("referenceId"))))
		die(fields)
	case "close":
		resolve(port, id)
	case "ping":
		send.Invoke(port, `[{"kind":"pong","id":0}]`)
	}
	return nil
}

func resolve(port, id js.Value) {
	send.Invoke(port, fmt.Sprintf(`[{"kind":"resolved","id":%d,"value":null}]`, id.Int()))
}

func text(v js.Value) string {
	if v.Type() != js.TypeString {
		return ""
	}
	return v.String()
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
