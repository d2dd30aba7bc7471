//go:build js && wasm

// Command floor is the least that a Go program in a browser can be: what others
// weigh, and how long they take to start, is told in proportion to it.
package main

import "syscall/js"

func main() {
	js.Global().Set("floor", true)
	select {}
}
