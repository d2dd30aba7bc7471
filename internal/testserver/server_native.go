//go:build !js

package testserver

import (
	"net/http/httptest"
	"testing"
)

// URL returns the base URL of a server with the scenarios of this package,
// which runs until the end of the test.
func URL(t testing.TB) string {
	s := httptest.NewServer(Handler())
	t.Cleanup(s.Close)
	return s.URL
}
