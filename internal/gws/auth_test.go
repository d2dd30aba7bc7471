package gws

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/deadline"
	"gws-outbound/internal/httpx"
)

// scenario is one Post, or SignIn, against a script.
type scenario struct {
	name      string
	csrfOff   bool
	headers   bool  // a Headers function is set
	dynamic   bool  // and gives something new when asked again
	headerErr error // what it gives instead, from the second call on
	get, post []step

	requests string // what is sent, in all
	asked    int    // how often Headers is called
	delivery Delivery
	message  []string // parts of the error's text
	not      string   // what is not part of it
	check    func(*testing.T, error)
}

func (c scenario) session(t *testing.T) (*Auth, *fakeServer, *tokens) {
	server := &fakeServer{t: t, get: c.get, post: c.post}
	keys := &tokens{err: c.headerErr}
	config := Config{BaseURL: base + "/", Doer: server, CSRF: !c.csrfOff, HeadersDynamic: c.dynamic, RequestTimeout: 10 * time.Second}
	if c.headers {
		config.Headers = keys.headers
	}
	return NewAuth(config), server, keys
}

func (c scenario) verify(t *testing.T, err error, server *fakeServer, keys *tokens) {
	require.Equal(t, c.requests, server.requests())
	require.Len(t, keys.asked, c.asked)
	for i, again := range keys.asked {
		require.Equal(t, i > 0, again)
	}
	require.Equal(t, c.delivery, DeliveryOf(err), "%v", err)
	if c.delivery == Accepted {
		require.NoError(t, err)
		return
	}
	require.Error(t, err)
	for _, part := range c.message {
		require.ErrorContains(t, err, part)
	}
	if c.not != "" {
		require.NotContains(t, err.Error(), c.not)
	}
	require.NotContains(t, err.Error(), "Bearer")
	if c.check != nil {
		c.check(t, err)
	}
}

func is[E error](t *testing.T, err error) { _ = as[E](t, err) }

func as[E error](t *testing.T, err error) E {
	t.Helper()
	e, ok := errors.AsType[E](err)
	require.True(t, ok, "%v", err)
	return e
}

func isStatus(http, code int, message string) func(*testing.T, error) {
	return func(t *testing.T, err error) {
		e := as[*StatusError](t, err)
		require.Equal(t, []any{http, code, message}, []any{e.HTTPStatus, e.StatusCode, e.StatusMessage})
	}
}

func isHTTP(status int) func(*testing.T, error) {
	return func(t *testing.T, err error) {
		require.Equal(t, status, as[*HTTPError](t, err).Status)
	}
}

const feature = "api-voice-outbound"

