//go:build js

package jsbridge

import (
	"encoding/json"
	"errors"
	"fmt"
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

// Keys returns the names of an object's own enumerable properties, the first limit of them.
func Keys(object safejs.Value, limit int) ([]string, error) {
	constructor, err := safejs.Global().Get("Object")
	if err != nil {
		return nil, AsThrown(err)
	}
	array, err := constructor.Call("keys", object)
	if err != nil {
		return nil, AsThrown(err)
	}
	if array, err = array.Call("slice", 0, limit); err != nil {
		return nil, AsThrown(err)
	}
	var keys []string
	err = fromJSON(array, &keys) // in one crossing
	return keys, err
}

// fromJSON reads a value of plain data.
func fromJSON(v safejs.Value, to any) error {
	browsers, err := jsonObject()
	if err != nil {
		return AsThrown(err)
	}
	text, err := browsers.Call("stringify", v)
	if err != nil {
		return AsThrown(err)
	}
	s, err := text.String()
	if err != nil {
		return AsThrown(err)
	}
	return json.Unmarshal([]byte(s), to)
}

// Strings returns the elements of an array of strings. An element of another
// type is an error, and so are more than limit of them.
func Strings(array safejs.Value, limit int) ([]string, error) {
	constructor, err := safejs.Global().Get("Array")
	if err != nil {
		return nil, AsThrown(err)
	}
	array, err = constructor.Call("from", array) // whose elements are no getters
	if err != nil {
		return nil, AsThrown(err)
	}
	n, err := array.Length()
	if err != nil {
		return nil, AsThrown(err)
	}
	if n > limit {
		return nil, fmt.Errorf("it has %d elements, more than %d", n, limit)
	}
	list := make([]string, 0, n)
	for i := range n {
		v, err := array.Index(i)
		if err != nil {
			return nil, AsThrown(err)
		}
		if t := TypeOf(v); t != "string" {
			return nil, fmt.Errorf("element %d is of type %s, not a string", i, t)
		}
		s, err := v.String()
		if err != nil {
			return nil, AsThrown(err)
		}
		list = append(list, s)
	}
	return list, nil
}

// Entries returns what an iterable of pairs of strings holds, such as
// Headers, in one crossing.
func Entries(iterable safejs.Value) (map[string]string, error) {
	constructor, err := safejs.Global().Get("Object")
	if err != nil {
		return nil, AsThrown(err)
	}
	object, err := constructor.Call("fromEntries", iterable)
	if err != nil {
		return nil, AsThrown(err)
	}
	m := map[string]string{}
	if err := fromJSON(object, &m); err != nil {
		return nil, fmt.Errorf("reading pairs of strings: %w", err)
	}
	return m, nil
}

// AsThrown makes what JavaScript threw through safejs a *[Thrown]; other
// errors it returns as they are.
func AsThrown(err error) error {
	if e := (js.Error{}); errors.As(err, &e) {
		return &Thrown{safejs.Safe(e.Value)}
	}
	return err
}
