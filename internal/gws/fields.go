package gws

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gws-outbound/internal/fmt"
)

// Fields is a request as it came from JavaScript. A value is a string, a
// float64, a bool, nil for null and undefined, a time.Time for a Date, a
// map[string]any of such values for an object of plain data, in which a further
// object is Foreign, or a [Foreign] for all else.
type Fields map[string]any

// Foreign is the JavaScript type of a value that no field can have: "object",
// "array", "function", "bigint", "symbol" and the like.
type Foreign string

// InvalidDate is the type of a Date that stands for no time.
const InvalidDate Foreign = "invalid Date"

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
	fields                 Fields
	allowUnknownCallResult bool

	known    []string // the names asked for, in order
	problems []Problem
}

func (r *fieldReader) problem(field, message string) {
	r.problems = append(r.problems, Problem{Field: field, Message: message})
}

// operationName lets pass the one name that the documented body has.
func (r *fieldReader) operationName(name string) {
	if v := r.value(operationName); v != nil && v != name {
		r.problem(operationName, "got "+got(v)+`, expected "`+name+`" or no such field`)
	}
}

// value returns the field's value; nil if it is absent.
func (r *fieldReader) value(field string) any {
	r.known = append(r.known, field)
	return r.fields[field]
}

// checkText returns what is wrong with s as a text of 1 to limit characters, or "".
func checkText(s string, limit int) string {
	message := checkCharacters(s, limit)
	if message == "" && strings.TrimSpace(s) == "" {
		message = fmt.Sprintf("got %s, expected a string that is not empty", got(s))
	}
	return message
}

// checkCharacters is checkText for a text that may be empty.
func checkCharacters(s string, limit int) string {
	n := utf8.RuneCountInString(s)
	switch {
	case n > limit:
		return fmt.Sprintf("got %s with %d characters, expected at most %d", got(s), n, limit)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Sprintf("got %s, expected a string without control characters", got(s))
	}
	return ""
}

// unknown adds a problem for each field that nobody asked for.
func (r *fieldReader) unknown() {
	var unknown []string // most often there are none
	for field := range r.fields {
		if !slices.Contains(r.known, field) {
			unknown = append(unknown, field)
		}
	}
	slices.Sort(unknown)
	for _, field := range unknown {
		message := "unknown field, there is no such parameter"
		if near := Near(field, r.known); near != "" {
			message = "unknown field; did you mean " + near + "?"
		}
		r.problem(field, message)
	}
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
	case time.Time:
		return "a Date"
	case map[string]any:
		return "a value of type object"
	case Foreign:
		if v == InvalidDate {
			return "an invalid Date"
		}
		return "a value of type " + cut(string(v), 40)
	}
	return fmt.Sprintf("a value of type %T", v)
}

// digits reports whether s is made of ASCII digits only, and of at least one.
func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