func TestPost(t *testing.T) {
	noToken := answer(200, okBody)
	statusBody := func(code int) string { return fmt.Sprintf(`{"statusCode":%d,"statusMessage":"because"}`, code) }
	for _, c := range []scenario{
		{name: "success", get: []step{me("1")}, post: []step{ok}, requests: "GET POST", delivery: Accepted},
		{name: "success with more fields", get: []step{me("1")}, post: []step{answer(202, `{"data":[1],"statusCode":0.0}`)}, requests: "GET POST", delivery: Accepted},
		{name: "success without protection", get: []step{noToken}, post: []step{ok}, requests: "GET POST", delivery: Accepted},

		// 403, CSRF
		{name: "token refused, then taken", get: []step{me("1"), me("2")}, post: []step{csrfRefusal, ok}, requests: "GET POST GET POST", delivery: Accepted},
		{name: "no token, any 403", get: []step{noToken, me("2")}, post: []step{answer(403, ""), ok}, requests: "GET POST GET POST", delivery: Accepted},
		{name: "refusal with a statusCode that mentions it", get: []step{me("1"), me("2")}, post: []step{answer(403, `{"statusCode":3,"statusMessage":"invalid CSRF token"}`), ok}, requests: "GET POST GET POST", delivery: Accepted},
		{name: "token refused twice", get: []step{me("1"), me("2")}, post: []step{csrfRefusal, csrfRefusal}, requests: "GET POST GET POST", delivery: Rejected,
			message: []string{"POST " + postPath, "HTTP 403", "refused again after a fresh CSRF token"}, not: "Expose", check: isHTTP(403)},
		{name: "headers hidden", get: []step{noToken, noToken}, post: []step{csrfRefusal, csrfRefusal}, requests: "GET POST GET POST", delivery: Rejected,
			message: []string{"HTTP 403", "X-CSRF-HEADER", "X-CSRF-TOKEN", "Access-Control-Expose-Headers"}, not: feature, check: isHTTP(403)},
		{name: "headers hidden, or no right", get: []step{noToken, noToken}, post: []step{answer(403, "no"), answer(403, "no")}, requests: "GET POST GET POST", delivery: Rejected,
			message: []string{"HTTP 403", `"no"`, "Access-Control-Expose-Headers", feature}, check: isHTTP(403)},
		{name: "new token, but no right", get: []step{me("1"), me("2")}, post: []step{csrfRefusal, answer(403, "no")}, requests: "GET POST GET POST", delivery: Rejected,
			message: []string{"HTTP 403", feature}, not: "again", check: isHTTP(403)},
		{name: "no network for the new token", get: []step{me("1"), noAnswer}, post: []step{csrfRefusal}, requests: "GET POST GET", delivery: Rejected,
			message: []string{"getting a CSRF token after HTTP 403", "GET"}, check: is[*httpx.NetworkError]},
		{name: "new token is a bad one", get: []step{me("1"), answer(200, okBody, "x-csrf-header", "Cookie", "x-csrf-token", "x")}, post: []step{csrfRefusal}, requests: "GET POST GET", delivery: Rejected,
			message: []string{`"Cookie"`}, check: isHTTP(200)},
		{name: "new token, no network for the repeat", get: []step{me("1"), me("2")}, post: []step{csrfRefusal, noAnswer}, requests: "GET POST GET POST", delivery: Unknown, check: is[*httpx.NetworkError]},
		{name: "new token, 500 for the repeat", get: []step{me("1"), me("2")}, post: []step{csrfRefusal, answer(500, "")}, requests: "GET POST GET POST", delivery: Unknown, check: isHTTP(500)},
		{name: "session gone: 401 for the new token", get: []step{me("1"), unauthorized, me("2")}, headers: true, dynamic: true, post: []step{csrfRefusal, ok}, requests: "GET POST GET GET POST", asked: 2, delivery: Accepted},
		{name: "protection off in the options", csrfOff: true, get: []step{me("1")}, post: []step{csrfRefusal}, requests: "GET POST", delivery: Rejected,
			message: []string{"HTTP 403", "the option csrf is off"}, not: feature, check: isHTTP(403)},

		// 403, rights
		{name: "no right", get: []step{me("1")}, post: []step{answer(403, "Forbidden")}, requests: "GET POST", delivery: Rejected, message: []string{"HTTP 403", `"Forbidden"`, feature}, check: isHTTP(403)},
		{name: "no right, protection off", csrfOff: true, get: []step{me("1")}, post: []step{answer(403, "Forbidden")}, requests: "GET POST", delivery: Rejected, message: []string{feature}, check: isHTTP(403)},
		{name: "no right, said by GWS", get: []step{noToken}, post: []step{answer(403, statusBody(3))}, requests: "GET POST", delivery: Rejected,
			message: []string{"status code 3 (forbidden)", `"because"`, feature}, check: isStatus(403, 3, "because")},
		{name: "403 with another status code", get: []step{me("1")}, post: []step{answer(403, statusBody(6))}, requests: "GET POST", delivery: Rejected, message: []string{"resource not found", feature}, check: isStatus(403, 6, "because")},
		{name: "403, but partially done", get: []step{me("1")}, post: []step{answer(403, `{"statusCode":7,"statusMessage":"csrf"}`)}, requests: "GET POST", delivery: Unknown, check: isStatus(403, 7, "csrf")},
		{name: "403, and an internal error", get: []step{me("1")}, post: []step{answer(403, `{"statusCode":4,"statusMessage":"csrf"}`)}, requests: "GET POST", delivery: Unknown, check: isStatus(403, 4, "csrf")},
		{name: "no permission", get: []step{me("1")}, post: []step{answer(200, statusBody(5))}, requests: "GET POST", delivery: Rejected, message: []string{"no permission", feature}, check: isStatus(200, 5, "because")},

		// 401
		{name: "401, no headers", get: []step{me("1")}, post: []step{unauthorized}, requests: "GET POST", delivery: Rejected, message: []string{"POST " + postPath + ": HTTP 401"}, check: is[*UnauthorizedError]},
		{name: "401, headers that stay the same", headers: true, get: []step{me("1")}, post: []step{unauthorized}, requests: "GET POST", asked: 1, delivery: Rejected, check: is[*UnauthorizedError]},
		{name: "401, dynamic but no function", dynamic: true, get: []step{me("1")}, post: []step{unauthorized}, requests: "GET POST", delivery: Rejected, check: is[*UnauthorizedError]},
		{name: "401, then new headers", headers: true, dynamic: true, get: []step{me("1"), me("2")}, post: []step{unauthorized, ok}, requests: "GET POST GET POST", asked: 2, delivery: Accepted},
		{name: "401 twice", headers: true, dynamic: true, get: []step{me("1"), me("2")}, post: []step{unauthorized, unauthorized}, requests: "GET POST GET POST", asked: 2, delivery: Rejected,
			message: []string{"HTTP 401", "nor are those of the new headers"}, check: is[*UnauthorizedError]},
		{name: "401, and for the new sign-in", headers: true, dynamic: true, get: []step{me("1"), unauthorized}, post: []step{unauthorized}, requests: "GET POST GET", asked: 2, delivery: Rejected, check: is[*UnauthorizedError]},
		{name: "401, and no new headers", headers: true, dynamic: true, headerErr: errReset, get: []step{me("1")}, post: []step{unauthorized}, requests: "GET POST", asked: 2, delivery: Rejected,
			message: []string{"HTTP 401", "connection reset"}, check: func(t *testing.T, err error) {
				is[*UnauthorizedError](t, err)
				require.ErrorIs(t, err, errReset)
			}},
		{name: "401, no network for the new sign-in", headers: true, dynamic: true, get: []step{me("1"), noAnswer}, post: []step{unauthorized}, requests: "GET POST GET", asked: 2, delivery: Rejected,
			message: []string{"signing in again after HTTP 401"}, check: is[*httpx.NetworkError]},
		{name: "401, no network for the repeat", headers: true, dynamic: true, get: []step{me("1"), me("2")}, post: []step{unauthorized, noAnswer}, requests: "GET POST GET POST", asked: 2, delivery: Unknown, check: is[*httpx.NetworkError]},
		{name: "401, then 403 for the token", headers: true, dynamic: true, get: []step{me("1"), me("2"), me("3")}, post: []step{unauthorized, csrfRefusal, ok}, requests: "GET POST GET POST GET POST", asked: 2, delivery: Accepted},
		{name: "each once only", headers: true, dynamic: true, get: []step{me("1"), me("2"), me("3")}, post: []step{csrfRefusal, unauthorized, csrfRefusal}, requests: "GET POST GET POST GET POST", asked: 2, delivery: Rejected, check: isHTTP(403)},

		// statusCode
		{name: "resource not found", get: []step{me("1")}, post: []step{answer(404, statusBody(6))}, requests: "GET POST", delivery: Rejected, message: []string{"status code 6 (resource not found)", `"because"`}, not: feature, check: isStatus(404, 6, "because")},
		{name: "server's internal error", get: []step{me("1")}, post: []step{answer(500, `{"statusCode":4}`)}, requests: "GET POST", delivery: Unknown, check: isStatus(500, 4, "")},
		{name: "internal error, as a success of HTTP", get: []step{me("1")}, post: []step{answer(200, statusBody(4))}, requests: "GET POST", delivery: Unknown, check: isStatus(200, 4, "because")},
		{name: "internal error, as a client's fault", get: []step{me("1")}, post: []step{answer(400, statusBody(4))}, requests: "GET POST", delivery: Unknown, check: isStatus(400, 4, "because")},
		{name: "partially", get: []step{me("1")}, post: []step{answer(200, statusBody(7))}, requests: "GET POST", delivery: Unknown, check: isStatus(200, 7, "because")},
		{name: "incomplete", get: []step{me("1")}, post: []step{answer(400, statusBody(9))}, requests: "GET POST", delivery: Unknown, check: isStatus(400, 9, "because")},
		{name: "not documented", get: []step{me("1")}, post: []step{answer(200, `{"statusCode":99,"statusMessage":7}`)}, requests: "GET POST", delivery: Rejected, message: []string{"status code 99 (not documented)"}, check: isStatus(200, 99, "")},
		{name: "a gateway's own timeout", get: []step{me("1")}, post: []step{answer(504, `{"statusCode":504,"error":"Gateway Timeout"}`)}, requests: "GET POST", delivery: Unknown, check: isStatus(504, 504, "")},
		{name: "a gateway's failure, as a success of HTTP", get: []step{me("1")}, post: []step{answer(200, `{"statusCode":502}`)}, requests: "GET POST", delivery: Unknown, check: isStatus(200, 502, "")},
		{name: "a gateway's request timeout", get: []step{me("1")}, post: []step{answer(408, `{"statusCode":408}`)}, requests: "GET POST", delivery: Unknown, check: isStatus(408, 408, "")},
		{name: "a gateway's refusal", get: []step{me("1")}, post: []step{answer(429, `{"statusCode":429}`)}, requests: "GET POST", delivery: Rejected, check: isStatus(429, 429, "")},
		{name: "a refusal, as a failure of HTTP", get: []step{me("1")}, post: []step{answer(500, statusBody(6))}, requests: "GET POST", delivery: Rejected, check: isStatus(500, 6, "because")},
		{name: "long message with control characters", get: []step{me("1")}, post: []step{answer(200, `{"statusCode":2,"statusMessage":"a\n`+strings.Repeat("é", 2000)+`"}`)}, requests: "GET POST", delivery: Rejected,
			message: []string{`"a\n` + strings.Repeat("é", 198) + `…"`}, check: isStatus(200, 2, "a\n"+strings.Repeat("é", 1022)+"…")},

		// other answers
		{name: "404", get: []step{me("1")}, post: []step{answer(404, "")}, requests: "GET POST", delivery: Rejected, message: []string{"HTTP 404: the server refused"}, check: isHTTP(404)},
		{name: "408", get: []step{me("1")}, post: []step{answer(408, "")}, requests: "GET POST", delivery: Unknown, check: isHTTP(408)},
		{name: "429", get: []step{me("1")}, post: []step{answer(429, "", "retry-after", "120")}, requests: "GET POST", delivery: Rejected, message: []string{`Retry-After: "120"`}, check: isHTTP(429)},
		{name: "503", get: []step{me("1")}, post: []step{answer(503, "", "retry-after", "soon\n"+strings.Repeat("x", 100))}, requests: "GET POST", delivery: Unknown, message: []string{`Retry-After: "soon\n` + strings.Repeat("x", 35) + `…"`}, check: isHTTP(503)},
		{name: "502 with HTML", get: []step{me("1")}, post: []step{answer(502, "<h1>Bad gateway</h1>\r\n")}, requests: "GET POST", delivery: Unknown, message: []string{`HTTP 502: the server failed: "<h1>Bad gateway</h1>\r\n"`}, check: isHTTP(502)},
		{name: "500 with JSON", get: []step{me("1")}, post: []step{answer(500, `{"error":"x"}`)}, requests: "GET POST", delivery: Unknown, message: []string{`HTTP 500: the server failed: “{"error":"x"}”`}, check: isHTTP(500)},
		{name: "500 that says success", get: []step{me("1")}, post: []step{answer(500, okBody)}, requests: "GET POST", delivery: Unknown, check: isHTTP(500)},
		{name: "304", get: []step{me("1")}, post: []step{answer(304, "")}, requests: "GET POST", delivery: Unknown, check: isHTTP(304)},
		{name: "redirected in a browser", get: []step{me("1")}, post: []step{redirected(0)}, requests: "GET POST", delivery: Unknown, message: []string{"redirected, most likely to a sign-in page"}, not: "HTTP 0", check: isHTTP(0)},
		{name: "redirected natively", get: []step{me("1")}, post: []step{redirected(302)}, requests: "GET POST", delivery: Unknown, message: []string{"HTTP 302: redirected"}, check: isHTTP(302)},
		{name: "sign-in page", get: []step{me("1")}, post: []step{answer(200, "\n <!doctype html>"+strings.Repeat("\x01", 1000))}, requests: "GET POST", delivery: Unknown,
			message: []string{"HTML in place of JSON, most likely a sign-in page", `"\n <!doctype html>` + strings.Repeat(`\x01`, 183) + `…"`}, check: isHTTP(200)},
		{name: "sign-in page by its type", get: []step{me("1")}, post: []step{answer(200, "Please sign in", "content-type", "Text/HTML; charset=utf-8")}, requests: "GET POST", delivery: Unknown, message: []string{"HTML in place of JSON"}, check: isHTTP(200)},
		{name: "not JSON", get: []step{me("1")}, post: []step{answer(200, `{'statusCode': 0}`)}, requests: "GET POST", delivery: Unknown, message: []string{"not JSON", `"{'statusCode': 0}"`}, check: isHTTP(200)},
		{name: "JSON and more", get: []step{me("1")}, post: []step{answer(200, okBody+okBody)}, requests: "GET POST", delivery: Unknown, message: []string{"not JSON"}, check: isHTTP(200)},
		{name: "too deep", get: []step{me("1")}, post: []step{answer(200, `{"a":`+strings.Repeat("[", 100_000))}, requests: "GET POST", delivery: Unknown, message: []string{"not JSON"}, check: isHTTP(200)},
		{name: "empty", get: []step{me("1")}, post: []step{answer(204, "")}, requests: "GET POST", delivery: Unknown, message: []string{"an empty body"}, check: isHTTP(204)},
		{name: "an array", get: []step{me("1")}, post: []step{answer(200, `[{"statusCode":0}]`)}, requests: "GET POST", delivery: Unknown, message: []string{"JSON that is not an object"}, check: isHTTP(200)},
		{name: "null", get: []step{me("1")}, post: []step{answer(200, "null")}, requests: "GET POST", delivery: Unknown, message: []string{"JSON that is not an object"}, check: isHTTP(200)},
		{name: "nothing in it", get: []step{me("1")}, post: []step{answer(200, "{}")}, requests: "GET POST", delivery: Unknown, message: []string{"JSON without a statusCode"}, check: isHTTP(200)},
		{name: "other case", get: []step{me("1")}, post: []step{answer(200, `{"StatusCode":0}`)}, requests: "GET POST", delivery: Unknown, message: []string{"JSON without a statusCode"}, check: isHTTP(200)},
		{name: "statusCode is null", get: []step{me("1")}, post: []step{answer(200, `{"statusCode":null}`)}, requests: "GET POST", delivery: Unknown, message: []string{"JSON without a statusCode"}, check: isHTTP(200)},
		{name: "statusCode is a string", get: []step{me("1")}, post: []step{answer(200, `{"statusCode":"0"}`)}, requests: "GET POST", delivery: Unknown, message: []string{"JSON without a statusCode"}, check: isHTTP(200)},
		{name: "statusCode is a fraction", get: []step{me("1")}, post: []step{answer(200, `{"statusCode":0.5}`)}, requests: "GET POST", delivery: Unknown, message: []string{"JSON without a statusCode"}, check: isHTTP(200)},
		{name: "statusCode is huge", get: []step{me("1")}, post: []step{answer(200, `{"statusCode":1e99}`)}, requests: "GET POST", delivery: Unknown, message: []string{"JSON without a statusCode"}, check: isHTTP(200)},

		// no answer
		{name: "no network", get: []step{me("1")}, post: []step{noAnswer}, requests: "GET POST", delivery: Unknown, check: func(t *testing.T, err error) {
			is[*httpx.NetworkError](t, err)
			require.ErrorIs(t, err, errReset)
		}},
		{name: "an error of another type", get: []step{me("1")}, post: []step{fails(errReset)}, requests: "GET POST", delivery: Unknown, check: is[*httpx.NetworkError]},
		{name: "too large", get: []step{me("1")}, post: []step{fails(fmt.Errorf("reading: %w", httpx.ErrTooLarge))}, requests: "GET POST", delivery: Unknown, check: func(t *testing.T, err error) {
			is[*HTTPError](t, err)
			require.ErrorIs(t, err, httpx.ErrTooLarge)
		}},

		// never sent
		{name: "no network for the first GET", get: []step{noAnswer}, requests: "GET", delivery: NotSent, check: is[*httpx.NetworkError]},
		{name: "sign-in page for the first GET", get: []step{answer(200, "<html>")}, requests: "GET", delivery: NotSent, message: []string{"sign-in page"}, check: isHTTP(200)},
		{name: "401 for the first GET", get: []step{unauthorized}, requests: "GET", delivery: NotSent, check: is[*UnauthorizedError]},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, server, keys := c.session(t)
			var progress []Delivery
			err := s.Post(t.Context(), postPath, []byte(`{"a":1}`), func(d Delivery) bool { progress = append(progress, d); return true })
			c.verify(t, err, server, keys)
			posts := 0
			for i, d := range progress {
				if d == Unknown {
					posts++
				} else { // refused, and to be sent again
					require.Equal(t, Rejected, d)
					require.Equal(t, Unknown, progress[i-1])
				}
			}
			require.Equal(t, strings.Count(c.requests, "POST"), posts)
			require.Equal(t, posts > 1, slices.Contains(progress[:max(0, len(progress)-1)], Rejected))
			require.Empty(t, server.get, "GETs that were not made")
			require.Empty(t, server.post, "POSTs that were not made")
		})
	}
}

