//go:build js

package jsbridge

import (
	"github.com/hack-pad/safejs"

	"gws-outbound/internal/fmt"
)

// Dispatch sends target, an EventTarget, a CustomEvent of the given type and detail.
// Its listeners run before Dispatch returns; what they throw is the page's own.
func Dispatch(target safejs.Value, eventType string, detail any) error {
	constructor, err := safejs.Global().Get("CustomEvent")
	if err != nil {
		return fmt.Errorf("making a %s event: %w", eventType, err)
	}
	event, err := constructor.New(eventType, map[string]any{"detail": detail})
	if err != nil {
		return fmt.Errorf("making a %s event: %w", eventType, err)
	}
	if _, err := target.Call("dispatchEvent", event); err != nil {
		return fmt.Errorf("dispatching a %s event: %w", eventType, err)
	}
	return nil
}
