// Command wasmsize tells what a Go program is made of as WebAssembly: the
// bytes of its sections, and of the code of each Go package, the largest first;
// with -json as {"sections": {name: bytes}, "packages": {name: bytes}}.
//
//	go run ./internal/cmd/wasmsize [-tags slim] [-json] ./wasm
package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	tags := flag.String("tags", "", "build tags, separated by commas")
	asJSON := flag.Bool("json", false, "print JSON")
	flag.Usage = func() { fmt.Fprintln(os.Stderr, "usage: wasmsize [-tags list] [-json] package") }
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*tags, *asJSON, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "wasmsize:", err)
		os.Exit(1)
	}
}

func run(tags string, asJSON bool, pkg string) error {
	m, paths, err := measure(tags, pkg)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(os.Stdout).Encode(map[string]any{"sections": m.sections, "packages": m.packages(paths)})
	}
	show("sections", m.sections)
	show("code by package", m.packages(paths))
	return nil
}

// measure builds a program, and returns the paths of the packages in it, too.
func measure(tags, pkg string) (*module, []string, error) {
	folder, err := os.MkdirTemp("", "wasmsize-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "program.wasm")
	// -w leaves out DWARF; -s would leave out the names, too.
	if _, err := goTool("build", "-trimpath", "-ldflags=-w", "-tags", tags, "-o", file, pkg); err != nil {
		return nil, nil, err
	}
	paths, err := goTool("list", "-deps", "-tags", tags, pkg)
	if err != nil {
		return nil, nil, err
	}
	program, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	m, err := parse(program)
	return m, strings.Fields(paths), err
}

func goTool(args ...string) (string, error) {
	c := exec.Command("go", args...)
	c.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w", args[0], err)
	}
	return string(out), nil
}

func show(title string, sizes map[string]int) {
	total := 0
	names := make([]string, 0, len(sizes))
	for name, size := range sizes {
		names = append(names, name)
		total += size
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(sizes[b]-sizes[a], strings.Compare(a, b))
	})
	fmt.Printf("%s, %d bytes:\n", title, total)
	for _, name := range names {
		fmt.Printf("%10d  %s\n", sizes[name], name)
	}
}
