package gws

import (
	"encoding/json"
	"maps"
)

// ReadRequest makes a request of the path and the body of one that was sent, checked as one from
// JavaScript is, but that any text may be its callResult. ok is false for what is none.
func ReadRequest(path, body string) (r Request, ok bool) {
	var inBody map[string]any
	if json.Unmarshal([]byte(body), &inBody) != nil {
		return Request{}, false
	}
	name, _ := inBody[operationName].(string)
	op, inPath, ok := FindOperation(name, path)
	if !ok {
		return Request{}, false
	}
	f := Fields{}
	for name, v := range inBody {
		if f[name] = v; v == nil || op.InPath(name) {
			return Request{}, false
		}
	}
	for name, text := range inPath {
		f[name] = text
	}
	r, problems := ParseRequest(op.Method, f, true)
	return r, problems == nil && r.Operation == op
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
