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

var ackNames, batchNames = []string{"ack"}, []string{"enabled", "batch"}

// readAck returns what the ext of a reply says of acknowledged delivery.
func readAck(ext json.RawMessage) jsontext.Value {
	var ack [1]jsontext.Value
	jsontext.Value(ext).Members(ackNames, ack[:])
	return ack[0]
}

// negotiated reads the server's answer from the ext of a handshake reply: true,
// or an object with enabled and batch.
func negotiated(ext json.RawMessage) ackState {
	ack := readAck(ext)
	if on, ok := ack.Bool(); ok {
		return ackState{on: on}
	}
	var f [2]jsontext.Value
	ack.Members(batchNames, f[:])
	if on, _ := f[0].Bool(); !on {
		return ackState{}
	}
	batch, _ := f[1].Int()
	return ackState{on: true, batch: batch}
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
	if !a.on {
		return
	}
	if batch, ok := readAck(ext).Int(); ok {
		a.batch = batch
	}
}
