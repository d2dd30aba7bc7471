// Package testserver is what the tests of transports and of HTTP talk to: peers
// that behave, and peers that break in one exact way. Natively each test
// starts its own; tests in a browser share one that runs beside it.
package testserver
