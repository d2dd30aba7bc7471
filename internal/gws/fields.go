package gws

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fields is a request as it came from JavaScript. A value is a string, a
// float64, a bool, nil for null and undefined, or a [Foreign] for all else.
type Fields map[string]any

// Foreign is the JavaScript type of a value that no field can have: "object",
// "array", "function", "bigint", "symbol" and the like.
type Foreign string

// Problem is what is wrong with one field of a request.
type Problem struct {
	Field   string `json:"field"`
	Message string `json:"message"` // what was got, and what is expected
}

// maxSafeInteger is the greatest integer that JavaScript counts to without
// leaving one out (Number.MAX_SAFE_INTEGER).
const maxSafeInteger = 1<<53 - 1

// fieldReader takes values out of Fields and collects what is wrong with them.
type fieldReader struct {
	fields   Fields
	known    []string // the names asked for, in order
	problems []Problem
}

func (r *fieldReader) problem(field, message string) {
	r.problems = append(r.problems, Problem{Field: field, Message: message})
}

// value returns the field's value; nil if it is absent.
func (r *fieldReader) value(field string) any {
	r.known = append(r.known, field)
	return r.fields[field]
}

// text reads a string of 1 to limit characters; "" if it is absent or wrong.
func (r *fieldReader) text(field string, limit int, required bool) string {
	v := r.value(field)
	if v == nil {
		if required {
			r.problem(field, "missing, expected a string that is not empty")
		}
		return ""
	}
	s, ok := v.(string)
	if !ok {
		r.problem(field, "got "+got(v)+", expected a string")
		return ""
	}
	if message := checkText(s, limit); message != "" {
		if !required && strings.TrimSpace(s) == "" {
			message += ", or no such field"
		}
		r.problem(field, message)
		return ""
	}
	return s
}

// checkText returns what is wrong with s as a text of 1 to limit characters, or "".
func checkText(s string, limit int) string {
	n := utf8.RuneCountInString(s)
	switch {
	case n > limit:
		return fmt.Sprintf("got %s with %d characters, expected at most %d", got(s), n, limit)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Sprintf("got %s, expected a string without control characters", got(s))
	case strings.TrimSpace(s) == "":
		return fmt.Sprintf("got %s, expected a string that is not empty", got(s))
	}
	return ""
}

// unknown adds a problem for each field that nobody asked for.
func (r *fieldReader) unknown() {
	for _, field := range slices.Sorted(maps.Keys(r.fields)) {
		if slices.Contains(r.known, field) {
			continue
		}
		message := "unknown field, there is no such parameter"
		if near := r.near(field); near != "" {
			message = "unknown field; did you mean " + near + "?"
		}
		r.problem(field, message)
	}
}

// near returns the known field that a wrong name was likely meant to be:
// misspelt, or with a word too few or too many ("campaign"), or "".
func (r *fieldReader) near(field string) string {
	if near := nearest(field, r.known); near != "" {
		return near
	}
	const shortest, longest = 4, 64
	if len(field) < shortest || len(field) > longest {
		return ""
	}
	lower, best := strings.ToLower(field), ""
	for _, name := range r.known {
		n := strings.ToLower(name)
		if (strings.Contains(n, lower) || strings.Contains(lower, n)) &&
			(best == "" || distance(field, name) < distance(field, best)) {
			best = name
		}
	}
	return best
}

// got shows a value in a message.
func got(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case string:
		return quote(v, 40)
	case float64:
		if math.Abs(v) >= 1e21 { // as JavaScript prints it
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case Foreign:
		return "a value of type " + cut(string(v), 40)
	}
	return fmt.Sprintf("a value of type %T", v)
}

// positiveInteger returns the integer that f is, if it lies in
// 1..maxSafeInteger: above, a number in JavaScript may not be the one written.
func positiveInteger(f float64) (n int64, ok bool) {
	if !(f >= 1 && f <= maxSafeInteger) || f != math.Trunc(f) {
		return 0, false
	}
	return int64(f), true
}

// digits reports whether s is made of ASCII digits only, and of at least one.
func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
