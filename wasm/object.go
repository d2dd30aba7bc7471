//go:build js && wasm

package main

import (
	"fmt"
	"math"
	"time"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/jsbridge"
)

// maxKeys is how many properties of an object are looked at.
const maxKeys = 100

// object reads the properties of an options object, and notes what is wrong
// with each. A property that is missing, undefined or null leaves the default.
type object struct {
	values   map[string]any // a string, float64, bool or nil; a safejs.Value of all else, or a stand-in for it
	read     map[string]bool
	problems []gws.Problem
}

// newObject reads v, an object or nothing; what says what it is.
func newObject(what string, v safejs.Value) *object { return readObject(what, v, maxKeys) }

// readObject is newObject for as many properties as most says.
func readObject(what string, v safejs.Value, most int) *object {
	o := &object{values: map[string]any{}, read: map[string]bool{}}
	if jsbridge.IsNullish(v) {
		return o
	}
	if t := jsbridge.TypeOf(v); t != "object" {
		o.problem(what, "must be an object, got "+t)
		return o
	}
	keys, err := jsbridge.Keys(v, most)
	if err != nil {
		o.problem(what, "cannot be read: "+err.Error())
	}
	for _, key := range keys {
		value, err := jsbridge.Get(v, key)
		if err != nil {
			o.problem(key, "cannot be read: "+err.Error())
			o.read[key] = true
			continue
		}
		o.values[key] = plain(value)
	}
	return o
}

// plain makes a Go value of a JavaScript value, if it is such that there is one.
func plain(v safejs.Value) any {
	switch jsbridge.TypeOf(v) {
	case "undefined", "null":
		return nil
	case "string":
		if s, err := v.String(); err == nil {
			return s
		}
	case "number":
		if f, err := v.Float(); err == nil {
			return f
		}
	case "boolean":
		if b, err := v.Bool(); err == nil {
			return b
		}
	}
	return v
}

// typeOf is the JavaScript type of a value of an object.
func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "undefined"
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	case safejs.Value:
		return jsbridge.TypeOf(v)
	case gws.Foreign:
		if v != gws.InvalidDate {
			return string(v)
		}
	}
	return "object" // a Date
}

func (o *object) problem(key, message string) {
	o.problems = append(o.problems, gws.Problem{Field: key, Message: message})
}

// get returns the property if it is there. If it is not of the type wanted,
// that is a problem.
func (o *object) get(key, want string) (any, bool) {
	o.read[key] = true
	v := o.values[key]
	if v == nil {
		return nil, false
	}
	if t := typeOf(v); want != "" && t != want {
		o.problem(key, fmt.Sprintf("must be of type %s, got %s", want, t))
		return nil, false
	}
	return v, true
}

func (o *object) text(key string, to *string) bool {
	v, ok := o.get(key, "string")
	if ok {
		*to = v.(string)
	}
	return ok
}

func (o *object) boolean(key string, to *bool) {
	if v, ok := o.get(key, "boolean"); ok {
		*to = v.(bool)
	}
}

// maxTime is as long as a timeout can be: longer would be for ever to the
// person who waits.
const maxTime = 24 * time.Hour

func (o *object) milliseconds(key string, to *time.Duration) {
	v, ok := o.get(key, "number")
	if !ok {
		return
	}
	ms := v.(float64)
	if most := float64(maxTime / time.Millisecond); math.IsNaN(ms) || ms < 1 || ms > most {
		o.problem(key, fmt.Sprintf("must be a number of milliseconds from 1 to %.0f, got %v", most, ms))
		return
	}
	*to = time.Duration(ms * float64(time.Millisecond))
}

// The bounds of a size: less would not take a handshake's reply, more does not fit into the
// memory of a program.
const (
	minSize = 1 << 10
	maxSize = 256 << 20
)

func (o *object) bytes(key string, to *int) {
	v, ok := o.get(key, "number")
	if !ok {
		return
	}
	n := v.(float64)
	if n != math.Trunc(n) || n < minSize || n > maxSize {
		o.problem(key, fmt.Sprintf("must be an integer, a number of bytes from %d to %d, got %v", minSize, maxSize, n))
		return
	}
	*to = int(n)
}

func (o *object) texts(key string, to *[]string) bool {
	v, ok := o.get(key, "array")
	if !ok {
		return false
	}
	list, err := jsbridge.Strings(v.(safejs.Value), maxKeys)
	if err != nil {
		o.problem(key, err.Error())
		return false
	}
	*to = list
	return true
}

// signal returns an AbortSignal, or undefined.
func (o *object) signal(key string) safejs.Value {
	v, ok := o.get(key, "object")
	if !ok {
		return safejs.Undefined()
	}
	signal, ok := v.(safejs.Value)
	if !ok || !jsbridge.IsAbortSignal(signal) {
		o.problem(key, "must be an AbortSignal")
	}
	return signal
}

// done returns the problems, those of properties that nobody has asked for
// included.
func (o *object) done() []gws.Problem {
	for key := range o.values {
		if !o.read[key] {
			o.problem(key, "unknown option")
		}
	}
	return o.problems
}
