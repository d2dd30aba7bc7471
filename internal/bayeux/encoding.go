package bayeux

import (
	"bytes"
	"encoding/json"
	"fmt"

	"gws-outbound/internal/jsontext"
)

// read reads a message that is written plainly, as servers write events and the replies to what a
// client sends all the time, and reports whether it is one; what is not is for encoding/json to
// read. It reads nothing that encoding/json would read otherwise.
func (m *Message) read(raw []byte) bool {
	if raw[0] != '{' {
		return false
	}
	return jsontext.Properties(raw, func(name, value []byte) (ok bool) {
		switch string(name) {
		case `"channel"`:
			return readText(&m.Channel, value)
		case `"id"`:
			return readText((*string)(&m.ID), value)
		case `"clientId"`:
			return readText(&m.ClientID, value)
		case `"subscription"`:
			return readText(&m.Subscription, value)
		case `"successful"`:
			yes := value[0] == 't'
			ok = m.Successful == nil && (yes || value[0] == 'f')
			m.Successful = &yes
		case `"advice"`:
			ok = m.Advice == nil && value[0] == '{'
			m.Advice = new(Advice)
			return ok && json.Unmarshal(value, m.Advice) == nil
		case `"data"`:
			ok = m.Data == nil
			m.Data = bytes.Clone(value) // who keeps it must not keep the frame
		case `"ext"`:
			ok = m.Ext == nil
			m.Ext = bytes.Clone(value)
		}
		return ok
	}) && m.Channel != ""
}

// readText reads a string that is not empty into what is not set yet.
func readText(to *string, value []byte) (ok bool) {
	if *to != "" {
		return false
	}
	*to, ok = jsontext.String(value)
	return ok && *to != ""
}

// Encode writes messages as one frame: what json.Marshal makes of them, but for the order, in a
// fraction of its time. It does not write what a client never sends: data, successful and error.
func Encode(messages []Message) ([]byte, error) {
	b := make([]byte, 0, 200*len(messages))
	separator := byte('[')
	for i := range messages {
		var err error
		if b, err = messages[i].append(append(b, separator)); err != nil {
			return nil, err
		}
		separator = ','
	}
	return append(b, ']'), nil
}

func (m *Message) append(b []byte) ([]byte, error) {
	b = jsontext.AppendString(append(b, `{"channel":`...), m.Channel)
	b = appendText(b, `,"id":`, string(m.ID))
	b = appendText(b, `,"clientId":`, m.ClientID)
	b = appendText(b, `,"version":`, m.Version)
	b = appendText(b, `,"minimumVersion":`, m.MinimumVersion)
	b = appendText(b, `,"connectionType":`, m.ConnectionType)
	b = appendText(b, `,"subscription":`, m.Subscription)
	if m.SupportedConnectionTypes != nil {
		types, err := json.Marshal(m.SupportedConnectionTypes)
		if err != nil {
			return nil, err
		}
		b = append(append(b, `,"supportedConnectionTypes":`...), types...)
	}
	if m.Advice != nil {
		advice, err := json.Marshal(m.Advice)
		if err != nil {
			return nil, err
		}
		b = append(append(b, `,"advice":`...), advice...)
	}
	if m.Ext != nil {
		if !json.Valid(m.Ext) {
			return nil, fmt.Errorf("the ext of a message to %s is no JSON", m.Channel)
		}
		b = append(append(b, `,"ext":`...), m.Ext...)
	}
	return append(b, '}'), nil
}

func appendText(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return jsontext.AppendString(append(b, name...), value)
}
