package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFiles_AreAsTheTablesHaveThem(t *testing.T) {
	for name, generate := range files {
		committed, err := os.ReadFile(filepath.Join("../../..", name))
		require.NoError(t, err)
		want, err := generate(string(committed))
		require.NoError(t, err, name)
		require.Equal(t, want, string(committed), "%s is stale; run: go generate ./internal/contract", name)
	}
}

func TestWith_WithoutAPlaceIsAnError(t *testing.T) {
	p := place{"x", func() string { return "new" }}
	for _, page := range []string{"", p.start(), p.end(), p.end() + p.start()} {
		_, err := with(p)(page)
		require.ErrorContains(t, err, "no place for the table")
	}
	page, err := with(p)("a\n" + p.start() + "old" + p.end() + "b\n")
	require.NoError(t, err)
	require.Equal(t, "a\n"+p.start()+"new"+p.end()+"b\n", page)
}
