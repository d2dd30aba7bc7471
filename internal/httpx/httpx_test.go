package httpx_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"strconv"
	"sync/atomic"
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

func TestProgress_EachPieceIsReported(t *testing.T) {
	steps := testserver.URL(t) + "/http/steps?id=" + strconv.FormatUint(rand.Uint64(), 36)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	progress := make(chan struct{}, 100)
	done := make(chan struct{})
	var resp *httpx.Response
	var err error
	go func() {
		defer close(done)
		resp, err = httpx.New().Do(ctx, &httpx.Request{Method: "GET", URL: steps, OnProgress: func() { progress <- struct{}{} }})
	}()
	wait := func(what string) {
		select {
		case <-progress:
		case <-ctx.Done():
			t.Fatalf("%s is not reported", what)
		}
	}
	step := func(suffix string) {
		_, err := httpx.New().Do(ctx, &httpx.Request{Method: "POST", URL: steps + suffix})
		require.NoError(t, err)
	}
	wait("the header")
	for range 4 {
		for len(progress) > 0 {
			<-progress
		}
		step("")
		wait("a piece")
	}
	step("&last")
	<-done
	require.NoError(t, err)
	require.Equal(t, "piecepiecepiecepiecepiece", string(resp.Body))
}

func TestProgress_WhatComesWholeIsNotReported(t *testing.T) {
	url := testserver.URL(t) + "/http/echo"
	var reported atomic.Int32
	const requests = 20
	for range requests {
		_, err := httpx.New().Do(t.Context(), &httpx.Request{Method: "GET", URL: url, OnProgress: func() { reported.Add(1) }})
		require.NoError(t, err)
	}
	require.Less(t, reported.Load(), int32(requests/2), "but for a busy machine, on which one can take longer")
}

func TestBodyIsDecoded(t *testing.T) {
	server := testserver.URL(t)
	for _, test := range []struct{ name, contentType, body, want string }{
		{"none named", "application/json", `{"name":"Müller €"}`, `{"name":"Müller €"}`},
		{"UTF-8", "application/json; charset=UTF-8", `{"name":"Müller €"}`, `{"name":"Müller €"}`},
		{"UTF-8 with a byte order mark", "application/json", "\xef\xbb\xbf{}", `{}`},
		{"UTF-8 with a byte order mark, named otherwise", "application/json;charset=iso-8859-1", "\xef\xbb\xbf\"ü\"", `"ü"`},
		{"ISO-8859-1", "application/json;charset=ISO-8859-1", "{\"name\":\"M\xfcller\"}", `{"name":"Müller"}`},
		{"ISO-8859-1 in quotes", `text/html; x=y; Charset="ISO-8859-1"`, "M\xfcller", "Müller"},
		{"ISO-8859-1 that is ASCII", "application/json;charset=ISO-8859-1", `{"statusCode":0}`, `{"statusCode":0}`},
		{"windows-1252", "application/json; charset=windows-1252", "\x80 \x9f \xff", "€ Ÿ ÿ"},
		{"UTF-16, big end first by its mark", "application/json; charset=UTF-16", "\xfe\xff\x00{\x00}", "{}"},
		{"UTF-16, little end first by its mark", "application/json; charset=UTF-16", "\xff\xfe{\x00}\x00", "{}"},
		{"UTF-16 that is not named, big end first by its mark", "application/json", "\xfe\xff\x00{\x00}", "{}"},
		{"UTF-16 that is named otherwise, little end first by its mark", "application/json; charset=utf-8", "\xff\xfe{\x00}\x00", "{}"},
		{"UTF-16LE", "application/json; charset=utf-16le", "\xfc\x00=\xd8\x00\xde", "ü😀"},
		{"UTF-16BE", "application/json; charset=utf-16be", "\x00\xfc", "ü"},
		{"one that nobody knows", "application/json; charset=klingon", `{"name":"Müller"}`, `{"name":"Müller"}`},
		{"an empty one", "application/json; charset=", `{"name":"Müller"}`, `{"name":"Müller"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			query := url.Values{"type": {test.contentType}, "body": {hex.EncodeToString([]byte(test.body))}}
			resp, err := httpx.New().Do(t.Context(), &httpx.Request{Method: "GET", URL: server + "/http/typed?" + query.Encode()})
			require.NoError(t, err)
			require.Equal(t, test.want, string(resp.Body))
		})
	}
}