func TestSignIn(t *testing.T) {
	for _, c := range []scenario{
		{name: "success", get: []step{me("1")}, requests: "GET", delivery: Accepted},
		{name: "without token", get: []step{ok}, requests: "GET", delivery: Accepted},
		{name: "with headers", headers: true, get: []step{me("1")}, requests: "GET", asked: 1, delivery: Accepted},
		{name: "401", headers: true, get: []step{unauthorized}, requests: "GET", asked: 1, delivery: NotSent, message: []string{"GET /api/v2/me: HTTP 401"}, not: "new headers", check: is[*UnauthorizedError]},
		{name: "401, new headers", headers: true, dynamic: true, get: []step{unauthorized, me("1")}, requests: "GET GET", asked: 2, delivery: Accepted},
		{name: "401 twice", headers: true, dynamic: true, get: []step{unauthorized, unauthorized}, requests: "GET GET", asked: 2, delivery: NotSent, message: []string{"nor are those of the new headers"}, check: is[*UnauthorizedError]},
		{name: "401, no new headers", headers: true, dynamic: true, headerErr: errReset, get: []step{unauthorized}, requests: "GET", asked: 2, delivery: NotSent, check: func(t *testing.T, err error) {
			is[*UnauthorizedError](t, err)
			require.ErrorIs(t, err, errReset)
		}},
		{name: "sign-in page", get: []step{answer(200, "<html>")}, requests: "GET", delivery: NotSent, message: []string{"GET /api/v2/me: HTTP 200: HTML in place of JSON"}, check: isHTTP(200)},
		{name: "redirected", get: []step{redirected(0)}, requests: "GET", delivery: NotSent, message: []string{"redirected, most likely to a sign-in page"}, check: isHTTP(0)},
		{name: "403", get: []step{answer(403, "no")}, requests: "GET", delivery: NotSent, not: feature, check: isHTTP(403)},
		{name: "503", get: []step{answer(503, "", "retry-after", "9")}, requests: "GET", delivery: NotSent, message: []string{`Retry-After: "9"`}, check: isHTTP(503)},
		{name: "status code", get: []step{answer(200, `{"statusCode":8}`)}, requests: "GET", delivery: NotSent, message: []string{"the password must be changed first"}, check: isStatus(200, 8, "")},
		{name: "bad CSRF header", get: []step{answer(200, okBody, "x-csrf-header", "Authorization", "x-csrf-token", "1")}, requests: "GET", delivery: NotSent, message: []string{`X-CSRF-HEADER is "Authorization"`}, check: isHTTP(200)},
		{name: "bad CSRF header, protection off", csrfOff: true, get: []step{answer(200, okBody, "x-csrf-header", "Authorization", "x-csrf-token", "1")}, requests: "GET", delivery: Accepted},
		{name: "no network", get: []step{noAnswer}, requests: "GET", delivery: NotSent, check: is[*httpx.NetworkError]},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, server, keys := c.session(t)
			c.verify(t, s.SignIn(t.Context()), server, keys)
			require.Empty(t, server.get, "GETs that were not made")
		})
	}
}

