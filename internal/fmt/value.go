package fmt

import (
	"reflect"
	"strconv"
)

// appendValue appends an operand as a verb says.
func appendValue(b []byte, verb byte, precision int, v any) []byte {
	switch verb {
	case 'T':
		return append(b, typeOf(v)...)
	case 'v', 's', 'q':
		if list, is := v.([]string); is {
			return appendList(b, verb, list)
		}
		if bytes, is := v.([]byte); is && verb != 'v' {
			v = string(bytes)
		}
		if text, is := textOf(v); is {
			if precision >= 0 {
				text = firstRunes(text, precision)
			}
			if verb == 'q' {
				return strconv.AppendQuote(b, text)
			}
			return append(b, text...)
		}
	case 'd':
	default:
		return appendBadVerb(b, verb, v)
	}
	return appendReflected(b, verb, v)
}

// textOf returns what a value says of itself, if it is a text or can be asked.
func textOf(v any) (text string, is bool) {
	// Who prints an error must not panic for it.
	defer func() {
		if p := recover(); p != nil {
			text, is = "<nil>", true
			if r := reflect.ValueOf(v); r.Kind() != reflect.Pointer || !r.IsNil() {
				text = "%!v(PANIC in " + typeOf(v) + ")"
			}
		}
	}()
	switch v := v.(type) {
	case string:
		return v, true
	case error:
		return v.Error(), true
	case interface{ String() string }:
		return v.String(), true
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.String {
		return r.String(), true
	}
	return "", false
}

// appendReflected appends what is no text.
func appendReflected(b []byte, verb byte, v any) []byte {
	r := reflect.ValueOf(v)
	kind := r.Kind()
	switch {
	case kind == reflect.Invalid && verb == 'v':
		return append(b, "<nil>"...)
	case verb == 's' || verb == 'q':
	case r.CanInt():
		return strconv.AppendInt(b, r.Int(), 10)
	case r.CanUint():
		return strconv.AppendUint(b, r.Uint(), 10)
	case verb != 'v':
	case kind == reflect.Bool:
		return strconv.AppendBool(b, r.Bool())
	case kind == reflect.Float64:
		return strconv.AppendFloat(b, r.Float(), 'g', -1, 64)
	default:
		return append(append(append(b, '('), typeOf(v)...), ')')
	}
	return appendBadVerb(b, verb, v)
}

func appendList(b []byte, verb byte, list []string) []byte {
	b = append(b, '[')
	for i, text := range list {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendValue(b, verb, -1, text)
	}
	return append(b, ']')
}

func appendBadVerb(b []byte, verb byte, v any) []byte {
	b = append(b, '%', '!', verb, '(')
	return append(append(b, typeOf(v)...), ')')
}

func typeOf(v any) string {
	if v == nil {
		return "<nil>"
	}
	return reflect.TypeOf(v).String()
}

// firstRunes returns the first n characters of a text.
func firstRunes(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}
