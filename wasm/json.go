//go:build js && wasm

package main

import (
	"encoding/json"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/jsbridge"
	"gws-outbound/internal/jsontext"
)

// textFor is JSON from a server as it goes to JavaScript: integers that its numbers do not hold
// are strings of their digits.
func textFor(data json.RawMessage) string { return string(jsontext.Exact(jsontext.Value(data))) }

// valueFor is that JSON as a value of JavaScript.
func valueFor(data json.RawMessage) (safejs.Value, error) {
	return jsbridge.ParseJSON([]byte(textFor(data)))
}
