// Package fmt is what the module needs of the standard library's package of that name, with the
// same results. That one is 5 % of the module to download, since it can print any value; this
// one prints what [Sprintf] lists. Tests may use either.
package fmt

import "errors"

// Errorf returns an error with the text of [Sprintf]. An operand of %w, of which there may be one, is what
// the error wraps.
func Errorf(format string, operands ...any) error {
	p := printer{format: format, operands: operands}
	text := p.print()
	if p.wrapped == nil {
		return errors.New(text)
	}
	return &wrapping{text, p.wrapped}
}

// wrapping is an error that wraps another one.
type wrapping struct {
	text string
	err  error
}

func (e *wrapping) Error() string { return e.text }
func (e *wrapping) Unwrap() error { return e.err }

// Sprintf returns the format with its operands in place of its verbs: %v, %s, %q, %d, %T, and %% for
// a percent sign; %.40q and %.40s cut a text to so many characters. An operand is an integer, a
// float64, a bool, a string, bytes, strings, an error, or a Stringer; of others it prints the type in
// parentheses.
//
// Two mistakes are seen in the result: %!d(string) is a verb that is not for that type, or that the package does
// not know, and %!d(MISSING) one without an operand.
func Sprintf(format string, operands ...any) string {
	p := printer{format: format, operands: operands}
	return p.print()
}
