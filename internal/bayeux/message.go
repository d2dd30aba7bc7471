package bayeux

import (
	"bytes"
	"encoding/json"
	"strings"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/jsontext"
	"gws-outbound/internal/quoted"
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

func (m *Message) successful() bool { return m.Successful != nil && *m.Successful }

// isEvent reports whether m was published, by the rule that anything with data
// is an event, whatever its data are.
func (m *Message) isEvent() bool { return m.Data != nil }

func (m *Message) isMeta() bool { return strings.HasPrefix(m.Channel, "/meta/") }

// ProtocolError is an answer that is not Bayeux.
type ProtocolError struct {
	Problem string
	Size    int    // bytes
	Quote   string // how it begins, of what holds no messages; otherwise ""
	again   bool   // the server has sent it for the second time
}

func (e *ProtocolError) Error() string {
	s := fmt.Sprintf("the server does not speak Bayeux here: %s (%d bytes)", e.Problem, e.Size)
	if e.Quote != "" {
		s += ": " + quoted.Text(e.Quote)
	}
	return s
}

func protocolError(problem string, frame []byte) *ProtocolError {
	return &ProtocolError{Problem: problem, Size: len(frame), Quote: Quote(frame)}
}

// Quote returns how an answer begins, at most its first 200 characters, for an
// error or the log: of a page or a text that tells a developer what has
// answered in place of the server. Of what may hold messages, whole or in part,
// it returns "": the data of events are nobody's but their receiver's.
func Quote(answer []byte) string {
	answer = bytes.TrimSpace(jsontext.WithoutMark(answer))
	i := bytes.IndexAny(answer, "{[")
	switch {
	case bytes.HasPrefix(answer, []byte("<")):
		if i >= 0 { // the script of a page may have anything
			answer = answer[:i]
		}
	case i >= 0 || bytes.ContainsAny(answer, "]}\""):
		return ""
	}
	return withoutClientID(quote(answer))
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
	if longest := 4 * (most + 1); len(b) > longest { // a character has at most four bytes
		b = b[:longest]
	}
	runes := []rune(strings.ToValidUTF8(string(b), "\uFFFD"))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}
