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

// smallPackage takes the place of a package of the standard library.
type smallPackage struct {
	of     string // the import path of that
	name   string
	source []byte
}

// path is where the overlay has it, so that the copy of each library can import it.
func (p smallPackage) path() string { return ours + "/small/" + p.name }

// hasSmall reports whether a small package takes the place of the one with that import path.
func hasSmall(path string) bool {
	return slices.ContainsFunc(smallPackages, func(p smallPackage) bool { return p.of == path })
}

//go:embed fmt/fmt.go
var fmtSource []byte

//go:embed http/http.go
var httpSource []byte

//go:embed log/log.go
var logSource []byte

//go:embed net/net.go
var netSource []byte

var smallPackages = []smallPackage{
	{"fmt", "fmt", fmtSource},
	{"log", "log", logSource},
	{"net", "net", netSource},
	{"net/http", "http", httpSource},
}

// rewrite makes a file import small packages in place of others, which it returns the
// import paths of. A name that a small package lacks is an error.
func rewrite(name string, source []byte) (result []byte, replaced []string, err error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	from := 0
	for _, spec := range file.Imports { // in the order of the file
		path := strings.Trim(spec.Path.Value, `"`)
		at := slices.IndexFunc(smallPackages, func(p smallPackage) bool { return p.of == path })
		if at < 0 {
			continue
		}
		small := smallPackages[at]
		if spec.Name != nil {
			return nil, nil, fmt.Errorf("%s imports %s by the name %q, which the overlay is not made for", name, small.of, spec.Name.Name)
		}
		missing, err := small.missingNames(file)
		if err != nil {
			return nil, nil, err
		}
		if len(missing) > 0 {
			return nil, nil, fmt.Errorf("%s uses %s, which internal/cmd/overlay/%s does not have: declare it there if it needs nothing of %s", name, strings.Join(missing, ", "), small.name, small.of)
		}
		result = append(result, source[from:set.Position(spec.Path.Pos()).Offset]...)
		result = append(result, `"`+small.path()+`"`...)
		from = set.Position(spec.Path.End()).Offset
		replaced = append(replaced, small.of)
	}
	return append(result, source[from:]...), replaced, nil
}

// missingNames returns what a file uses of the package and the small one does not
// declare.
func (p smallPackage) missingNames(file *ast.File) ([]string, error) {
	small, err := parser.ParseFile(token.NewFileSet(), p.name+".go", p.source, 0)
	if err != nil {
		return nil, err
	}
	var missing []string
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == p.name && small.Scope.Lookup(s.Sel.Name) == nil {
				missing = append(missing, p.name+"."+s.Sel.Name)
			}
		}
		return true
	})
	slices.Sort(missing)
	return slices.Compact(missing), nil
}
