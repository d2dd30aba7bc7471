package gws

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEscape_EachByteIsReadBackAlsoByNetURL(t *testing.T) {
	for i := range 256 {
		s := "a" + string([]byte{byte(i)}) + "é/"
		escaped := escape(s)
		require.NotContains(t, escaped, "/")
		for _, read := range []func(string) (string, error){url.PathUnescape, func(s string) (string, error) {
			text, ok := unescape(s)
			require.True(t, ok)
			return text, nil
		}} {
			got, err := read(escaped)
			require.NoError(t, err)
			require.Equal(t, s, got)
		}
	}
}

func TestUnescape_WhatNetURLRefusesIsRefused(t *testing.T) {
	for _, s := range []string{"%", "%1", "a%g0", "%0g", "%%41", "% 1", "%P1", "%\x10\x11"} {
		_, err := url.PathUnescape(s)
		require.Error(t, err)
		_, ok := unescape(s)
		require.False(t, ok, s)
	}
}
