// Package gotest shows how a Go test that runs in a browser, through
// wasmbrowsertest, completes a record: it starts the module by the Go runtime
// that is in the test's page already, and calls what that leaves on globalThis.
//
//	make build
//	make test-wasm WASM_TESTS=./web/examples/gotest
package gotest