func TestRequestHeaders(t *testing.T) {
	c := scenario{headers: true, dynamic: true, get: []step{me("1"), me("2")}, post: []step{ok, unauthorized, ok}}
	s, server, keys := c.session(t)
	s.config.Credentials = httpx.SameOrigin
	require.Empty(t, s.RequestHeader())
	require.NoError(t, s.SignIn(t.Context()))
	require.Equal(t, httpx.Header{"Authorization": "Bearer 1", "X-CSRF-TOKEN": "1"}, s.RequestHeader(), "the token takes the place of the caller's, in any case")

	s.RequestHeader()["Authorization"] = "changed"
	for range 2 {
		require.NoError(t, s.Post(t.Context(), postPath, []byte(`{"a":1}`), nil))
	}
	require.Equal(t, []bool{false, true}, keys.asked)
	require.Equal(t, "GET POST POST GET POST", server.requests())
	for i, want := range []httpx.Header{
		{"Accept": "application/json", "Authorization": "Bearer 1", "x-csrf-token": "the caller's"},
		{"Accept": "application/json", "Authorization": "Bearer 1", "X-CSRF-TOKEN": "1", "Content-Type": "application/json"},
		{"Accept": "application/json", "Authorization": "Bearer 1", "X-CSRF-TOKEN": "1", "Content-Type": "application/json"},
		{"Accept": "application/json", "Authorization": "Bearer 2", "x-csrf-token": "the caller's"},
		{"Accept": "application/json", "Authorization": "Bearer 2", "X-CSRF-TOKEN": "2", "Content-Type": "application/json"},
	} {
		req := server.sent[i]
		require.Equal(t, want, req.Header)
		require.Equal(t, httpx.SameOrigin, req.Credentials)
		if req.Method == "GET" {
			require.Nil(t, req.Body)
		} else {
			require.Equal(t, `{"a":1}`, string(req.Body))
		}
	}
	require.Equal(t, httpx.Header{"Authorization": "Bearer 2", "X-CSRF-TOKEN": "2"}, s.RequestHeader())
}

