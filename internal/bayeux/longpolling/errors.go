package longpolling

import (
	"bytes"
	"time"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/jsontext"
	"gws-outbound/internal/quoted"
)

// requestError is a request that got no response. What is found out of the cause later is in its text as well.
type requestError struct{ err error }

func (e *requestError) Error() string { return "long-polling: " + e.err.Error() }
func (e *requestError) Unwrap() error { return e.err }

// StatusError is an HTTP answer whose status is not 200.
type StatusError struct {
	Status int           // 0 for a redirect in a browser, which does not tell which one it was
	Quote  string        // the first 200 characters of the body
	After  time.Duration // the header Retry-After of a 429 or 503; 0 without
}

// RetryAfter is how long the server wants to be left alone.
func (e *StatusError) RetryAfter() time.Duration { return e.After }

func (e *StatusError) Error() string {
	switch {
	case e.Status == 0:
		return "the server answered long-polling with a redirect, which is not followed"
	case e.Status >= 300 && e.Status < 400:
		return fmt.Sprintf("the server answered long-polling with a redirect (HTTP %d), which is not followed", e.Status)
	case e.Quote == "":
		return fmt.Sprintf("the server answered long-polling with HTTP %d", e.Status)
	default:
		return fmt.Sprintf("the server answered long-polling with HTTP %d: %s", e.Status, quoted.Text(e.Quote))
	}
}

// Unauthorized reports whether the server wants the client to sign in again.
func (e *StatusError) Unauthorized() bool { return e.Status == 401 || e.Status == 403 }

// Replaced reports whether the status is one by which CometD says that another
// connect has taken the place of this one: 500, in old versions 408.
func (e *StatusError) Replaced() bool { return e.Status == 408 || e.Status == 500 }

// UnansweredError is a response that came, and has no reply to a message of
// its request.
type UnansweredError struct {
	Size  int    // bytes of the response
	Quote string // how it begins, if it holds no messages: see bayeux.Quote
}

func (e *UnansweredError) Error() string {
	s := fmt.Sprintf("the server's response (%d bytes) has no reply to what was sent", e.Size)
	if e.Quote != "" {
		s += ": " + quoted.Text(e.Quote)
	}
	return s
}

// quote cuts what a server said to 200 characters. An array may be of events, which are not
// quoted.
func quote(body []byte) string {
	const most = 200
	if bytes.HasPrefix(bytes.TrimSpace(jsontext.WithoutMark(body)), []byte("[")) {
		return ""
	}
	runes := []rune(string(body[:min(len(body), 4*(most+1))])) // a character has at most four bytes
	if len(runes) > most {
		runes = append(runes[:most], '…')
	}
	return string(runes)
}
