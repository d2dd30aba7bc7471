package redact

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// view is a text with its encodings read.
type view struct {
	read       string
	folded     string // read, with what is the same in different spellings made the same
	start, end []int  // where in the text each byte of it comes from
	shortened  []int  // where in it something was cut short: before each ellipsis
	resumed    []int  // where something goes on whose beginning was left out: behind each ellipsis
}

// plain is the view of a text as it is.
func plain(text string) view {
	v := view{read: text, start: make([]int, len(text)), end: make([]int, len(text))}
	for i := range len(text) {
		v.start[i], v.end[i] = i, i+1
	}
	v.finish()
	return v
}

func (v *view) finish() {
	v.folded = fold(v.read)
	for _, ellipsis := range []string{"…", "..."} {
		for at := indexFrom(v.read, ellipsis, 0); at >= 0; at = indexFrom(v.read, ellipsis, at+1) {
			if strings.HasSuffix(v.read[:at], ellipsis[len(ellipsis)-1:]) {
				continue // further dots
			}
			v.shortened = append(v.shortened, at-incomplete(v.read[:at]))
			v.resumed = append(v.resumed, len(v.read)-len(strings.TrimLeft(v.read[at+len(ellipsis):], ".")))
		}
	}
}

// fold makes the same what is the same in different spellings: letters in either case, a space in a form and in other
// places, base64 for URLs and for other places.
func fold(s string) string {
	b := []byte(s)
	for i, c := range b {
		switch {
		case c >= 'A' && c <= 'Z':
			b[i] = c + 'a' - 'A'
		case c == '+' || c == '-':
			b[i] = ' '
		case c == '_':
			b[i] = '/'
		}
	}
	return string(b)
}

// decoded returns the view with one more layer of encodings read; ok is false if there is none.
func (v *view) decoded() (d view, ok bool) {
	if !strings.ContainsAny(v.read, `%\&`) {
		return view{}, false
	}
	b := make([]byte, 0, len(v.read))
	for i := 0; i < len(v.read); {
		n, r := escape(v.read[i:])
		from := len(b)
		if n > 1 {
			ok = true
			b = append(b, r...)
		} else {
			n = 1
			b = append(b, v.read[i])
		}
		for range b[from:] {
			d.start, d.end = append(d.start, v.start[i]), append(d.end, v.end[i+n-1])
		}
		i += n
	}
	d.read = string(b)
	d.finish()
	return d, ok
}

// unbroken returns the view without what breaks a text into lines, or may: line breaks with the space after them, in HTML as well, and
// characters that nobody sees. ok is false if there is none.
func (v *view) unbroken() (u view, ok bool) {
	if !strings.ContainsAny(v.read, "\r\n\u00ad\u200b\u2060\ufeff") && !strings.Contains(v.folded, "br") {
		return view{}, false
	}
	b := make([]byte, 0, len(v.read))
	for i := 0; i < len(v.read); {
		if n := lineBreak(v.read[i:]); n > 0 {
			i += n
			ok = true
			continue
		}
		b = append(b, v.read[i])
		u.start, u.end = append(u.start, v.start[i]), append(u.end, v.end[i])
		i++
	}
	u.read = string(b)
	u.finish()
	return u, ok
}

// breaks are what breaks a text, or may.
var breaks = []string{"\r\n", "\n", "\r", "\u00ad", "\u200b", "\u2060", "\ufeff", "<br>", "<br/>", "<br />", "<wbr>"}

// lineBreak returns how many bytes a text begins with that break it; 0 if there are none.
func lineBreak(s string) int {
	if c := s[0]; c != '\r' && c != '\n' && c != '<' && c < utf8.RuneSelf {
		return 0
	}
	for _, b := range breaks {
		if len(s) >= len(b) && strings.EqualFold(s[:len(b)], b) {
			n := len(b)
			for n < len(s) && (s[n] == ' ' || s[n] == '\t') {
				n++
			}
			return n
		}
	}
	return 0
}

// escape reads one encoded character: percent-encoding, a backslash as in JSON, JavaScript and Go, a character
// reference of HTML. It returns how many bytes that has, and what it stands for; 0 if there is none.
func escape(s string) (n int, is string) {
	switch {
	case len(s) < 2:
		return 0, ""
	case s[0] == '%':
		if c, ok := hex(s, 1, 2); ok {
			return 3, string([]byte{byte(c)})
		}
		if s[1] == 'u' { // JavaScript's escape()
			if c, ok := hex(s, 2, 4); ok {
				return 6, string(c)
			}
		}
	case s[0] == '\\':
		return backslash(s)
	case s[0] == '&':
		return reference(s)
	}
	return 0, ""
}

func backslash(s string) (n int, is string) {
	switch s[1] {
	case 'x':
		if c, ok := hex(s, 2, 2); ok {
			return 4, string([]byte{byte(c)})
		}
	case 'u':
		if c, ok := hex(s, 2, 4); ok {
			if low, ok := hex(s, 8, 4); ok && utf16.IsSurrogate(c) && s[6:8] == `\u` {
				return 12, string(utf16.DecodeRune(c, low))
			}
			return 6, string(c)
		}
		if end := strings.IndexByte(s[:min(len(s), 10)], '}'); end > 3 && s[2] == '{' {
			if c, ok := hex(s, 3, end-3); ok {
				return end + 1, string(c)
			}
		}
	case 'n':
		return 2, "\n"
	case 'r':
		return 2, "\r"
	case 't':
		return 2, "\t"
	case '/', '\\', '"', '\'':
		return 2, s[1:2]
	}
	return 0, ""
}

// letters are the names of those from firstLetter on to U+00FF: names of people have them.
const (
	firstLetter = 0xc0
	letters     = "Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig " +
		"agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml"
)

func reference(s string) (n int, is string) {
	end := strings.IndexByte(s[:min(len(s), 12)], ';')
	if end < 2 {
		return 0, ""
	}
	name, numeric := strings.CutPrefix(s[1:end], "#")
	if !numeric {
		switch name {
		case "amp":
			return end + 1, "&"
		case "lt":
			return end + 1, "<"
		case "gt":
			return end + 1, ">"
		case "quot":
			return end + 1, `"`
		case "apos":
			return end + 1, "'"
		}
		if i := slices.Index(strings.Fields(letters), name); i >= 0 {
			return end + 1, string(rune(firstLetter + i))
		}
		return 0, ""
	}
	base := 10
	if name != "" && (name[0] == 'x' || name[0] == 'X') {
		name, base = name[1:], 16
	}
	c, err := strconv.ParseUint(name, base, 32)
	if err != nil || c > utf8.MaxRune {
		return 0, ""
	}
	return end + 1, string(rune(c))
}

// hex reads a number of so many hexadecimal digits.
func hex(s string, from, digits int) (c rune, ok bool) {
	if len(s) < from+digits {
		return 0, false
	}
	n, err := strconv.ParseUint(s[from:from+digits], 16, 32)
	return rune(n), err == nil
}

// incomplete returns how many bytes at the end of a text are the beginning of an encoded character.
func incomplete(s string) int {
	for n := 1; n <= min(len(s), 8); n++ {
		end := s[len(s)-n:]
		switch c := end[0]; {
		case c == '%' && (n <= 2 || n <= 5 && end[1] == 'u'), c == '\\' && (n <= 5 || strings.HasPrefix(end, `\u{`)), c == '&':
			return n
		case !inWord(c) && c != '#' && c != '{':
			return 0
		}
	}
	return 0
}