func TestNoTokenWithoutProtection(t *testing.T) {
	s, server, _ := scenario{csrfOff: true, get: []step{me("1")}, post: []step{ok}}.session(t)
	require.NoError(t, s.Post(t.Context(), postPath, []byte(`{}`), nil))
	require.Empty(t, s.RequestHeader())
	require.Empty(t, server.sent[1].Header.Get("X-CSRF-TOKEN"))
}

// A token that the server no longer names must not be sent again.
func TestTokenIsForgotten(t *testing.T) {
	s, _, _ := scenario{get: []step{me("1"), ok}}.session(t)
	require.NoError(t, s.SignIn(t.Context()))
	require.NoError(t, s.SignIn(t.Context()))
	require.Empty(t, s.RequestHeader())
}

func TestWhoIsSignedIn(t *testing.T) {
	for body, want := range map[string]string{
		`{"statusCode":0,"user":{"id":"7c","userName":"ann"}}`:                        "7c",
		`{"statusCode":0,"user":{"userName":"ann"}}`:                                  "ann",
		`{"statusCode":0,"user":{"id":"","userName":"ann"}}`:                          "ann",
		`{"statusCode":0,"user":{"id":9007199254740991,"userName":[]}}`:               "9007199254740991",
		`{"statusCode":0,"user":{"id":["7c"],"userName":{}}}`:                         "",
		`{"statusCode":0,"user":{"id":"` + strings.Repeat("x", MaxLongText+1) + `"}}`: "",
		`{"statusCode":0,"user":{"id":9007199254740993}}`:                             "9007199254740993",
		`{"statusCode":0,"user":{"id":12.0}}`:                                         "12",
		`{"statusCode":0,"user":{"ID":"7c","username":"bob","userName":"ann"}}`:       "ann",
		`{"statusCode":0,"User":{"id":"7c"}}`:                                         "",
		`{"statusCode":0,"user":{"id":"7c","balance":NaN}}`:                           "7c",
		"\xef\xbb\xbf{\"statusCode\":0,\"user\":{\"id\":\"7c\"}}":                     "7c",
		`{"statusCode":0,"user":"ann"}`:                                               "",
		`{"statusCode":0,"user":null}`:                                                "",
		`{"statusCode":0}`:                                                            "",
	} {
		s, _, _ := scenario{csrfOff: true, get: []step{answer(200, body)}}.session(t)
		require.Empty(t, s.User())
		require.NoError(t, s.SignIn(t.Context()))
		require.Equal(t, want, s.User(), body)
	}
}

