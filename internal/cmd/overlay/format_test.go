package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// verbs are those of internal/fmt.
var verbs = regexp.MustCompile(`^%(\.\d+)?[sq]$|^%[vwdT%]$|^%\+v$`)

var anyVerb = regexp.MustCompile(`%[^a-zA-Z%]*[a-zA-Z%]?`)

// A library's new version, or a new line of ours, may use another verb. And go vet, which knows internal/fmt.Sprintf
// by a flag, knows no %w but that of fmt.Errorf.
func TestFormats_HaveOnlyVerbsThatTheModulePrints(t *testing.T) {
	packages, err := list()
	require.NoError(t, err)
	found := 0
	for _, p := range packages {
		if p.Module.Path == "" || p.ImportPath == ours+"/internal/fmt" {
			continue
		}
		for _, name := range p.GoFiles {
			found += checkFormats(t, filepath.Join(p.Dir, name))
		}
	}
	require.Greater(t, found, 150)
}

// checkFormats checks the calls with a format in a file, and returns how many there are.
func checkFormats(t *testing.T, file string) (found int) {
	source, err := os.ReadFile(file)
	require.NoError(t, err)
	parsed, err := parser.ParseFile(token.NewFileSet(), file, source, 0)
	require.NoError(t, err)
	ast.Inspect(parsed, func(n ast.Node) bool {
		call, is := n.(*ast.CallExpr)
		if !is {
			return true
		}
		function, is := call.Fun.(*ast.SelectorExpr)
		if !is || !slices.Contains([]string{"Errorf", "Sprintf", "Fprintf", "logf"}, function.Sel.Name) {
			return true
		}
		at := slices.IndexFunc(call.Args, func(e ast.Expr) bool { literal, is := e.(*ast.BasicLit); return is && literal.Kind == token.STRING })
		if at < 0 {
			return true // its format is that of a caller
		}
		format, err := strconv.Unquote(call.Args[at].(*ast.BasicLit).Value)
		require.NoError(t, err)
		operands := 0
		for _, verb := range anyVerb.FindAllString(format, -1) {
			require.Regexp(t, verbs, verb, "%s: the format %q", file, format)
			if verb != "%%" {
				operands++
			}
		}
		require.Len(t, call.Args[at+1:], operands, "%s: the operands of %q", file, format)
		found++
		return true
	})
	return found
}
