package outbound

import (
	"bytes"
	"encoding/json"
	"strings"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/jsontext"
)

// The bounds of a list. A chain is the numbers of one contact: what comes near them is none.
const (
	maxRecords    = 10_000
	maxListLength = 16 << 20 // bytes of all its records
)

// list is what has come of a list of records.
type list struct {
	records []json.RawMessage
	have    map[string]bool // the handles, as integers; the whole record where it has none
	length  int
}

// add adds a record, unless it has come already: events may come twice. It returns what is wrong
// with it, or "".
func (l *list) add(handle string, record json.RawMessage) (problem string) {
	key := handle
	if key == "" || key == "0" {
		key = string(record)
	}
	switch {
	case record == nil:
		return "it has no record"
	case l.have[key]:
		return ""
	case len(l.records) == maxRecords:
		return fmt.Sprintf("the list has more than %d records", maxRecords)
	case l.length+len(record) > maxListLength:
		return fmt.Sprintf("the records of the list have more than %d MiB", maxListLength>>20)
	}
	if l.have == nil {
		l.have = map[string]bool{}
	}
	l.have[key] = true
	l.records = append(l.records, record)
	l.length += len(record)
	return ""
}

// json returns the list as a JSON array.
func (l *list) json() json.RawMessage {
	b := make([]byte, 0, l.length+len(l.records)+2)
	b = append(b, '[')
	for i, record := range l.records {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, record...)
	}
	return append(b, ']')
}

// markBegun notes that an element has come.
func (op *operation) markBegun() {
	select {
	case <-op.begun:
	default:
		close(op.begun)
	}
}

// recordOf returns a copy of the record in the data of an event; nil if there is none.
func recordOf(data json.RawMessage) json.RawMessage {
	var record [1]jsontext.Value
	jsontext.Value(data).Members(eventNames[2:3], record[:])
	if !record[0].IsObject() {
		return nil
	}
	return bytes.Clone(record[0])
}

// awaited says what kind of event ends the operation well. It goes after "an".
func (op *operation) awaited() string {
	switch op.request.Operation.Result {
	case gws.ResultRecord:
		return "answering event"
	case gws.ResultRecords:
		return "end of the list"
	default:
		return "acknowledgement"
	}
}

// result is what the operation came to, by the event that ended it.
func (op *operation) result(a answer) (json.RawMessage, *Error) {
	known, ok := op.request.Operation.Answer(a.notification)
	if !ok {
		return nil, wrongAnswer(a, "GWS answered with %q in place of %s", op.expected())
	}
	if a.problem != "" {
		return nil, wrongAnswer(a, "GWS answered with %q, but %s", a.problem)
	}
	switch op.request.Operation.Result {
	case gws.ResultRecords:
		return op.list.json(), nil
	case gws.ResultRecord:
		if known.Role == gws.Nothing {
			return json.RawMessage("null"), nil
		}
		record := recordOf(a.event)
		if record == nil {
			return nil, wrongAnswer(a, "GWS answered with %q, but %s", "it has no record")
		}
		return record, nil
	default:
		return a.event, nil
	}
}

// wrongAnswer is the error for an event that is not what was asked for.
func wrongAnswer(a answer, format, what string) *Error {
	return &Error{Code: RecordError, Delivery: gws.Accepted, Event: a.event,
		Message: fmt.Sprintf(format, shortened(a.notification, 100), what)}
}

// shortened returns the first characters of a text, and an ellipsis if there were more.
func shortened(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}

// expected names the events that end the operation well.
func (op *operation) expected() string {
	var names []string
	for _, a := range op.request.Operation.Answers {
		if a.Role != gws.Element {
			names = append(names, a.NotificationType)
		}
	}
	return strings.Join(names, " or ")
}
