package main

import (
	_ "embed"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

//go:embed godebug/godebug.go
var godebugSource []byte

// godebug is the package of the standard library that reads GODEBUG. time imports it, and with it come the table of
// all settings, the runtime's metrics, and a search for the settings that break a program: 2 % of the module.
const godebug = "internal/godebug"

// findGodebug returns the path of the file that it consists of.
func findGodebug(packages []listed) (string, error) {
	at := slices.IndexFunc(packages, func(p listed) bool { return p.ImportPath == godebug })
	if at < 0 {
		return "", errors.New("no package imports " + godebug + ": the overlay is not needed for that any more")
	}
	p := packages[at]
	if len(p.GoFiles) != 1 {
		return "", fmt.Errorf("%s has the files %v, which the overlay is not made for", godebug, p.GoFiles)
	}
	return filepath.Join(p.Dir, p.GoFiles[0]), nil
}
