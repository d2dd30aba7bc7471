package gws

import "gws-outbound/internal/quoted"

// quote returns the first n characters of s in quotes, for a message.
func quote(s string, n int) string { return quoted.Text(cut(s, n)) }

// cut returns the first n characters of s, and an ellipsis if there were more.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i] + "…"
		}
		n--
	}
	return s
}

// Visible returns the first n characters of s, without quotes, with what cannot be seen escaped.
func Visible(s string, n int) string {
	if s == "" {
		return `""`
	}
	return quoted.Visible(cut(s, n))
}
