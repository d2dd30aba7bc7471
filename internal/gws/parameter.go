package gws

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gws-outbound/internal/fmt"
)

// The bounds of texts.
const (
	MaxLongText  = 1024 // characters of a [LongText]
	MaxShortText = 256  // characters of a [ShortText]
)

// MaxTimestamp is the greatest number of seconds that is taken for a time: one above is most
// likely in milliseconds, which it is for every time since 1973.
const MaxTimestamp = 1e11

// parameter reads a parameter into what it is sent as: a string, an int64, or a map of user data; nil if
// it is absent or wrong. With one of instead, it would not have been required.
func (r *fieldReader) parameter(p Parameter, instead string) any {
	v := r.value(p.Name)
	if v == nil {
		if p.Required {
			message := "missing, " + p.Expected()
			if instead != "" {
				message += "; it can be left out only where there is a " + instead
			}
			r.problem(p.Name, message)
		}
		return nil
	}
	var sent any
	var message string
	switch p.Kind {
	case LongText:
		sent, message = readText(v, p, MaxLongText)
	case ShortText:
		sent, message = readText(v, p, MaxShortText)
	case Choice:
		sent, message = readChoice(v, p)
	case CallResultOf:
		sent, message = readCallResult(v, p, r.allowUnknownCallResult)
	case RecordHandle:
		sent, message = readHandle(v, p)
	case PositiveInt:
		sent, message = readInteger(v, p, 1)
	case NaturalInt:
		sent, message = readInteger(v, p, 0)
	case IntegerOrText:
		if _, ok := v.(float64); ok {
			sent, message = readInteger(v, p, -maxSafeInteger)
		} else {
			sent, message = readText(v, p, MaxShortText)
		}
	case Timestamp:
		sent, message = readTimestamp(v, p)
	case UserData:
		return r.userData(v, p)
	}
	if message != "" {
		r.problem(p.Name, message)
		return nil
	}
	return sent
}

// Expected says what a parameter should be, as messages have it: "expected a positive integer".
func (p Parameter) Expected() string {
	switch p.Kind {
	case Choice:
		last := len(p.Choices) - 1
		return "expected " + strings.Join(p.Choices[:last], ", ") + " or " + p.Choices[last]
	case RecordHandle:
		return "expected a positive integer, or its digits as a string"
	case PositiveInt:
		return "expected a positive integer"
	case NaturalInt:
		return "expected an integer, 0 or greater"
	case IntegerOrText:
		return "expected an integer or a string"
	case Timestamp:
		return "expected a Date, or seconds since 1970"
	case UserData:
		return "expected an object of strings, numbers and booleans"
	default:
		return "expected a string that is not empty"
	}
}

// readText reads a string of 1 to limit characters. Like those below, it returns what it is sent
// as, or what is wrong with it.
func readText(v any, p Parameter, limit int) (sent any, message string) {
	s, ok := v.(string)
	switch {
	case !ok && p.Kind == IntegerOrText:
		return nil, "got " + got(v) + ", " + p.Expected()
	case !ok:
		return nil, "got " + got(v) + ", expected a string"
	}
	if message := checkText(s, limit); message != "" {
		if !p.Required && strings.TrimSpace(s) == "" {
			message += ", or no such field"
		}
		return nil, message
	}
	return v, ""
}

func readChoice(v any, p Parameter) (sent any, message string) {
	s, ok := v.(string)
	if ok && slices.Contains(p.Choices, s) {
		return v, ""
	}
	if near := nearest(s, p.Choices); near != "" {
		return nil, fmt.Sprintf("got %s; did you mean '%s'?", got(v), near)
	}
	return nil, "got " + got(v) + ", " + p.Expected()
}

func readCallResult(v any, p Parameter, allowUnknown bool) (sent any, message string) {
	if code, ok := v.(float64); ok {
		message = "got " + got(code) + ", expected the name of a call result"
		for _, known := range CallResults() {
			if code == float64(known.Code) {
				message += fmt.Sprintf(": %d is '%s'", known.Code, known.Name)
			}
		}
		return nil, message
	}
	if sent, message = readText(v, p, MaxShortText); message == "" {
		message = checkCallResult(sent.(string), allowUnknown)
	}
	return sent, message
}

// readHandle reads a handle into its digits. Servers count handles in 64
// bits, which a number in JavaScript cannot hold, so digits are taken too.
func readHandle(v any, p Parameter) (sent any, message string) {
	switch v := v.(type) {
	case float64:
		if n, ok := integer(v, 1); ok {
			return n, ""
		}
		if v > maxSafeInteger {
			return nil, "got " + got(v) + ", which JavaScript does not hold exactly; pass the digits as a string"
		}
	case string:
		if n, ok := integerOf(v); ok && n > 0 {
			return n, ""
		}
		if digits(v) {
			return nil, "got " + got(v) + ", expected 1 to 9223372036854775807, in at most 19 digits"
		}
	}
	return nil, "got " + got(v) + ", " + p.Expected()
}

// integerOf returns the integer of these digits.
func integerOf(s string) (n int64, ok bool) {
	const longest = 19 // digits of 2^63-1
	if !digits(s) || len(s) > longest {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// readInteger reads an integer: a number, or the digits of one beyond 2^53-1.
func readInteger(v any, p Parameter, least float64) (sent any, message string) {
	switch v := v.(type) {
	case float64:
		if n, ok := integer(v, least); ok {
			return n, ""
		}
		if v > maxSafeInteger && !math.IsInf(v, 1) {
			return nil, "got " + got(v) + ", which JavaScript does not hold exactly; pass the digits as a string"
		}
	case string:
		// Only what a number does not hold: that is how such an integer comes from the server.
		n, ok := integerOf(v)
		switch {
		case ok && n > maxSafeInteger:
			return n, ""
		case !ok && digits(v):
			return nil, "got " + got(v) + ", expected at most 9223372036854775807"
		case ok:
			return nil, "got the string " + got(v) + ", " + p.Expected() + ": pass a number"
		}
	}
	return nil, "got " + got(v) + ", " + p.Expected()
}

// readTimestamp reads a time into seconds since 1970. One in the past passes: clocks differ.
func readTimestamp(v any, p Parameter) (sent any, message string) {
	var seconds float64
	switch v := v.(type) {
	case time.Time:
		seconds = float64(v.Unix())
		if seconds < 1 || seconds > MaxTimestamp {
			return nil, fmt.Sprintf("got a Date in the year %d, expected one from 1970 to 5138", v.UTC().Year())
		}
	case float64:
		seconds = v
		if v > MaxTimestamp {
			return nil, "got " + got(v) + ", which is too great for seconds and looks like milliseconds; pass a Date, or seconds since 1970"
		}
	}
	if seconds < 1 || seconds != math.Trunc(seconds) {
		return nil, "got " + got(v) + ", " + p.Expected()
	}
	return int64(seconds), ""
}

// integer returns the integer that f is, if it lies in least..maxSafeInteger: above, a number in
// JavaScript may not be the one written.
func integer(f, least float64) (n int64, ok bool) {
	if !(f >= least && f <= maxSafeInteger) || f != math.Trunc(f) {
		return 0, false
	}
	return int64(f), true
}
