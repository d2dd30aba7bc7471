package jsontext

import "strconv"

// Value is one JSON value that is known to be valid, without space around it. The empty one
// stands for none: none of what is asked of it is true.
type Value []byte

// IsNull reports whether it is null.
func (v Value) IsNull() bool { return string(v) == "null" }

// IsObject reports whether it is an object.
func (v Value) IsObject() bool { return v.begins('{') }

// IsArray reports whether it is an array.
func (v Value) IsArray() bool { return v.begins('[') }

func (v Value) begins(c byte) bool { return len(v) > 0 && v[0] == c }

// IsNumber reports whether it is a number.
func (v Value) IsNumber() bool {
	return len(v) > 0 && (v[0] == '-' || v[0] >= '0' && v[0] <= '9')
}

// Text returns the string that it is. What is not UTF-8, or half of a surrogate pair, becomes
// U+FFFD.
func (v Value) Text() (s string, ok bool) {
	if !v.begins('"') || len(v) < 2 {
		return "", false
	}
	return unescape(v[1 : len(v)-1]), true
}

// Bool returns whether it is true; ok is false of what is neither true nor false.
func (v Value) Bool() (yes, ok bool) {
	yes = string(v) == "true"
	return yes, yes || string(v) == "false"
}

// Float returns the number that it is, rounded. ok is false of one that is too great.
func (v Value) Float() (f float64, ok bool) {
	if !v.IsNumber() {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return 0, false
	}
	return f, true
}

// Int returns the integer that it is by its value, however it is written.
func (v Value) Int() (n int64, ok bool) {
	if !v.IsNumber() {
		return 0, false
	}
	digits, ok := Integer(string(v))
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, false
	}
	return n, true
}

// Elements calls each with the elements of an array.
func (v Value) Elements(each func(element Value)) {
	if !v.IsArray() {
		return
	}
	for i := skipSpace(v, 1); i < len(v) && v[i] != ']'; {
		end := skipValue(v, i)
		each(v[i:end])
		if i = skipSpace(v, end); i < len(v) && v[i] == ',' {
			i = skipSpace(v, i+1)
		}
	}
}

// Strings returns the strings in an array.
func (v Value) Strings() (list []string) {
	v.Elements(func(element Value) {
		if s, ok := element.Text(); ok {
			list = append(list, s)
		}
	})
	return list
}

// Members finds the properties of an object that have these names: values[i] is that of
// names[i], which is left alone where there is none.
func (v Value) Members(names []string, values []Value) {
	v.members(func(name []byte, value Value) {
		i := index(names, name)
		if i < 0 && !plain(name) {
			i = index(names, []byte(unescape(name)))
		}
		if i >= 0 {
			values[i] = value
		}
	})
}

// index is slices.Index for bytes, without a copy of them.
func index(names []string, name []byte) int {
	for i := range names {
		if string(name) == names[i] {
			return i
		}
	}
	return -1
}

// Properties calls each with the properties of an object, in their order. Of those with the
// same name the last counts.
func (v Value) Properties(each func(name string, value Value)) {
	v.members(func(name []byte, value Value) { each(unescape(name), value) })
}

// members calls each with the properties of an object. Names are as they are written, without
// their quotes.
func (v Value) members(each func(name []byte, value Value)) {
	if !v.IsObject() {
		return
	}
	for i := skipSpace(v, 1); i < len(v) && v[i] != '}'; {
		nameEnd := skipString(v, i)
		name := v[i+1 : max(nameEnd-1, i+1)]
		i = skipSpace(v, skipSpace(v, nameEnd)+1) // behind the colon
		end := skipValue(v, i)
		if end > len(v) || i >= end {
			return
		}
		each(name, v[i:end])
		if i = skipSpace(v, end); i < len(v) && v[i] == ',' {
			i = skipSpace(v, i+1)
		}
	}
}

// skipString returns where the string that begins at i ends.
func skipString(b []byte, i int) int {
	for i++; i < len(b) && b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return min(i+1, len(b))
}

// skipValue returns where the value that begins at i ends.
func skipValue(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch c := b[i]; {
		case c == '"':
			i = skipString(b, i)
		case c == '{' || c == '[':
			depth++
			i++
			continue
		case c == '}' || c == ']':
			depth--
			i++
		case depth == 0:
			return max(skipWord(b, i), i+1)
		default:
			i++
			continue
		}
		if depth <= 0 {
			return i
		}
	}
	return i
}
