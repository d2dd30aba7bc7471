package jsontext

import (
	"unicode/utf16"
	"unicode/utf8"
)

// plain reports whether the inside of a string is ASCII that stands for itself.
func plain(inside []byte) bool {
	for _, c := range inside {
		if c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// unescape returns what the inside of a string stands for.
func unescape(inside []byte) string {
	if plain(inside) {
		return string(inside)
	}
	b := make([]byte, 0, len(inside))
	for i := 0; i < len(inside); {
		switch c := inside[i]; {
		case c == '\\':
			var r rune
			r, i = unescapeOne(inside, i+1)
			b = utf8.AppendRune(b, r)
		case c < utf8.RuneSelf:
			b = append(b, c)
			i++
		default:
			r, size := utf8.DecodeRune(inside[i:])
			b = utf8.AppendRune(b, r)
			i += size
		}
	}
	return string(b)
}

// unescapeOne returns the character of the escape whose backslash is before i, and where it
// ends.
func unescapeOne(b []byte, i int) (rune, int) {
	if i >= len(b) {
		return utf8.RuneError, i
	}
	switch c := b[i]; c {
	case 'b':
		return '\b', i + 1
	case 'f':
		return '\f', i + 1
	case 'n':
		return '\n', i + 1
	case 'r':
		return '\r', i + 1
	case 't':
		return '\t', i + 1
	case 'u':
		r := codeUnit(b, i)
		if !utf16.IsSurrogate(r) {
			return r, min(i+5, len(b))
		}
		if i+6 < len(b) && b[i+5] == '\\' && b[i+6] == 'u' {
			if pair := utf16.DecodeRune(r, codeUnit(b, i+6)); pair != utf8.RuneError {
				return pair, min(i+11, len(b))
			}
		}
		return utf8.RuneError, min(i+5, len(b))
	default:
		return rune(c), i + 1
	}
}

// codeUnit returns the four hexadecimal digits behind the u at i.
func codeUnit(b []byte, i int) rune {
	if i+5 > len(b) {
		return utf8.RuneError
	}
	var r rune
	for _, c := range b[i+1 : i+5] {
		r = r<<4 | max(hexDigit(c), 0)
	}
	return r
}
