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
	committed, err := os.ReadFile("../../../js/src/call-results.ts")
	require.NoError(t, err)
	require.Equal(t, b.String(), string(committed), "run: go run ./internal/cmd/callresults > js/src/call-results.ts")
}
