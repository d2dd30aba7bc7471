// Command contract writes what follows from the tables of the contract: from that of operations the methods of
// a client and the types of their requests, from those of options and error codes their types, in
// TypeScript; from the options what reads them, in Go; and the tables of the manual. From the root of the repository:
//
//	go generate ./internal/contract
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: contract ROOT, the root of the repository")
	}
	if err := write(os.Args[1]); err != nil {
		log.Fatal("contract: ", err)
	}
}

// files are what is generated, each from what it holds now.
var files = map[string]func(now string) (string, error){
	"internal/core/options_read.go": func(string) (string, error) { return optionsReader() },
	"js/src/operations.ts":          func(string) (string, error) { return types(), nil },
	"js/src/methods.ts":             func(string) (string, error) { return methods(), nil },
	"js/src/testing-table.ts":       func(string) (string, error) { return testingTable(), nil },
	"js/src/options.ts":             func(string) (string, error) { return options(), nil },
	"js/src/error-codes.ts":         func(string) (string, error) { return codes(), nil },
	"js/README.md":                  with(place{"operations", table}),
	"web/docs/reference.md":         with(place{"operations", table}, place{"options", optionsTable}, place{"codes", codesTable}),
}

// write brings all files below root up to date.
func write(root string) error {
	for name, generate := range files {
		path := filepath.Join(root, name)
		now, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		text, err := generate(string(now))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
