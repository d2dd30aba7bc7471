package wire

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/jsontext"
)

// MaxProperties is how many properties of an object, or elements of an array, are looked at. There
// may be one more, so that whoever must have no more can see that there were.
const MaxProperties = 100

// List is an array that a caller has passed.
type List []any

// TooMany is an object with more properties than are looked at. An object within another one is a
// map[string]any all the same.
type TooMany struct {
	Fields map[string]any // the first ones
	Of     int
}

func (t TooMany) Error() string {
	return fmt.Sprintf("has %d properties, of which the first %d were looked at", t.Of, MaxProperties+1)
}

// Unreadable is what cannot be read, such as a getter that throws: in words, why.
type Unreadable string

// TypeOf returns the JavaScript type of a value that a caller has passed: "null" for null, "array" for arrays.
func TypeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	case List:
		return "array"
	case gws.Foreign:
		if v != gws.InvalidDate {
			return string(v)
		}
	}
	return "object"
}

var tags = []string{"fields", "list", "time", "number", "type", "unreadable", "of"}

// readGiven reads a value as js/src/given.ts writes it: what JSON has no value for, and what holds other values,
// is an object of one property, but for fields that are not all there.
func readGiven(v jsontext.Value) any {
	if s, ok := v.Text(); ok {
		return s
	}
	if yes, ok := v.Bool(); ok {
		return yes
	}
	if f, ok := v.Float(); ok {
		return f
	}
	if !v.IsObject() {
		return nil
	}
	var f [7]jsontext.Value
	v.Members(tags, f[:])
	switch {
	case f[0] != nil:
		fields := map[string]any{}
		f[0].Properties(func(name string, value jsontext.Value) { fields[name] = readProperty(value) })
		if of := integer(f[6]); of > len(fields) {
			return TooMany{fields, of}
		}
		return fields
	case f[1] != nil:
		list := List{}
		f[1].Elements(func(element jsontext.Value) { list = append(list, readGiven(element)) })
		return list
	case f[2] != nil:
		if ms, ok := f[2].Float(); ok {
			return time.UnixMilli(int64(ms)) // at most 8.64e15
		}
		return gws.InvalidDate
	case f[3] != nil:
		number, _ := strconv.ParseFloat(readText(f[3]), 64) // NaN, Infinity
		return number
	case f[5] != nil:
		return Unreadable(readText(f[5]))
	}
	return gws.Foreign(readText(f[4]))
}

// readProperty reads the value of a property.
func readProperty(v jsontext.Value) any {
	given := readGiven(v)
	if many, ok := given.(TooMany); ok {
		return many.Fields
	}
	return given
}

// Request makes a request of what a caller has passed as such. Package gws says what is wrong with
// its fields, but for those that cannot be read.
func Request(given any) (gws.Fields, []gws.Problem) {
	if why, ok := given.(Unreadable); ok {
		return nil, []gws.Problem{{Field: "request", Message: "cannot be read: " + string(why)}}
	}
	var problems []gws.Problem
	if many, ok := given.(TooMany); ok {
		problems = append(problems, gws.Problem{Field: "request", Message: many.Error()})
		given = many.Fields
	}
	values, ok := given.(map[string]any)
	if !ok {
		return nil, []gws.Problem{{Field: "request", Message: "must be an object, got " + TypeOf(given)}}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if data, ok := values[name].(map[string]any); ok {
			for _, inner := range slices.Sorted(maps.Keys(data)) {
				data[inner] = field(name+"."+inner, data[inner], &problems)
			}
		}
		values[name] = field(name, values[name], &problems)
	}
	return values, problems
}

// field makes a value of a field, as package gws knows it.
func field(name string, v any, problems *[]gws.Problem) any {
	switch v := v.(type) {
	case List:
		return gws.Foreign("array")
	case Unreadable:
		*problems = append(*problems, gws.Problem{Field: name, Message: "cannot be read: " + string(v)})
		return nil
	}
	return v
}
