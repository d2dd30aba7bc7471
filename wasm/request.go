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
	fields, problems := gws.Fields{}, o.problems
	for key, value := range o.values {
		other, ok := value.(safejs.Value)
		switch {
		case !ok:
			fields[key] = value
		case jsbridge.IsData(other):
			data := readObject(key, other, maxKeys+1) // one more than passes
			for name, value := range data.values {
				data.values[name] = standInFor(value)
			}
			fields[key] = data.values
			for _, p := range data.problems {
				if p.Field != key {
					p.Field = key + "." + p.Field
				}
				problems = append(problems, p)
			}
		default:
			fields[key] = standIn(other)
		}
	}
	return fields, problems
}

// standInFor is standIn for what may be a plain value.
func standInFor(value any) any {
	if other, ok := value.(safejs.Value); ok {
		return standIn(other)
	}
	return value
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
