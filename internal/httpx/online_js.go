package httpx

import (
	"github.com/hack-pad/safejs"

	"gws-outbound/internal/jsbridge"
)

// Online reports whether there may be a network: it is false only where the browser says that it
// is offline (navigator.onLine), in a page or a Worker. True promises nothing.
func Online() bool {
	navigator, err := safejs.Global().Get("navigator")
	if err != nil || jsbridge.TypeOf(navigator) != "object" {
		return true
	}
	online, err := jsbridge.Get(navigator, "onLine")
	if err != nil || jsbridge.TypeOf(online) != "boolean" {
		return true
	}
	is, err := online.Bool()
	return is || err != nil
}
