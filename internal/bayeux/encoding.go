package bayeux

import (
	"encoding/json"
	"fmt"

	"gws-outbound/internal/jsontext"
)

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
