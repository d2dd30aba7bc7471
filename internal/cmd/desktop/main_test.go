//go:build !js

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gwssim"
)

// start runs the server on a directory with these files, and returns its host
// and port.
func start(t *testing.T, files map[string]string, audience gwssim.Audience) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, "root", name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret.js"), []byte("not to be seen"), 0o644))
	require.NoError(t, os.Symlink("../../secret.js", filepath.Join(dir, "root", "web", "link.js")))
	ctx, cancel := context.WithCancel(t.Context())
	urls, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- run(ctx, "127.0.0.1:0", filepath.Join(dir, "root"), audience, func(url string, _ *docs) { urls <- url })
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	select {
	case url := <-urls:
		return strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/")
	case err := <-ended:
		require.FailNow(t, "it did not start", "%v", err)
		return ""
	}
}

// get sends the path as it is, which an http.Client would tidy up.
func get(t *testing.T, host, path string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", host)
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, host)
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(body)
}

func TestServesTheDemoAndNothingElse(t *testing.T) {
	const secret = "not to be seen"
	host := start(t, map[string]string{
		"index.html":            "page",
		"web/app.js":            "script",
		"web/app.css":           "style",
		"web/simulator.html":    "simulator",
		"web/.env":              secret,
		"web/.git/config":       secret,
		"js/dist/outbound.wasm": "wasm",
		"js/dist/index.js":      "module",
		"js/package.json":       secret,

		"js/node_modules/cometd/cometd.js": "cometd",
		"js/node_modules/cometd31/a.js":    secret,
		"js/node_modules/.installed":       secret,
		"go.mod":                           secret,
		".env":                             secret,
		"webs/x.js":                        secret,
	}, gwssim.Audience{})
	for path, want := range map[string]struct{ body, contentType string }{
		"/":                      {"page", "text/html; charset=utf-8"},
		"/index.html":            {"page", "text/html; charset=utf-8"},
		"/?x=1":                  {"page", "text/html; charset=utf-8"},
		"/simulator":             {"simulator", "text/html; charset=utf-8"},
		"/web/app.js":            {"script", "text/javascript; charset=utf-8"},
		"/web/app.css":           {"style", "text/css; charset=utf-8"},
		"/js/dist/index.js":      {"module", "text/javascript; charset=utf-8"},
		"/js/dist/outbound.wasm": {"wasm", "application/wasm"},

		"/js/node_modules/cometd/cometd.js": {"cometd", "text/javascript; charset=utf-8"},
	} {
		res, body := get(t, host, path)
		require.Equal(t, 200, res.StatusCode, path)
		require.Equal(t, want.body, body, path)
		require.Equal(t, want.contentType, res.Header.Get("Content-Type"), path)
		require.Equal(t, "no-cache", res.Header.Get("Cache-Control"), path)
		require.Equal(t, csp, res.Header.Get("Content-Security-Policy"), path)
	}
	for _, path := range []string{
		"/go.mod", "/js/package.json", "/.env", "/web/.env", "/web/.git/config", "/webs/x.js", "/web", "/web/", "/js/dist/",
		"/web/../go.mod", "/web/%2e%2e/go.mod", "/web/..%2fgo.mod", "/web/..%5cgo.mod", "//go.mod", "/web//../go.mod",
		"/js/dist/../package.json", "/js/node_modules/cometd31/a.js", "/js/node_modules/.installed", "/../secret.js", "/web/../../secret.js", "/web/%2e%2e%2f%2e%2e%2fsecret.js", "/web/link.js",
		"/web/app.js/", "/web/app.js%00.png", "/nothing",
	} {
		res, body := get(t, host, path)
		require.NotEqual(t, 200, res.StatusCode, path)
		require.NotContains(t, body, secret, path)
	}
	res, err := http.Post("http://"+host+"/web/app.js", "text/plain", nil)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, 405, res.StatusCode)
}

func TestSimulatorIsOnTheSameOrigin(t *testing.T) {
	host := start(t, map[string]string{"index.html": "page", "web/app.js": "script"}, gwssim.Audience{})
	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+host+"/api/v2/me", nil)
	require.NoError(t, err)
	req.SetBasicAuth("agent", "secret")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, 200, res.StatusCode)
	require.NotEmpty(t, res.Header.Get("X-CSRF-TOKEN"))
	control, _ := get(t, host, "/gwssim/posts")
	require.Equal(t, 405, control.StatusCode, "the verbs are POST")
}

