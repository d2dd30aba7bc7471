// Package jsbridge carries promises, abort signals, errors and events between
// Go and JavaScript. Everything in it is for js/wasm alone.
//
// A Go function that JavaScript calls runs on the event loop: it must not
// wait, and a panic in it ends the program. So what is exported starts a
// goroutine and returns a Promise ([Go]), and what it panics with rejects that.
package jsbridge
