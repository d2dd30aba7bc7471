package outbound

import (
	"encoding/json"
	"slices"
	"strings"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/jsontext"
)

// event is what an event on the outbound channel has that matters here.
type event struct {
	NotificationType string
	ReferenceID      scalar
	Record           struct {
		RecordHandle  scalar
		CampaignName  string
		CallingList   string
		PhoneNumber   scalar
		ApplicationID scalar
	}
	Campaign struct {
		Name string
	}
}

// readEvent reads the data of an event; what is of a wrong type is left out. Names are taken as they are
// written: those of the documents need no escapes.
func readEvent(data []byte) (e event) {
	object(data, func(name, value []byte) {
		switch string(name) {
		case `"notificationType"`:
			e.NotificationType = text(value)
		case `"referenceId"`:
			e.ReferenceID = scalarOf(value)
		case `"record"`:
			object(value, func(name, value []byte) {
				switch string(name) {
				case `"recordHandle"`:
					e.Record.RecordHandle = scalarOf(value)
				case `"campaignName"`:
					e.Record.CampaignName = text(value)
				case `"callingList"`:
					e.Record.CallingList = text(value)
				case `"phoneNumber"`:
					e.Record.PhoneNumber = scalarOf(value)
				case `"applicationId"`:
					e.Record.ApplicationID = scalarOf(value)
				}
			})
		case `"campaign"`:
			object(value, func(name, value []byte) {
				if string(name) == `"name"` {
					e.Campaign.Name = text(value)
				}
			})
		}
	})
	return e
}

// object calls each with the properties of a value, if that is an object.
func object(value []byte, each func(name, value []byte)) {
	if value[0] == '{' {
		jsontext.Properties(value, func(name, value []byte) bool {
			each(name, value)
			return true
		})
	}
}

// text returns the string that a value is, or "".
func text(value []byte) string {
	s, ok := jsontext.String(value)
	if !ok && value[0] == '"' {
		_ = json.Unmarshal(value, &s) // it is valid
	}
	return s
}

// campaignName is what the event tells of its campaign; "" if nothing.
func (e *event) campaignName() string {
	if e.Campaign.Name != "" {
		return e.Campaign.Name
	}
	return e.Record.CampaignName
}

// scalar is a string, or a number in the digits that the server wrote: record
// handles are numbers in events, and may be strings in requests.
type scalar string

func scalarOf(value []byte) scalar {
	switch {
	case value[0] == '"':
		return scalar(text(value))
	case string(value) == "null":
		return ""
	default:
		return scalar(value)
	}
}

// receive takes an event on the outbound channel. What answers nobody and is no answer to a
// request at all goes to who listens. Answers that nobody waits for, late and repeated ones and those
// to others, are counted.
func (c *Client) receive(m bayeux.Message) {
	e := readEvent(m.Data)
	op, a := c.waiting.settle(e, m.Data)
	switch {
	case op != nil:
		if c.book != nil && a.event != nil {
			c.book.answered(op, a)
		}
	case gws.IsAnswer(e.NotificationType) && !e.pushed():
		c.unclaimed++
		if n := c.unclaimed; n <= 10 || n%10_000 == 0 { // a flood of them must not flood the log
			c.logf(bayeux.Info, "an acknowledgement (reference %.40q) that nobody waits for, or no longer: number %d of this client", e.ReferenceID, n)
		}
	default:
		c.logf(bayeux.Debug, "an event on %s (%.40q) is for nobody here", m.Channel, e.NotificationType)
		if !c.notified && e.NotificationType != "" {
			c.notify(m)
		}
	}
}

// pushed reports whether it is a record that nobody has asked for: in progressive and push preview
// campaigns the server chooses when.
func (e *event) pushed() bool { return e.NotificationType == "PreviewRecord" && e.ReferenceID == "" }

// covers reports whether a subscription to pattern brings the events of the outbound channel, too.
func covers(pattern string) bool {
	return slices.Contains([]string{channel, "/v2/me/*", "/v2/me/**", "/v2/**", "/**"}, pattern)
}

// settle gives the event to the operation that it answers, and returns that, nil if there is
// none. It ends with the answer; an element of a list leaves that zero.
func (r *registry) settle(e event, data json.RawMessage) (*operation, answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	op := r.answeredBy(&e)
	if op == nil {
		return nil, answer{}
	}
	problem := ""
	switch a, known := op.request.Operation.Answer(e.NotificationType); {
	case a.Role == gws.Element:
		if problem = op.list.add(string(e.Record.RecordHandle), recordOf(data)); problem == "" {
			op.markBegun()
			return op, answer{}
		}
	case known && op.gap && op.request.Operation.Result == gws.ResultRecords:
		problem = "events may have been lost while the list was coming, and records with them: ask for it again"
	}
	r.drop(op)
	a := answer{notification: e.NotificationType, event: data, problem: problem}
	op.answer <- a
	return op, a
}

// answeredBy returns the operation that the event answers, or nil. Those of this client go
// first: the answer to one before it has most likely been lost.
func (r *registry) answeredBy(e *event) *operation {
	if e.ReferenceID != "" {
		if op := r.byReference[string(e.ReferenceID)]; op != nil && e.match(op) == certain {
			return op
		}
		return nil
	}
	for _, list := range [...][]*operation{r.operations, r.restored} {
		var likely []*operation
		for _, op := range list { // oldest first, should several wait for the same record
			switch e.match(op) {
			case certain:
				return op
			case possible:
				if op.restored == nil { // which may wait for days, and would take what is somebody else's
					likely = append(likely, op)
				}
			}
		}
		switch len(likely) {
		case 0:
		case 1:
			return likely[0]
		default:
			return nil
		}
	}
	return nil
}

// match is how sure it is that an event answers an operation.
type match int

const (
	impossible match = iota
	possible         // if there is no other that it could answer
	certain
)

// match is for the operation that has the event's reference. An event that has none is matched by
// its type and by what it tells of record or campaign, since not every server echoes the reference.
func (e *event) match(op *operation) match {
	request := op.request
	_, known := request.Operation.Answer(e.NotificationType)
	// The records of a chain, and one to be previewed, are not those that the request names.
	ofRecord := request.Operation.Result == gws.ResultData && request.Operation.InPath("recordHandle")
	if e.ReferenceID != "" {
		// An acknowledgement of another record is no proof, whatever its reference.
		other := known && ofRecord && e.Record.RecordHandle != "" && !sameHandle(e.Record.RecordHandle, request)
		return when(!other, certain)
	}
	if !op.posted || !known {
		return impossible
	}
	same := func(told, parameter string) bool {
		asked := request.Text(parameter)
		return asked == "" || told == asked
	}
	switch {
	case ofRecord:
		return when(sameHandle(e.Record.RecordHandle, request) && same(e.Record.CampaignName, "campaignName") &&
			same(e.Record.CallingList, "callingList") && same(string(e.Record.ApplicationID), "applicationId"), certain)
	case request.Operation.Result == gws.ResultRecords:
		return possible
	default: // what it tells must be what was asked for, such as the number of a record that has no handle yet
		fits := func(value, parameter string) bool { return value == "" || same(value, parameter) }
		return when(fits(e.campaignName(), "campaignName") && fits(e.Record.CallingList, "callingList") &&
			fits(string(e.Record.PhoneNumber), "phoneNumber"), possible)
	}
}

func when(yes bool, m match) match {
	if yes {
		return m
	}
	return impossible
}

func sameHandle(handle scalar, request gws.Request) bool {
	return strings.TrimLeft(string(handle), "0") == request.Text("recordHandle")
}
