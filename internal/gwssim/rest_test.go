//go:build !js

package gwssim_test

import (
	"net/http"
	"net/http/httptrace"
	"testing"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gwssim"
)

func TestSignIn(t *testing.T) {
	sim := gwssim.New(t)
	c := newClient(t, sim)
	refused := c.signIn("", "")
	require.Equal(t, 401, refused.status)
	require.Equal(t, 20.0, refused.json(t)["statusCode"])
	require.Empty(t, refused.header.Values("WWW-Authenticate"), "a browser would open a dialog")
	require.Empty(t, refused.header.Get("X-CSRF-TOKEN"))
	require.Equal(t, 401, c.signIn("agent", "wrong").status)

	a := c.signIn("agent", "secret")
	require.Equal(t, 200, a.status)
	require.Equal(t, "agent", a.json(t)["user"].(object)["userName"])
	require.Regexp(t, `^JSESSIONID=\w+; Path=/; HttpOnly; SameSite=Lax$`, a.header.Get("Set-Cookie"))
	require.Equal(t, "X-CSRF-TOKEN", a.header.Get("X-CSRF-HEADER"))

	again := c.signIn("", "")
	require.Equal(t, 200, again.status, "the cookie is enough")
	require.Equal(t, a.header.Get("X-CSRF-TOKEN"), again.header.Get("X-CSRF-TOKEN"), "the token lives as long as the session")
	require.Empty(t, c.signIn("agent", "secret").header.Get("Set-Cookie"), "the session is kept")
	require.NotEmpty(t, c.signIn("agent2", "secret").header.Get("Set-Cookie"), "another user gets another")
	require.Equal(t, 401, c.signIn("agent2", "wrong").status, "credentials count before the cookie")

	sim.Set(gwssim.Behavior{SignInStatus: 503})
	require.Equal(t, 503, c.signIn("", "").status)
	sim.Set(gwssim.Behavior{RejectAuth: 1})
	require.Equal(t, 401, c.signIn("", "").status)
	require.Equal(t, 200, c.signIn("", "").status)
	sim.ExpireHTTP()
	require.Equal(t, 401, c.signIn("", "").status)
}

func TestBecome_TheCookieIsSomebodyElses(t *testing.T) {
	sim := gwssim.New(t)
	sim.Set(gwssim.Behavior{NumericIDs: true})
	c := signedIn(t, sim, "agent")
	token := c.token
	require.Error(t, sim.Become("nobody"))
	require.Contains(t, string(c.signIn("", "").body), `"id":9007199254740992,`)

	require.NoError(t, sim.Become("agent1"))
	require.Equal(t, 403, c.post("r").status, "the token was the first one's")
	a := c.signIn("", "")
	require.Empty(t, a.header.Get("Set-Cookie"))
	require.NotEqual(t, token, c.token)
	require.Contains(t, string(a.body), `"id":9007199254740993,`)
	require.Equal(t, 200, c.post("r").status)
	posts := sim.Posts()
	require.Equal(t, "agent1", posts[len(posts)-1].User)
	c.control("become", `{"user":"agent"}`)
	require.Contains(t, string(c.signIn("", "").body), `"userName":"agent"`)
}

func TestCSRF(t *testing.T) {
	sim := gwssim.New(t)
	c := signedIn(t, sim, "agent")
	token := c.token
	for _, wrong := range []string{"", "wrong"} {
		c.token = wrong
		a := c.post("r")
		require.Equal(t, 403, a.status)
		require.Equal(t, "Missing or invalid Csrf token", a.json(t)["statusMessage"])
	}
	require.Zero(t, sim.Processed())
	c.token = token
	require.Equal(t, 200, c.post("r").status)

	sim.Set(gwssim.Behavior{RejectCSRF: 1})
	require.Equal(t, 403, c.post("r").status)
	require.Equal(t, 403, c.post("r").status, "the old token stays wrong")
	c.signIn("", "")
	require.NotEqual(t, token, c.token)
	require.Equal(t, 200, c.post("r").status)
	require.Equal(t, 2, sim.Processed())

	sim.Set(gwssim.Behavior{NoCSRF: true})
	c.token = ""
	require.Empty(t, c.signIn("", "").header.Get("X-CSRF-HEADER"))
	require.Equal(t, 200, c.post("r").status)

	statuses := []int{}
	for _, p := range sim.Posts() {
		statuses = append(statuses, p.Status)
	}
	require.Equal(t, []int{403, 403, 200, 403, 403, 200, 200}, statuses)
}

