package gws

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

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

// Visible returns the first n characters of s, without quotes, with what cannot be seen escaped: control
// characters, those that turn the direction of text, and what lone surrogates have become.
func Visible(s string, n int) string {
	s = cut(s, n)
	if s != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, unseen) {
		return s
	}
	if s == "" {
		return `""`
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch shown := strconv.Quote(s[:size]); {
		case r == utf8.RuneError && size > 1:
			b.WriteString(`\ufffd`)
		case r == utf8.RuneError || unseen(r):
			b.WriteString(shown[1 : len(shown)-1])
		default:
			b.WriteRune(r)
		}
		s = s[size:]
	}
	return b.String()
}

func unseen(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
