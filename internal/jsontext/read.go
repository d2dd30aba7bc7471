package jsontext

import (
	"bytes"
	"unicode/utf8"
)

// Elements calls each with every element of an array.
func Elements(array []byte, each func(element []byte)) {
	for i := skipSpace(array, 1); array[i] != ']'; {
		end := skipValue(array, i)
		each(array[i:end])
		if i = skipSpace(array, end); array[i] == ',' {
			i = skipSpace(array, i+1)
		}
	}
}

// Properties calls each with every property of an object: its name, in quotes and as it is written, and
// its value. It ends early where each returns false, and reports whether it did not.
func Properties(object []byte, each func(name, value []byte) bool) bool {
	for i := skipSpace(object, 1); object[i] != '}'; {
		nameEnd := skipString(object, i)
		name := object[i:nameEnd]
		i = skipSpace(object, skipSpace(object, nameEnd)+1) // behind the colon
		end := skipValue(object, i)
		if !each(name, object[i:end]) {
			return false
		}
		if i = skipSpace(object, end); object[i] == ',' {
			i = skipSpace(object, i+1)
		}
	}
	return true
}

// String returns what a string stands for. ok is false of what is none, and of one that is not
// written plainly, which is for encoding/json to read.
func String(value []byte) (s string, ok bool) {
	if value[0] != '"' {
		return "", false
	}
	inside := value[1 : len(value)-1]
	if bytes.IndexByte(inside, '\\') >= 0 || !utf8.Valid(inside) {
		return "", false
	}
	return string(inside), true
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	return i
}

// skipString returns where the string that begins at i ends.
func skipString(b []byte, i int) int {
	for i++; b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// skipValue returns where the value that begins at i ends.
func skipValue(b []byte, i int) int {
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		for depth := 0; ; {
			switch b[i] {
			case '"':
				i = skipString(b, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			if i++; depth == 0 {
				return i
			}
		}
	}
	for i < len(b) && bytes.IndexByte([]byte(",]} \t\r\n"), b[i]) < 0 {
		i++
	}
	return i
}