func TestEveryGetHandsOutTheToken(t *testing.T) {
	sim := gwssim.New(t)
	c := signedIn(t, sim, "agent")
	a := c.do("GET", "/api/v2/devices", "")
	require.Equal(t, 404, a.status)
	require.Equal(t, 6.0, a.json(t)["statusCode"])
	require.Equal(t, c.token, a.header.Get("X-CSRF-TOKEN"))
	require.Equal(t, 404, c.do("POST", "/api/v2/devices", "{}").status)
	c.token = ""
	require.Equal(t, 403, c.do("POST", "/api/v2/devices", "{}").status)
}

func TestValidation(t *testing.T) {
	sim := gwssim.New(t)
	c := signedIn(t, sim, "agent")
	contentType := func(v string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Content-Type", v) }
	}
	for name, try := range map[string]struct {
		path, body, contentType string
		code                    float64
		names                   string // in the message
	}{
		"no operation":       {body: record("r", object{"operationName": nil}), code: 1, names: "operationName"},
		"no application":     {body: record("r", object{"applicationId": nil}), code: 1, names: "applicationId"},
		"no campaign":        {body: record("r", object{"campaignName": nil}), code: 1, names: "campaignName"},
		"empty list":         {body: record("r", object{"callingList": ""}), code: 1, names: "callingList"},
		"null device":        {body: `{"operationName":"CompleteRecord","applicationId":1,"campaignName":"c","callingList":"l","devicePath":null}`, code: 1, names: "devicePath"},
		"text application":   {body: record("r", object{"applicationId": "134"}), code: 10, names: "applicationId"},
		"broken application": {body: record("r", object{"applicationId": 1.5}), code: 10, names: "applicationId"},
		"number campaign":    {body: record("r", object{"campaignName": 1}), code: 10, names: "campaignName"},
		"number phone":       {body: record("r", object{"phoneNumber": 1}), code: 10, names: "phoneNumber"},
		"number reference":   {body: record("r", object{"referenceId": 1}), code: 10, names: "referenceId"},
		"number result":      {body: record("r", object{"callResult": 33}), code: 10, names: "callResult"},
		"other operation":    {body: record("r", object{"operationName": "RescheduleRecord"}), code: 1, names: "callbackType"},
		"unknown operation":  {body: record("r", object{"operationName": "Complete"}), code: 10, names: "Complete"},
		"not JSON":           {body: "operationName=CompleteRecord", code: 10, names: "JSON"},
		"not an object":      {body: "[]", code: 10, names: "JSON"},
		"null":               {body: "null", code: 10, names: "JSON"},
		"form":               {body: record("r", nil), contentType: "application/x-www-form-urlencoded", code: 10, names: "Content-Type"},
		"handle not digits":  {path: "/api/v2/me/outbound-records/12a", body: record("r", nil), code: 10, names: "handle"},
		"handle zero":        {path: "/api/v2/me/outbound-records/0", body: record("r", nil), code: 10, names: "handle"},
		"no handle":          {path: "/api/v2/me/outbound-records", body: record("r", nil), code: 10, names: "handle"},
	} {
		path, media := recordPath, "application/json"
		if try.path != "" {
			path = try.path
		}
		if try.contentType != "" {
			media = try.contentType
		}
		a := c.do("POST", path, try.body, contentType(media))
		require.Equal(t, 200, a.status, name)
		require.Equal(t, try.code, a.json(t)["statusCode"], name)
		require.Contains(t, a.json(t)["statusMessage"], try.names, name)
	}
	require.Zero(t, sim.Processed())

	all := record("r", object{"callResult": "Busy", "phoneNumber": "+1", "referenceId": nil})
	require.JSONEq(t, `{"statusCode":0}`, c.do("POST", recordPath, all, contentType("application/json; charset=utf-8")).body)
	require.Equal(t, 1, sim.Processed())
	posts := sim.Posts()
	require.Equal(t, gwssim.Post{
		Path: recordPath, User: "agent", Body: all, ContentType: "application/json; charset=utf-8", CSRFToken: c.token, Status: 200,
	}, posts[len(posts)-1])
}

