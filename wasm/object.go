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
	values   map[string]safejs.Value
	read     map[string]bool
	problems []gws.Problem
}

// newObject reads v, an object or nothing; what says what it is.
func newObject(what string, v safejs.Value) *object {
	o := &object{values: map[string]safejs.Value{}, read: map[string]bool{}}
	if jsbridge.IsNullish(v) {
		return o
	}
	if t := jsbridge.TypeOf(v); t != "object" {
		o.problem(what, "must be an object, got "+t)
		return o
	}
	keys, err := jsbridge.Keys(v, maxKeys)
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
		o.values[key] = value
	}
	return o
}

func (o *object) problem(key, message string) {
	o.problems = append(o.problems, gws.Problem{Field: key, Message: message})
}

// get returns the property if it is there. If it is not of the type wanted,
// that is a problem.
func (o *object) get(key, want string) (safejs.Value, bool) {
	o.read[key] = true
	v, ok := o.values[key]
	if !ok || jsbridge.IsNullish(v) {
		return v, false
	}
	if t := jsbridge.TypeOf(v); want != "" && t != want {
		o.problem(key, fmt.Sprintf("must be of type %s, got %s", want, t))
		return v, false
	}
	return v, true
}

func (o *object) text(key string, to *string) bool {
	v, ok := o.get(key, "string")
	if !ok {
		return false
	}
	s, err := v.String()
	if err != nil {
		o.problem(key, err.Error())
		return false
	}
	*to = s
	return true
}

func (o *object) boolean(key string, to *bool) {
	if v, ok := o.get(key, "boolean"); ok {
		*to, _ = v.Bool()
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
	ms, err := v.Float()
	if most := float64(maxTime / time.Millisecond); err != nil || math.IsNaN(ms) || ms < 1 || ms > most {
		o.problem(key, fmt.Sprintf("must be a number of milliseconds from 1 to %.0f, got %v", most, ms))
		return
	}
	*to = time.Duration(ms * float64(time.Millisecond))
}

func (o *object) texts(key string, to *[]string) bool {
	v, ok := o.get(key, "array")
	if !ok {
		return false
	}
	list, err := jsbridge.Strings(v, maxKeys)
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
	if !jsbridge.IsAbortSignal(v) {
		o.problem(key, "must be an AbortSignal")
	}
	return v
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
