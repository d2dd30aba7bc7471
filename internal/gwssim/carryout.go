//go:build !js

package gwssim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gws-outbound/internal/gws"
)

// notice is the data of an event in answer to an operation.
type notice = map[string]any

// carryOut does what an order says, and returns the data of the events that
// tell of it, or a refusal. The caller holds the mutex.
func (s *Sim) carryOut(o *order) ([]notice, *answer) {
	defer s.changed()
	if o.InPath("campaignName") {
		return s.world.carryOutInCampaign(o)
	}
	handle, onRecord := o.integers["recordHandle"]
	c := s.world.campaign(o.texts["campaignName"])
	if c == nil {
		return o.echo(), nil
	}
	if !onRecord {
		return s.world.carryOutInList(c, o)
	}
	r := s.world.handles[handle]
	if r == nil || r.campaign != c {
		return nil, refuseResource("Resource not found: the campaign %s has no record with the recordHandle %d.", c.name, handle)
	}
	if list, given := o.texts["callingList"]; given && list != r.list.name {
		return nil, refuseInput("The parameter callingList must be %q, where the record is.", r.list.name)
	}
	if !r.retrieved() || r.agent != o.user {
		return nil, refuseState("The parameter recordHandle is not valid for the current state: record %d is %s, and not with you.", handle, r.status)
	}
	return s.world.carryOutOnRecord(r, o), nil
}

// carryOutInList is what agents do without a record.
func (w *world) carryOutInList(c *campaign, o *order) ([]notice, *answer) {
	switch o.Name {
	case "AddRecord":
		return w.addRecord(c, o)
	case "DoNotCallRecord":
		return w.doNotCallNumber(c, o), nil
	}
	return o.echo(), nil
}

// carryOutInCampaign is what agents do before they have a record.
func (w *world) carryOutInCampaign(o *order) ([]notice, *answer) {
	c := w.campaign(o.texts["campaignName"])
	if c == nil {
		return nil, refuseResource("Resource not found: there is no campaign %q.", o.texts["campaignName"])
	}
	if c.status != CampaignStarted {
		return nil, refuseState("The parameter campaignName is not valid for the current state: the campaign %s is %s.", c.name, c.status)
	}
	if o.Name == "StartPreviewSession" { // once more does not hurt: a page may have been reloaded
		c.previews[o.user] = o.texts["devicePath"]
		return []notice{o.campaignNotice("PreviewSessionStarted", c)}, nil
	}
	if _, started := c.previews[o.user]; !started {
		return nil, refuseState("The operation %s is not valid for the current state: you have no preview session of the campaign %s.", o.Name, c.name)
	}
	if o.Name == "EndPreviewSession" {
		delete(c.previews, o.user)
		return []notice{o.campaignNotice("PreviewSessionEnded", c)}, nil
	}
	r := c.next(o.user, time.Now())
	if r == nil {
		return []notice{o.notice("PreviewRecordEmpty", map[string]any{
			"campaignName": c.name, "applicationId": c.applicationID, "devicePath": o.texts["devicePath"],
		})}, nil
	}
	w.handOut(r, o.user)
	r.note(o.Name, o.user, o.referenceID(), "handed out")
	return []notice{o.notice("PreviewRecord", r.preview(o.texts["devicePath"], "PreviewRecord"))}, nil
}

