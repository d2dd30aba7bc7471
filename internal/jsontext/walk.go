package jsontext

import "bytes"

// Read reads a text that is to be one value. The value may be a part of text.
func Read(text []byte) (Value, Problem) {
	b := WithoutMark(text)
	start := skipSpace(b, 0)
	end, odd, p := check(b, start)
	if p != None {
		return nil, p
	}
	if skipSpace(b, end) != len(b) {
		return nil, Broken
	}
	if odd {
		return mend(b[start:end])
	}
	return b[start:end], None
}

// WithoutMark returns the text behind its byte order mark, if it has one.
func WithoutMark(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) }

// Walk reads a text that is to be an array, or one value alone, in passing: it calls each with
// every element, and the bytes that it had before it was mended, 0 of one that was not; and lost with the problem and the length in bytes
// of every stretch that cannot be read. An element that cannot is lost alone where its end can
// be found, which is where its brackets and strings are closed; otherwise all from there to
// the end of the text is: then whole is false, as where the end is missing.
//
// The values are parts of text: who keeps one must clone it.
func Walk(text []byte, each func(v Value, odd int), lost func(p Problem, size int)) (whole bool) {
	b := WithoutMark(text)
	i := skipSpace(b, 0)
	take := func() (found bool) {
		end, mending, p := check(b, i)
		v, odd := Value(b[i:end]), 0
		if p == None && mending {
			odd = len(v)
			v, p = mend(v)
		}
		if p == None {
			each(v, odd)
			i = skipSpace(b, end)
			return true
		}
		after, found := skipElement(b, i)
		lost(p, after-i)
		i = after
		return found
	}
	if i == len(b) || b[i] != '[' {
		if take(); i < len(b) {
			lost(Broken, len(b)-i)
		}
		return true
	}
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == ']' {
		i = skipSpace(b, i+1)
		if i < len(b) {
			lost(Broken, len(b)-i)
		}
		return true
	}
	for take() {
		// Something between an element and the comma behind it belongs to nothing.
		if i < len(b) && b[i] != ',' && b[i] != ']' {
			after, found := skipElement(b, i)
			lost(Broken, after-i)
			if i = after; !found {
				return false
			}
		}
		if i == len(b) {
			lost(CutShort, 0)
			return false
		}
		end := b[i] == ']'
		i = skipSpace(b, i+1)
		if end {
			if i < len(b) {
				lost(Broken, len(b)-i)
			}
			return true
		}
	}
	return false
}

// maxOpen is how many brackets skipElement follows into each other.
const maxOpen = 1 << 20

// skipElement returns where the element of an array that begins at i ends, which cannot be
// read: at the next comma or closing bracket outside of its strings and brackets. Where there
// is none, or brackets do not match, it is not found.
func skipElement(b []byte, i int) (end int, found bool) {
	var closing []byte // the brackets that are to come
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case len(closing) == 0 && (c == ',' || c == ']'):
			return i, true
		case (c == '{' || c == '[') && len(closing) < maxOpen:
			closing = append(closing, c+2)
		case c == '}' || c == ']':
			last := len(closing) - 1
			if last < 0 || closing[last] != c {
				return len(b), false
			}
			closing = closing[:last]
		case c == '{' || c == '[':
			return len(b), false
		}
	}
	return len(b), false
}
