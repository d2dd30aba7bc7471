package core

import (
	"strconv"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/quoted"
	"gws-outbound/internal/redact"
	"gws-outbound/internal/wire"
)

// What a server says may repeat what it was sent. Texts leave the program in two ways, in messages to pages and in
// lines of the log, and both lead through Clean, so that whoever writes a text need not think of it.

// Clean returns a text without what was sent or received as a secret.
func (c *Core) Clean(text string) string { return c.secrets.Cut(text) }

// clean cleans the texts of a message. The data of events, in whatever message, are no text: they are the caller's.
func (c *Core) clean(m wire.ToPage) {
	switch m := m.(type) {
	case *wire.Rejected:
		cleanError(&m.Error, c.Clean)
	case *wire.Status:
		m.Reason = c.Clean(m.Reason)
	case *wire.Log:
		m.Message = c.Clean(m.Message)
	case *wire.Gap:
		m.Reason = c.Clean(m.Reason)
	}
}

func cleanError(e *wire.Error, clean func(string) string) {
	e.Message, e.StatusMessage = clean(e.Message), clean(e.StatusMessage)
	e.Cause.Name, e.Cause.Message = clean(e.Cause.Name), clean(e.Cause.Message)
	problems := make([]gws.Problem, len(e.Problems)) // the error that they come from keeps its own
	for i, p := range e.Problems {
		problems[i] = gws.Problem{Field: clean(p.Field), Message: clean(p.Message)}
	}
	e.Problems = problems
}

// requestError is an error of a call, whose text may repeat the request: also what is too short to be looked for in
// the texts of others.
type requestError struct {
	error
	values []string // see personal
}

func (e *requestError) Unwrap() error { return e.error }

// personal returns the values of a request that may be about a person. The others are names of what the API knows, or stand in
// the path of the request, which errors name.
func personal(request any) []string {
	var values []string
	fields, _ := request.(map[string]any)
	for name, v := range fields {
		switch data, ok := v.(map[string]any); {
		case ok:
			for _, v := range data {
				values = appendText(values, v)
			}
		case gws.Personal(name):
			values = appendText(values, v)
		}
	}
	return values
}

func appendText(values []string, v any) []string {
	switch v := v.(type) {
	case string:
		return append(values, v)
	case float64:
		return append(values, strconv.FormatFloat(v, 'f', -1, 64))
	}
	return values
}

// quotedIfShort has short values as our own messages quote them, which say what is wrong with a request: without
// the quotes, 100 is a limit there, and not what a field says.
func quotedIfShort(values []string) []string {
	all := make([]string, len(values))
	for i, v := range values {
		if len(v) < redact.Shortest {
			v = quoted.Text(v)
		}
		all[i] = v
	}
	return all
}
