package wire

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/jsontext"
)

// Append appends the text of messages to a page: a list. Of JSON from a server, integers that no
// number of JavaScript holds become strings of their digits.
func Append(b []byte, messages []ToPage) []byte {
	b = append(b, '[')
	for i, m := range messages {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendMessage(b, m)
	}
	return append(b, ']')
}

func appendMessage(b []byte, m ToPage) []byte {
	switch m := m.(type) {
	case *Resolved:
		b = append(b, `{"kind":"resolved","id":`...)
		b = strconv.AppendInt(b, int64(m.ID), 10)
		b = appendRaw(append(b, `,"value":`...), m.Value)
	case *Rejected:
		b = append(b, `{"kind":"rejected","id":`...)
		b = strconv.AppendInt(b, int64(m.ID), 10)
		b = appendError(append(b, `,"error":`...), &m.Error)
	case *Known:
		b = append(b, `{"kind":"known","id":`...)
		b = strconv.AppendInt(b, int64(m.ID), 10)
		b = appendText(b, "delivery", string(m.Delivery))
	case *Status:
		b = append(b, `{"kind":"status","client":`...)
		b = strconv.AppendInt(b, int64(m.Client), 10)
		b = appendText(b, "state", m.State)
		b = appendSome(b, "transport", m.Transport)
		b = appendSome(b, "reason", m.Reason)
		if m.RetryIn > 0 {
			b = strconv.AppendFloat(append(b, `,"retryIn":`...), m.RetryIn, 'f', -1, 64)
		}
	case *Notification:
		b = append(b, `{"kind":"notification","client":`...)
		b = strconv.AppendInt(b, int64(m.Client), 10)
		b = appendText(b, "channel", m.Channel)
		b = appendRaw(append(b, `,"data":`...), m.Data)
	case *Event:
		b = append(b, `{"kind":"event","client":`...)
		b = strconv.AppendInt(b, int64(m.Client), 10)
		b = append(b, `,"subscriptions":[`...)
		for i, s := range m.Subscriptions {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, int64(s), 10)
		}
		b = appendText(append(b, ']'), "channel", m.Channel)
		b = appendRaw(append(b, `,"data":`...), m.Data)
	case *Gap:
		b = append(b, `{"kind":"gap","client":`...)
		b = strconv.AppendInt(b, int64(m.Client), 10)
		b = appendText(b, "reason", m.Reason)
	case *Log:
		b = append(b, `{"kind":"log","client":`...)
		b = strconv.AppendInt(b, int64(m.Client), 10)
		b = strconv.AppendInt(append(b, `,"entry":{"time":`...), m.Time, 10)
		b = appendText(b, "level", m.Level)
		b = append(appendText(b, "message", m.Message), '}')
	case *AskHeaders:
		b = append(b, `{"kind":"headers","id":`...)
		b = strconv.AppendInt(b, int64(m.ID), 10)
		b = strconv.AppendInt(append(b, `,"client":`...), int64(m.Client), 10)
	case *PageSubscribe:
		b = strconv.AppendInt(append(b, `{"kind":"pageSubscribe","client":`...), int64(m.Client), 10)
		b = appendText(b, "channel", m.Channel)
	case *PageUnsubscribe:
		b = strconv.AppendInt(append(b, `{"kind":"pageUnsubscribe","client":`...), int64(m.Client), 10)
		b = appendText(b, "channel", m.Channel)
	case *Pong:
		b = append(b, `{"kind":"pong","id":`...)
		b = strconv.AppendInt(b, int64(m.ID), 10)
	}
	return append(b, '}')
}

