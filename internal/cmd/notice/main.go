// Command notice prints NOTICE: the licences of what the WebAssembly module and the loader are made of.
//
//	go run ./internal/cmd/notice > NOTICE
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
	text, err := notice()
	if err != nil {
		fmt.Fprintln(os.Stderr, "notice:", err)
		os.Exit(1)
	}
	fmt.Print(text)
}

// part is something that others have written.
type part struct {
	name, folder string
	remark       string
}

func notice() (string, error) {
	parts, err := linked()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("gws-outbound is under the MIT licence: see LICENSE. Its WebAssembly module and its loader contain what follows.\n")
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

// linked returns Go, whose library and wasm_exec.js are there, and the modules that ./wasm is linked from. A build
// with the overlay of internal/cmd/overlay has the same.
func linked() ([]part, error) {
	root, err := output("go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	list, err := output("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}", "gws-outbound/wasm")
	if err != nil {
		return nil, err
	}
	parts := []part{{name: "Go: its runtime, standard library (with golang.org/x packages of the same authors) and wasm_exec.js", folder: root}}
	for line := range strings.Lines(list) {
		name, folder, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			continue
		}
		p := part{name: name, folder: folder}
		if strings.HasPrefix(name, "nhooyr.io/websocket ") {
			p.remark = "Changed: its files for browsers do not import net/http. See internal/cmd/overlay in the sources."
		}
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

// output runs a command for the platform of the module.
func output(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}
