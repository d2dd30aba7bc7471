//go:build !js

package bayeux

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// CONFORMANCE.md names tests as links: [TestName](file_test.go), [TestName/subtest](file_test.go), and
// in quotes the beginning of a text in the file: the name of a test in JavaScript, or of a row of a table.
func TestConformanceList_NamesTestsThatExist(t *testing.T) {
	page, err := os.ReadFile("CONFORMANCE.md")
	require.NoError(t, err)
	links := regexp.MustCompile(`\[(Test[^\]]+|"[^\]]+")\]\(([^)]+)\)`).FindAllStringSubmatch(string(page), -1)
	require.Greater(t, len(links), 100)
	for _, link := range links {
		name, file := link[1], link[2]
		if strings.HasPrefix(name, `"`) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			name = strings.Trim(name, `"`)
			require.True(t, strings.Contains(string(text), `"`+name) || strings.Contains(string(text), "`"+name), "there is no %q in %s", name, file)
			continue
		}
		test, subtest, named := strings.Cut(name, "/")
		function := testNamed(t, file, test)
		require.NotNil(t, function, "there is no %s in %s", test, file)
		if named {
			require.Contains(t, texts(function), subtest, "%s in %s has no such subtest", test, file)
		}
	}
}

func TestConformanceList_HasEachClassOnce(t *testing.T) {
	page, err := os.ReadFile("CONFORMANCE.md")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\w+Test) \|`).FindAllStringSubmatch(string(page), -1) {
		require.False(t, seen[row[1]], row[1])
		seen[row[1]] = true
	}
	require.Len(t, seen, 67)
}

// testNamed returns the function of that name in a file, nil if there is none.
func testNamed(t *testing.T, file, name string) *ast.FuncDecl {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == name {
			return f
		}
	}
	return nil
}

// texts returns the string literals of a function, among which are the names of its subtests.
func texts(f *ast.FuncDecl) []string {
	var list []string
	ast.Inspect(f, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil {
				list = append(list, text)
			}
		}
		return true
	})
	return list
}