// carryOutOnRecord is what agents do with a record that they have.
func (w *world) carryOutOnRecord(r *record, o *order) []notice {
	whole := []*record{r}
	if o.texts["chainAttribute"] == "AllChain" {
		whole = append(whole, r.others()...)
	}
	notification := o.Answers[0].NotificationType
	switch o.Name {
	case "CompleteRecord":
		r.attempts++
		result := o.texts["callResult"]
		if code, known := callResultCode(result); known && code == answered {
			// Whoever was reached is not called at the other numbers.
			for _, other := range r.others() {
				other.leave(RecordCompleted)
				other.note(o.Name, o.user, o.referenceID(), "completed: reached at %s", r.phoneNumber)
			}
		}
		if result == "" {
			result = "Answer"
		}
		r.leave(RecordCompleted)
		r.note(o.Name, o.user, o.referenceID(), "completed: %s", result)
	case "RejectRecord":
		r.chain.rejected[o.user] = true
		for _, other := range append(r.others(), r) {
			if other.retrieved() {
				other.goBack()
				other.note(o.Name, o.user, o.referenceID(), "back for the others")
			}
		}
	case "CancelRecord":
		for _, other := range whole {
			other.leave(RecordCancelled)
			other.note(o.Name, o.user, o.referenceID(), "cancelled")
		}
	case "DoNotCallRecord":
		for _, other := range whole {
			other.leave(RecordDoNotCall)
			other.note(o.Name, o.user, o.referenceID(), "not to be called")
		}
	case "RescheduleRecord":
		if !r.scheduledFor.IsZero() {
			notification = "ScheduledRecordRescheduleAcknowledge"
		}
		r.scheduledFor = time.Unix(o.integers["timestamp"], 0)
		r.callbackType = o.texts["callbackType"]
		r.leave(RecordScheduled)
		if r.callbackType == "Personal" {
			r.agent = o.user
		}
		r.note(o.Name, o.user, o.referenceID(), "%s callback at %s", r.callbackType, r.scheduledFor.UTC().Format(time.RFC3339))
	case "UpdateRecord":
		r.update(o)
	case "GetChainedRecord":
		var notices []notice
		for _, other := range r.others() {
			if !other.retrieved() {
				w.handOut(other, o.user)
				other.note(o.Name, o.user, o.referenceID(), "handed out")
			}
			notices = append(notices, o.notice("ChainedRecord", other.preview(o.texts["devicePath"], "ChainedRecord")))
		}
		return append(notices, o.notice("ChainedRecordsDataEnd", r.data(o.texts["devicePath"])))
	}
	return []notice{o.notice(notification, r.data(o.texts["devicePath"]))}
}

// addRecord creates a record in a calling list: in the chain that is named, or in one of its own, whose
// contact goes by the name in the order's other fields, or by the number.
func (w *world) addRecord(c *campaign, o *order) ([]notice, *answer) {
	list := c.list(o.texts["callingList"])
	if list == nil {
		return nil, refuseInput("The parameter callingList must be one of the campaign %s.", c.name)
	}
	number, other := o.texts["phoneNumber"], o.userData["otherFields"]
	id, named := o.integers["chainId"]
	in := list.chain(id)
	switch {
	case named && in == nil:
		return nil, refuseResource("Resource not found: the calling list %s has no chain with the chainId %d.", list.name, id)
	case in == nil:
		w.lastChain++
		in = &chain{id: w.lastChain, contact: contactOf(other, number), rejected: make(map[string]bool)}
		list.chains = append(list.chains, in)
	}
	r := &record{campaign: c, list: list, chain: in, status: RecordReady, userData: other}
	in.records = append(in.records, r)
	r.set(o)
	r.note(o.Name, o.user, o.referenceID(), "added to chain %d", in.id)
	data := r.data(o.texts["devicePath"])
	delete(data, "recordHandle") // it gets one when it is handed out
	data["phoneNumber"] = number
	return []notice{o.notice(o.Answers[0].NotificationType, data)}, nil
}

// contactOf is the name of a contact, as calling lists usually have it.
func contactOf(fields map[string]any, otherwise string) string {
	first, _ := fields["FirstName"].(string)
	last, _ := fields["LastName"].(string)
	if name := strings.TrimSpace(first + " " + last); name != "" {
		return name
	}
	return otherwise
}

// goBack has the record be handed out again, to somebody else.
func (r *record) goBack() {
	if r.scheduledFor.IsZero() {
		r.leave(RecordReady)
	} else {
		r.callbackType = "Campaign" // the one to whom it was promised does not want it
		r.leave(RecordScheduled)
	}
}

