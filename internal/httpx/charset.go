package httpx

import (
	"bytes"
	"strings"
)

// utf8Mark is the byte order mark with which some servers begin UTF-8.
var utf8Mark = []byte("\xef\xbb\xbf")

// decode makes the body UTF-8. Its byte order mark says more than the charset of its
// Content-Type, as in browsers. A charset that is not known here is read as UTF-8.
func (r *Response) decode() {
	if rest, marked := bytes.CutPrefix(r.Body, utf8Mark); marked {
		r.Body = rest
		return
	}
	if plain(r.Body) {
		return // a browser's header is not even asked for
	}
	charset := utf16Of(charsetOf(r.Field("Content-Type")), r.Body)
	if charset == "" {
		return
	}
	if decoded, known := decodeCharset(charset, r.Body); known {
		r.Body = decoded
	}
}

// plain reports whether a body is ASCII, and the same in every charset: those that write it otherwise
// have zeros in it (UTF-16) or escapes (ISO-2022).
func plain(body []byte) bool {
	for _, b := range body {
		if b >= 0x80 || b == 0 || b == 0x1b {
			return false
		}
	}
	return true
}

// charsetOf returns the charset that a Content-Type names, in lower case; "" for none, and for UTF-8.
func charsetOf(contentType string) string {
	_, parameters, _ := strings.Cut(contentType, ";")
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "charset") {
			continue
		}
		switch charset := strings.ToLower(strings.Trim(strings.TrimSpace(value), `"'`)); charset {
		case "utf-8", "utf8":
			return ""
		default:
			return charset
		}
	}
	return ""
}

// utf16Of returns in which order the bytes of UTF-16 are, where its byte order mark says so; else the charset that is named.
func utf16Of(charset string, body []byte) string {
	switch {
	case bytes.HasPrefix(body, []byte("\xfe\xff")):
		return "utf-16be"
	case bytes.HasPrefix(body, []byte("\xff\xfe")):
		return "utf-16le"
	}
	return charset
}
