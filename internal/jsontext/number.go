package jsontext

import (
	"bytes"
	"strconv"
	"strings"
)

// maxDigits is how many digits an integer may have that is written with an exponent.
const maxDigits = 400

// Integer returns the integer that a number is by its value: "12" for 12, 12.0, 1.2e1 and 0012.
// ok is false where it is no integer, and of what is no number.
func Integer(number string) (digits string, ok bool) {
	rest, negative := strings.CutPrefix(number, "-")
	mantissa, exponent, scaled := cutExponent(rest)
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole == "" || !onlyDigits(whole) || !onlyDigits(fraction) || strings.HasSuffix(mantissa, ".") {
		return "", false
	}
	digits, shift := whole+fraction, -len(fraction)
	if scaled {
		n, err := strconv.Atoi(exponent)
		if err != nil || n > maxDigits || n < -len(digits) {
			return zero(digits)
		}
		shift += n
	}
	if shift < 0 {
		keep := max(len(digits)+shift, 0)
		if strings.Trim(digits[keep:], "0") != "" {
			return "", false
		}
		digits = digits[:keep]
	}
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		return "0", true
	}
	if shift > 0 {
		digits += strings.Repeat("0", shift)
	}
	if negative {
		digits = "-" + digits
	}
	return digits, true
}

// zero is what the digits come to with an exponent that is out of bounds.
func zero(digits string) (string, bool) {
	if strings.Trim(digits, "0") == "" {
		return "0", true
	}
	return "", false
}

func cutExponent(number string) (mantissa, exponent string, found bool) {
	if i := strings.IndexAny(number, "eE"); i >= 0 {
		return number[:i], number[i+1:], true
	}
	return number, "", false
}

func onlyDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// maxScaled is how many digits an integer may have that Exact writes out though it is written with an exponent: 1e400
// takes five bytes, and nobody counts so far.
const maxScaled = 40

// Exact returns the text of a value with its integers beyond 2^53 - 1, which a number of
// JavaScript does not hold, in quotes: they become strings of their digits, also where they are written with a
// fraction of zeros or with an exponent, as by servers that know no integers. Where there is none, it is the same text.
func Exact(v Value) Value {
	var b []byte
	done := 0 // what of v is in b
	for i := 0; i < len(v); {
		switch c := v[i]; {
		case c == '"':
			i = skipString(v, i)
		case c == '-' || c >= '0' && c <= '9':
			end := skipWord(v, i)
			if digits := beyond(v[i:end]); digits != nil {
				b = append(append(append(append(b, v[done:i]...), '"'), digits...), '"')
				done = end
			}
			i = end
		case inWord(c):
			i = skipWord(v, i)
		default:
			i++
		}
	}
	if done == 0 {
		return v
	}
	return append(b, v[done:]...)
}

// beyond returns the digits of a number that is an integer by its value, and beyond what JavaScript holds exactly; nil
// of any other.
func beyond(number []byte) []byte {
	const most = "9007199254740991" // Number.MAX_SAFE_INTEGER
	whole, _, fractional := bytes.Cut(number, []byte("."))
	scaled := bytes.ContainsAny(number, "eE")
	if !scaled && len(whole) < len(most) {
		return nil
	}
	if scaled || fractional {
		digits, ok := Integer(string(number))
		if !ok || scaled && len(digits) > maxScaled {
			return nil
		}
		number = []byte(digits)
	}
	if digits := bytes.TrimPrefix(number, []byte("-")); len(digits) < len(most) || len(digits) == len(most) && string(digits) <= most {
		return nil
	}
	return number
}
