// Package fmt has the names of fmt that the libraries of the module use. The
// module is built with it in place of fmt.
package fmt

import (
	"io"

	"gws-outbound/internal/fmt"
)

// Errorf is that of internal/fmt.
func Errorf(format string, operands ...any) error { return fmt.Errorf(format, operands...) }

// Sprintf is that of internal/fmt.
func Sprintf(format string, operands ...any) string { return fmt.Sprintf(format, operands...) }

// Fprintf writes what Sprintf returns.
func Fprintf(w io.Writer, format string, operands ...any) (int, error) {
	return io.WriteString(w, fmt.Sprintf(format, operands...))
}

// Fprint writes one operand.
func Fprint(w io.Writer, operand any) (int, error) { return Fprintf(w, "%v", operand) }

// State is a parameter of a method that nobody calls: internal/fmt lets no value print itself.
type State interface {
	io.Writer
	Flag(c int) bool
}
