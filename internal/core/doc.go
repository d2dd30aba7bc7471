// Package core serves pages: it has their clients, and does what their messages ask for.
// Whatever a page reaches it over is a [Port]. A port is one page's; a page has as many clients as it likes.
//
// There is no JavaScript in it: package main (wasm) gives it its ports.
package core
