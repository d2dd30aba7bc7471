package outbound

import (
	"encoding/json"
	"slices"

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

// What is read of an event, of its record and of its campaign.
var (
	eventNames    = []string{"notificationType", "referenceId", "record", "campaign"}
	recordNames   = []string{"recordHandle", "campaignName", "callingList", "applicationId", "phoneNumber"}
	campaignNames = []string{"name"}
)

// readEvent reads the data of an event; what is of a wrong type is left out.
func readEvent(data json.RawMessage) (e event) {
	var f [4]jsontext.Value
	var record [5]jsontext.Value
	var campaign [1]jsontext.Value
	jsontext.Value(data).Members(eventNames, f[:])
	e.NotificationType, _ = f[0].Text()
	e.ReferenceID = scalarOf(f[1])
	f[2].Members(recordNames, record[:])
	e.Record.RecordHandle = scalarOf(record[0])
	e.Record.CampaignName, _ = record[1].Text()
	e.Record.CallingList, _ = record[2].Text()
	e.Record.ApplicationID = scalarOf(record[3])
	e.Record.PhoneNumber = scalarOf(record[4])
	f[3].Members(campaignNames, campaign[:])
	e.Campaign.Name, _ = campaign[0].Text()
	return e
}

// campaignName is what the event tells of its campaign; "" if nothing.
func (e *event) campaignName() string {
	if e.Campaign.Name != "" {
		return e.Campaign.Name
	}
	return e.Record.CampaignName
}

// scalar is a string, or a number, of an integer its digits however the server wrote it: record
// handles are numbers in events, and may be strings in requests.
type scalar string

func scalarOf(v jsontext.Value) scalar {
	if s, ok := v.Text(); ok {
		return scalar(s)
	}
	if v.IsNull() {
		return ""
	}
	if digits, ok := jsontext.Integer(string(v)); ok {
		return scalar(digits)
	}
	return scalar(v)
}

// integer returns the integer that it is by its value, 12 of 12.0, "0012" and 1.2e1 alike;
// what is none as it is.
func (s scalar) integer() string {
	if digits, ok := jsontext.Integer(string(s)); ok {
		return digits
	}
	return string(s)
}

// receive takes an event on the outbound channel. What answers nobody and is no answer to a
// request at all goes to who listens. Answers that nobody waits for, late and repeated ones and those
// to others, are counted.
func (c *Client) receive(m bayeux.Message) {
	e := readEvent(m.Data)
	if c.waiting.resolve(e, m.Data) {
		return
	}
	c.recovery.Late(string(e.ReferenceID), m.Data)
	switch {
	case gws.IsAnswer(e.NotificationType) && !e.pushed():
		c.unclaimed++
		if n := c.unclaimed; n <= 10 || n%10_000 == 0 { // a flood of them must not flood the log
			c.logf(bayeux.Info, "an acknowledgement (reference %q) that nobody waits for, or no longer: number %d of this client", shortened(string(e.ReferenceID), 40), n)
		}
	default:
		c.logf(bayeux.Debug, "an event on %s (%q) is for nobody here", m.Channel, shortened(e.NotificationType, 40))
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

// resolve gives the event to the operation that it answers, and reports whether there is one. That
// ends with it, unless it is an element of a list.
func (r *registry) resolve(e event, data json.RawMessage) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	op := r.answeredBy(&e)
	if op == nil {
		return false
	}
	problem := ""
	switch a, known := op.request.Operation.Answer(e.NotificationType); {
	case a.Role == gws.Element:
		if problem = op.list.add(e.Record.RecordHandle.integer(), recordOf(data)); problem == "" {
			op.markBegun()
			return true
		}
	case known && op.gap && op.request.Operation.Result == gws.ResultRecords:
		problem = "events may have been lost while the list was coming, and records with them: ask for it again"
	}
	r.drop(op)
	op.kept.Answered(data)
	op.answer <- answer{notification: e.NotificationType, event: data, problem: problem}
	return true
}

// answeredBy returns the operation that the event answers, or nil. A reference decides alone, whatever
// else the event says, unless it was used before. Where there is none, those of this client go first: the answer to one before it has most likely been lost.
func (r *registry) answeredBy(e *event) *operation {
	if e.ReferenceID != "" {
		op := r.byReference[string(e.ReferenceID)]
		if op != nil && r.isForEnded(e, op) {
			return nil
		}
		return op
	}
	for _, list := range [...][]*operation{r.operations, r.earlier} {
		var likely []*operation
		for _, op := range list { // oldest first, should several wait for the same record
			switch e.match(op) {
			case certain:
				return op
			case possible:
				if !op.earlier { // which may wait for days, and would take what is somebody else's
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

// isForEnded reports whether the event, late or repeated, is for an operation that has come to its end, and that had the reference of
// op: it is about the record of that one, and about another one than op, or of a type that answers only the former.
func (r *registry) isForEnded(e *event, op *operation) bool {
	_, known := op.request.Operation.Answer(e.NotificationType)
	return slices.ContainsFunc(r.ended, func(old gws.Request) bool {
		if old.ReferenceID != op.request.ReferenceID || e.about(old) != certain {
			return false
		}
		_, answers := old.Operation.Answer(e.NotificationType)
		return e.about(op.request) == impossible || answers && !known
	})
}

// match is how sure it is that an event answers an operation.
type match int

const (
	impossible match = iota
	possible         // if there is no other that it could answer
	certain
)

// match is for an event without a reference, since not every server echoes it: such a one is matched by
// its type and by what it tells of record or campaign.
func (e *event) match(op *operation) match {
	if _, known := op.request.Operation.Answer(e.NotificationType); !op.posted || !known {
		return impossible
	}
	return e.about(op.request)
}

// about is how sure it is that the event is about what the request names.
func (e *event) about(request gws.Request) match {
	// The records of a chain, and one to be previewed, are not those that the request names.
	ofRecord := request.Operation.Result == gws.ResultData && request.Operation.InPath("recordHandle")
	same := func(got, parameter string) bool {
		asked := request.Text(parameter)
		return asked == "" || got == asked
	}
	switch {
	case ofRecord:
		return when(same(e.Record.RecordHandle.integer(), "recordHandle") && same(e.Record.CampaignName, "campaignName") &&
			same(e.Record.CallingList, "callingList") && same(e.Record.ApplicationID.integer(), "applicationId"), certain)
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
