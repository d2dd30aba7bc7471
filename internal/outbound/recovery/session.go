package recovery

import (
	"encoding/json"
	"strconv"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/jsontext"
)

var sessionNames = []string{"clientId", "transport", "ack", "batch", "channels"}

// sessionText writes a session for the journal.
func sessionText(s bayeux.Saved) json.RawMessage {
	b := jsontext.AppendString([]byte(`{"clientId":`), s.ClientID)
	b = jsontext.AppendString(append(b, `,"transport":`...), s.Transport)
	b = strconv.AppendBool(append(b, `,"ack":`...), s.Ack)
	b = strconv.AppendInt(append(b, `,"batch":`...), s.Batch, 10)
	b = jsontext.AppendStrings(append(b, `,"channels":`...), s.Channels)
	return append(b, '}')
}

// readSession reads what sessionText has written; nil of what is damaged, and of nothing.
func readSession(text json.RawMessage) *bayeux.Saved {
	v, _ := jsontext.Read(text)
	if !v.IsObject() {
		return nil
	}
	var f [5]jsontext.Value
	v.Members(sessionNames, f[:])
	s := bayeux.Saved{Channels: f[4].Strings()}
	s.ClientID, _ = f[0].Text()
	s.Transport, _ = f[1].Text()
	s.Ack, _ = f[2].Bool()
	s.Batch, _ = f[3].Int()
	return &s
}
