//go:build !js

package httpx

import "context"

// Mixed reports whether the browser refuses each request to url since the page came over https. There is no page here.
func Mixed(string) bool { return false }

// Explain finds out what it can of why a request got no response. Errors of net/http say it themselves.
func Explain(context.Context, *NetworkError) {}
