// Command notice prints NOTICE: the licences of what the WebAssembly module and the loader are made of; or those of what
// the simulator is made of, which js/simulator/build.mjs puts into its package.
//
//	go run ./internal/cmd/notice > NOTICE
//	go run ./internal/cmd/notice simulator
//
// What is linked into the module says the go command, and the texts are those that its modules come with: a module
// without a licence file is an error. js/build.mjs puts the same text into the package.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	w := module
	if len(os.Args) > 1 && os.Args[1] == "simulator" {
		w = simulator
	}
	text, err := notice(w)
	if err != nil {
		fmt.Fprintln(os.Stderr, "notice:", err)
		os.Exit(1)
	}
	fmt.Print(text)
}

// work is a program that is given to others.
type work struct {
	pkg, intro, goParts string
	env                 []string // of the platform; the machine's own if there is none
	changed             map[string]string
}

var (
	module = work{
		pkg:     "gws-outbound/wasm",
		intro:   "gws-outbound is under the MIT licence: see LICENSE. Its WebAssembly module and its loader contain what follows.",
		goParts: "Go: its runtime, standard library (with golang.org/x packages of the same authors) and wasm_exec.js",
		env:     []string{"GOOS=js", "GOARCH=wasm"},
		changed: map[string]string{"nhooyr.io/websocket": "Changed: its files for browsers do not import net/http. See internal/cmd/overlay in the sources."},
	}
	simulator = work{
		pkg:     "gws-outbound/internal/cmd/simulator",
		intro:   "gws-outbound-simulator is under the MIT licence: see LICENSE. Its programs contain what follows.",
		goParts: "Go: its runtime and standard library (with golang.org/x packages of the same authors)",
	}
)

// part is something that others have written.
type part struct {
	name, folder string
	remark       string
}

func notice(w work) (string, error) {
	parts, err := linked(w)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(w.intro + "\n")
	for _, p := range parts {
		text, err := licence(p.folder)
		if err != nil {
			return "", fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Fprintf(&b, "\n%s\n%s\n", strings.Repeat("=", 80), p.name)
		if p.remark != "" {
			b.WriteString(p.remark + "\n")
		}
		b.WriteString("\n" + text)
	}
	return b.String(), nil
}

// linked returns Go, whose library is there, and the modules that a work is linked from. A build of the module
// with the overlay of internal/cmd/overlay has the same.
func linked(w work) ([]part, error) {
	root, err := output(w.env, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	list, err := output(w.env, "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}", w.pkg)
	if err != nil {
		return nil, err
	}
	parts := []part{{name: w.goParts, folder: root}}
	for line := range strings.Lines(list) {
		name, folder, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			continue
		}
		p := part{name: name, folder: folder}
		path, _, _ := strings.Cut(name, " ")
		p.remark = w.changed[path]
		parts = append(parts, p)
	}
	slices.SortFunc(parts[1:], func(a, b part) int { return strings.Compare(a.name, b.name) })
	return parts, nil
}

// licence returns the text of a folder's licence, and of its notice if there is one.
func licence(folder string) (string, error) {
	var texts []string
	for _, pattern := range []string{"LICEN[SC]E*", "COPYING*", "NOTICE*"} {
		files, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return "", err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return "", err
			}
			texts = append(texts, string(bytes.TrimSpace(text))+"\n")
		}
	}
	if len(texts) == 0 {
		return "", fmt.Errorf("no licence in %s", folder)
	}
	return strings.ReplaceAll(strings.Join(texts, "\n"), "\r\n", "\n"), nil
}

// output runs a command with more variables in its environment.
func output(env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}
