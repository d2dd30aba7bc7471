package testserver

import (
	"os"
	"testing"
)

// URL returns the base URL of the server with the scenarios of this package,
// which runs beside the browser.
func URL(t testing.TB) string {
	url := os.Getenv("TEST_SERVER")
	if url == "" {
		t.Fatal("TEST_SERVER is not set: start the browser's tests by `make test-wasm`")
	}
	return url
}
