//go:build js && wasm

// Command floor is the least that a Go program for the browser can be: it
// sets one global, by syscall/js alone. The benchmark compares the module
// with it, for start and size.
package main

import "syscall/js"

func main() {
	js.Global().Set("floor", true)
	select {}
}
