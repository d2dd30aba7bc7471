package httpx

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReadDate_EachDateIsReadAsTimeParseReadsIt(t *testing.T) {
	const form = "Mon, 02 Jan 2006 15:04:05 GMT"
	for at := time.Date(1994, 11, 6, 8, 49, 37, 0, time.UTC); at.Year() < 2040; at = at.Add(11*24*time.Hour + 7*time.Hour + 13*time.Minute + 11*time.Second) {
		date, ok := readDate(at.Format(form))
		require.True(t, ok, at)
		require.True(t, at.Equal(date), at)
	}
}

func TestReadDate_WhatIsNoneIsRefused(t *testing.T) {
	for _, s := range []string{
		"", "soon", "-1", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 anF 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 19é4 08:49:37 GMT",
	} {
		_, ok := readDate(s)
		require.False(t, ok, s)
	}
}
