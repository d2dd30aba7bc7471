package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFiles_AreAsTheTableHasThem(t *testing.T) {
	for name, generate := range files {
		committed, err := os.ReadFile(filepath.Join("../../..", name))
		require.NoError(t, err)
		want, err := generate(string(committed))
		require.NoError(t, err, name)
		require.Equal(t, want, string(committed), "%s is stale; run: go generate ./internal/gws", name)
	}
}

func TestWithTable_WithoutAPlaceIsAnError(t *testing.T) {
	for _, readme := range []string{"", tableStart, tableEnd, tableEnd + tableStart} {
		_, err := withTable(readme)
		require.ErrorContains(t, err, "no place for the table")
	}
	readme, err := withTable("a\n" + tableStart + "old" + tableEnd + "b\n")
	require.NoError(t, err)
	require.Equal(t, "a\n"+tableStart+table()+tableEnd+"b\n", readme)
}
