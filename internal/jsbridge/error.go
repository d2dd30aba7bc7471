//go:build js

package jsbridge

import (
	"github.com/hack-pad/safejs"

	"gws-outbound/internal/fmt"
)

// NewError makes a JavaScript Error with the given name and message, and
// properties beside them.
func NewError(name, message string, properties map[string]any) (safejs.Value, error) {
	constructor, err := safejs.Global().Get("Error")
	if err != nil {
		return safejs.Undefined(), fmt.Errorf("making an error: %w", err)
	}
	e, err := constructor.New(message)
	if err != nil {
		return safejs.Undefined(), fmt.Errorf("making an error: %w", err)
	}
	r, err := reflect()
	if err != nil {
		return safejs.Undefined(), fmt.Errorf("making an error: %w", err)
	}
	// Where the page has frozen Error.prototype, no name can be set.
	if _, err := r.Call("defineProperty", e, "name", map[string]any{"value": name, "configurable": true, "enumerable": true, "writable": true}); err != nil {
		return safejs.Undefined(), fmt.Errorf("making an error: %w", err)
	}
	for key, value := range properties {
		if err := e.Set(key, value); err != nil {
			return safejs.Undefined(), fmt.Errorf("setting %s of an error: %w", key, err)
		}
	}
	return e, nil
}
