package gwssim

// State is what there is to see of a simulator: never a credential, a cookie,
// a CSRF token or a clientId. Times are milliseconds since 1970.
type State struct {
	Version   int             `json:"version"` // grows with every change; see [Sim.Watch]
	Campaigns []CampaignState `json:"campaigns"`
	Sessions  []SessionState  `json:"sessions"`
	Requests  []Exchange      `json:"requests"` // the last 100, oldest first
	Events    []SentEvent     `json:"events"`   // the last 100, oldest first
	Faults    []FaultState    `json:"faults"`
	Behavior  Behavior        `json:"behavior"`
}

// CampaignState is a campaign of the simulator's world.
type CampaignState struct {
	Name          string             `json:"name"`
	Status        CampaignStatus     `json:"status"`
	ApplicationID int64              `json:"applicationId"`
	Agents        []string           `json:"agents"` // who has a preview session
	CallingLists  []CallingListState `json:"callingLists"`
}

// CampaignStatus is what a campaign does.
type CampaignStatus string

// What a campaign can do.
const (
	CampaignUnloaded CampaignStatus = "unloaded"
	CampaignLoaded   CampaignStatus = "loaded" // as it is once it was stopped
	CampaignStarted  CampaignStatus = "started"
)

// CallingListState is a calling list of a campaign.
type CallingListState struct {
	Name    string        `json:"name"`
	Records []RecordState `json:"records"`
}

// RecordState is a record: one number of one contact.
type RecordState struct {
	Handle       int64        `json:"handle"` // 0 before it was handed out
	Chain        int          `json:"chain"`  // the id that all records of a contact share
	Contact      string       `json:"contact"`
	PhoneNumber  string       `json:"phoneNumber"`
	PhoneType    string       `json:"phoneType"`
	Status       RecordStatus `json:"status"`
	Agent        string       `json:"agent,omitempty"`        // who has it
	ScheduledFor int64        `json:"scheduledFor,omitempty"` // when it is to be called; also after that was done
	CallbackType string       `json:"callbackType,omitempty"` // of the schedule: Personal or Campaign
	History      []Deed       `json:"history"`
}

// RecordStatus is where a record is in its life.
type RecordStatus string

// Where a record can be.
const (
	RecordReady     RecordStatus = "ready"       // to be handed out
	RecordScheduled RecordStatus = "scheduled"   // to be handed out from a certain time on
	RecordRetrieved RecordStatus = "retrieved"   // an agent has it
	RecordCompleted RecordStatus = "completed"   // done with
	RecordCancelled RecordStatus = "cancelled"   // not to be called in this campaign
	RecordDoNotCall RecordStatus = "do-not-call" // not to be called at all
)

// Deed is something that was done to a record.
type Deed struct {
	Operation   string `json:"operation"` // the operationName; "push" for a record that was pushed
	At          int64  `json:"at"`
	User        string `json:"user"`
	ReferenceID string `json:"referenceId,omitempty"`
	Result      string `json:"result"` // in words, such as "completed: Busy"
}

// SessionState is an HTTP session, and what of CometD it has.
type SessionState struct {
	ID     int           `json:"id"` // to be named in [Fault] and in the control verbs; no cookie
	User   string        `json:"user"`
	Since  int64         `json:"since"`
	CometD []CometDState `json:"cometd"`
}

// CometDState is a CometD session.
type CometDState struct {
	Transport string   `json:"transport"` // websocket or long-polling
	Connected bool     `json:"connected"` // false for a WebSocket that is gone
	Channels  []string `json:"channels"`
	Queued    int      `json:"queued"` // events that were not sent, or not acknowledged
}

// Exchange is a request and what came of it.
type Exchange struct {
	N             int     `json:"n"` // a number that only grows
	At            int64   `json:"at"`
	Session       int     `json:"session,omitempty"`
	User          string  `json:"user,omitempty"`
	Method        string  `json:"method"`
	Path          string  `json:"path"`
	Operation     string  `json:"operation,omitempty"` // the operationName, or the first channel of a CometD request
	Outcome       Outcome `json:"outcome"`
	Status        int     `json:"status,omitempty"`     // HTTP
	StatusCode    *int    `json:"statusCode,omitempty"` // of GWS
	StatusMessage string  `json:"statusMessage,omitempty"`
	Fault         Action  `json:"fault,omitempty"` // that struck it
}

// Outcome is how an [Exchange] ended.
type Outcome string

// How an exchange can end.
const (
	OutcomePending  Outcome = "pending"
	OutcomeAnswered Outcome = "answered"
	OutcomeUpgraded Outcome = "upgraded" // to a WebSocket
	OutcomeCut      Outcome = "cut"      // the connection was taken away in place of an answer
	OutcomeGone     Outcome = "gone"     // the client went away, or never got an answer
)

// SentEvent is an event that was published, to how many CometD sessions soever.
type SentEvent struct {
	N                int    `json:"n"` // a number that only grows
	At               int64  `json:"at"`
	User             string `json:"user,omitempty"` // whose sessions it went to; empty for everybody's
	Channel          string `json:"channel"`
	NotificationType string `json:"notificationType,omitempty"`
	ReferenceID      string `json:"referenceId,omitempty"`
	RecordHandle     int64  `json:"recordHandle,omitempty"`
	Sessions         int    `json:"sessions"`
	Fault            Action `json:"fault,omitempty"` // that kept it back (DoSilence), or changed or delayed it
}

// FaultState is a fault, and what it has done so far.
type FaultState struct {
	ID int `json:"id"`
	Fault
	Left   int `json:"left"`   // how often it will still strike; for ever if negative
	Struck int `json:"struck"` // how often it has
}