// update changes what the order has of the record.
func (r *record) update(o *order) {
	changed := r.set(o)
	if changed == "" {
		changed = " nothing"
	}
	r.note(o.Name, o.user, o.referenceID(), "updated:%s", changed)
}

// set gives the record what the order has of it, and names that.
func (r *record) set(o *order) (changed string) {
	text := func(parameter string, into *string) {
		if value, given := o.texts[parameter]; given {
			*into = value
			changed += " " + parameter
		}
	}
	integer := func(parameter string, into *int64) {
		if value, given := o.integers[parameter]; given {
			*into = value
			changed += " " + parameter
		}
	}
	text("phoneNumber", &r.phoneNumber)
	text("phoneType", &r.phoneType)
	text("timeZone", &r.timeZone)
	if zone, given := o.integers["timeZone"]; given {
		r.timeZone = fmt.Sprint(zone)
		changed += " timeZone"
	}
	integer("from", &r.from)
	integer("until", &r.until)
	return changed
}

// doNotCallNumber marks whoever has a number, in the calling list that is
// named, or in all of the campaign. A record that another agent has stays
// theirs.
func (w *world) doNotCallNumber(c *campaign, o *order) []notice {
	number, list := o.texts["phoneNumber"], o.texts["callingList"]
	for _, l := range c.lists {
		for _, chain := range l.chains {
			for _, r := range chain.records {
				if r.phoneNumber != number || list != "" && list != l.name {
					continue
				}
				whole := []*record{r}
				if o.texts["chainAttribute"] == "AllChain" {
					whole = append(whole, r.others()...)
				}
				for _, other := range whole {
					if other.over() || other.retrieved() && other.agent != o.user {
						continue
					}
					other.leave(RecordDoNotCall)
					other.note(o.Name, o.user, o.referenceID(), "not to be called: by its number")
				}
			}
		}
	}
	return o.echo()
}

// echo answers an order about a record of which the simulator knows nothing.
func (o *order) echo() []notice {
	final := slices.IndexFunc(o.Answers, func(a gws.Answer) bool { return a.Role == gws.Final })
	data := map[string]any{}
	for _, name := range []string{"campaignName", "devicePath", "callingList"} {
		if text, given := o.texts[name]; given {
			data[name] = text
		}
	}
	data["applicationId"] = o.integers["applicationId"]
	if handle, given := o.integers["recordHandle"]; given {
		data["recordHandle"] = handle
	} else {
		data["phoneNumber"] = o.texts["phoneNumber"]
	}
	return []notice{o.notice(o.Answers[final].NotificationType, data)}
}

// notice is the data of an event about a record.
func (o *order) notice(notification string, record map[string]any) notice {
	return notice{"messageType": o.messageType(notification), "notificationType": notification, "record": record}
}

// campaignNotice is the data of an event about a campaign.
func (o *order) campaignNotice(notification string, c *campaign) notice {
	return notice{"messageType": o.messageType(notification), "notificationType": notification, "campaign": c.data(o.texts["devicePath"])}
}

// messageType is that of an answer in the table.
func (o *order) messageType(notification string) string {
	a, ok := o.Answer(notification)
	if !ok {
		panic(fmt.Sprintf("gwssim: the table of operations has no answer %s to %s", notification, o.Name))
	}
	return a.MessageType
}

// data is the campaign as events have it; those that go to everybody have no
// devicePath.
func (c *campaign) data(devicePath string) map[string]any {
	states := map[CampaignStatus]string{CampaignUnloaded: "Unloaded", CampaignLoaded: "Loaded", CampaignStarted: "Started"}
	data := map[string]any{
		"name":             c.name,
		"dialingMode":      "Preview",
		"groupName":        c.name + "@Simulated agents",
		"groupDescription": "",
		"description":      "",
		"state":            states[c.status],
		"applicationId":    c.applicationID,
	}
	if devicePath != "" {
		data["devicePath"] = devicePath
	}
	return data
}
