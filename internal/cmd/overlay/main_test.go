package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun_LibrariesCompileWithoutThem(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, run(folder))
	_, err := goCommand("build", "-overlay="+filepath.Join(folder, "overlay.json"), "nhooyr.io/websocket", "github.com/hack-pad/go-indexeddb/idb", "time")
	require.NoError(t, err)
}

func TestFindGodebug(t *testing.T) {
	_, err := findGodebug(nil)
	require.ErrorContains(t, err, "not needed for that any more")
	_, err = findGodebug([]listed{{ImportPath: godebug, GoFiles: []string{"a.go", "b.go"}}})
	require.ErrorContains(t, err, "has the files [a.go b.go]")
}

func TestCheckImports_PackageWithNetHTTPIsNamed(t *testing.T) {
	packages, err := list()
	require.NoError(t, err)
	require.EqualError(t, checkImports(packages),
		"the overlay is no use: fmt is still in the module, imported by github.com/hack-pad/safejs/internal/stackerr, "+
			"github.com/hack-pad/safejs/internal/catch, github.com/hack-pad/safejs, nhooyr.io/websocket/internal/xsync, "+
			"nhooyr.io/websocket, github.com/hack-pad/go-indexeddb/idb")
}

func TestRewrite_OnlyTheImportsChange(t *testing.T) {
	result, replaced, err := rewrite("dial.go", []byte(`package websocket

import (
	"context"
	"net"
	"net/http" // for signatures
)

var _ net.Conn

func Dial(context.Context) (*http.Response, error) { return &http.Response{StatusCode: http.StatusSwitchingProtocols}, nil }
`))
	require.NoError(t, err)
	require.Equal(t, []string{"net", "net/http"}, replaced)
	require.Equal(t, `package websocket

import (
	"context"
	"gws-outbound/small/net"
	"gws-outbound/small/http" // for signatures
)

var _ net.Conn

func Dial(context.Context) (*http.Response, error) { return &http.Response{StatusCode: http.StatusSwitchingProtocols}, nil }
`, string(result))
}

func TestRewrite_FileWithoutThemStays(t *testing.T) {
	const source = "package websocket\n\nimport \"net/url\"\n\nvar _ url.URL\n"
	result, replaced, err := rewrite("conn.go", []byte(source))
	require.NoError(t, err)
	require.Empty(t, replaced)
	require.Equal(t, source, string(result))
}

func TestRewrite_UnknownNamesAreErrors(t *testing.T) {
	for name, test := range map[string]struct{ source, expect string }{
		"other names": {
			"import \"net/http\"\nvar _ http.Request\nvar _ = http.DefaultClient\nvar a, b http.Header",
			"x.go uses http.DefaultClient, http.Header, which internal/cmd/overlay/http does not have",
		},
		"another import name": {
			"import web \"net/http\"\nvar _ web.Request",
			`x.go imports net/http by the name "web"`,
		},
		"no Go": {"import", "x.go:2"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := rewrite("x.go", []byte("package x\n"+test.source))
			require.ErrorContains(t, err, test.expect)
		})
	}
}
