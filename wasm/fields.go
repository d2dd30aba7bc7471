//go:build js && wasm

package main

import (
	"encoding/json"
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
func readFields(text []byte) (f fieldsText) {
	if text[0] == '"' {
		f.typ = readString(text)
		return f
	}
	f.fields = readProperties(text)
	return f
}

func readProperties(text []byte) map[string]any {
	fields := map[string]any{}
	jsontext.Properties(text, func(name, value []byte) bool {
		fields[readString(name)] = readField(value)
		return true
	})
	return fields
}

func readField(text []byte) any {
	switch text[0] {
	case '"':
		return readString(text)
	case 't', 'f':
		return text[0] == 't'
	case 'n':
		return nil
	case '{':
		return readTagged(text)
	}
	number, _ := strconv.ParseFloat(string(text), 64)
	return number
}

// readTagged reads what JSON has no value for: {"time": ms}, null of an invalid Date; {"number":
// "NaN"} and the like; {"fields": properties} of an object of plain data in a request; the {"type":
// name} of anything else.
func readTagged(text []byte) (v any) {
	jsontext.Properties(text, func(name, value []byte) bool {
		switch string(name) {
		case `"time"`:
			v = gws.InvalidDate
			if ms, ok := readField(value).(float64); ok {
				v = time.UnixMilli(int64(ms))
			}
		case `"number"`:
			v, _ = strconv.ParseFloat(readString(value), 64)
		case `"fields"`:
			v = readProperties(value)
		case `"type"`:
			v = gws.Foreign(readString(value))
		}
		return true
	})
	return v
}

func readString(text []byte) string {
	s, ok := jsontext.String(text)
	if !ok {
		_ = json.Unmarshal(text, &s)
	}
	return s
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
