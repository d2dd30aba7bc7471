// Command overlay fills a folder with what `go build -overlay` needs to build
// the module without some large packages of the standard library, of which it needs little:
//
//	go run ./internal/cmd/overlay build/overlay
//	GOOS=js GOARCH=wasm go build -overlay=build/overlay/overlay.json ./wasm
//
// The folder holds copies of the libraries that import these packages. The copies import
// small ones of the same names in their place: those beside this file, which the
// overlay adds to the module in the folder small. A go.mod replaces the libraries with the copies. Nothing else
// changes: a test can still import net/http and fmt, as testify does, and a build without
// the overlay works and is larger. The module's own packages import internal/fmt.
//
//   - net/http, TLS and certificates included, is a quarter of the program, and net has to be
//     initialized at each start: nhooyr.io/websocket uses a few names of them in a browser.
//   - fmt, with which come reflection and log, is 5 %.
//
// Of the standard library itself, internal/godebug has another file: 2 %.
//
// The go.mod is overlaid since the go command lets no overlay replace files of
// the module cache. A go.mod that named the copies itself would need them for
// native builds, too.
//
// The command fails where a library uses another name of these packages, where none
// imports one of them any more, and where another package of the module does.
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

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
	packages, err := list()
	if err != nil {
		return err
	}
	copies, err := copyLibraries(packages, filepath.Join(folder, "libraries"))
	if err != nil {
		return err
	}
	godebugFile, err := findGodebug(packages)
	if err != nil {
		return err
	}
	overlay, err := writeOverlay(folder, copies, godebugFile)
	if err != nil {
		return err
	}
	packages, err = list("-overlay=" + overlay)
	if err != nil {
		return err
	}
	return checkImports(packages)
}

// copyLibraries copies each library that imports a package which has a small one: its packages that
// the module has, with their files for browsers. It returns the folders of the copies, by the
// paths of the libraries.
func copyLibraries(packages []listed, to string) (map[string]string, error) {
	if err := os.RemoveAll(to); err != nil {
		return nil, err
	}
	copies := map[string]string{}
	for _, p := range packages {
		if p.isLibrary() && slices.ContainsFunc(p.Imports, hasSmall) {
			copies[p.Module.Path] = filepath.Join(to, filepath.FromSlash(p.Module.Path))
		}
	}
	var replaced []string
	for _, p := range packages {
		copied, is := copies[p.Module.Path]
		if !is {
			continue
		}
		imports, err := copyPackage(p, copied)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.ImportPath, err)
		}
		replaced = append(replaced, imports...)
	}
	for _, small := range smallPackages {
		if !slices.Contains(replaced, small.of) {
			return nil, fmt.Errorf("no library of the module imports %s: the overlay is not needed for that any more", small.of)
		}
	}
	return copies, nil
}

// copyPackage copies a package, and the go.mod of its library, and returns what was replaced in it.
func copyPackage(p listed, to string) (replaced []string, err error) {
	folder, err := filepath.Rel(p.Module.Dir, p.Dir)
	if err != nil {
		return nil, err
	}
	for _, name := range p.GoFiles {
		source, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			return nil, err
		}
		result, packages, err := rewrite(name, source)
		if err != nil {
			return nil, err
		}
		replaced = append(replaced, packages...)
		if err := write(filepath.Join(to, folder, name), result); err != nil {
			return nil, err
		}
	}
	goMod, err := os.ReadFile(p.Module.GoMod)
	if err != nil {
		return nil, err
	}
	return replaced, write(filepath.Join(to, "go.mod"), goMod)
}

// writeOverlay writes the go.mod that replaces the libraries with their copies, and the file for
// -overlay, whose path it returns. The file at godebugFile is replaced with ours.
func writeOverlay(folder string, copies map[string]string, godebugFile string) (string, error) {
	output, err := goCommand("list", "-m", "-f", "{{.GoMod}}")
	if err != nil {
		return "", err
	}
	ours := string(output[:len(output)-1])
	root := filepath.Dir(ours)
	source, err := os.ReadFile(ours)
	if err != nil {
		return "", err
	}
	replaced := filepath.Join(folder, "go.mod")
	if err := write(replaced, source); err != nil {
		return "", err
	}
	for _, library := range slices.Sorted(maps.Keys(copies)) {
		copied := copies[library]
		// The path is in the module: a relative one is the same on each machine.
		if relative, err := filepath.Rel(root, copied); err == nil && filepath.IsLocal(relative) {
			copied = "./" + filepath.ToSlash(relative)
		}
		if _, err := goCommand("mod", "edit", "-replace="+library+"="+copied, replaced); err != nil {
			return "", err
		}
	}
	replace := map[string]string{ours: replaced}
	for _, small := range smallPackages {
		file := filepath.Join(folder, small.name+".go")
		if err := write(file, small.source); err != nil {
			return "", err
		}
		replace[filepath.Join(root, "small", small.name, small.name+".go")] = file
	}
	replace[godebugFile] = filepath.Join(folder, "godebug.go")
	if err := write(replace[godebugFile], godebugSource); err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
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
