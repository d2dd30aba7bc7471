package gws

import (
	"slices"
	"strings"
	"sync"
)

// Operation is one operation of the Outbound API: a row of the table that
// requests are checked and sent by, answers are matched by, and the TypeScript
// types are made from.
type Operation struct {
	Name   string // the operationName, such as "CompleteRecord"
	Method string // of the JavaScript client; several rows may share one, see [ParseRequest]
	Path   string // below the base URL, with parameters in braces: ".../{recordHandle}"

	// Request is the name of the request's TypeScript type; Doc and RequestDoc are what users read of
	// the method and of that type. Doc is empty in all but the first row of a method.
	Request    string
	Doc        string
	RequestDoc string

	// Parameters are those of the path, then the others in the order of the
	// documentation, in which they are checked and sent. operationName, which
	// every body has, is not among them.
	Parameters []Parameter
	Answers    []Answer
	Result     Result
}

// Parameter is one parameter of an operation.
type Parameter struct {
	Name     string
	Kind     Kind
	Required bool
	Choices  []string // of a [Choice]
	Doc      string
}

// Kind is what the value of a parameter can be.
type Kind int

// The kinds of [Parameter]. Texts have no control characters, and are not empty.
const (
	LongText      Kind = iota // up to 1024 characters
	ShortText                 // up to 256 characters
	Choice                    // one of Choices
	CallResultOf              // the name of a call result
	RecordHandle              // a positive integer, or its digits in a string; up to 2^63-1
	PositiveInt               // a number, or the digits in a string of one beyond 2^53-1; up to 2^63-1
	NaturalInt                // 0, or as PositiveInt
	IntegerOrText             // an integer, or up to 256 characters
	Timestamp                 // a time.Time, or seconds since 1970; sent as whole seconds
	UserData                  // an object of up to 100 strings of up to 1024 characters, which may be empty, numbers and booleans; sent as one
)

// Answer is an event that answers an operation.
type Answer struct {
	NotificationType string
	MessageType      string
	Role             Role
}

// Role is what an answer means for the operation.
type Role int

// The roles of [Answer].
const (
	Final   Role = iota // the operation has come to its end
	Element             // one element of a list; others follow, and then a Final
	Nothing             // the end as well: what was asked for does not exist
)

// Result is what the answers to an operation come to.
type Result int

// The kinds of [Result].
const (
	ResultData    Result = iota // the data of the final event, as the server sent them
	ResultRecord                // the record of the final event; null for Nothing
	ResultRecords               // a list of the records of all elements, in the order of their arrival
)

const operationName = "operationName" // the parameter that names the operation

// Operations returns the table. The rows are everybody's: they are not to be changed.
func Operations() []*Operation {
	rows := make([]*Operation, len(operations))
	for i := range operations {
		rows[i] = &operations[i]
	}
	return rows
}

// Methods returns the names of the methods of the JavaScript client, in the order of the table.
func Methods() []string {
	var names []string
	for i := range operations {
		if name := operations[i].Method; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Rows returns the rows of a method, in the order of the table.
func Rows(method string) []*Operation {
	var rows []*Operation
	for i := range operations {
		if operations[i].Method == method {
			rows = append(rows, &operations[i])
		}
	}
	return rows
}

// TakesCallResult reports whether the requests of a method have a call result.
func TakesCallResult(method string) bool {
	return slices.ContainsFunc(Rows(method), func(op *Operation) bool {
		return slices.ContainsFunc(op.Parameters, func(p Parameter) bool { return p.Kind == CallResultOf })
	})
}

// Personal reports whether the values of a parameter may be about a person, so that they are to be in no text: not those that
// the path of a request has, which errors name.
func Personal(parameter string) bool { return personal()[parameter] }

var personal = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	for i := range operations {
		for _, p := range operations[i].Parameters {
			names[p.Name] = slices.Contains([]Kind{LongText, ShortText, IntegerOrText}, p.Kind)
		}
	}
	for i := range operations {
		for name := range names {
			names[name] = names[name] && !operations[i].InPath(name)
		}
	}
	names[referenceID.Name] = false
	return names
})

// FindOperation returns the operation that a POST to path, which is percent-encoded as
// it travels, asks for with this operationName, and the parameters that the path has.
func FindOperation(name, path string) (op *Operation, inPath map[string]string, ok bool) {
	return findOperation(name, path, func(op *Operation) string { return op.Path })
}

// findOperation is FindOperation by what is to be compared of each operation's path.
func findOperation(name, path string, of func(*Operation) string) (op *Operation, inPath map[string]string, ok bool) {
	for i := range operations {
		if op = &operations[i]; op.Name == name {
			if inPath, ok = matchPath(of(op), path); ok {
				return op, inPath, true
			}
		}
	}
	return nil, nil, false
}

// matchPath reads the parameters out of a path, if it is one of the pattern, in which they are in braces.
func matchPath(pattern, path string) (map[string]string, bool) {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return nil, false
	}
	inPath := map[string]string{}
	for i, segment := range want {
		if name, ok := braced(segment); ok {
			value, ok := unescape(have[i])
			if !ok || value == "" {
				return nil, false
			}
			inPath[name] = value
		} else if have[i] != segment {
			return nil, false
		}
	}
	return inPath, true
}

// braced returns the name of the parameter that a segment of a path stands for.
func braced(segment string) (name string, ok bool) {
	name, ok = strings.CutPrefix(segment, "{")
	return strings.TrimSuffix(name, "}"), ok
}

// InPath reports whether the parameter is in the path, and so not in the body.
func (op *Operation) InPath(parameter string) bool {
	return strings.Contains(op.Path, "{"+parameter+"}")
}

// Answer returns what an event of this notificationType means to the operation.
func (op *Operation) Answer(notificationType string) (a Answer, ok bool) {
	i := slices.IndexFunc(op.Answers, func(a Answer) bool { return a.NotificationType == notificationType })
	if i < 0 {
		return Answer{}, false
	}
	return op.Answers[i], true
}

func (op *Operation) parameter(name string) (p Parameter, ok bool) {
	i := slices.IndexFunc(op.Parameters, func(p Parameter) bool { return p.Name == name })
	if i < 0 {
		return Parameter{}, false
	}
	return op.Parameters[i], true
}

// IsAnswer reports whether an event of this notificationType is the answer to a request.
func IsAnswer(notificationType string) bool {
	for i := range operations {
		if _, ok := operations[i].Answer(notificationType); ok {
			return true
		}
	}
	return false
}
