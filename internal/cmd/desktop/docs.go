//go:build !js

package main

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"os"
	"os/exec"
	"path"
	"strings"
	"sync"
)

// docsFolder is where the manual's pages are made.
const docsFolder = "build/docs"

// docsCSP is csp for the manual's pages, whose scripts make styles as they run.
var docsCSP = strings.Replace(csp, "style-src 'self'", "style-src 'self' 'unsafe-inline'", 1)

// docs serves the manual, under /docs/. Its pages are made by a command, once the demo is up, since that takes longer than anybody waits
// for the demo; until they are there, a page says so.
type docs struct {
	root *os.Root

	mu    sync.Mutex
	state docsState
}

type docsState struct {
	Making bool
	Failed string // what the command said
	Pages  []string
}

func (d *docs) set(s docsState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state = s
}

// make has the pages made by a command; none if it is empty.
func (d *docs) make(ctx context.Context, command string) {
	args := strings.Fields(command)
	if len(args) == 0 {
		return
	}
	d.set(docsState{Making: true})
	said, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput()
	if err == nil || ctx.Err() != nil {
		d.set(docsState{})
		return
	}
	d.set(docsState{Failed: strings.TrimSpace(string(said))})
	fmt.Fprintf(os.Stderr, "desktop: the manual was not made: %v\n%s", err, said)
}

func (d *docs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/docs")
	if name == "" || name == "/" {
		if !strings.HasSuffix(r.URL.Path, "/") {
			http.Redirect(w, r, "/docs/", http.StatusMovedPermanently)
			return
		}
		name = "/index.html"
	}
	if _, err := d.root.Stat(docsFolder + "/index.html"); err != nil {
		d.explain(w)
		return
	}
	w.Header().Set("Content-Security-Policy", docsCSP)
	serveFile(w, r, d.root, docsFolder+name)
}

// explain says why there are no pages, and names the Markdown that they are made of.
func (d *docs) explain(w http.ResponseWriter) {
	d.mu.Lock()
	state := d.state
	d.mu.Unlock()
	if folder, err := d.root.Open("web/docs"); err == nil {
		names, _ := folder.Readdirnames(-1)
		for _, name := range names {
			if strings.HasSuffix(name, ".md") {
				state.Pages = append(state.Pages, name)
			}
		}
		_ = folder.Close()
	}
	w.Header().Set("Content-Type", mimeTypes[".html"])
	if state.Making {
		w.Header().Set("Refresh", "3")
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = noDocs.Execute(w, state)
}

var noDocs = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Manual · gws-outbound</title>
<link rel="stylesheet" href="/web/desktop.css">
<link rel="stylesheet" href="/web/controls.css">
</head>
<body>
<main class="columns">
<section class="panel wide">
{{if .Making -}}
<h1>The manual is being made</h1>
<p>That takes some seconds; then this page shows it by itself.</p>
{{- else if .Failed -}}
<h1>The manual could not be made</h1>
<p>Run <code>make docs</code> to see why; it needs what npm installs. What it said:</p>
<pre>{{.Failed}}</pre>
{{- else -}}
<h1>The manual was not made yet</h1>
<p>Run <code>make docs</code>, then load this page again.</p>
{{- end}}
<p>Meanwhile, the text of its pages:{{range .Pages}} <a href="/web/docs/{{.}}">{{.}}</a>{{end}}</p>
</section>
</main>
</body>
</html>
`))
