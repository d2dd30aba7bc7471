package gws

import (
	"maps"
	"math"
	"slices"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/jsontext"
)

// MaxUserData is how many fields user data can have.
const MaxUserData = 100

// userData reads user data into what it is sent as: a map of strings, float64s and bools; nil if it is
// wrong. Fields without a value are left out, as JSON.stringify leaves out what is undefined.
func (r *fieldReader) userData(v any, p Parameter) any {
	given, ok := v.(map[string]any)
	switch {
	case !ok:
		r.problem(p.Name, "got "+got(v)+", "+p.Expected())
		return nil
	case len(given) > MaxUserData:
		r.problem(p.Name, fmt.Sprintf("got more than %d fields, expected at most %d", MaxUserData, MaxUserData))
		return nil
	}
	before := len(r.problems)
	sent := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if message := checkText(name, MaxShortText); message != "" {
			r.problem(p.Name, "a field's name: "+message)
			continue
		}
		switch value, message := readUserValue(given[name]); {
		case message != "":
			r.problem(p.Name+"."+name, message)
		case value != nil:
			sent[name] = value
		}
	}
	if len(r.problems) > before {
		return nil
	}
	return sent
}

// readUserValue reads the value of one field. It returns nil where there is none.
func readUserValue(v any) (sent any, message string) {
	switch v := v.(type) {
	case nil, bool:
		return v, ""
	case float64:
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			return nil, "got " + got(v) + ", which JSON has no number for"
		case math.Abs(v) > maxSafeInteger:
			return nil, "got " + got(v) + ", which JavaScript does not hold exactly; pass the digits as a string"
		}
		return v, ""
	case string:
		return v, checkCharacters(v, MaxLongText)
	}
	return nil, "got " + got(v) + ", expected a string, a number or a boolean"
}

// appendUserData appends the JSON of user data, in the order of the names.
func appendUserData(b []byte, fields map[string]any) []byte {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(fields)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsontext.AppendString(b, name)
		b = appendValue(append(b, ':'), fields[name])
	}
	return append(b, '}')
}
