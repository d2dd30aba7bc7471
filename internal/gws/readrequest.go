package gws

import (
	"maps"
	"strings"

	"gws-outbound/internal/jsontext"
)

// ReadRequest makes a request of the path and the body of one that was sent, checked as one from
// JavaScript is, but that any text may be its callResult. The path may have another prefix than the
// table, as in a version with other ones. ok is false for what is none.
func ReadRequest(path, body string) (r Request, ok bool) {
	v, problem := jsontext.Read([]byte(body))
	if problem != jsontext.None || !v.IsObject() {
		return Request{}, false
	}
	f := Fields{}
	v.Properties(func(name string, value jsontext.Value) { f[name] = fieldOf(value) })
	name, _ := f[operationName].(string)
	op, inPath, ok := findOperation(name, belowAgent(path), func(op *Operation) string { return belowAgent(op.Path) })
	if !ok {
		return Request{}, false
	}
	for name, v := range f {
		if v == nil || op.InPath(name) {
			return Request{}, false
		}
	}
	for name, text := range inPath {
		f[name] = text
	}
	r, problems := ParseRequest(op.Method, f, true)
	return r, problems == nil && r.Operation == op
}

// belowAgent returns what follows the prefix of a path: what is the agent's own.
func belowAgent(path string) string {
	if i := strings.Index(path, "/me/"); i >= 0 {
		return path[i:]
	}
	return path
}

// fieldOf makes a field of a value. An integer that JavaScript does not hold exactly is its digits.
func fieldOf(v jsontext.Value) any {
	v = jsontext.Exact(v)
	if s, ok := v.Text(); ok {
		return s
	}
	if f, ok := v.Float(); ok {
		return f
	}
	if yes, ok := v.Bool(); ok {
		return yes
	}
	if v.IsNull() {
		return nil
	}
	if v.IsObject() {
		fields := map[string]any{}
		v.Properties(func(name string, value jsontext.Value) { fields[name] = fieldOf(value) })
		return fields
	}
	return Foreign("object")
}

// Fields returns what [ParseRequest] makes the request of. An integer is a number where JavaScript
// holds it exactly, otherwise its digits.
func (r Request) Fields() Fields {
	f := Fields{}
	for _, p := range r.values {
		switch v := p.v.(type) {
		case map[string]any:
			f[p.name] = maps.Clone(v)
		case int64:
			if f[p.name] = float64(v); v > maxSafeInteger {
				f[p.name] = p.text()
			}
		default:
			f[p.name] = v
		}
	}
	if r.ReferenceID != "" {
		f[referenceID.Name] = r.ReferenceID
	}
	return f
}
