package gws

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStatusMeaning(t *testing.T) {
	seen := map[string]bool{}
	for code := range 21 {
		meaning := StatusMeaning(code)
		require.NotEmpty(t, meaning)
		require.False(t, seen[meaning], "%q twice", meaning)
		seen[meaning] = true
	}
	for code, want := range map[int]string{
		0: "successful", 3: "forbidden", 5: "no permission", 6: "resource not found", 7: "only partially successful",
		9: "processing is not complete", 11: "the property is read-only", 18: "the resource already exists", 20: "not authenticated",
	} {
		require.Equal(t, want, StatusMeaning(code))
	}
	require.Empty(t, StatusMeaning(-1))
	require.Empty(t, StatusMeaning(21))
}
