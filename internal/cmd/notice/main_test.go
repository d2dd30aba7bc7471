package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNotice_HasEachLinkedModule(t *testing.T) {
	want, err := notice(module)
	require.NoError(t, err)
	text, err := os.ReadFile("../../../NOTICE")
	require.NoError(t, err)
	require.True(t, want == string(text), "NOTICE is stale: go run ./internal/cmd/notice > NOTICE")
	for part, words := range map[string]string{
		"Go: ":                              "Redistribution and use in source and binary forms",
		"github.com/hack-pad/safejs ":       "Apache License",
		"github.com/hack-pad/go-indexeddb ": "Apache License",
		"nhooyr.io/websocket ":              "Permission to use, copy, modify, and distribute",
	} {
		_, behind, found := strings.Cut(want, "\n"+part)
		require.True(t, found, part)
		behind, _, _ = strings.Cut(behind, strings.Repeat("=", 80))
		require.Contains(t, behind, words, part)
	}
}

func TestNotice_OfTheSimulator(t *testing.T) {
	text, err := notice(simulator)
	require.NoError(t, err)
	require.Contains(t, text, "\nnhooyr.io/websocket v")
	require.NotContains(t, text, "Changed:")
	require.NotContains(t, text, "github.com/hack-pad/")
}

func TestLicence_ThereIsNone(t *testing.T) {
	_, err := licence(t.TempDir())
	require.ErrorContains(t, err, "no licence in")
}
