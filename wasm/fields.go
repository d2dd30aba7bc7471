//go:build js && wasm

package main

import (
	"strconv"
	"time"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/jsontext"
)

// fieldsText is what a caller passed, as js/src/call-text.ts writes it: an object with what each
// property holds, or, of what is no object, the name of its type.
type fieldsText struct {
	fields map[string]any
	typ    string // "" of an object
}

// readFields reads what is a JSON value, as all that follows: the loader has written it.
func readFields(v jsontext.Value) (f fieldsText) {
	if typ, ok := v.Text(); ok {
		f.typ = typ
		return f
	}
	f.fields = readProperties(v)
	return f
}

func readProperties(v jsontext.Value) map[string]any {
	fields := map[string]any{}
	v.Properties(func(name string, value jsontext.Value) { fields[name] = readField(value) })
	return fields
}

func readField(v jsontext.Value) any {
	if s, ok := v.Text(); ok {
		return s
	}
	if yes, ok := v.Bool(); ok {
		return yes
	}
	if v.IsNull() {
		return nil
	}
	if v.IsObject() {
		return readTagged(v)
	}
	number, _ := v.Float()
	return number
}

var tags = []string{"time", "number", "type", "fields"}

// readTagged reads what JSON has no value for: {"time": ms}, null of an invalid Date; {"number":
// "NaN"} and the like; {"fields": properties} of an object of plain data in a request; the {"type":
// name} of anything else.
func readTagged(v jsontext.Value) any {
	var f [4]jsontext.Value
	v.Members(tags, f[:])
	if ms, ok := f[0].Float(); ok {
		return time.UnixMilli(int64(ms))
	} else if f[0] != nil {
		return gws.InvalidDate
	}
	if s, ok := f[1].Text(); ok {
		number, _ := strconv.ParseFloat(s, 64)
		return number
	}
	if f[3] != nil {
		return readProperties(f[3])
	}
	name, _ := f[2].Text()
	return gws.Foreign(name)
}

func (f *fieldsText) request() (gws.Fields, []gws.Problem) {
	if f.typ != "" {
		return nil, []gws.Problem{{Field: "request", Message: "must be an object, got " + f.typ}}
	}
	return f.fields, nil
}

// object is what newObject makes of an object that it reads itself.
func (f *fieldsText) object(what string) *object {
	o := &object{values: f.fields, read: map[string]bool{}}
	if f.typ != "" && f.typ != "undefined" && f.typ != "null" {
		o.problem(what, "must be an object, got "+f.typ)
	}
	return o
}
