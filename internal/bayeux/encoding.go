package bayeux

import (
	"strconv"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/jsontext"
)

// Encode writes messages as one frame. It does not write what a client never sends: data, successful and error.
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
		b = jsontext.AppendStrings(append(b, `,"supportedConnectionTypes":`...), m.SupportedConnectionTypes)
	}
	if m.Advice != nil {
		b = m.Advice.append(append(b, `,"advice":`...))
	}
	if m.Ext != nil {
		ext, problem := jsontext.Read(m.Ext)
		if problem != jsontext.None {
			return nil, fmt.Errorf("the ext of a message to %s: %w", m.Channel, problem)
		}
		b = append(append(b, `,"ext":`...), ext...)
	}
	return append(b, '}'), nil
}

// append writes advice; a client gives a server none but times.
func (a *Advice) append(b []byte) []byte {
	separator := byte('{')
	for _, time := range []struct {
		name string
		ms   *float64
	}{{"interval", a.Interval}, {"timeout", a.Timeout}, {"maxInterval", a.MaxInterval}} {
		if time.ms != nil {
			b = append(jsontext.AppendString(append(b, separator), time.name), ':')
			b = strconv.AppendFloat(b, *time.ms, 'f', -1, 64)
			separator = ','
		}
	}
	if separator == '{' {
		b = append(b, '{')
	}
	return append(b, '}')
}

func appendText(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return jsontext.AppendString(append(b, name...), value)
}
