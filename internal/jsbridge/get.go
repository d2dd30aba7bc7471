//go:build js

package jsbridge

import (
	"sync"

	"github.com/hack-pad/safejs"
)

var reflect = sync.OnceValues(func() (safejs.Value, error) { return safejs.Global().Get("Reflect") })

// Get returns a property of an object that is not our own. Where a getter or a
// Proxy may throw, safejs's Get must not be used: Go's runtime does not catch
// what is thrown in there, and the program would stand still for ever.
func Get(object safejs.Value, name string) (safejs.Value, error) {
	r, err := reflect()
	if err != nil {
		return safejs.Undefined(), AsThrown(err)
	}
	v, err := r.Call("get", object, name)
	return v, AsThrown(err)
}

// Set sets a property of an object that is not our own, which may have a
// setter that throws; see [Get].
func Set(object safejs.Value, name string, value any) error {
	r, err := reflect()
	if err != nil {
		return AsThrown(err)
	}
	_, err = r.Call("set", object, name, value)
	return AsThrown(err)
}
