package bayeux

import (
	"encoding/json"
	"strconv"

	"gws-outbound/internal/jsontext"
)

// ackState is CometD's acknowledged delivery: with it, the server keeps what it
// sent until the client has said that it arrived, and sends it again on the
// next connection otherwise. Without it, what a server writes into a broken
// connection is lost.
type ackState struct {
	on    bool
	batch int64 // the last batch that was delivered here
}

// ackRequest asks for acknowledged delivery in a handshake.
var ackRequest = json.RawMessage(`{"ack":true}`)

// negotiated reads the server's answer from the ext of a handshake reply: true,
// or an object with enabled and batch.
func negotiated(ext json.RawMessage) ackState {
	var plain struct {
		Ack bool `json:"ack"`
	}
	if json.Unmarshal(ext, &plain) == nil && plain.Ack {
		return ackState{on: true}
	}
	var object struct {
		Ack struct {
			Enabled bool  `json:"enabled"`
			Batch   int64 `json:"batch"`
		} `json:"ack"`
	}
	if json.Unmarshal(ext, &object) == nil && object.Ack.Enabled {
		return ackState{on: true, batch: object.Ack.Batch}
	}
	return ackState{}
}

// ext is what every connect carries, reconnects included: a connect without it
// makes the server send everything again, for ever.
func (a ackState) ext() json.RawMessage {
	if !a.on {
		return nil
	}
	return json.RawMessage(`{"ack":` + strconv.FormatInt(a.batch, 10) + `}`)
}

// delivered takes the batch number from the ext of a successful connect reply,
// whose messages have been handled by now: they come before it in the frame.
func (a *ackState) delivered(ext json.RawMessage) {
	if !a.on || len(ext) == 0 || ext[0] != '{' {
		return
	}
	jsontext.Properties(ext, func(name, value []byte) bool {
		if batch, err := strconv.ParseInt(string(value), 10, 64); err == nil && string(name) == `"ack"` {
			a.batch = batch
		}
		return true
	})
}
