package gws

import "strings"

// What stands for itself in a URL, by RFC 3986: in any part of it, and in a path.
const (
	unreserved = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~"
	inPath     = unreserved + "/!$&'()*+,;=:@"
)

// escape writes s as a segment of a path.
func escape(s string) string { return escapeAllBut(s, unreserved) }

// escapeAllBut percent-encodes each byte of s that is not one of these.
func escapeAllBut(s, these string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < 0x80 && strings.IndexByte(these, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

// unescape reads what is percent-encoded in a path; ok is false if something is badly so.
func unescape(s string) (text string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) || hexDigit(s[i+1]) < 0 || hexDigit(s[i+2]) < 0 {
			return "", false
		}
		b.WriteByte(byte(hexDigit(s[i+1])<<4 | hexDigit(s[i+2])))
		i += 2
	}
	return b.String(), true
}

// hexDigit returns the value of a digit; -1 for all else.
func hexDigit(c byte) int {
	at := strings.IndexByte("0123456789abcdefABCDEF", c)
	if at >= 16 {
		at -= 6
	}
	return at
}
