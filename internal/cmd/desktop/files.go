//go:build !js

package main

import (
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"
)

// csp lets the pages load what is on this origin, compile WebAssembly, and
// nothing else. The 'self' of connect-src covers a WebSocket to it, too.
const csp = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; worker-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// cometd is where npm has put cometd.js, which the desktop of an example has.
const cometd = "js/node_modules/cometd/"

// mimeTypes are given here rather than by the machine's own table: browsers
// insist on the right ones for scripts and WebAssembly.
var mimeTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".mjs":  "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".wasm": "application/wasm",
	".json": "application/json",
	".map":  "application/json",
	".svg":  "image/svg+xml",
	".png":  "image/png",
	".ico":  "image/x-icon",
	".ts":   "text/plain; charset=utf-8",
	".md":   "text/plain; charset=utf-8",
}

// files serves the demo's files from the project's directory, and the manual.
type files struct {
	root *os.Root
	docs *docs
}

func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", csp)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-cache")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if r.URL.Path == "/docs" || strings.HasPrefix(r.URL.Path, "/docs/") {
		f.docs.ServeHTTP(w, r)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	switch name {
	case "":
		name = "index.html"
	case "simulator":
		name = "web/simulator.html"
	}
	if !served(name) {
		http.NotFound(w, r)
		return
	}
	serveFile(w, r, f.root, name)
}

func serveFile(w http.ResponseWriter, r *http.Request, root *os.Root, name string) {
	// os.Root follows no link out of the directory.
	file, err := root.Open(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		http.NotFound(w, r)
		return
	}
	contentType, ok := mimeTypes[path.Ext(name)]
	if !ok {
		contentType = "application/octet-stream"
	}
	w.Header().Set("Content-Type", contentType)
	http.ServeContent(w, r, "", info.ModTime(), file)
}

// served reports whether a file belongs to the demo. Nothing hidden does.
func served(name string) bool {
	if !fs.ValidPath(name) || strings.Contains(name, `\`) {
		return false
	}
	for segment := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(segment, ".") {
			return false
		}
	}
	return name == "index.html" || strings.HasPrefix(name, "web/") || strings.HasPrefix(name, "js/dist/") || strings.HasPrefix(name, cometd)
}
