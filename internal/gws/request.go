package gws

import (
	"slices"
	"strconv"
	"strings"

	"gws-outbound/internal/jsontext"
)

// Request is a request of the Outbound API as [ParseRequest] lets it pass.
type Request struct {
	Operation   *Operation
	ReferenceID string // comes back in the events; "" if the caller gave none; see [NewReferenceID]

	values []value // but for the reference, in the order of the table; only those that were given
}

// value is what a parameter is sent as: a string, an int64, or a map of user data.
type value struct {
	name string
	v    any
}

// ParseRequest checks a request from JavaScript, made by a method of the client. It returns every
// problem: first the parameters of the path, then operationName, then the others in the order
// of the table, then unknown fields in alphabetical order. With problems the Request is zero. With
// allowUnknownCallResult any text may be the callResult.
//
// Where a method has several rows, the request is one of the first whose path it can fill.
func ParseRequest(method string, f Fields, allowUnknownCallResult bool) (Request, []Problem) {
	op, others := choose(method, f)
	if op == nil {
		return Request{}, []Problem{{Field: operationName, Message: "there is no operation " + quote(method, 40)}}
	}
	r := fieldReader{fields: f, allowUnknownCallResult: allowUnknownCallResult, known: make([]string, 0, 24)}
	return r.request(op, others)
}

// choose returns the row that a request is to be checked by, and the other rows of the method: the
// first whose path the request can fill, or the first.
func choose(method string, f Fields) (op *Operation, others []*Operation) {
	rows := Rows(method)
	if len(rows) == 0 {
		return nil, nil
	}
	i := max(slices.IndexFunc(rows, func(row *Operation) bool { return fills(f, row) }), 0)
	return rows[i], append(rows[:i:i], rows[i+1:]...)
}

// fills reports whether the request has what the path of the operation needs.
func fills(f Fields, op *Operation) bool {
	for _, p := range op.Parameters {
		if op.InPath(p.Name) && f[p.Name] == nil {
			return false
		}
	}
	return true
}

// request reads a request of the operation. The others are what it could have been instead.
func (r *fieldReader) request(op *Operation, others []*Operation) (Request, []Problem) {
	req := Request{Operation: op, values: make([]value, 0, len(op.Parameters))}
	named := false
	for _, p := range op.Parameters {
		if !named && !op.InPath(p.Name) {
			r.operationName(op.Name)
			named = true
		}
		v := r.parameter(p, insteadOf(p, others))
		if op.InPath(p.Name) {
			v = r.segment(p.Name, v)
		}
		switch {
		case v == nil:
		case p.Name == referenceID.Name:
			req.ReferenceID = v.(string)
		default:
			req.values = append(req.values, value{p.Name, v})
		}
	}
	for _, other := range others {
		for _, p := range other.Parameters {
			r.known = append(r.known, p.Name)
		}
	}
	r.unknown()
	if r.problems != nil {
		return Request{}, r.problems
	}
	return req, nil
}

// insteadOf returns the parameters of the path with which the request would be another, that does
// without p; "" if there are none.
func insteadOf(p Parameter, others []*Operation) string {
	var names []string
	for _, other := range others {
		if q, ok := other.parameter(p.Name); ok && q.Required {
			continue
		}
		for _, q := range other.Parameters {
			if other.InPath(q.Name) {
				names = append(names, q.Name)
			}
		}
	}
	return strings.Join(names, " or ")
}

// segment lets pass what can be a segment of a path. A dot, or two, cannot, even if they
// are percent-encoded: browsers fold them away.
func (r *fieldReader) segment(field string, v any) any {
	if v == "." || v == ".." {
		r.problem(field, "got "+got(v)+", which cannot be sent: it would lead to another path")
		return nil
	}
	return v
}

// Text returns what a parameter is sent as, an integer in its digits; "" if it was not given, and of
// user data.
func (r Request) Text(parameter string) string {
	for _, p := range r.values {
		if p.name == parameter {
			return p.text()
		}
	}
	return ""
}

func (p value) text() string {
	switch v := p.v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case string:
		return v
	}
	return ""
}

// Path returns the path of the request, below the base URL and percent-encoded:
// "/api/v2/me/outbound-records/12".
func (r Request) Path() string {
	path := r.Operation.Path
	for _, p := range r.values {
		path = strings.Replace(path, "{"+p.name+"}", escape(p.text()), 1)
	}
	return path
}

// Body returns the JSON body: operationName and the parameters that were given, without
// those that the path has.
func (r Request) Body() []byte {
	b := make([]byte, 0, 512)
	field := func(before byte, name string, v any) {
		b = jsontext.AppendString(append(b, before), name)
		b = appendValue(append(b, ':'), v)
	}
	field('{', operationName, r.Operation.Name)
	for _, p := range r.values {
		if !r.Operation.InPath(p.name) {
			field(',', p.name, p.v)
		}
	}
	if r.ReferenceID != "" {
		field(',', referenceID.Name, r.ReferenceID)
	}
	return append(b, '}')
}

// appendValue appends the JSON of what a parameter, or a field of user data, is sent as.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return jsontext.AppendString(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case bool:
		return strconv.AppendBool(b, v)
	case float64:
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	case map[string]any:
		return appendUserData(b, v)
	}
	return b
}
