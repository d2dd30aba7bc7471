//go:build js && wasm

package main

import (
	"github.com/hack-pad/safejs"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/jsbridge"
)

// readRequest reads what is to be sent, as it is: package gws says what is wrong with it.
func readRequest(v safejs.Value) (gws.Fields, []gws.Problem) {
	if t := jsbridge.TypeOf(v); t != "object" {
		return nil, []gws.Problem{{Field: "request", Message: "must be an object, got " + t}}
	}
	o := newObject("request", v)
	fields := gws.Fields{}
	for key, value := range o.values {
		if other, ok := value.(safejs.Value); ok {
			value = standIn(other)
		}
		fields[key] = value
	}
	return fields, o.problems
}

// standIn makes a value of a request of what is no plain value.
func standIn(v safejs.Value) any {
	t := jsbridge.TypeOf(v)
	if t == "object" {
		if date, valid, ok := jsbridge.Date(v); valid {
			return date
		} else if ok {
			return gws.InvalidDate
		}
	}
	return gws.Foreign(t)
}
