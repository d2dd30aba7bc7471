// Command overlay fills a folder with what `go build -overlay` needs to build
// the module without net/http and net:
//
//	go run ./internal/cmd/overlay build/overlay
//	GOOS=js GOARCH=wasm go build -overlay=build/overlay/overlay.json ./wasm
//
// In the module, only nhooyr.io/websocket imports them. Its files for
// browsers use four names of the one and three of the other, but the linker keeps much of
// net/http, TLS and certificates included: a quarter of the program; and net has to be
// initialized at each start. The folder holds a copy of these files that import
// the packages http and net, which are beside this file, and a
// go.mod that replaces the library with the copy. Nothing else changes: a test
// can still import net/http, as testify does, and a build without the overlay
// works and is larger.
//
// The go.mod is overlaid since the go command lets no overlay replace files of
// the module cache. A go.mod that named the copy itself would need the copy for
// native builds, too.
//
// The command fails where the library uses another name of these packages, where it
// no longer imports one of them, and where another package of the module does.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

const library = "nhooyr.io/websocket"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: overlay folder")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "overlay:", err)
		os.Exit(1)
	}
}

func run(folder string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	copied := filepath.Join(folder, "websocket")
	if err := os.RemoveAll(copied); err != nil {
		return err
	}
	if err := copyLibrary(copied); err != nil {
		return err
	}
	overlay, err := writeOverlay(folder, copied)
	if err != nil {
		return err
	}
	packages, err := list("-overlay=" + overlay)
	if err != nil {
		return err
	}
	return checkImports(packages)
}

// copyLibrary copies the packages of the library that the module has, with
// their files for browsers.
func copyLibrary(to string) error {
	packages, err := list()
	if err != nil {
		return err
	}
	var replaced []string
	var root string
	for _, p := range packages {
		if p.Module.Path != library {
			continue
		}
		root = p.Module.Dir
		folder, err := filepath.Rel(root, p.Dir)
		if err != nil {
			return err
		}
		for _, name := range p.GoFiles {
			source, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				return err
			}
			result, packages, err := rewrite(name, source)
			if err != nil {
				return fmt.Errorf("%s: %w", p.ImportPath, err)
			}
			replaced = append(replaced, packages...)
			if err := write(filepath.Join(to, folder, name), result); err != nil {
				return err
			}
		}
	}
	for _, small := range smallPackages {
		if !slices.Contains(replaced, small.of) {
			return fmt.Errorf("no package of %s in the module imports %s: the overlay is not needed for that any more", library, small.of)
		}
		if err := write(filepath.Join(to, "internal", small.name, small.name+".go"), small.source); err != nil {
			return err
		}
	}
	goMod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	return write(filepath.Join(to, "go.mod"), goMod)
}

// writeOverlay writes the go.mod that replaces the library, and the file for
// -overlay, whose path it returns.
func writeOverlay(folder, copied string) (string, error) {
	output, err := goCommand("list", "-m", "-f", "{{.GoMod}}")
	if err != nil {
		return "", err
	}
	ours := string(output[:len(output)-1])
	source, err := os.ReadFile(ours)
	if err != nil {
		return "", err
	}
	replaced := filepath.Join(folder, "go.mod")
	if err := write(replaced, source); err != nil {
		return "", err
	}
	// The path is in the module: a relative one is the same on each machine.
	if relative, err := filepath.Rel(filepath.Dir(ours), copied); err == nil && filepath.IsLocal(relative) {
		copied = "./" + filepath.ToSlash(relative)
	}
	if _, err := goCommand("mod", "edit", "-replace="+library+"="+copied, replaced); err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{ours: replaced}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "overlay.json")
	return path, write(path, overlay)
}

func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}
