package httpx_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/httpx"
	"gws-outbound/internal/testserver"
)

func TestRequestAndResponse(t *testing.T) {
	url := testserver.URL(t) + "/http/echo"
	resp, err := httpx.New().Do(t.Context(), &httpx.Request{
		Method: "POST", URL: url, Body: []byte(`{"é":1}`),
		Header: httpx.Header{"Content-Type": "application/json", "Authorization": "Basic eDp5", "X-Test": "1"},
	})
	require.NoError(t, err)
	require.Equal(t, 200, resp.Status)
	require.False(t, resp.Redirected)
	require.Equal(t, "here", resp.Field("X-Echo"))
	require.Equal(t, "here", resp.Field("x-echo"))
	require.Empty(t, resp.Field("X-Absent"))
	var got map[string]string
	require.NoError(t, json.Unmarshal(resp.Body, &got))
	require.Equal(t, map[string]string{"method": "POST", "body": `{"é":1}`, "type": "application/json", "authorization": "Basic eDp5", "test": "1", "cookie": ""}, got)
}

func TestCookies(t *testing.T) {
	url := testserver.URL(t)
	c := httpx.New()
	_, err := c.Do(t.Context(), &httpx.Request{Method: "GET", URL: url + "/http/cookie"})
	require.NoError(t, err)
	resp, err := c.Do(t.Context(), &httpx.Request{Method: "GET", URL: url + "/http/echo"})
	require.NoError(t, err)
	require.Contains(t, string(resp.Body), `"cookie":"session=1"`)
}

func TestStatus(t *testing.T) {
	url := testserver.URL(t)
	for code, body := range map[string]string{"204": "", "400": "as asked", "401": "as asked", "503": "as asked"} {
		resp, err := httpx.New().Do(t.Context(), &httpx.Request{Method: "GET", URL: url + "/http/status?code=" + code})
		require.NoError(t, err)
		require.Equal(t, body, string(resp.Body))
		require.False(t, resp.Redirected)
	}
	resp, err := httpx.New().Do(t.Context(), &httpx.Request{Method: "POST", URL: url + "/http/status?code=302", Body: []byte("{}")})
	require.NoError(t, err)
	require.True(t, resp.Redirected, "a redirect is not followed")
}

func TestBodyLimit(t *testing.T) {
	url := testserver.URL(t)
	resp, err := httpx.New().Do(t.Context(), &httpx.Request{Method: "GET", URL: url + "/http/big?size=100000", MaxBody: 100000})
	require.NoError(t, err)
	require.Len(t, resp.Body, 100000)
	_, err = httpx.New().Do(t.Context(), &httpx.Request{Method: "GET", URL: url + "/http/big?size=100001", MaxBody: 100000})
	require.ErrorIs(t, err, httpx.ErrTooLarge)
}

func TestNoAnswer(t *testing.T) {
	url := testserver.URL(t)
	for name, bad := range map[string]string{"reset": url + "/http/reset?secret=1", "refused": "http://127.0.0.1:1/x?secret=1"} {
		t.Run(name, func(t *testing.T) {
			_, err := httpx.New().Do(t.Context(), &httpx.Request{Method: "POST", URL: bad, Body: []byte("{}")})
			var network *httpx.NetworkError
			require.ErrorAs(t, err, &network)
			require.NotContains(t, err.Error(), "secret", "a query may be private")
		})
	}
}

func TestCancel(t *testing.T) {
	url := testserver.URL(t)
	for _, path := range []string{"/http/hang", "/http/hang-body"} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, err := httpx.New().Do(ctx, &httpx.Request{Method: "GET", URL: url + path})
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
}
