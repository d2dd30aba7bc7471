package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTypes_AreThoseOfTheSimulator(t *testing.T) {
	const root = "../../.."
	want, err := types(root)
	require.NoError(t, err)
	committed, err := os.ReadFile(filepath.Join(root, file))
	require.NoError(t, err)
	require.True(t, want == string(committed), "%s is stale; run: go generate ./internal/gwssim", file)
}

func TestTypes_CommentsCallCometDByItsName(t *testing.T) {
	text, err := types("../../..")
	require.NoError(t, err)
	require.NotContains(t, text, "`cometd`")
}
