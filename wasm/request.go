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
		fields[key] = field(value)
	}
	return fields, o.problems
}

func field(v safejs.Value) any {
	switch t := jsbridge.TypeOf(v); t {
	case "undefined", "null":
		return nil
	case "string":
		if s, err := v.String(); err == nil {
			return s
		}
		return gws.Foreign(t)
	case "number":
		if f, err := v.Float(); err == nil {
			return f
		}
		return gws.Foreign(t)
	case "boolean":
		b, _ := v.Truthy()
		return b
	case "object":
		if date, valid, ok := jsbridge.Date(v); valid {
			return date
		} else if ok {
			return gws.InvalidDate
		}
		return gws.Foreign(t)
	default:
		return gws.Foreign(t)
	}
}
