//go:build js

package jsbridge

import (
	"sync"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/fmt"
)

var jsonObject = sync.OnceValues(func() (safejs.Value, error) { return safejs.Global().Get("JSON") })

// ParseJSON makes a JavaScript value of JSON text, by the browser's own parser.
func ParseJSON(text []byte) (safejs.Value, error) {
	json, err := jsonObject()
	if err != nil {
		return safejs.Undefined(), fmt.Errorf("parsing JSON: %w", err)
	}
	v, err := json.Call("parse", string(text))
	if err != nil {
		return safejs.Undefined(), fmt.Errorf("parsing JSON: %w", err)
	}
	return v, nil
}
