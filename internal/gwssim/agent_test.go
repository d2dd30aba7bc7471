//go:build !js

package gwssim_test

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gwssim"
)

const (
	renewals = "Renewals"
	east     = "Renewals East"
)

// agent is a client that listens to the events of its user, and asks for
// operations.
type agent struct {
	*client
	w  wire
	id string // clientId
}

// newAgent is somebody who has signed in and has subscribed.
func newAgent(t *testing.T, sim *gwssim.Sim, user string, connect func(*client) wire) *agent {
	t.Helper()
	a := &agent{client: signedIn(t, sim, user)}
	a.w = connect(a.client)
	a.id = handshake(t, a.w, nil)
	require.Equal(t, true, subscribe(t, a.w, a.id, "/v2/me/outbound")["successful"])
	return a
}

// agents runs a test with both transports.
func agents(t *testing.T, test func(t *testing.T, sim *gwssim.Sim, sit func(user string) *agent)) {
	for name, connect := range map[string]func(*client) wire{
		"websocket":    func(c *client) wire { return c.dial() },
		"long-polling": func(c *client) wire { return c.polling() },
	} {
		t.Run(name, func(t *testing.T) {
			sim := gwssim.New(t)
			test(t, sim, func(user string) *agent { return newAgent(t, sim, user, connect) })
		})
	}
}

// ask sends the POST of an operation.
func (a *agent) ask(operation, path string, parameters object) answer {
	a.t.Helper()
	body := object{"operationName": operation, "applicationId": 134, "devicePath": "/devices/d1"}
	for name, value := range parameters {
		body[name] = value
	}
	text, err := json.Marshal(body)
	require.NoError(a.t, err)
	return a.do("POST", "/api/v2/me/"+path, string(text))
}

// accepted is the data of the events that an operation is answered by.
func (a *agent) accepted(operation, path string, parameters object) []object {
	a.t.Helper()
	all := object{"referenceId": "r-" + operation}
	for name, value := range parameters {
		all[name] = value
	}
	require.JSONEq(a.t, `{"statusCode":0}`, a.ask(operation, path, all).body)
	events := a.events()
	for _, e := range events {
		require.Equal(a.t, "r-"+operation, e["referenceId"])
	}
	return events
}

// events is the data of those that come next on the outbound channel.
func (a *agent) events() []object {
	a.t.Helper()
	var events []object
	for _, m := range next(a.w, a.id) {
		if m["channel"] == "/v2/me/outbound" {
			events = append(events, data(m))
		}
	}
	return events
}

// inCampaign asks for an operation in a campaign, and returns its one event.
func (a *agent) inCampaign(operation, campaign string) object {
	a.t.Helper()
	events := a.accepted(operation, campaignPath(campaign), nil)
	require.Len(a.t, events, 1)
	return events[0]
}

// onRecord asks for an operation on a record, and returns its one event.
func (a *agent) onRecord(operation string, record object, parameters object) object {
	a.t.Helper()
	events := a.accepted(operation, recordPathOf(record), with(record, parameters))
	require.Len(a.t, events, 1)
	require.Equal(a.t, record["recordHandle"], events[0]["record"].(object)["recordHandle"])
	return events[0]
}

// record starts a preview session, if need be, and gets the next record.
func (a *agent) record(campaign string) object {
	a.t.Helper()
	a.inCampaign("StartPreviewSession", campaign)
	event := a.inCampaign("GetPreviewRecord", campaign)
	require.Equal(a.t, "PreviewRecord", event["notificationType"])
	return event["record"].(object)
}

func campaignPath(name string) string { return "outbound-campaigns/" + url.PathEscape(name) }

func recordPathOf(record object) string {
	handle, _ := json.Marshal(record["recordHandle"])
	return "outbound-records/" + string(handle)
}

// with are the parameters of an operation on a record.
func with(record, parameters object) object {
	all := object{"campaignName": record["campaignName"], "callingList": record["callingList"]}
	for name, value := range parameters {
		all[name] = value
	}
	return all
}

// find is the record of a calling list with this number.
func find(t *testing.T, sim *gwssim.Sim, phoneNumber any) gwssim.RecordState {
	t.Helper()
	for _, c := range sim.State().Campaigns {
		for _, l := range c.CallingLists {
			for _, r := range l.Records {
				if r.PhoneNumber == phoneNumber {
					return r
				}
			}
		}
	}
	require.FailNow(t, "no such record", "%v", phoneNumber)
	return gwssim.RecordState{}
}

// results are what was done to a record.
func results(r gwssim.RecordState) []string {
	var all []string
	for _, d := range r.History {
		all = append(all, d.Operation+": "+d.Result)
	}
	return all
}
