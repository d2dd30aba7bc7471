//go:build !js

package httpx

import "context"

// Mixed reports whether the browser refuses each request to url since the page came over https. There is no page here.
func Mixed(string) bool { return false }

// Explain finds out what it can of why a request got no response. Errors of net/http say it themselves.
func Explain(context.Context, *NetworkError) {}

// NotePolicy notes in e whether a policy has forbidden the request. There is none here.
func NotePolicy(*NetworkError) {}

// ForbiddenSocket returns the origin of WebSockets to url where a policy has forbidden one. There is none here.
func ForbiddenSocket(string) string { return "" }

// OtherLoopback returns how the page calls this machine where url calls it otherwise. There is no page here.
func OtherLoopback(string) string { return "" }
