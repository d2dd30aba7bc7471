package outbound

import (
	"encoding/json"
	"errors"
	"slices"
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
	Campaign struct {
		Name string `json:"name"`
	} `json:"campaign"`
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

func (s *scalar) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		*s = scalar(text)
	} else if string(b) != "null" {
		*s = scalar(b)
	}
	return nil
}

// receive takes an event on the outbound channel. What answers nobody and is no answer to a
// request at all goes to who listens. Answers that nobody waits for, late and repeated ones and those
// to others, are counted.
func (c *Client) receive(m bayeux.Message) {
	var e event
	var wrongType *json.UnmarshalTypeError
	if err := json.Unmarshal(m.Data, &e); err != nil && !errors.As(err, &wrongType) {
		c.logf(bayeux.Warn, "an event on %s cannot be read: %v", m.Channel, err)
		return
	}
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
	if a, _ := op.request.Operation.Answer(e.NotificationType); a.Role == gws.Element {
		if problem = op.list.add(string(e.Record.RecordHandle), recordOf(data)); problem == "" {
			op.markBegun()
			return op, answer{}
		}
	}
	r.drop(op)
	a := answer{notification: e.NotificationType, event: data, problem: problem}
	op.answer <- a
	return op, a
}

// answeredBy returns the operation that the event answers, or nil. Those of this client go
// first: the answer to one before it has most likely been lost.
func (r *registry) answeredBy(e *event) *operation {
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

// match goes by the reference. An event that has none is matched by its type and by what it
// tells of record or campaign, since not every server echoes the reference.
func (e *event) match(op *operation) match {
	request := op.request
	_, known := request.Operation.Answer(e.NotificationType)
	// The records of a chain, and one to be previewed, are not those that the request names.
	ofRecord := request.Operation.Result == gws.ResultData && request.Operation.InPath("recordHandle")
	if e.ReferenceID != "" {
		// An acknowledgement of another record is no proof, whatever its reference.
		other := known && ofRecord && e.Record.RecordHandle != "" && !sameHandle(e.Record.RecordHandle, request)
		return when(string(e.ReferenceID) == request.ReferenceID && !other, certain)
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
	default:
		told := e.campaignName()
		return when(told == "" || same(told, "campaignName"), possible)
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
