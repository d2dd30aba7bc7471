//go:build !js

package httpx

import "net/url"

// CanParseURL reports whether requests take s for an absolute URL.
func CanParseURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.IsAbs()
}