func TestHeadersFail(t *testing.T) {
	for name, headers := range map[string]func(context.Context, bool) (httpx.Header, error){
		"error": func(context.Context, bool) (httpx.Header, error) { return nil, errReset },
		"panic": func(context.Context, bool) (httpx.Header, error) { panic("connection reset") },
	} {
		t.Run(name, func(t *testing.T) {
			s, server, _ := scenario{}.session(t)
			s.config.Headers = headers
			for range 2 { // the second shows that the first left nothing under way
				err := s.Post(t.Context(), postPath, nil, nil)
				require.ErrorContains(t, err, "connection reset")
				require.Equal(t, NotSent, DeliveryOf(err))
				_, internal := errors.AsType[*InternalError](err)
				require.Equal(t, name == "panic", internal)
			}
			require.Empty(t, server.requests())
		})
	}
}

func TestTimeout(t *testing.T) {
	for _, c := range []scenario{
		{name: "first GET", get: []step{hangs}, requests: "GET", delivery: NotSent, message: []string{"GET /api/v2/me: no answer within 10s"}},
		{name: "POST", get: []step{me("1")}, post: []step{hangs}, requests: "GET POST", delivery: Unknown, message: []string{"POST " + postPath + ": no answer within 10s"}},
		{name: "POST, reported as no network", get: []step{me("1")}, post: []step{hangsUp}, requests: "GET POST", delivery: Unknown, message: []string{"no answer within 10s"}},
		{name: "GET for a new token", get: []step{me("1"), hangs}, post: []step{csrfRefusal}, requests: "GET POST GET", delivery: Rejected, message: []string{"GET /api/v2/me: no answer within 10s"}},
		{name: "repeat", get: []step{me("1"), me("2")}, post: []step{csrfRefusal, hangs}, requests: "GET POST GET POST", delivery: Unknown, message: []string{"POST"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, server, keys := c.session(t)
				start := time.Now()
				err := s.Post(t.Context(), postPath, nil, nil)
				c.check = func(t *testing.T, err error) {
					require.Equal(t, 10*time.Second, as[*TimeoutError](t, err).After)
					require.ErrorIs(t, err, context.DeadlineExceeded)
				}
				c.verify(t, err, server, keys)
				require.Equal(t, 10*time.Second, time.Since(start))
			})
		})
	}
	t.Run("headers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, _, _ := scenario{}.session(t)
			s.config.Headers = func(ctx context.Context, _ bool) (httpx.Header, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			err := s.SignIn(t.Context())
			require.Equal(t, &TimeoutError{Request: "the headers function", After: 10 * time.Second}, as[*TimeoutError](t, err))
			require.Equal(t, NotSent, DeliveryOf(err))
		})
	})
	t.Run("late, an answer that has arrived is taken", func(t *testing.T) {
		for missed, accepted := range map[time.Duration]bool{0: false, time.Minute: true} {
			synctest.Test(t, func(t *testing.T) {
				slow := func(ctx context.Context, req *httpx.Request) (*httpx.Response, error) {
					select {
					case <-time.After(10*time.Second + 100*time.Millisecond):
						return ok(ctx, req)
					case <-ctx.Done():
						return nil, ctx.Err()
					}
				}
				s, _, _ := scenario{get: []step{me("1")}, post: []step{slow}}.session(t)
				var asleep atomic.Int64
				s.config.Clock = deadline.Clock{Now: func() time.Time { return time.Now().Add(time.Duration(asleep.Load())) }}
				require.NoError(t, s.SignIn(t.Context()))
				err := s.Post(t.Context(), postPath, []byte(`{}`), func(Delivery) bool {
					time.AfterFunc(9*time.Second, func() { asleep.Store(int64(missed)) })
					return true
				})
				require.Equal(t, accepted, err == nil, err)
			})
		}
	})
	t.Run("none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, _, _ := scenario{get: []step{hangs}}.session(t)
			s.config.RequestTimeout = 0
			ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
			defer cancel()
			start := time.Now()
			require.ErrorIs(t, s.SignIn(ctx), context.DeadlineExceeded)
			require.Equal(t, 24*time.Hour, time.Since(start))
		})
	})
}

