// Package log has the one name of log that the libraries of the module use. The
// module is built with it in place of log.
package log

import (
	"strings"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/librarylog"
)

// Println gives a line to the module's own log.
func Println(operands ...any) {
	words := make([]string, len(operands))
	for i, operand := range operands {
		words[i] = fmt.Sprintf("%v", operand)
	}
	librarylog.Print(strings.Join(words, " "))
}
