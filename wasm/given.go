//go:build js && wasm

package main

import (
	"github.com/hack-pad/safejs"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/jsbridge"
	"gws-outbound/internal/wire"
)

// readGiven reads what a page has passed to a function of the bare module, as package wire gives it: js/src/given.ts
// does it for the loader. Of an object it reads the properties, those of its class too; where these are objects of plain data, their own
// as well.
func readGiven(v safejs.Value) any { return readNested(v, 2) }

// longestText is as in js/src/given.ts.
const longestText = 8192

// readNested reads objects up to a depth.
func readNested(v safejs.Value, depth int) any {
	typ := jsbridge.TypeOf(v)
	switch typ {
	case "null":
		return nil
	case "string":
		if n := jsbridge.TextLength(v); n > longestText {
			return gws.Foreign(fmt.Sprintf("text of %d characters", n))
		}
		s, _ := v.String()
		return s
	case "number":
		f, _ := v.Float()
		return f
	case "boolean":
		b, _ := v.Bool()
		return b
	case "array":
		if depth > 0 {
			return readList(v)
		}
	case "object":
		if depth == 2 {
			return readProperties(v, depth-1)
		}
		if date, valid, ok := jsbridge.Date(v); valid {
			return date
		} else if ok {
			return gws.InvalidDate
		}
		if depth == 1 && jsbridge.IsData(v) {
			return readInner(v)
		}
	}
	return gws.Foreign(typ)
}

func readList(array safejs.Value) any {
	elements, err := jsbridge.Elements(array, wire.MaxProperties+1)
	if err != nil {
		return wire.Unreadable(err.Error())
	}
	list := make(wire.List, len(elements))
	for i, element := range elements {
		list[i] = readNested(element, 0)
	}
	return list
}

// readInner reads the properties of an object within another one.
func readInner(object safejs.Value) any {
	given := readProperties(object, 0)
	if many, ok := given.(wire.TooMany); ok {
		return many.Fields
	}
	return given
}

func readProperties(object safejs.Value, depth int) any {
	list := jsbridge.Keys
	if depth > 0 {
		list = jsbridge.Names
	}
	keys, of, err := list(object, wire.MaxProperties+1)
	if err != nil {
		return wire.Unreadable(err.Error())
	}
	fields := map[string]any{}
	for _, key := range keys {
		value, err := jsbridge.Get(object, key)
		switch {
		case err != nil:
			fields[key] = wire.Unreadable(err.Error())
		case value.IsUndefined():
			fields[key] = nil
		default:
			fields[key] = readNested(value, depth)
		}
	}
	if of > len(keys) {
		return wire.TooMany{Fields: fields, Of: of}
	}
	return fields
}
