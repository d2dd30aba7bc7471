package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// listed is what is of interest in a package of the module.
type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
	Module     struct{ Path, Dir, GoMod string }
}

// ours is the module's path.
const ours = "gws-outbound"

// isLibrary reports whether it is of a library, neither of the standard library nor ours.
func (p listed) isLibrary() bool { return p.Module.Path != "" && p.Module.Path != ours }

// list returns the packages of the module, for the browser.
func list(flags ...string) ([]listed, error) {
	args := append([]string{"list", "-deps", "-json=ImportPath,Dir,GoFiles,Imports,Module"}, flags...)
	output, err := goCommand(append(args, ours+"/wasm")...)
	if err != nil {
		return nil, err
	}
	var packages []listed
	for d := json.NewDecoder(bytes.NewReader(output)); ; {
		var p listed
		switch err := d.Decode(&p); err {
		case nil:
			packages = append(packages, p)
		case io.EOF:
			return packages, nil
		default:
			return nil, fmt.Errorf("go list: %w", err)
		}
	}
}

// checkImports fails if a package imports what is replaced by a small one. Those of the standard library may: the
// linker leaves out what they do not use.
func checkImports(packages []listed) error {
	for _, small := range smallPackages {
		var importers []string
		for _, p := range packages {
			if p.Module.Path != "" && slices.Contains(p.Imports, small.of) {
				importers = append(importers, p.ImportPath)
			}
		}
		if len(importers) > 0 {
			return fmt.Errorf("the overlay is no use: %s is still in the module, imported by %s", small.of, strings.Join(importers, ", "))
		}
	}
	return nil
}

func goCommand(args ...string) ([]byte, error) {
	c := exec.Command("go", args...)
	c.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	c.Stderr = os.Stderr
	output, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w", args[0], err)
	}
	return output, nil
}