func appendError(b []byte, e *Error) []byte {
	b = jsontext.AppendString(append(b, `{"code":`...), e.Code)
	b = appendText(b, "message", e.Message)
	b = appendText(b, "delivery", string(e.Delivery))
	b = appendSome(b, "referenceId", e.ReferenceID)
	if e.HTTPStatus != 0 {
		b = strconv.AppendInt(append(b, `,"httpStatus":`...), int64(e.HTTPStatus), 10)
	}
	if e.StatusCode != 0 {
		b = strconv.AppendInt(append(b, `,"statusCode":`...), int64(e.StatusCode), 10)
		b = appendText(b, "statusMessage", e.StatusMessage)
	}
	if e.Event != nil {
		b = appendRaw(append(b, `,"event":`...), e.Event)
	}
	for i, p := range e.Problems {
		if i == 0 {
			b = append(b, `,"problems":[`...)
		} else {
			b = append(b, ',')
		}
		b = jsontext.AppendString(append(b, `{"field":`...), p.Field)
		b = append(appendText(b, "message", p.Message), '}')
	}
	if len(e.Problems) > 0 {
		b = append(b, ']')
	}
	if e.Cause.Of != Nowhere {
		b = appendCause(append(b, `,"cause":`...), e.Cause)
	}
	return append(b, '}')
}

func appendCause(b []byte, c Cause) []byte {
	b = jsontext.AppendString(append(b, `{"of":`...), string(c.Of))
	switch c.Of {
	case OfHeaders:
		b = strconv.AppendInt(append(b, `,"id":`...), int64(c.ID), 10)
	case OfBrowser:
		b = appendText(b, "name", c.Name)
		b = appendText(b, "message", c.Message)
	}
	return append(b, '}')
}

func appendText(b []byte, name, value string) []byte {
	b = append(append(append(b, `,"`...), name...), `":`...)
	return jsontext.AppendString(b, value)
}

// appendSome is appendText for what may be "", and is left out then.
func appendSome(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendText(b, name, value)
}

func appendRaw(b []byte, v json.RawMessage) []byte {
	if v == nil {
		return append(b, "null"...)
	}
	return append(b, jsontext.Exact(jsontext.Value(v))...)
}

// UnsettledCall is an element of the list that [Unsettled] comes to.
type UnsettledCall struct {
	Method          string
	Request         gws.Fields
	ReferenceID     string
	Delivery        gws.Delivery
	SentAt          time.Time
	Answered        bool
	AnswerableUntil time.Time // zero if it is null
}

// UnsettledList returns the value of that list.
func UnsettledList(calls []UnsettledCall) json.RawMessage {
	b := []byte{'['}
	for i, c := range calls {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsontext.AppendString(append(b, `{"method":`...), c.Method)
		b = appendFields(append(b, `,"request":`...), c.Request)
		b = appendText(b, "referenceId", c.ReferenceID)
		b = appendText(b, "delivery", string(c.Delivery))
		b = strconv.AppendInt(append(b, `,"sentAt":`...), c.SentAt.UnixMilli(), 10)
		b = strconv.AppendBool(append(b, `,"answered":`...), c.Answered)
		b = append(b, `,"answerableUntil":`...)
		if c.AnswerableUntil.IsZero() {
			b = append(b, "null"...)
		} else {
			b = strconv.AppendInt(b, c.AnswerableUntil.UnixMilli(), 10)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendFields(b []byte, fields map[string]any) []byte {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(fields)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(jsontext.AppendString(b, name), ':')
		switch v := fields[name].(type) {
		case string:
			b = jsontext.AppendString(b, v)
		case float64:
			b = strconv.AppendFloat(b, v, 'f', -1, 64)
		case bool:
			b = strconv.AppendBool(b, v)
		case map[string]any:
			b = appendFields(b, v)
		default:
			b = append(b, "null"...)
		}
	}
	return append(b, '}')
}

// StatsText returns what a client has counted, by its names, as a page gets it. What is -1 is not known.
func StatsText(names []string, values []float64) json.RawMessage {
	b := []byte{'{'}
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(jsontext.AppendString(b, name), ':')
		if values[i] < 0 {
			b = append(b, "null"...)
		} else {
			b = strconv.AppendFloat(b, values[i], 'f', -1, 64)
		}
	}
	return append(b, '}')
}
