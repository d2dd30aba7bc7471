package redact

import (
	"encoding/base64"
	"slices"
	"strings"
)

// needlesOf returns what is looked for where a value may be: the value, what it says where it is itself encoded, and the
// base64 of a text that has it.
func needlesOf(value string) []string {
	var needles []string
	add := func(n string) {
		if n = fold(n); len(n) >= shortest && !slices.Contains(needles, n) {
			needles = append(needles, n)
		}
	}
	if len(value) < shortest {
		return nil
	}
	for v, ok := plain(value), true; ok && len(needles) < levels; v, ok = v.decoded() {
		add(v.read)
	}
	// In base64 three bytes are four characters: it depends on how many bytes come before. Those characters that
	// have bits of others are left out.
	for before := range 3 {
		text := base64.RawStdEncoding.EncodeToString(append(make([]byte, before, before+len(value)), value...))
		add(text[(8*before+5)/6 : (8*(before+len(value)))/6])
	}
	return needles
}

// public are values of header fields that everybody sends, or that stand in texts for their own sake.
var public = []string{
	"application/json", "text/plain", "text/html", "no-cache", "no-store", "same-origin", "include", "keep-alive", "xmlhttprequest",
}

// ofHeader returns what is secret of a header field's value: all of it, and its parts, such as a token without its
// scheme, and what the Basic scheme has in base64.
func ofHeader(value string) []string {
	var list []string
	add := func(v string) {
		if len(v) >= shortest && !slices.Contains(public, strings.ToLower(v)) && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	value = strings.TrimSpace(value)
	add(value)
	if scheme, rest, ok := strings.Cut(value, " "); ok {
		rest = strings.TrimSpace(rest)
		add(rest)
		if strings.EqualFold(scheme, "Basic") {
			if pair, ok := fromBase64(rest); ok {
				add(pair)
				_, password, _ := strings.Cut(pair, ":")
				add(password)
			}
		}
	}
	for _, part := range strings.FieldsFunc(value, func(c rune) bool { return strings.ContainsRune(" ,;=\"", c) }) {
		const longEnough = 8
		if len(part) >= longEnough && part[0] != '/' {
			add(part)
		}
	}
	return list
}

func fromBase64(s string) (string, bool) {
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	return string(b), err == nil
}
