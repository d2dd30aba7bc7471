//go:build !js

package gwssim

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// world is the campaigns that the simulator has, with their records. What is
// not in it (requests name other campaigns) the simulator knows nothing of, and
// takes every request for. Its methods need the mutex.
type world struct {
	campaigns  []*campaign
	handles    map[int64]*record
	lastHandle int64
	lastChain  int
}

type campaign struct {
	name          string
	status        CampaignStatus
	applicationID int64
	lists         []*callingList
	previews      map[string]string // preview sessions: the devicePath by user
}

type callingList struct {
	name   string
	chains []*chain
}

// chain is a contact with all of its numbers.
type chain struct {
	id       int
	contact  string
	userData map[string]any
	records  []*record
	rejected map[string]bool // users who are not to get it again
}

// record is one number of a contact.
type record struct {
	campaign     *campaign
	list         *callingList
	chain        *chain
	handle       int64 // 0 before it is handed out
	phoneNumber  string
	phoneType    string
	timeZone     string
	from, until  int64          // when it may be called, in seconds since midnight
	userData     map[string]any // its own, beside those of the contact
	status       RecordStatus
	agent        string    // the user who has it; "" for nobody
	scheduledFor time.Time // zero for a record that never was
	callbackType string
	attempts     int
	history      []Deed
}

func (w *world) campaign(name string) *campaign {
	i := slices.IndexFunc(w.campaigns, func(c *campaign) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return w.campaigns[i]
}

func (c *campaign) list(name string) *callingList {
	i := slices.IndexFunc(c.lists, func(l *callingList) bool { return l.name == name })
	if i < 0 {
		return nil
	}
	return c.lists[i]
}

func (l *callingList) chain(id int64) *chain {
	i := slices.IndexFunc(l.chains, func(ch *chain) bool { return int64(ch.id) == id })
	if i < 0 {
		return nil
	}
	return l.chains[i]
}

// next finds the record that a user gets next in a campaign: the first of a
// contact whom nobody has; nil for none.
func (c *campaign) next(user string, now time.Time) *record {
	for _, list := range c.lists {
		for _, chain := range list.chains {
			if chain.rejected[user] || slices.ContainsFunc(chain.records, (*record).retrieved) {
				continue
			}
			for _, r := range chain.records {
				if r.free(user, now) {
					return r
				}
			}
		}
	}
	return nil
}

func (r *record) retrieved() bool { return r.status == RecordRetrieved }

// free reports whether the record can be handed out to a user.
func (r *record) free(user string, now time.Time) bool {
	switch r.status {
	case RecordReady:
		return true
	case RecordScheduled:
		return !r.scheduledFor.After(now) && (r.agent == "" || r.agent == user)
	}
	return false
}

// over reports whether the record is done with.
func (r *record) over() bool {
	switch r.status {
	case RecordCompleted, RecordCancelled, RecordDoNotCall:
		return true
	}
	return false
}

// handOut gives a record to a user, with a handle if it has none.
func (w *world) handOut(r *record, user string) {
	if r.handle == 0 {
		w.lastHandle++
		r.handle = w.lastHandle
		w.handles[r.handle] = r
	}
	r.status = RecordRetrieved
	r.agent = user
}

// others are the other numbers of the contact that are not done with.
func (r *record) others() []*record {
	var others []*record
	for _, other := range r.chain.records {
		if other != r && !other.over() {
			others = append(others, other)
		}
	}
	return others
}

// leave has the agent lose the record, for this status.
func (r *record) leave(status RecordStatus) {
	r.status = status
	r.agent = ""
}

// note adds to the record's history.
func (r *record) note(operation, user, referenceID, format string, args ...any) {
	r.history = append(r.history, Deed{
		Operation: operation, At: time.Now().UnixMilli(), User: user, ReferenceID: referenceID,
		Result: fmt.Sprintf(format, args...),
	})
}

// data is the record as events have it.
func (r *record) data(devicePath string) map[string]any {
	return map[string]any{
		"campaignName":  r.campaign.name,
		"devicePath":    devicePath,
		"callingList":   r.list.name,
		"applicationId": r.campaign.applicationID,
		"recordHandle":  r.handle,
	}
}

// preview is the record as events have it that hand it out.
func (r *record) preview(devicePath, notification string) map[string]any {
	const unknown = 28 // the call result of a record that was not called yet
	userData := map[string]any{
		"GSW_USER_EVENT":     notification,
		"GSW_RECORD_HANDLE":  r.handle,
		"GSW_APPLICATION_ID": r.campaign.applicationID,
		"GSW_CAMPAIGN_NAME":  r.campaign.name,
		"GSW_CALLING_LIST":   r.list.name,
		"GSW_CHAIN_ID":       r.chain.id,
		"GSW_PHONE":          r.phoneNumber,
		"GSW_PHONE_TYPE":     r.phoneType,
		"GSW_TZ_NAME":        r.timeZone,
		"GSW_FROM":           r.from,
		"GSW_UNTIL":          r.until,
		"GSW_ATTEMPTS":       r.attempts,
		"GSW_CALL_RESULT":    unknown,
		"InteractionType":    "Outbound",
		"InteractionSubtype": "OutboundNew",
	}
	if !r.scheduledFor.IsZero() {
		userData["InteractionSubtype"] = "OutboundCallback"
		userData["GSW_CALLBACK_TYPE"] = r.callbackType
		userData["GSW_DATE_TIME"] = r.scheduledFor.UTC().Format(time.RFC3339)
	}
	all := map[string]any{}
	for _, fields := range []map[string]any{r.chain.userData, r.userData, userData} { // what is the server's own goes last
		maps.Copy(all, fields)
	}
	data := r.data(devicePath)
	data["phoneNumber"] = r.phoneNumber
	data["phoneType"] = r.phoneType
	data["userData"] = all
	return data
}

func (w *world) state() []CampaignState {
	campaigns := []CampaignState{}
	for _, c := range w.campaigns {
		campaigns = append(campaigns, c.state())
	}
	return campaigns
}

func (c *campaign) state() CampaignState {
	s := CampaignState{Name: c.name, Status: c.status, ApplicationID: c.applicationID, Agents: []string{}}
	for user := range c.previews {
		s.Agents = append(s.Agents, user)
	}
	slices.Sort(s.Agents)
	for _, list := range c.lists {
		l := CallingListState{Name: list.name}
		for _, chain := range list.chains {
			for _, r := range chain.records {
				l.Records = append(l.Records, r.state())
			}
		}
		s.CallingLists = append(s.CallingLists, l)
	}
	return s
}

func (r *record) state() RecordState {
	s := RecordState{
		Handle: r.handle, Chain: r.chain.id, Contact: r.chain.contact, PhoneNumber: r.phoneNumber, PhoneType: r.phoneType,
		Status: r.status, Agent: r.agent, CallbackType: r.callbackType, History: append([]Deed{}, r.history...),
	}
	if !r.scheduledFor.IsZero() {
		s.ScheduledFor = r.scheduledFor.UnixMilli()
	}
	return s
}
