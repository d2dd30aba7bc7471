package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryByteOfCodeIsOfSomePackage(t *testing.T) {
	m, paths, err := measure("", "../floor")
	require.NoError(t, err)
	require.Contains(t, paths, "syscall/js")
	sizes, total := m.packages(paths), 0
	for _, size := range sizes {
		total += size
	}
	for _, size := range m.code {
		total -= size
	}
	require.Zero(t, total)
	require.Greater(t, sizes["runtime"], m.sections["code"]/2)
	require.Positive(t, sizes["syscall/js"])
	require.Positive(t, sizes["package main"])
	require.Less(t, sizes["what the compiler and assembly added"], m.sections["code"]/50)
}

func TestWhatIsNoProgramIsRefused(t *testing.T) {
	_, err := parse([]byte("text"))
	require.ErrorContains(t, err, "no WebAssembly")
	_, err = parse([]byte("\x00asm\x01\x00\x00\x00\x0a\x7f"))
	require.ErrorIs(t, err, errCutShort)
	_, err = parse([]byte("\x00asm\x01\x00\x00\x00"))
	require.ErrorContains(t, err, "no names")
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "x.go"), []byte("package main"), 0o600))
	_, _, err = measure("", filepath.Join(folder, "x.go"))
	require.ErrorContains(t, err, "go build")
}
