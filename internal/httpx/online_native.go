//go:build !js

package httpx

// Online reports whether there may be a network: natively, nobody says that there is none.
func Online() bool { return true }
