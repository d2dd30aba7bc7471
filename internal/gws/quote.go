package gws

import "strconv"

// quote returns the first n characters of s in quotes, with control
// characters made visible, so that text from outside can go into a message.
func quote(s string, n int) string {
	return strconv.Quote(cut(s, n))
}

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
