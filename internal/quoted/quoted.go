// Package quoted writes texts from outside into messages for people.
package quoted

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns s in quotes, with what cannot be seen escaped. What has quotes itself, such as JSON or HTML, stays
// as it is between other ones.
func Text(s string) string {
	if strings.Contains(s, `"`) {
		return "“" + Visible(s) + "”"
	}
	return `"` + Visible(s) + `"`
}

// Visible returns s with what cannot be seen escaped: control characters, those that turn the direction of text, and
// what lone surrogates have become.
func Visible(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, unseen) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch shown := strconv.Quote(s[:size]); {
		case r == utf8.RuneError && size > 1:
			b.WriteString(`\ufffd`)
		case unseen(r):
			b.WriteString(shown[1 : len(shown)-1])
		default:
			b.WriteRune(r)
		}
		s = s[size:]
	}
	return b.String()
}

func unseen(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
