// Package httpx makes HTTP requests the same way in the browser, with fetch,
// and natively, with net/http. Only what the REST and long-polling clients
// need is here: small bodies, no streaming, no redirects.
package httpx

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"gws-outbound/internal/fmt"
)

// MaxBody is how many bytes of a response body are accepted where a
// [Request] does not say otherwise.
const MaxBody = 4 << 20

// Header holds HTTP header fields, one value a name, in any case.
type Header map[string]string

// Get returns the value of the field name, in any case, or "".
func (h Header) Get(name string) string {
	if v, ok := h[strings.ToLower(name)]; ok {
		return v
	}
	for k, v := range h {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// Credentials says whether cookies go with a request, with the names of
// the Fetch standard's RequestCredentials. The native Doer ignores it: there
// the cookie jar decides.
type Credentials string

// The values of [Credentials].
const (
	Include    Credentials = "include"
	SameOrigin Credentials = "same-origin"
	Omit       Credentials = "omit"
)

// Request is one HTTP request.
type Request struct {
	Method      string
	URL         string // absolute
	Header      Header
	Body        []byte      // none if nil
	Credentials Credentials // Include if empty
	MaxBody     int64       // bytes of the response body that are accepted; the constant MaxBody if 0
	KeepAlive   bool        // in a browser, it may outlive the page, which may be going away

	// OnProgress, if set, is called when the header of the response has come, and when
	// pieces of its body have, while more is to come: not for a response that arrives whole
	// within 20 ms, nor more often than every 20 ms. It is called from any goroutine and must
	// not block; a last call may come while Do returns.
	OnProgress func()
}

// moment is how long pieces of a response may lie apart and count as one.
const moment = 20 * time.Millisecond

// Response is the whole of an HTTP response.
type Response struct {
	// Status is the HTTP status code. A redirect is not followed: credentials
	// must not travel to where a server points. The browser hides which
	// redirect it was, so that Redirected is what to look at.
	Status     int
	Redirected bool
	Header     interface{ Get(name string) string } // nil if there is none; see [Response.Field]
	Body       []byte                               // in UTF-8 without a byte order mark, whatever the header's charset
}

// NewResponse returns the response that somebody else has read: body is as it came.
func NewResponse(status int, header Header, body []byte) *Response {
	r := &Response{Status: status, Header: header, Body: body}
	r.decode()
	return r
}

// Field returns the value of the header field name, in any case, or "". In a
// browser, across origins, there is only what the server exposes.
func (r *Response) Field(name string) string {
	if r.Header == nil {
		return ""
	}
	return r.Header.Get(name)
}

// RetryAfter is how long the server asks to be left alone in a 429 or 503, by
// the header Retry-After in seconds or as a date; 0 if it does not.
func (r *Response) RetryAfter(now time.Time) time.Duration {
	if r.Status != 429 && r.Status != 503 {
		return 0
	}
	value := r.Field("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	date, ok := readDate(value)
	if !ok {
		return 0
	}
	return max(date.Sub(now), 0)
}

// Doer makes requests. Its errors are a context's own (errors.Is with
// context.Canceled or context.DeadlineExceeded), [ErrTooLarge], or a
// [*NetworkError].
type Doer interface {
	Do(ctx context.Context, req *Request) (*Response, error)
}

// ErrTooLarge is returned for a response body over [Request.MaxBody].
var ErrTooLarge = errors.New("the response body is too large")

// NetworkError is a request that got no response: refused, reset, blocked by
// CORS or CSP, name not found. Browsers do not tell a page which: see [Explain]. Or the response
// did not come whole: see [CutOff].
type NetworkError struct {
	Method string
	URL    string // without query
	Err    error
	Cause  Cause

	words string // of the cause
}

func (e *NetworkError) Error() string {
	what := "no response"
	if e.Cause == CutOff {
		what = "the response was cut off"
	}
	s := fmt.Sprintf("%s %s: %s: %v", e.Method, e.URL, what, e.Err)
	if e.words != "" {
		s += "; " + e.words
	}
	return s
}

// Unwrap returns the cause.
func (e *NetworkError) Unwrap() error { return e.Err }

// cutOff is why the body of a response could not be read, whose header had come.
type cutOff struct{ error }

func (e *cutOff) Unwrap() error { return e.error }

// noteCutOff notes in e whether its error is a cutOff.
func (e *NetworkError) noteCutOff() {
	if _, ok := errors.AsType[*cutOff](e.Err); ok {
		e.Cause, e.words = CutOff, "the server, or a proxy, ended it too soon, or its Content-Length or Content-Encoding is wrong (errors.md#cut-off)"
	}
}

// limit is how many bytes of the response's body are accepted.
func (r *Request) limit() int64 {
	if r.MaxBody > 0 {
		return r.MaxBody
	}
	return MaxBody
}

// withoutQuery cuts what may be private off an URL that goes into an error.
func withoutQuery(url string) string {
	if i := strings.IndexAny(url, "?#"); i >= 0 {
		return url[:i]
	}
	return url
}