// A page that leads its own name to this machine (DNS rebinding) is of the origin that it names.
func TestAudience_OnlyNamesOfThisMachineAreServed(t *testing.T) {
	host := start(t, map[string]string{"index.html": "page", "web/app.js": "script"}, gwssim.Audience{Hosts: []string{"desk.example"}})
	_, port, err := net.SplitHostPort(host)
	require.NoError(t, err)
	status := func(path, name string) int {
		req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+host+path, nil)
		require.NoError(t, err)
		req.Host = name
		req.SetBasicAuth("agent", "secret")
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	for _, path := range []string{"/", "/web/app.js", "/api/v2/me"} {
		for _, name := range []string{host, "localhost:" + port, "LocalHost", "[::1]:" + port, "127.0.0.1", "desk.example:" + port} {
			require.Equal(t, 200, status(path, name), "%s of %s", path, name)
		}
		for _, name := range []string{"evil.example", "evil.example:" + port, "127.0.0.1.evil.example", "localhost.evil.example", "evil.example@127.0.0.1", "10.0.0.1:" + port, "0"} {
			require.Contains(t, []int{400, 421}, status(path, name), "%s of %s", path, name)
		}
	}
}

func TestAudience_OtherExtensionsAndPagesAreRefused(t *testing.T) {
	host := start(t, map[string]string{"index.html": "page", "web/app.js": "script"}, gwssim.Audience{Hosts: []string{"desk.example"}, Extensions: []string{"abc", "0a-1b"}})
	status := func(method, path, origin string) int {
		req, err := http.NewRequestWithContext(t.Context(), method, "http://"+host+path, strings.NewReader("{}"))
		require.NoError(t, err)
		req.Header.Set("Origin", origin)
		req.Header.Set("Content-Type", "application/json")
		req.SetBasicAuth("agent", "secret")
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	for method, path := range map[string]string{"POST": "/gwssim/posts", "GET": "/api/v2/me"} {
		for _, origin := range []string{"http://" + host, "http://localhost:1", "https://desk.example", "chrome-extension://" + gwssim.SampleExtension, "chrome-extension://abc", "moz-extension://0a-1b"} {
			require.Equal(t, 200, status(method, path, origin), "%s from %s", path, origin)
		}
		for _, origin := range []string{"chrome-extension://abcd", "moz-extension://" + gwssim.SampleExtension, "safari-web-extension://abc", "null", "http://evil.example", "http://127.0.0.1.evil.example", "http://localhost@evil.example", "http://evil@localhost", "file://", "abc"} {
			require.Equal(t, 403, status(method, path, origin), "%s from %s", path, origin)
		}
	}
}

func TestMistakes(t *testing.T) {
	require.ErrorContains(t, run(t.Context(), "127.0.0.1:0", "/no/such/directory", gwssim.Audience{}, nil), "/no/such/directory")
	require.Error(t, run(t.Context(), "nowhere:nothing", t.TempDir(), gwssim.Audience{}, nil))
}

func TestManual(t *testing.T) {
	const secret = "not to be seen"
	files := map[string]string{
		"index.html": "page", "web/docs/errors.md": "# Errors", "web/app.js": "script",
		"build/secret.js": secret, "build/docs.md/web/docs/errors.md": secret,
	}
	host := start(t, files, gwssim.Audience{})
	res, body := get(t, host, "/docs/")
	require.Equal(t, 503, res.StatusCode)
	require.Contains(t, body, "make docs")
	require.Contains(t, body, `href="/web/docs/errors.md"`)

	files["build/docs/index.html"], files["build/docs/api/Client.html"], files["build/docs/assets/main.js"] = "manual", "api", "main"
	host = start(t, files, gwssim.Audience{})
	for path, want := range map[string]string{"/docs/": "manual", "/docs/index.html": "manual", "/docs/api/Client.html": "api", "/docs/assets/main.js": "main"} {
		res, body := get(t, host, path)
		require.Equal(t, 200, res.StatusCode, path)
		require.Equal(t, want, body, path)
		require.Equal(t, docsCSP, res.Header.Get("Content-Security-Policy"), path)
	}
	res, _ = get(t, host, "/docs")
	require.Equal(t, "/docs/", res.Header.Get("Location"))
	for _, path := range []string{"/docs/../secret.js", "/docs/%2e%2e/secret.js", "/docs/..%2fsecret.js", "/docs/api", "/docs/nothing", "/build/docs/index.html", "/docsx"} {
		res, body := get(t, host, path)
		require.NotEqual(t, 200, res.StatusCode, path)
		require.NotContains(t, body, secret, path)
	}
}

func TestManual_FailsVisibly(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	d := docs{root: root}
	shown := func() string {
		w := httptest.NewRecorder()
		d.ServeHTTP(w, httptest.NewRequest("GET", "/docs/", nil))
		return w.Body.String()
	}
	d.make(t.Context(), "go no-such-command")
	require.Contains(t, shown(), "could not be made")
	require.Contains(t, shown(), "go no-such-command: unknown command")
	d.make(t.Context(), "go version")
	require.Contains(t, shown(), "was not made yet")
	d.set(docsState{Making: true})
	require.Contains(t, shown(), "is being made")
}
