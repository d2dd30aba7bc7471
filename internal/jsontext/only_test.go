//go:build !js

package jsontext_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whoever reads what comes from outside by other rules than this package's can be made to read
// something else in it. encoding/json does not write either: it would be a thirteenth of the module.
func TestNothingElseReadsOrWritesJSON(t *testing.T) {
	read := 0
	for _, room := range []string{"bayeux", "bayeux/websocket", "bayeux/longpolling", "core", "gws", "httpx", "journal", "outbound", "outbound/recovery", "wire", "../wasm"} {
		files, err := os.ReadDir(filepath.Join("..", room))
		require.NoError(t, err)
		for _, f := range files {
			path := filepath.ToSlash(filepath.Join(room, f.Name()))
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				continue
			}
			read++
			parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", path), nil, 0)
			require.NoError(t, err)
			ast.Inspect(parsed, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if from, ok := s.X.(*ast.Ident); ok && from.Name == "json" {
						require.Equal(t, "RawMessage", s.Sel.Name, "%s has encoding/json for more than its name of raw JSON", path)
					}
				}
				return true
			})
		}
	}
	require.Greater(t, read, 50)
}
