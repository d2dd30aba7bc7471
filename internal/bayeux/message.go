package bayeux

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"gws-outbound/internal/jsontext"
)

// The meta channels of the protocol.
const (
	metaHandshake   = "/meta/handshake"
	metaConnect     = "/meta/connect"
	metaSubscribe   = "/meta/subscribe"
	metaUnsubscribe = "/meta/unsubscribe"
	metaDisconnect  = "/meta/disconnect"
)

// Message is one Bayeux message, of either direction. Fields that a message
// doesn't have are left at zero; fields that this client doesn't know are
// dropped.
type Message struct {
	Channel                  string          `json:"channel"`
	ID                       text            `json:"id,omitempty"`
	ClientID                 string          `json:"clientId,omitempty"`
	Version                  string          `json:"version,omitempty"`
	MinimumVersion           string          `json:"minimumVersion,omitempty"`
	SupportedConnectionTypes []string        `json:"supportedConnectionTypes,omitempty"`
	ConnectionType           string          `json:"connectionType,omitempty"`
	Subscription             string          `json:"subscription,omitempty"`
	Successful               *bool           `json:"successful,omitempty"`
	Error                    text            `json:"error,omitempty"`
	Advice                   *Advice         `json:"advice,omitempty"`
	Data                     json.RawMessage `json:"data,omitempty"` // nil in a message that is no event; "null" is an event's data
	Ext                      json.RawMessage `json:"ext,omitempty"`
}

// text is a string that some servers send as a number or another value: what
// is not a string is kept as the JSON it came as.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = text(s)
		return nil
	}
	*t = text(b)
	return nil
}

func (m *Message) successful() bool { return m.Successful != nil && *m.Successful }

// isEvent reports whether m was published, by the rule that anything with data
// is an event, whatever its data are.
func (m *Message) isEvent() bool { return m.Data != nil }

func (m *Message) isMeta() bool { return strings.HasPrefix(m.Channel, "/meta/") }

// ProtocolError is an answer that is not Bayeux. Quote has at most the first
// 200 characters of it.
type ProtocolError struct {
	Problem string
	Quote   string
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("the server does not speak Bayeux here: %s: %q", e.Problem, e.Quote)
}

// The problems of a frame that is not JSON to its end, and of one whose end is missing.
const (
	brokenJSON = "broken JSON"
	cutShort   = "JSON that is cut short"
)

func protocolError(problem string, frame []byte) *ProtocolError {
	return &ProtocolError{Problem: problem, Quote: withoutClientID(quote(frame))}
}

// withoutClientID takes the ids of sessions out of a quotation: who knows one
// has the session.
func withoutClientID(s string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, `"clientId"`)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString(`"clientId"`)
		value := strings.TrimLeft(after, ": \t\r\n")
		b.WriteString(after[:len(after)-len(value)])
		s = value
		if text, isText := strings.CutPrefix(value, `"`); isText {
			b.WriteString(`"…"`)
			_, s, _ = strings.Cut(text, `"`)
		}
	}
}

// quote cuts b to 200 characters.
func quote(b []byte) string {
	const most = 200
	if len(b) > 4*most {
		b = b[:4*most] // a character has at most four bytes
	}
	runes := []rune(strings.ToValidUTF8(string(b), "\uFFFD"))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}

// whyBroken tells what is wrong with JSON that is not valid.
func whyBroken(b []byte) string {
	err := json.NewDecoder(bytes.NewReader(b)).Decode(new(json.RawMessage))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return cutShort
	}
	return brokenJSON
}

// decode reads a frame, an array of messages or a single one, and passes each
// message to handle; n is how many there were. They are read one by one: an
// array of a few megabytes can hold a million of next to nothing, which would
// take a hundred times the memory of the frame if they were all there at once.
// Nesting is bounded by encoding/json, at 10,000.
//
// Values of the wrong type inside a message are left out, and so are messages
// without a channel, so that one odd message does not cost those beside it.
// The error, a *ProtocolError, says that the frame was not as it should be.
// Of one that is not JSON to its end nothing is handled.
func decode(frame []byte, handle func(*Message)) (n int, err error) {
	trimmed := bytes.TrimSpace(frame)
	switch {
	case len(trimmed) == 0:
		return 0, protocolError("an empty frame", frame)
	case trimmed[0] != '[' && trimmed[0] != '{':
		return 0, protocolError("neither an array nor an object", frame)
	case !json.Valid(trimmed):
		return 0, protocolError(whyBroken(trimmed), frame)
	}
	each := func(raw []byte) {
		var m Message
		var wrong error
		if !m.read(raw) {
			m = Message{}
			wrong = json.Unmarshal(raw, &m)
		}
		switch {
		case err != nil: // one is enough
		case m.Channel == "":
			err = protocolError("a message without a channel", frame)
		case wrong != nil:
			err = protocolError(quote([]byte(wrong.Error())), frame)
		}
		if m.Channel != "" {
			n++
			handle(&m)
		}
	}
	if trimmed[0] == '[' {
		jsontext.Elements(trimmed, each)
	} else {
		each(trimmed)
	}
	if n == 0 && err == nil {
		err = protocolError("an empty array", frame)
	}
	return n, err
}
