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
	if len(value) < Shortest {
		return nil
	}
	for v, ok := plain(value), true; ok && len(needles) < levels; v, ok = v.decoded() {
		needles = addNeedle(needles, v.read)
	}
	misread, written := inLatin1(value)
	needles = addNeedle(addNeedle(needles, misread), written)
	// In base64 three bytes are four characters: it depends on how many bytes come before. Those characters that
	// have bits of others are left out.
	for before := range 3 {
		text := base64.RawStdEncoding.EncodeToString(append(make([]byte, before, before+len(value)), value...))
		needles = addNeedle(needles, text[(8*before+5)/6:(8*(before+len(value)))/6])
	}
	return needles
}

// inLatin1 returns what a text becomes where its bytes are taken for ISO-8859-1, as in many a server of the Basic scheme, and its
// bytes in that charset; "" where it has characters of others.
func inLatin1(s string) (misread, written string) {
	var m, w strings.Builder
	for i := range len(s) {
		m.WriteRune(rune(s[i]))
	}
	for _, r := range s {
		if r > 0xff {
			return m.String(), ""
		}
		w.WriteByte(byte(r))
	}
	return m.String(), w.String()
}

//go:noinline
func addNeedle(needles []string, n string) []string {
	if n = fold(n); len(n) < Shortest || slices.Contains(needles, n) {
		return needles
	}
	return append(needles, n)
}

// public are values of header fields that everybody sends, or that stand in texts for their own sake.
var public = []string{
	"application/json", "text/plain", "text/html", "no-cache", "no-store", "same-origin", "include", "keep-alive", "xmlhttprequest",
}

// ofHeader returns what is secret of a header field's value: all of it, and its parts, such as a token without its
// scheme, and what the Basic scheme has in base64.
func ofHeader(value string) []string {
	var list []string
	value = strings.TrimSpace(value)
	list = addSecret(list, value)
	if _, rest, ok := strings.Cut(value, " "); ok {
		list = addSecret(list, strings.TrimSpace(rest))
		pair, password := ofBasic(value)
		list = addSecret(list, pair)
		list = addSecret(list, password)
	}
	const separators, longEnough = " ,;=\"", 8
	for value != "" {
		part := value
		if end := strings.IndexAny(value, separators); end >= 0 {
			part, value = value[:end], value[end+1:]
		} else {
			value = ""
		}
		if len(part) >= longEnough && part[0] != '/' {
			list = addSecret(list, part)
		}
	}
	return list
}

// ofBasic returns what a value of the Basic scheme has in base64; "" of any other.
func ofBasic(value string) (pair, password string) {
	scheme, rest, _ := strings.Cut(value, " ")
	text, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(rest), "="))
	if err != nil || !strings.EqualFold(scheme, "Basic") {
		return "", ""
	}
	_, password, _ = strings.Cut(string(text), ":")
	return string(text), password
}

// shortest is how many bytes a secret must have that is cut where it is a word.
const shortest = 3

// shortOfHeader returns what is secret of a header field's value and shorter than Shortest: a password or a token, of a scheme whose
// values are nothing else.
func shortOfHeader(value string) []string {
	var list []string
	scheme, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	_, password := ofBasic(strings.TrimSpace(value))
	if strings.EqualFold(scheme, "Basic") || strings.EqualFold(scheme, "Bearer") {
		for _, v := range []string{strings.TrimSpace(rest), password} {
			if len(v) >= shortest && len(v) < Shortest {
				list = append(list, v)
			}
		}
	}
	return list
}

//go:noinline
func addSecret(list []string, v string) []string {
	if len(v) < Shortest || slices.Contains(public, strings.ToLower(v)) || slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}
