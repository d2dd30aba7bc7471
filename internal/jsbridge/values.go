//go:build js

package jsbridge

import (
	"errors"
	"slices"
	"strconv"
	"syscall/js"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/fmt"
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
		if n := TextLength(element); n > maxCharacters {
			return nil, 0, fmt.Errorf("a name has %d characters", n)
		}
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

// Names returns the names of what an object has of its own, and of what it gets from its class, or from another object: accessors, and
// data but for methods; the first limit of them, and how many there are. What every object inherits, nobody has given it.
func Names(object safejs.Value, limit int) (names []string, of int, err error) {
	names, of, err = Keys(object, limit)
	if err != nil || !IsData(object) {
		return names, of, err
	}
	constructor, err := safejs.Global().Get("Object")
	if err != nil {
		return nil, 0, AsThrown(err)
	}
	const mostPrototypes = 10 // a Proxy may give one after the other
	from, err := constructor.Call("getPrototypeOf", object)
	for n := 0; err == nil && !from.IsNull() && n < mostPrototypes; n++ {
		next, err := constructor.Call("getPrototypeOf", from)
		if err != nil {
			return nil, 0, AsThrown(err)
		}
		if next.IsNull() {
			break
		}
		inherited, err := constructor.Call("getOwnPropertyDescriptors", from)
		if err != nil {
			return nil, 0, AsThrown(err)
		}
		all, _, err := Keys(inherited, limit)
		if err != nil {
			return nil, 0, err
		}
		for _, name := range all {
			if isGiven(inherited, name) && !slices.Contains(names, name) {
				names = append(names, name)
				of++
			}
		}
		from = next
	}
	return names[:min(len(names), limit)], of, AsThrown(err)
}

// isGiven reports whether one of the descriptors is of an accessor, or of data.
func isGiven(descriptors safejs.Value, name string) bool {
	d, err := Get(descriptors, name)
	if err != nil {
		return false
	}
	get, _ := Get(d, "get")
	enumerable, _ := Get(d, "enumerable")
	value, _ := Get(d, "value")
	is, _ := enumerable.Truthy()
	return TypeOf(get) == "function" || is && TypeOf(value) != "function"
}

// TextLength returns the length of a string in UTF-16 code units, before it crosses.
func TextLength(text safejs.Value) int {
	constructor, err := safejs.Global().Get("Object")
	if err != nil {
		return 0
	}
	object, err := constructor.Invoke(text)
	if err != nil {
		return 0
	}
	length, err := Get(object, "length")
	if err != nil {
		return 0
	}
	n, _ := length.Int()
	return n
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
	left := maxCharacters
	for _, name := range names {
		value, err := Get(object, name)
		if err != nil {
			return nil, err
		}
		if left -= len(name) + TextLength(value); left < 0 {
			return nil, fmt.Errorf("they have more than %d characters together", maxCharacters)
		}
		if m[name], err = value.String(); err != nil {
			return nil, AsThrown(err)
		}
	}
	return m, nil
}

// maxEntries and maxCharacters are more than any header has.
const (
	maxEntries    = 10_000
	maxCharacters = 1_000_000
)

// AsThrown makes what JavaScript threw through safejs a *[Thrown]; other
// errors it returns as they are.
func AsThrown(err error) error {
	if e := (js.Error{}); errors.As(err, &e) {
		return &Thrown{safejs.Safe(e.Value)}
	}
	return err
}
