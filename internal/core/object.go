package core

import (
	"maps"
	"math"
	"slices"
	"time"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/wire"
)

// object reads the properties of an options object, and notes what is wrong
// with each. A property that is missing, undefined or null leaves the default.
type object struct {
	values   map[string]any
	read     map[string]bool
	problems []gws.Problem
}

// readObject reads what a caller has passed for options: an object or nothing.
func readObject(given any) *object {
	o := &object{read: map[string]bool{}}
	switch given := given.(type) {
	case nil:
	case map[string]any:
		o.values = given
	case wire.TooMany:
		o.values = given.Fields
		o.problem("options", given.Error())
	case wire.Unreadable:
		o.problem("options", "cannot be read: "+string(given))
	default:
		if given != gws.Foreign("undefined") {
			o.problem("options", "must be an object, got "+wire.TypeOf(given))
		}
	}
	return o
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
	if why, ok := v.(wire.Unreadable); ok {
		o.problem(key, "cannot be read: "+string(why))
		return nil, false
	}
	if t := wire.TypeOf(v); t != want {
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
		o.problem(key, fmt.Sprintf("must be a number of milliseconds from 1 to %d, got %v", int(most), ms))
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
	given := v.(wire.List)
	if len(given) > wire.MaxProperties {
		o.problem(key, fmt.Sprintf("it has more than %d elements", wire.MaxProperties))
		return false
	}
	list := make([]string, 0, len(given))
	for i, element := range given {
		s, ok := element.(string)
		if !ok {
			o.problem(key, fmt.Sprintf("element %d is of type %s, not a string", i, wire.TypeOf(element)))
			return false
		}
		list = append(list, s)
	}
	*to = list
	return true
}

// signal refuses what is no AbortSignal: a real one stays on the page.
func (o *object) signal() {
	if _, ok := o.get("signal", "object"); ok {
		o.problem("signal", "must be an AbortSignal")
	}
}

// done returns the problems, those of properties that nobody has asked for
// included.
func (o *object) done() []gws.Problem {
	for _, key := range slices.Sorted(maps.Keys(o.values)) {
		if o.read[key] {
			continue
		}
		message := "unknown option"
		if near := gws.Near(key, slices.Sorted(maps.Keys(o.read))); near != "" {
			message += "; did you mean " + near + "?"
		}
		o.problem(key, message)
	}
	return o.problems
}