// The caller gives up while a request is under way.
func TestCancel(t *testing.T) {
	for _, c := range []scenario{
		{name: "first GET", get: []step{hangs}, requests: "GET", delivery: NotSent},
		{name: "POST", get: []step{me("1")}, post: []step{hangs}, requests: "GET POST", delivery: Unknown},
		{name: "GET for a new token", get: []step{me("1"), hangs}, post: []step{csrfRefusal}, requests: "GET POST GET", delivery: Rejected},
		{name: "GET after a 401", headers: true, dynamic: true, get: []step{me("1"), hangs}, post: []step{unauthorized}, requests: "GET POST GET", asked: 2, delivery: Rejected},
		{name: "repeat", get: []step{me("1"), me("2")}, post: []step{csrfRefusal, hangs}, requests: "GET POST GET POST", delivery: Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, server, keys := c.session(t)
				ctx, cancel := context.WithCancel(t.Context())
				result := make(chan error)
				go func() { result <- s.Post(ctx, postPath, nil, nil) }()
				synctest.Wait()
				cancel()
				c.check = func(t *testing.T, err error) {
					require.ErrorIs(t, err, context.Canceled)
					_, timeout := errors.AsType[*TimeoutError](err)
					require.False(t, timeout)
				}
				c.verify(t, <-result, server, keys)
				synctest.Wait() // and the request itself has ended: synctest fails where it has not
			})
		})
	}
	t.Run("before anything", func(t *testing.T) {
		s, server, _ := scenario{get: []step{me("1")}}.session(t)
		require.NoError(t, s.SignIn(t.Context()))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := s.Post(ctx, postPath, nil, func(Delivery) bool { t.Error("sent"); return true })
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, NotSent, DeliveryOf(err))
		require.Equal(t, "GET", server.requests())
	})
	for name, refusal := range map[string]step{"CSRF": csrfRefusal, "401": unauthorized} {
		t.Run("when another has renewed what was refused, "+name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			var s *Auth
			c := scenario{headers: true, dynamic: true, get: []step{me("1"), me("2")}}
			c.post = []step{func(context.Context, *httpx.Request) (*httpx.Response, error) {
				require.NoError(t, s.Post(t.Context(), postPath, nil, nil))
				cancel()
				return refusal(ctx, nil)
			}, refusal, ok}
			var server *fakeServer
			s, server, _ = c.session(t)
			require.NoError(t, s.SignIn(ctx))
			err := s.Post(ctx, postPath, nil, nil)
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, Rejected, DeliveryOf(err))
			require.Equal(t, "GET POST POST GET POST", server.requests())
		})
	}
	t.Run("just when it is refused", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := scenario{get: []step{me("1")}}
		c.post = []step{func(context.Context, *httpx.Request) (*httpx.Response, error) {
			cancel()
			return csrfRefusal(ctx, nil)
		}}
		s, server, _ := c.session(t)
		err := s.Post(ctx, postPath, nil, nil)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, Rejected, DeliveryOf(err))
		require.Equal(t, "GET POST", server.requests())
	})
}

// held is a step that says when it has begun and waits to be let go.
func held(next step) (s step, begun, release chan struct{}) {
	begun, release = make(chan struct{}), make(chan struct{})
	return func(ctx context.Context, req *httpx.Request) (*httpx.Response, error) {
		close(begun)
		select {
		case <-release:
			return next(ctx, req)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}, begun, release
}

// Many Posts are refused at once: one GET brings the token for all of them.
func TestRefreshIsShared(t *testing.T) {
	for _, c := range []struct {
		name    string
		refusal step
		get     step
		want    Delivery
		asked   []bool
	}{
		{"CSRF", csrfRefusal, me("2"), Accepted, []bool{false}},
		{"401", unauthorized, me("2"), Accepted, []bool{false, true}},
		{"CSRF, refresh fails", csrfRefusal, noAnswer, Rejected, []bool{false}},
		{"401, refresh fails", unauthorized, noAnswer, Rejected, []bool{false, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const n = 20
				refresh, begun, release := held(c.get)
				script := scenario{headers: true, dynamic: true, get: []step{me("1"), refresh}}
				// Nobody is answered before all have sent with the old token.
				var all sync.WaitGroup
				all.Add(n)
				for range n {
					script.post = append(script.post, func(ctx context.Context, req *httpx.Request) (*httpx.Response, error) {
						all.Done()
						all.Wait()
						return c.refusal(ctx, req)
					})
				}
				for range n {
					script.post = append(script.post, ok)
				}
				s, server, keys := script.session(t)
				require.NoError(t, s.SignIn(t.Context()))

				results := make(chan error, n)
				for range n {
					go func() { results <- s.Post(t.Context(), postPath, nil, nil) }()
				}
				<-begun
				synctest.Wait()
				close(release)
				for range n {
					require.Equal(t, c.want, DeliveryOf(<-results))
				}
				require.Equal(t, 2, strings.Count(server.requests(), "GET"))
				require.Equal(t, c.asked, keys.asked)
				if c.want == Accepted {
					require.Equal(t, 2*n, strings.Count(server.requests(), "POST"))
					for _, req := range server.sent[n+2:] {
						require.Equal(t, "2", req.Header.Get("X-CSRF-TOKEN"))
					}
				}
			})
		})
	}
}