func TestPostFaults(t *testing.T) {
	sim := gwssim.New(t)
	c := signedIn(t, sim, "agent")

	sim.Set(gwssim.Behavior{PostStatus: 502})
	require.Equal(t, 502, c.post("r").status)
	sim.Set(gwssim.Behavior{PostBody: "<h1>Sign in</h1>"})
	a := c.post("r")
	require.Equal(t, 200, a.status)
	require.Equal(t, "<h1>Sign in</h1>", a.body)
	require.Contains(t, a.header.Get("Content-Type"), "text/html")
	sim.Set(gwssim.Behavior{PostBody: "busy", PostContentType: "text/plain", PostStatus: 503})
	a = c.post("r")
	require.Equal(t, 503, a.status)
	require.Equal(t, "text/plain", a.header.Get("Content-Type"))
	sim.Set(gwssim.Behavior{StatusCode: 5, StatusMessage: "no permission"})
	require.JSONEq(t, `{"statusCode":5,"statusMessage":"no permission"}`, c.post("r").body)
	sim.Set(gwssim.Behavior{Redirect: true})
	a = c.post("r")
	require.Equal(t, 302, a.status)
	require.Equal(t, "/login", a.header.Get("Location"))
	require.Equal(t, 302, c.signIn("", "").status)
	require.Contains(t, c.do("GET", "/login", "").header.Get("Content-Type"), "text/html")
	sim.Set(gwssim.Behavior{RejectAuth: 1})
	require.Equal(t, 401, c.post("r").status)
	sim.Set(gwssim.Behavior{PostCut: true})
	_, err := c.try("POST", recordPath, record("r", nil))
	require.ErrorContains(t, err, "reset by peer")
	require.Zero(t, sim.Processed())

	posts := sim.Posts()
	require.Len(t, posts, 7)
	require.Zero(t, posts[6].Status, "a cut is no answer")

	for i, b := range []gwssim.Behavior{{PostStatus: 502}, {PostBody: "x"}, {PostCut: true}} {
		b.PostProcessed = true
		sim.Set(b)
		_, _ = c.try("POST", recordPath, record("r", nil))
		require.Equal(t, i+1, sim.Processed())
	}
}

func TestConnectionsAreUsedAgainOnlyIfAsked(t *testing.T) {
	sim := gwssim.New(t)
	c := newClient(t, sim)
	reused := func() (reused bool) {
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }}
		c.do("GET", "/login", "", func(r *http.Request) { *r = *r.WithContext(httptrace.WithClientTrace(r.Context(), trace)) })
		return reused
	}
	reused()
	require.False(t, reused())
	sim.Set(gwssim.Behavior{KeepAlive: true})
	reused()
	require.True(t, reused())
}

func TestCORS(t *testing.T) {
	sim := gwssim.New(t)
	c := newClient(t, sim)
	get := func(origin string) answer {
		return c.do("GET", "/api/v2/me", "", func(r *http.Request) {
			r.Header.Set("Origin", origin)
			r.SetBasicAuth("agent", "secret")
		})
	}
	for _, origin := range []string{"http://127.0.0.1:8080", "http://localhost:1", "chrome-extension://" + gwssim.SampleExtension} {
		a := get(origin)
		require.Equal(t, origin, a.header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "true", a.header.Get("Access-Control-Allow-Credentials"))
		require.Equal(t, "X-CSRF-HEADER, X-CSRF-TOKEN", a.header.Get("Access-Control-Expose-Headers"))
		preflight := c.do("OPTIONS", recordPath, "", func(r *http.Request) { r.Header.Set("Origin", origin) })
		require.Equal(t, 204, preflight.status)
		require.Equal(t, origin, preflight.header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "Authorization, Content-Type, X-CSRF-TOKEN", preflight.header.Get("Access-Control-Allow-Headers"))
	}
	for _, origin := range []string{"http://example.com", "http://127.0.0.1.example.com", "chrome-extension://abc", "null", "http://localhost@example.com"} {
		a := get(origin)
		require.Equal(t, 403, a.status, origin)
		require.Empty(t, a.header.Get("Access-Control-Allow-Origin"), origin)
	}
	sim.Set(gwssim.Behavior{HideCSRF: true})
	require.Empty(t, get("http://localhost:1").header.Get("Access-Control-Expose-Headers"))
}
