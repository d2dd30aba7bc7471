package main

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

const (
	netHTTP   = `"net/http"`
	smallHTTP = `"` + library + `/internal/http"`
)

//go:embed http/http.go
var httpSource []byte

// rewrite makes a file import the small package http, and reports whether it
// imported net/http. A name that the small package lacks is an error.
func rewrite(name string, source []byte) (result []byte, changed bool, err error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, false, err
	}
	at := slices.IndexFunc(file.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == netHTTP })
	if at < 0 {
		return source, false, nil
	}
	spec := file.Imports[at]
	if spec.Name != nil {
		return nil, false, fmt.Errorf("%s imports net/http by the name %q, which the overlay is not made for", name, spec.Name.Name)
	}
	missing, err := missingNames(file)
	if err != nil {
		return nil, false, err
	}
	if len(missing) > 0 {
		return nil, false, fmt.Errorf("%s uses %s, which internal/cmd/overlay/http does not have: declare it there if it needs nothing of net/http", name, strings.Join(missing, ", "))
	}
	from, to := set.Position(spec.Path.Pos()).Offset, set.Position(spec.Path.End()).Offset
	return slices.Concat(source[:from], []byte(smallHTTP), source[to:]), true, nil
}

// missingNames returns what a file uses of http and the small package does not
// declare.
func missingNames(file *ast.File) ([]string, error) {
	small, err := parser.ParseFile(token.NewFileSet(), "http.go", httpSource, 0)
	if err != nil {
		return nil, err
	}
	var missing []string
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == "http" && small.Scope.Lookup(s.Sel.Name) == nil {
				missing = append(missing, "http."+s.Sel.Name)
			}
		}
		return true
	})
	slices.Sort(missing)
	return slices.Compact(missing), nil
}
