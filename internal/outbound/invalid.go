package outbound

import (
	"strings"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/gws"
)

// The bounds of what an error says of wrong fields, whatever a caller has passed. Names are whole where they can
// be those of user data.
const (
	mostProblems = 32
	mostName     = 300 // characters, in Problems
	mostInText   = 80  // characters of a name, in the message
	mostMessage  = 500 // characters of one problem
)

// invalid is the error for wrong fields, or wrong options. It names each, or so many that it can be read.
func invalid(what string, problems []gws.Problem) *Error {
	var b strings.Builder
	listed := make([]gws.Problem, 0, min(len(problems), mostProblems+1))
	for i, p := range problems {
		if i == mostProblems {
			p = gws.Problem{Field: "others", Message: fmt.Sprintf("%d more problems", len(problems)-i)}
		}
		p = gws.Problem{Field: gws.Visible(p.Field, mostName), Message: gws.Visible(p.Message, mostMessage)}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(gws.Visible(p.Field, mostInText) + ": " + p.Message)
		listed = append(listed, p)
		if i == mostProblems {
			break
		}
	}
	return &Error{Code: InvalidRequest, Delivery: gws.NotSent, Problems: listed, Message: what + ": " + b.String()}
}

// InvalidOptions is the error for options, or a request, that cannot even be
// read as such.
func InvalidOptions(problems []gws.Problem) *Error {
	return invalid("wrong request or options, nothing was sent", problems)
}
