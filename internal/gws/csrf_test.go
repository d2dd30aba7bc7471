package gws

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/httpx"
)

func TestReadCSRF(t *testing.T) {
	for _, name := range []string{"X-CSRF-TOKEN", "x-xsrf-token", "csrf", "A!#$%&'*+-.^_`|~9", strings.Repeat("x", 64)} {
		token, err := readCSRF(&httpx.Response{Header: httpx.Header{"x-csrf-header": name, "x-csrf-token": "tok~ en"}})
		require.NoError(t, err)
		require.Equal(t, csrfToken{header: name, value: "tok~ en"}, token)
	}
	for _, h := range []httpx.Header{nil, {"x-csrf-header": "X-CSRF-TOKEN"}, {"x-csrf-token": "token"}} {
		token, err := readCSRF(&httpx.Response{Header: h})
		require.NoError(t, err)
		require.Zero(t, token)
	}
	for _, name := range []string{
		"Authorization", "cookie", "COOKIE2", "Host", "Content-Type", "content-length", "Origin", "Referer", "Sec-Fetch-Site",
		"Proxy-Authorization", "Transfer-Encoding", "Connection", "Upgrade", "TE", "Via", "Accept", "Accept-Encoding",
		"Access-Control-Request-Method", "X-Forwarded-For", "X-HTTP-Method-Override", "X-Method-Override", "If-Match", "Range", "User-Agent",
	} {
		_, err := readCSRF(&httpx.Response{Header: httpx.Header{"x-csrf-header": name, "x-csrf-token": "token"}})
		require.ErrorContains(t, err, "a header with another meaning", name)
		require.ErrorContains(t, err, name)
	}
	for _, name := range []string{"a b", "a:b", "a\r\nb", "é", "a,b", "(a)", strings.Repeat("x", 65)} {
		_, err := readCSRF(&httpx.Response{Header: httpx.Header{"x-csrf-header": name, "x-csrf-token": "token"}})
		require.ErrorContains(t, err, "not the name of a header", name)
		require.NotContains(t, err.Error(), "\n")
	}
	for value, want := range map[string]string{
		"a\r\nb": "not printable", "é": "not printable", "a\x7f": "not printable", strings.Repeat("x", 4097): "4097 characters",
	} {
		_, err := readCSRF(&httpx.Response{Header: httpx.Header{"x-csrf-header": "X-CSRF-TOKEN", "x-csrf-token": value}})
		require.ErrorContains(t, err, want)
	}
	_, err := readCSRF(&httpx.Response{Header: httpx.Header{"x-csrf-header": "X-CSRF-TOKEN", "x-csrf-token": strings.Repeat("x", 4096)}})
	require.NoError(t, err)
}
