package outbound

import (
	"encoding/json"
	"errors"
	"strings"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
)

// event is what an event on the outbound channel has that matters here.
type event struct {
	NotificationType string `json:"notificationType"`
	ReferenceID      scalar `json:"referenceId"`
	Record           struct {
		RecordHandle  scalar `json:"recordHandle"`
		CampaignName  string `json:"campaignName"`
		CallingList   string `json:"callingList"`
		ApplicationID scalar `json:"applicationId"`
	} `json:"record"`
}

// scalar is a string, or a number in the digits that the server wrote: record
// handles are numbers in events, and may be strings in requests.
type scalar string

func (s *scalar) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		*s = scalar(text)
	} else if string(b) != "null" {
		*s = scalar(b)
	}
	return nil
}

// receive takes an event on the outbound channel. Acknowledgements that nobody
// waits for, late and repeated ones and those of others, are counted.
func (c *Client) receive(m bayeux.Message) {
	var e event
	var wrongType *json.UnmarshalTypeError
	if err := json.Unmarshal(m.Data, &e); err != nil && !errors.As(err, &wrongType) {
		c.logf(bayeux.Warn, "an event on %s cannot be read: %v", m.Channel, err)
		return
	}
	switch {
	case c.waiting.settle(e, m.Data):
	case e.NotificationType == acknowledgement:
		c.unclaimed++
		if n := c.unclaimed; n <= 10 || n%10_000 == 0 { // a flood of them must not flood the log
			c.logf(bayeux.Info, "an acknowledgement (reference %.40q) that nobody waits for, or no longer: number %d of this client", e.ReferenceID, n)
		}
	default:
		c.logf(bayeux.Debug, "an event on %s (%.40q) is for nobody here", m.Channel, e.NotificationType)
	}
}

// settle ends the operation that the event answers, and reports whether there
// was one.
func (r *registry) settle(e event, data json.RawMessage) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, op := range r.operations { // oldest first, should several wait for the same record
		if e.answers(op) {
			r.drop(op)
			op.answer <- answer{notification: e.NotificationType, event: data}
			return true
		}
	}
	return false
}

// answers reports whether the event is the answer to op: by the reference. An
// acknowledgement that has none is matched by the record, since not every
// server echoes the reference.
func (e *event) answers(op *operation) bool {
	if e.ReferenceID != "" {
		// An acknowledgement of another record is no proof, whatever its reference.
		return string(e.ReferenceID) == op.record.ReferenceID &&
			(e.NotificationType != acknowledgement || e.Record.RecordHandle == "" || sameHandle(e.Record.RecordHandle, op.record))
	}
	return op.posted && e.NotificationType == acknowledgement &&
		sameHandle(e.Record.RecordHandle, op.record) &&
		e.Record.CampaignName == op.record.Text("campaignName") &&
		e.Record.CallingList == op.record.Text("callingList") &&
		string(e.Record.ApplicationID) == op.record.Text("applicationId")
}

func sameHandle(handle scalar, record gws.Request) bool {
	return strings.TrimLeft(string(handle), "0") == record.Text("recordHandle")
}
