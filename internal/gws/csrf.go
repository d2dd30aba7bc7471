package gws

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/httpx"
)

// csrfToken is what the server wants in every POST; zero if it named none.
type csrfToken struct {
	header, value string
}

// readCSRF takes the token out of the response to a GET. The server chooses
// the name of a header that we send, so it must be one that does no harm.
func readCSRF(resp *httpx.Response) (csrfToken, error) {
	t := csrfToken{header: resp.Field("X-CSRF-HEADER"), value: resp.Field("X-CSRF-TOKEN")}
	if t.header == "" || t.value == "" {
		return csrfToken{}, nil // protection is off, or the headers are hidden from other origins
	}
	const maxHeader, maxValue = 64, 4096
	switch {
	case len(t.header) > maxHeader || strings.ContainsFunc(t.header, notToken):
		return csrfToken{}, fmt.Errorf("X-CSRF-HEADER is %s, which is not the name of a header of at most %d characters", quote(t.header, 40), maxHeader)
	case reserved(t.header):
		return csrfToken{}, fmt.Errorf("X-CSRF-HEADER is %s, a header with another meaning, which is not set for a server", quote(t.header, 40))
	case len(t.value) > maxValue:
		return csrfToken{}, fmt.Errorf("X-CSRF-TOKEN has %d characters, expected at most %d", len(t.value), maxValue)
	case strings.ContainsFunc(t.value, notPrintable):
		return csrfToken{}, errors.New("X-CSRF-TOKEN has characters that are not printable ASCII")
	}
	return t, nil
}

// notToken reports whether c is not allowed in the name of a header (tchar of RFC 9110).
func notToken(c rune) bool {
	letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
	return !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
}

func notPrintable(c rune) bool { return c < ' ' || c > '~' }

// reserved reports whether name is a header that means something to browsers,
// servers or what stands between them: those that the Fetch standard forbids
// to pages, and those that carry credentials or say how to read or route the
// request.
func reserved(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{
		"accept-", "access-control-", "content-", "if-", "proxy-", "sec-", "x-forwarded-", "x-http-method", "x-method-override",
	}, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) ||
		slices.Contains([]string{
			"accept", "authorization", "cache-control", "connection", "cookie", "cookie2", "date", "dnt", "expect",
			"forwarded", "host", "keep-alive", "origin", "pragma", "range", "referer", "set-cookie", "set-cookie2",
			"te", "trailer", "transfer-encoding", "upgrade", "user-agent", "via",
		}, name)
}

// refusesToken reports whether a POST was refused for its CSRF token, so that
// a fresh one may help. Sent with none, any 403 may be that, unless it is an
// answer of GWS itself, which stands behind the check for the token.
func refusesToken(resp *httpx.Response, sent csrfToken) bool {
	if resp.Status != 403 || resp.Redirected {
		return false
	}
	status, err := readStatus(resp.Body)
	fromAPI := err == nil && status.code != statusOK
	if fromAPI && MayHaveActed(status.code) {
		return false // to be sent again by nobody but the caller
	}
	return mentionsCSRF(resp) || sent == csrfToken{} && !fromAPI
}

func mentionsCSRF(resp *httpx.Response) bool {
	return bytes.Contains(bytes.ToLower(resp.Body), []byte("csrf"))
}
