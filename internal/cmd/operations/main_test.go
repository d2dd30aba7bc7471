package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCommittedFileIsCurrent(t *testing.T) {
	var b strings.Builder
	require.NoError(t, write(&b))
	committed, err := os.ReadFile("../../../js/src/operations.ts")
	require.NoError(t, err)
	require.Equal(t, b.String(), string(committed), "run: go generate ./internal/gws")
}
