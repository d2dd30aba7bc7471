//go:build js

package jsbridge

import (
	"errors"
	"strconv"
	"syscall/js"

	"github.com/hack-pad/safejs"
)

// TypeOf returns the name of a value's type: what JavaScript's typeof says,
// but "null" for null and "array" for arrays.
func TypeOf(v safejs.Value) string {
	name, err := Try(func() (string, error) { return v.Type().String(), nil })
	if err != nil {
		return "bigint" // which Go cannot hold
	}
	if name == "object" && isArray(v) {
		return "array"
	}
	return name
}

func isArray(v safejs.Value) bool {
	array, err := safejs.Global().Get("Array")
	if err != nil {
		return false
	}
	is, err := array.Call("isArray", v)
	if err != nil {
		return false // a revoked Proxy
	}
	yes, _ := is.Bool()
	return yes
}

// IsData reports whether v is an object of plain data, of whatever frame: no array, Date, Map, element
// or the like.
func IsData(v safejs.Value) bool {
	if TypeOf(v) != "object" {
		return false
	}
	text, err := dataType(v)
	return err == nil && text == "[object Object]"
}

// dataType returns what Object.prototype.toString says of v.
func dataType(v safejs.Value) (string, error) {
	constructor, err := safejs.Global().Get("Object")
	if err != nil {
		return "", err
	}
	prototype, err := constructor.Get("prototype")
	if err != nil {
		return "", err
	}
	toString, err := prototype.Get("toString")
	if err != nil {
		return "", err
	}
	text, err := toString.Call("call", v) // throws for a revoked Proxy
	if err != nil {
		return "", err
	}
	return text.String()
}

// IsNullish reports whether v is null or undefined.
func IsNullish(v safejs.Value) bool { return v.IsNull() || v.IsUndefined() }

// Keys returns the names of an object's own enumerable properties, the first limit of them, and how many there are.
func Keys(object safejs.Value, limit int) (keys []string, of int, err error) {
	constructor, err := safejs.Global().Get("Object")
	if err != nil {
		return nil, 0, AsThrown(err)
	}
	array, err := constructor.Call("keys", object)
	if err != nil {
		return nil, 0, AsThrown(err)
	}
	elements, err := Elements(array, limit)
	if err != nil {
		return nil, 0, err
	}
	keys = make([]string, len(elements))
	for i, element := range elements {
		if keys[i], err = element.String(); err != nil {
			return nil, 0, AsThrown(err)
		}
	}
	length, err := Get(array, "length")
	if err != nil {
		return nil, 0, err
	}
	of, err = length.Int()
	return keys, of, AsThrown(err)
}

// Elements returns the elements of an array, the first limit of them. It calls no method of the array, and writes
// no JSON of it: a page may have replaced the methods, and have given arrays a toJSON.
func Elements(array safejs.Value, limit int) ([]safejs.Value, error) {
	length, err := Get(array, "length")
	if err != nil {
		return nil, err
	}
	n, err := length.Int()
	if err != nil {
		return nil, AsThrown(err)
	}
	list := make([]safejs.Value, min(n, limit))
	for i := range list {
		if list[i], err = Get(array, strconv.Itoa(i)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Entries returns what an iterable of pairs of strings holds, such as Headers.
func Entries(iterable safejs.Value) (map[string]string, error) {
	constructor, err := safejs.Global().Get("Object")
	if err != nil {
		return nil, AsThrown(err)
	}
	object, err := constructor.Call("fromEntries", iterable)
	if err != nil {
		return nil, AsThrown(err)
	}
	names, _, err := Keys(object, maxEntries)
	if err != nil {
		return nil, err
	}
	m := map[string]string{}
	for _, name := range names {
		value, err := Get(object, name)
		if err != nil {
			return nil, err
		}
		if m[name], err = value.String(); err != nil {
			return nil, AsThrown(err)
		}
	}
	return m, nil
}

// maxEntries is more than any header has.
const maxEntries = 10_000

// AsThrown makes what JavaScript threw through safejs a *[Thrown]; other
// errors it returns as they are.
func AsThrown(err error) error {
	if e := (js.Error{}); errors.As(err, &e) {
		return &Thrown{safejs.Safe(e.Value)}
	}
	return err
}