// A Post that was sent with the old token, and refused after another had
// already fetched the new one, uses that.
func TestLateRefusalNeedsNoGET(t *testing.T) {
	slow, begun, release := held(csrfRefusal)
	s, server, _ := scenario{get: []step{me("1"), me("2")}, post: []step{slow, csrfRefusal, ok, ok}}.session(t)
	require.NoError(t, s.SignIn(t.Context()))
	result := make(chan error)
	go func() { result <- s.Post(t.Context(), postPath, nil, nil) }()
	<-begun
	require.NoError(t, s.Post(t.Context(), postPath, nil, nil))
	close(release)
	require.NoError(t, <-result)
	require.Equal(t, "GET POST POST GET POST POST", server.requests())
}

// A sign-in under way without new headers doesn't count for who needs them.
func TestHeadersAfterSharedSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresh, begun, release := held(me("2"))
		s, server, keys := scenario{headers: true, dynamic: true, get: []step{me("1"), refresh, me("3")}, post: []step{unauthorized, ok}}.session(t)
		require.NoError(t, s.SignIn(t.Context()))
		results := make(chan error, 2)
		go func() { results <- s.SignIn(t.Context()) }()
		<-begun
		go func() { results <- s.Post(t.Context(), postPath, nil, nil) }()
		synctest.Wait()
		close(release)
		require.NoError(t, <-results)
		require.NoError(t, <-results)
		require.Equal(t, "GET GET POST GET POST", server.requests())
		require.Equal(t, []bool{false, true}, keys.asked)
		require.Equal(t, "Bearer 2", server.sent[4].Header.Get("Authorization"))
	})
}

// The one who began a sign-in gives up: the others still get theirs. When all
// have given up it is cancelled, and the next begins its own.
func TestSharedSignInOutlivesItsBeginner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, begun, release := held(me("1"))
		s, server, _ := scenario{get: []step{first, hangs, me("3")}}.session(t)
		beginner, giveUp := context.WithCancel(t.Context())
		results, other := make(chan error), make(chan error)
		go func() { results <- s.SignIn(beginner) }()
		<-begun
		go func() { other <- s.SignIn(t.Context()) }()
		synctest.Wait()
		giveUp()
		require.ErrorIs(t, <-results, context.Canceled)
		close(release)
		require.NoError(t, <-other)
		require.Equal(t, "GET", server.requests())

		alone, giveUp := context.WithCancel(t.Context())
		go func() { results <- s.SignIn(alone) }()
		synctest.Wait()
		giveUp()
		require.ErrorIs(t, <-results, context.Canceled)
		require.NoError(t, s.SignIn(t.Context()))
		require.Equal(t, "GET GET GET", server.requests())
		require.Equal(t, "3", s.RequestHeader().Get("X-CSRF-TOKEN"))
	})
}

// What was given up and still succeeds must not overwrite what is newer.
func TestAbandonedSignInChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		deaf := func(context.Context, *httpx.Request) (*httpx.Response, error) { // to its context
			<-release
			return me("old")(t.Context(), nil)
		}
		s, _, _ := scenario{get: []step{deaf, me("new")}}.session(t)
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error)
		go func() { result <- s.SignIn(ctx) }()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-result, context.Canceled)
		require.NoError(t, s.SignIn(t.Context()))
		close(release)
		synctest.Wait()
		require.Equal(t, "new", s.RequestHeader().Get("X-CSRF-TOKEN"))
	})
}

func TestDeliveryOfOthers(t *testing.T) {
	require.Equal(t, Accepted, DeliveryOf(nil))
	require.Equal(t, Unknown, DeliveryOf(errReset))
	require.Equal(t, Rejected, DeliveryOf(fmt.Errorf("completing: %w", withDelivery(Rejected, errReset))))
}

// The map that Headers returned stays its owner's, to change as they like.
func TestHeadersAreCopied(t *testing.T) {
	s, _, _ := scenario{get: []step{me("1")}}.session(t)
	own := httpx.Header{"Authorization": "Bearer 1"}
	s.config.Headers = func(context.Context, bool) (httpx.Header, error) { return own, nil }
	require.NoError(t, s.SignIn(t.Context()))
	own["Authorization"] = "changed"
	require.Equal(t, "Bearer 1", s.RequestHeader().Get("Authorization"))
}

// Whoever gives up at that moment must be able to say whether anything was sent: the last word is progress's.
func TestProgressDecidesWhetherThePostLeaves(t *testing.T) {
	for _, c := range []struct {
		name     string
		wanted   []bool
		delivery Delivery
		requests string
	}{
		{"unwanted", []bool{false}, NotSent, "GET"},
		{"wanted, and the context ends", []bool{true}, Accepted, "GET POST"},
		{"unwanted after a refusal", []bool{true, false}, Rejected, "GET POST"},
		{"unwanted before it leaves again", []bool{true, true, false}, Rejected, "GET POST GET"},
	} {
		t.Run(c.name, func(t *testing.T) {
			post := []step{ok}
			if len(c.wanted) > 1 {
				post = []step{csrfRefusal}
			}
			f := &fakeServer{t: t, get: []step{me("t"), me("u")}, post: post}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := NewAuth(Config{BaseURL: base, Doer: f, CSRF: true})
			err := s.Post(ctx, postPath, []byte(`{}`), func(Delivery) bool {
				wanted := c.wanted[0]
				if c.wanted = c.wanted[1:]; len(c.wanted) == 0 {
					cancel()
				}
				return wanted
			})
			require.Equal(t, c.delivery, DeliveryOf(err), err)
			require.Equal(t, c.requests, f.requests())
		})
	}
}
