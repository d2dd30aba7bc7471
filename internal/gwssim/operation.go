//go:build !js

package gwssim

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"gws-outbound/internal/gws"
)

// order is an operation that somebody asks for, with what the table of package
// gws says that it may have.
type order struct {
	*gws.Operation
	user     string
	texts    map[string]string // parameters by name, without those that were not given
	integers map[string]int64
	userData map[string]map[string]any
}

func (o *order) referenceID() string { return o.texts["referenceId"] }

// parseOrder checks a POST as GWS does: a refusal is HTTP 200 with a
// statusCode, and names the parameter; where there is no such resource it is
// HTTP 404.
func parseOrder(r *http.Request, post *Post) (*order, *answer) {
	mediaType, _, err := mime.ParseMediaType(post.ContentType)
	if err != nil || mediaType != "application/json" {
		return nil, refuseInput("The Content-Type must be application/json.")
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal([]byte(post.Body), &body); err != nil || body == nil {
		return nil, refuseInput("The body must be a JSON object.")
	}
	const nameField = "operationName"
	if absent(body[nameField]) {
		return nil, refuseMissing(nameField)
	}
	var name string
	if err := json.Unmarshal(body[nameField], &name); err != nil {
		return nil, refuseInput("The parameter %s has the wrong type: it must be a text.", nameField)
	}
	op, inPath, ok := gws.FindOperation(name, r.URL.EscapedPath())
	if !ok {
		return nil, refuseOperation(name, r.URL.Path)
	}
	o := &order{
		Operation: op, user: post.User,
		texts: make(map[string]string), integers: make(map[string]int64), userData: make(map[string]map[string]any),
	}
	for _, p := range op.Parameters {
		value := body[p.Name]
		if op.InPath(p.Name) {
			value = pathValue(p, inPath[p.Name])
		}
		if absent(value) {
			if p.Required {
				return nil, refuseMissing(p.Name)
			}
			continue
		}
		if expected := o.take(p, value); expected != "" {
			return nil, refuseInput("The parameter %s must be %s.", p.Name, expected)
		}
	}
	return o, nil
}

// absent reports whether a parameter counts as not given.
func absent(value json.RawMessage) bool {
	return len(value) == 0 || string(value) == "null" || string(value) == `""`
}

// pathValue is what the path says as the body would say it.
func pathValue(p gws.Parameter, text string) json.RawMessage {
	if p.Kind == gws.RecordHandle {
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			return json.RawMessage(text)
		}
	}
	value, err := json.Marshal(text)
	if err != nil {
		panic(err) // a text marshals
	}
	return value
}

// take keeps the value of a parameter. If it is not of its kind, take says what
// it must be.
func (o *order) take(p gws.Parameter, value json.RawMessage) (expected string) {
	var text string
	isText := json.Unmarshal(value, &text) == nil
	integer, err := strconv.ParseInt(string(value), 10, 64)
	isInteger := err == nil
	switch p.Kind {
	case gws.Choice:
		if !isText || !slices.Contains(p.Choices, text) {
			return "one of " + strings.Join(p.Choices, ", ")
		}
	case gws.RecordHandle:
		if !isInteger || integer <= 0 {
			return "the record's handle, a positive integer"
		}
	case gws.PositiveInt:
		if !isInteger || integer <= 0 {
			return "a positive integer"
		}
	case gws.NaturalInt:
		if !isInteger || integer < 0 {
			return "an integer that is not negative"
		}
	case gws.Timestamp:
		const last = 253_402_300_799 // of the year 9999; milliseconds are beyond it
		if !isInteger || integer <= 0 || integer > last {
			return "the time in seconds since 1970, an integer"
		}
	case gws.IntegerOrText:
		if !isInteger && !isText {
			return "an integer or a text"
		}
	case gws.UserData:
		fields, ok := userData(value)
		if !ok {
			return "an object of texts, numbers and booleans"
		}
		o.userData[p.Name] = fields
		return ""
	default:
		if !isText {
			return "a text"
		}
	}
	if isInteger {
		o.integers[p.Name] = integer
	} else {
		o.texts[p.Name] = text
	}
	return ""
}

// userData reads an object of texts, numbers and booleans.
func userData(value json.RawMessage) (fields map[string]any, ok bool) {
	if json.Unmarshal(value, &fields) != nil {
		return nil, false
	}
	for _, v := range fields {
		switch v.(type) {
		case string, float64, bool:
		default:
			return nil, false
		}
	}
	return fields, true
}

func refuseInput(format string, args ...any) *answer {
	return refusal(http.StatusOK, statusInvalidInput, fmt.Sprintf(format, args...))
}

func refuseMissing(parameter string) *answer {
	return refusal(http.StatusOK, statusMissingParameter, fmt.Sprintf("The required parameter %s is missing.", parameter))
}

func refuseState(format string, args ...any) *answer {
	return refusal(http.StatusOK, statusInvalidState, fmt.Sprintf(format, args...))
}

func refuseResource(format string, args ...any) *answer {
	return refusal(http.StatusNotFound, statusNotFound, fmt.Sprintf(format, args...))
}

// refuseOperation refuses an operation that there is not, or not at this path.
func refuseOperation(name, path string) *answer {
	for _, op := range gws.Operations() {
		switch {
		case op.Name != name:
		case op.InPath("recordHandle") && path == "/api/v2/me/outbound-records":
			return refuseInput("The operation %s needs the record's handle at the end of the path.", name)
		default:
			return refuseResource("Resource not found: the operation %s belongs to %s.", name, op.Path)
		}
	}
	return refuseInput("The operation %q is unknown.", name)
}
