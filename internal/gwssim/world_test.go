//go:build !js

package gwssim_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
)

func TestTheWorldIsTheSameEachTime(t *testing.T) {
	sim := gwssim.New(t)
	people := func(s *gwssim.Sim) (names []string) {
		for _, c := range s.State().Campaigns {
			for _, l := range c.CallingLists {
				for _, r := range l.Records {
					names = append(names, c.Name+"/"+l.Name+"/"+r.Contact+"/"+r.PhoneNumber+"/"+string(r.Status))
				}
			}
		}
		return names
	}
	first := people(sim)
	require.Equal(t, first, people(gwssim.New(t)))
	numbers := map[string]int{}
	contacts := map[int]bool{}
	statuses := map[gwssim.RecordStatus]int{}
	for _, c := range sim.State().Campaigns {
		require.Len(t, c.CallingLists, 2)
		for _, l := range c.CallingLists {
			for _, r := range l.Records {
				require.Regexp(t, `^\+1\d{3}55501\d\d$`, r.PhoneNumber)
				numbers[r.PhoneNumber]++
				contacts[r.Chain] = true
				statuses[r.Status]++
				require.Zero(t, r.Handle)
			}
		}
	}
	require.Len(t, sim.State().Campaigns, 3)
	require.Len(t, contacts, 240)
	require.Len(t, numbers, 240+6*(4*2+4), "four contacts of each list have two more numbers, four have one")
	require.Equal(t, 6*5, statuses[gwssim.RecordScheduled])

	sim.Reset(2)
	require.NotEqual(t, first, people(sim))
	sim.Reset(1)
	require.Equal(t, first, people(sim))
}

func TestAnAgentsDay(t *testing.T) {
	agents(t, func(t *testing.T, sim *gwssim.Sim, sit func(string) *agent) {
		a := sit("agent")
		started := a.inCampaign("StartPreviewSession", renewals)
		require.Equal(t, "OutboundCampaignMessage", started["messageType"])
		require.Equal(t, "PreviewSessionStarted", started["notificationType"])
		require.Equal(t, renewals, started["campaign"].(object)["name"])
		require.Equal(t, "/devices/d1", started["campaign"].(object)["devicePath"])
		require.Equal(t, []string{"agent"}, sim.State().Campaigns[0].Agents)

		first := a.inCampaign("GetPreviewRecord", renewals)
		require.Equal(t, "OutboundRecordMessage", first["messageType"])
		require.Equal(t, "PreviewRecord", first["notificationType"])
		r := first["record"].(object)
		require.Equal(t, 70001.0, r["recordHandle"])
		require.Equal(t, east, r["callingList"])
		require.Equal(t, 134.0, r["applicationId"])
		user := r["userData"].(object)
		require.Equal(t, r["phoneNumber"], user["GSW_PHONE"])
		require.Equal(t, "PreviewRecord", user["GSW_USER_EVENT"])
		require.NotEmpty(t, user["FirstName"])
		require.Equal(t, gwssim.RecordRetrieved, find(t, sim, r["phoneNumber"]).Status)
		require.Equal(t, "agent", find(t, sim, r["phoneNumber"]).Agent)

		chain := a.accepted("GetChainedRecord", recordPathOf(r), object{"campaignName": renewals})
		require.Len(t, chain, 3)
		require.Equal(t, "ChainedRecord", chain[0]["notificationType"])
		require.Equal(t, "ChainedRecord", chain[1]["notificationType"])
		require.Equal(t, "ChainedRecordsDataEnd", chain[2]["notificationType"])
		require.Equal(t, r["recordHandle"], chain[2]["record"].(object)["recordHandle"])
		second, third := chain[0]["record"].(object), chain[1]["record"].(object)
		require.Equal(t, user["GSW_CHAIN_ID"], second["userData"].(object)["GSW_CHAIN_ID"])
		require.NotEqual(t, second["recordHandle"], third["recordHandle"])

		require.Equal(t, "UpdateCallCompletionStatsAcknowledge", a.onRecord("UpdateRecord", r, object{
			"phoneNumber": "+12125550199", "phoneType": "Mobile", "from": 3600, "until": 7200, "timeZone": 5,
		})["notificationType"])
		require.Equal(t, "Mobile", find(t, sim, "+12125550199").PhoneType)
		require.Equal(t, "RecordProcessedAcknowledge", a.onRecord("CompleteRecord", r, object{"callResult": "Busy"})["notificationType"])
		done := find(t, sim, "+12125550199")
		require.Equal(t, gwssim.RecordCompleted, done.Status)
		require.Equal(t, []string{
			"GetPreviewRecord: handed out", "UpdateRecord: updated: phoneNumber phoneType timeZone from until", "CompleteRecord: completed: Busy",
		}, results(done))
		require.Equal(t, "r-CompleteRecord", done.History[2].ReferenceID)
		require.Equal(t, gwssim.RecordRetrieved, find(t, sim, second["phoneNumber"]).Status, "busy there says nothing of the other numbers")
		a.onRecord("CompleteRecord", second, nil)
		require.Equal(t, gwssim.RecordCompleted, find(t, sim, third["phoneNumber"]).Status, "whoever was reached is not called again")

		callback := a.record(renewals)
		require.Equal(t, "OutboundCallback", callback["userData"].(object)["InteractionSubtype"])
		require.Equal(t, "ScheduledRecordRescheduleAcknowledge",
			a.onRecord("RescheduleRecord", callback, object{"callbackType": "Campaign", "timestamp": 4_000_000_000})["notificationType"])
		require.Equal(t, gwssim.RecordScheduled, find(t, sim, callback["phoneNumber"]).Status)
		require.Equal(t, int64(4_000_000_000_000), find(t, sim, callback["phoneNumber"]).ScheduledFor)

		plain := a.record(renewals)
		require.Equal(t, "RecordRescheduleAcknowledge",
			a.onRecord("RescheduleRecord", plain, object{"callbackType": "Personal", "timestamp": 1})["notificationType"])
		require.Equal(t, plain["recordHandle"], a.record(renewals)["recordHandle"], "it was due at once")
		require.Equal(t, "RecordCancelAcknowledge", a.onRecord("CancelRecord", plain, nil)["notificationType"])
		require.Equal(t, gwssim.RecordCancelled, find(t, sim, plain["phoneNumber"]).Status)

		last := a.record(renewals)
		require.Equal(t, "DoNotCallAcknowledge", a.onRecord("DoNotCallRecord", last, nil)["notificationType"])
		require.Equal(t, gwssim.RecordDoNotCall, find(t, sim, last["phoneNumber"]).Status)
		ended := a.inCampaign("EndPreviewSession", renewals)
		require.Equal(t, "PreviewSessionEnded", ended["notificationType"])
		require.Empty(t, sim.State().Campaigns[0].Agents)
	})
}

func TestTheWholeChain(t *testing.T) {
	for operation, status := range map[string]gwssim.RecordStatus{"CancelRecord": gwssim.RecordCancelled, "DoNotCallRecord": gwssim.RecordDoNotCall} {
		sim := gwssim.New(t)
		a := newAgent(t, sim, "agent", func(c *client) wire { return c.dial() })
		chain := sim.State().Campaigns[0].CallingLists[0].Records[:3]
		r := a.record(renewals)
		a.onRecord(operation, r, object{"chainAttribute": "AllChain"})
		for _, one := range chain {
			require.Equal(t, status, find(t, sim, one.PhoneNumber).Status, operation)
		}

		sim.Reset(1)
		r = a.record(renewals)
		a.onRecord(operation, r, object{"chainAttribute": "RecordOnly"})
		require.Equal(t, status, find(t, sim, chain[0].PhoneNumber).Status, operation)
		require.Equal(t, gwssim.RecordReady, find(t, sim, chain[1].PhoneNumber).Status, operation)
		require.Equal(t, chain[1].PhoneNumber, a.record(renewals)["phoneNumber"], "the contact's next number is next")
	}
}

func TestARejectedContactGoesToOthers(t *testing.T) {
	sim := gwssim.New(t)
	connect := func(c *client) wire { return c.dial() }
	a, b := newAgent(t, sim, "agent", connect), newAgent(t, sim, "agent2", connect)
	r := a.record(renewals)
	require.NotEqual(t, r["phoneNumber"], b.record(renewals)["phoneNumber"], "one contact is not for two")
	chain := a.accepted("GetChainedRecord", recordPathOf(r), object{"campaignName": renewals})
	require.Equal(t, "RecordRejectAcknowledge", a.onRecord("RejectRecord", r, nil)["notificationType"])
	require.Equal(t, gwssim.RecordReady, find(t, sim, chain[0]["record"].(object)["phoneNumber"]).Status)
	require.NotEqual(t, r["userData"].(object)["GSW_CHAIN_ID"], a.record(renewals)["userData"].(object)["GSW_CHAIN_ID"])
	again := b.record(renewals)
	require.Equal(t, r["recordHandle"], again["recordHandle"])

}

func TestWhatIsPromisedPersonallyIsForOneAlone(t *testing.T) {
	sim := gwssim.New(t)
	connect := func(c *client) wire { return c.dial() }
	a, b := newAgent(t, sim, "agent", connect), newAgent(t, sim, "agent2", connect)
	a.record(renewals)
	a.record(renewals)
	promised := a.record(renewals)
	a.onRecord("RescheduleRecord", promised, object{"callbackType": "Personal", "timestamp": 1})
	require.Equal(t, "agent", find(t, sim, promised["phoneNumber"]).Agent)
	require.NotEqual(t, promised["recordHandle"], b.record(renewals)["recordHandle"])
	refused := b.ask("CompleteRecord", recordPathOf(promised), with(promised, nil)).json(t)
	require.Equal(t, 2.0, refused["statusCode"])
	require.Equal(t, promised["recordHandle"], a.record(renewals)["recordHandle"])
}

func TestARejectedCallbackStaysOne(t *testing.T) {
	sim := gwssim.New(t)
	connect := func(c *client) wire { return c.dial() }
	a, b := newAgent(t, sim, "agent", connect), newAgent(t, sim, "agent2", connect)
	a.record(renewals)
	callback := a.record(renewals)
	a.onRecord("RejectRecord", callback, nil)
	require.Equal(t, gwssim.RecordScheduled, find(t, sim, callback["phoneNumber"]).Status)
	require.Equal(t, callback["recordHandle"], b.record(renewals)["recordHandle"])
}

func TestACampaignComesToItsEnd(t *testing.T) {
	sim := gwssim.New(t)
	a := newAgent(t, sim, "agent", func(c *client) wire { return c.dial() })
	held := a.record(renewals)
	other := newAgent(t, sim, "agent2", func(c *client) wire { return c.dial() })
	theirs := other.record(renewals)
	for _, l := range sim.State().Campaigns[0].CallingLists {
		for _, r := range l.Records {
			require.Equal(t, "DoNotCallAcknowledge", a.accepted("DoNotCallRecord", "outbound-records", object{
				"campaignName": renewals, "phoneNumber": r.PhoneNumber,
			})[0]["notificationType"])
		}
	}
	require.Equal(t, gwssim.RecordDoNotCall, find(t, sim, held["phoneNumber"]).Status)
	require.Equal(t, gwssim.RecordRetrieved, find(t, sim, theirs["phoneNumber"]).Status, "another agent has it")
	empty := a.inCampaign("GetPreviewRecord", renewals)
	require.Equal(t, "PreviewRecordEmpty", empty["notificationType"])
	require.Equal(t, "OutboundRecordMessage", empty["messageType"])
	_, err := sim.Push("agent", renewals)
	require.ErrorContains(t, err, "no record")
}

func TestDoNotCallByNumber(t *testing.T) {
	sim := gwssim.New(t)
	a := newAgent(t, sim, "agent", func(c *client) wire { return c.dial() })
	chain := sim.State().Campaigns[0].CallingLists[0].Records[:3]
	not := func(parameters object) {
		a.accepted("DoNotCallRecord", "outbound-records", with(object{"campaignName": renewals, "callingList": east}, parameters))
	}
	not(object{"phoneNumber": chain[1].PhoneNumber, "callingList": "Renewals West"})
	require.Equal(t, gwssim.RecordReady, find(t, sim, chain[1].PhoneNumber).Status, "not in that list")
	not(object{"phoneNumber": chain[1].PhoneNumber})
	require.Equal(t, gwssim.RecordDoNotCall, find(t, sim, chain[1].PhoneNumber).Status)
	require.Equal(t, gwssim.RecordReady, find(t, sim, chain[2].PhoneNumber).Status)
	not(object{"phoneNumber": chain[2].PhoneNumber, "chainAttribute": "AllChain"})
	require.Equal(t, gwssim.RecordDoNotCall, find(t, sim, chain[0].PhoneNumber).Status)
}

func TestAddRecord_IsCalledWithItsChainOrWithOneOfItsOwn(t *testing.T) {
	agents(t, func(t *testing.T, sim *gwssim.Sim, sit func(string) *agent) {
		a := sit("agent")
		r := a.record(renewals)
		user := r["userData"].(object)
		ask := object{
			"campaignName": renewals, "callingList": east, "phoneNumber": "+12125550190", "phoneType": "Mobile", "timeZone": "GMT",
			"from": 3600, "until": 7200, "chainId": user["GSW_CHAIN_ID"], "otherFields": object{"LearnedFrom": "a neighbour", "GSW_PHONE": "none"},
		}
		events := a.accepted("AddRecord", "outbound-records", ask)
		require.Len(t, events, 1)
		require.Equal(t, "OutboundRecordMessage", events[0]["messageType"])
		require.Equal(t, "AddRecordAcknowledge", events[0]["notificationType"])
		require.Equal(t, object{
			"campaignName": renewals, "callingList": east, "applicationId": 134.0, "devicePath": "/devices/d1", "phoneNumber": "+12125550190",
		}, events[0]["record"])
		added := find(t, sim, "+12125550190")
		require.Equal(t, gwssim.RecordReady, added.Status)
		require.Equal(t, user["GSW_CHAIN_ID"], float64(added.Chain))
		require.Equal(t, find(t, sim, r["phoneNumber"]).Contact, added.Contact)
		require.Equal(t, []string{"AddRecord: added to chain " + fmt.Sprint(added.Chain)}, results(added))
		require.Equal(t, "r-AddRecord", added.History[0].ReferenceID)

		chain := a.accepted("GetChainedRecord", recordPathOf(r), object{"campaignName": renewals})
		require.Len(t, chain, 4)
		its := chain[2]["record"].(object)["userData"].(object)
		require.Equal(t, []any{"+12125550190", "GMT", 3600.0, "a neighbour", user["FirstName"]},
			[]any{its["GSW_PHONE"], its["GSW_TZ_NAME"], its["GSW_FROM"], its["LearnedFrom"], its["FirstName"]})

		delete(ask, "chainId")
		ask["phoneNumber"] = "+12125550191"
		ask["otherFields"] = object{"FirstName": "New", "LastName": "Contact"}
		a.accepted("AddRecord", "outbound-records", ask)
		alone := find(t, sim, "+12125550191")
		require.Equal(t, "New Contact", alone.Contact)
		require.Equal(t, 241, alone.Chain, "the world had 240")
		delete(ask, "otherFields")
		ask["phoneNumber"] = "+12125550192"
		a.accepted("AddRecord", "outbound-records", ask)
		require.Equal(t, "+12125550192", find(t, sim, "+12125550192").Contact)

		before := sim.Processed()
		for parameter, value := range map[string]any{"callingList": "Renewals North", "chainId": 9999} {
			wrong := with(ask, ask)
			wrong[parameter] = value
			refused := a.ask("AddRecord", "outbound-records", wrong)
			require.Contains(t, refused.json(t)["statusMessage"], parameter)
		}
		require.Equal(t, before, sim.Processed())
	})
}

func TestWhatIsNotTheTimeForIsRefused(t *testing.T) {
	sim := gwssim.New(t)
	a := newAgent(t, sim, "agent", func(c *client) wire { return c.dial() })
	r := a.record(renewals)
	a.inCampaign("EndPreviewSession", renewals)
	before := sim.Processed()
	refused := func(a answer, status int, code float64, names string) {
		t.Helper()
		require.Equal(t, status, a.status, a.body)
		require.Equal(t, code, a.json(t)["statusCode"], a.body)
		require.Contains(t, a.json(t)["statusMessage"], names)
	}
	refused(a.ask("GetPreviewRecord", campaignPath(renewals), nil), 200, 2, "no preview session")
	refused(a.ask("EndPreviewSession", campaignPath(renewals), nil), 200, 2, "no preview session")
	refused(a.ask("StartPreviewSession", campaignPath("Customer survey"), nil), 200, 2, "loaded")
	refused(a.ask("StartPreviewSession", campaignPath("Campaign1"), nil), 404, 6, "Campaign1")
	refused(a.ask("CompleteRecord", "outbound-records/1", with(r, nil)), 404, 6, "recordHandle 1")
	refused(a.ask("CompleteRecord", recordPathOf(r), object{"campaignName": "Fibre upgrade", "callingList": "x"}), 404, 6, "Fibre upgrade")
	refused(a.ask("CompleteRecord", recordPathOf(r), with(r, object{"callingList": "Renewals West"})), 200, 10, "callingList")
	other := &agent{client: signedIn(t, sim, "agent2")}
	refused(other.ask("CompleteRecord", recordPathOf(r), with(r, nil)), 200, 2, "not with you")
	require.Equal(t, before, sim.Processed())
	a.onRecord("CompleteRecord", r, nil) // what one has outlives the session
	refused(a.ask("CompleteRecord", recordPathOf(r), with(r, nil)), 200, 2, "completed")
}

// Records of campaigns that are not in the world are taken for what the request
// says of them.
func TestUnknownCampaignsAreTakenForGranted(t *testing.T) {
	agents(t, func(t *testing.T, _ *gwssim.Sim, sit func(string) *agent) {
		a := sit("agent")
		r := object{"recordHandle": 12.0, "campaignName": "Campaign1", "callingList": "CallingList1"}
		for _, op := range gws.Operations() {
			switch {
			case op.InPath("campaignName"): // of one that does not exist, nothing can be had
			case op.InPath("recordHandle"):
				event := a.onRecord(op.Name, r, object{"callbackType": "Campaign", "timestamp": 4_000_000_000})
				require.Equal(t, final(op), event["notificationType"])
				require.Equal(t, "Campaign1", event["record"].(object)["campaignName"])
			default:
				all := examples(op)
				all["campaignName"] = "Campaign1"
				delete(all, "referenceId")
				events := a.accepted(op.Name, "outbound-records", all)
				require.Len(t, events, 1)
				require.Equal(t, final(op), events[0]["notificationType"])
				require.Equal(t, all["phoneNumber"], events[0]["record"].(object)["phoneNumber"])
			}
		}
	})
}

// final is the type of the event that ends an operation.
func final(op *gws.Operation) string {
	i := slices.IndexFunc(op.Answers, func(a gws.Answer) bool { return a.Role == gws.Final })
	return op.Answers[i].NotificationType
}

// examples are values of all parameters of an operation that are in its body.
func examples(op *gws.Operation) object {
	all := object{}
	for _, p := range op.Parameters {
		if !op.InPath(p.Name) {
			all[p.Name], _ = example(p)
		}
	}
	return all
}

// example is a value that a parameter can have, and one that it cannot.
func example(p gws.Parameter) (right, wrong any) {
	switch p.Kind {
	case gws.Choice:
		return p.Choices[0], "Nonesuch"
	case gws.PositiveInt, gws.Timestamp:
		return 1, 0
	case gws.NaturalInt:
		return 0, -1
	case gws.IntegerOrText:
		return "EST", []int{1}
	case gws.UserData:
		return object{"a": "x", "b": 1, "c": true}, object{"a": object{}}
	}
	return "text", 7
}

func TestEveryParameterIsChecked(t *testing.T) {
	sim := gwssim.New(t)
	a := &agent{client: signedIn(t, sim, "agent")}
	for _, op := range gws.Operations() {
		path := map[bool]string{true: "outbound-records/12", false: "outbound-records"}[op.InPath("recordHandle")]
		if op.InPath("campaignName") {
			path = campaignPath(renewals)
		}
		all := examples(op)
		for _, p := range op.Parameters {
			if op.InPath(p.Name) {
				continue
			}
			right, wrong := example(p)
			all[p.Name] = wrong
			refused := a.ask(op.Name, path, all).json(t)
			require.Equal(t, 10.0, refused["statusCode"], "%s: %s", op.Name, p.Name)
			require.Contains(t, refused["statusMessage"], p.Name)
			if all[p.Name] = nil; p.Required {
				refused = a.ask(op.Name, path, all).json(t)
				require.Equal(t, 1.0, refused["statusCode"], "%s: %s", op.Name, p.Name)
				require.Contains(t, refused["statusMessage"], p.Name)
			}
			all[p.Name] = right
		}
	}
	require.Zero(t, sim.Processed())
	require.Equal(t, 10.0, a.ask("RescheduleRecord", "outbound-records/12", object{
		"campaignName": "c", "callbackType": "Campaign", "timestamp": time.Now().UnixMilli(),
	}).json(t)["statusCode"], "milliseconds where seconds belong")
	for operation, path := range map[string]string{
		"CompleteRecord": campaignPath(renewals), "GetPreviewRecord": "outbound-records/12", "StartPreviewSession": "outbound-records",
		"EndPreviewSession": "outbound-campaigns",
	} {
		refused := a.ask(operation, path, object{"campaignName": renewals})
		require.Equal(t, http.StatusNotFound, refused.status, operation)
		require.Equal(t, 6.0, refused.json(t)["statusCode"])
	}
}

func TestCampaignsThatStartAndStop(t *testing.T) {
	agents(t, func(t *testing.T, sim *gwssim.Sim, sit func(string) *agent) {
		a := sit("agent")
		for _, step := range []struct {
			status       gwssim.CampaignStatus
			notification string
		}{
			{gwssim.CampaignStarted, "CampaignStarted"},
			{gwssim.CampaignLoaded, "CampaignStopped"},
			{gwssim.CampaignUnloaded, "CampaignUnloaded"},
			{gwssim.CampaignLoaded, "CampaignLoaded"},
		} {
			require.NoError(t, sim.SetCampaign("Customer survey", step.status))
			require.NoError(t, sim.SetCampaign("Customer survey", step.status), "which changes nothing")
			events := a.events()
			require.Len(t, events, 1)
			require.Equal(t, "OutboundCampaignMessage", events[0]["messageType"])
			require.Equal(t, step.notification, events[0]["notificationType"])
			require.Equal(t, "Customer survey", events[0]["campaign"].(object)["name"])
			require.NotContains(t, events[0], "referenceId")
		}
		a.inCampaign("StartPreviewSession", renewals)
		require.NoError(t, sim.SetCampaign(renewals, gwssim.CampaignLoaded))
		require.Empty(t, sim.State().Campaigns[0].Agents)
	})
	sim := gwssim.New(t)
	require.ErrorContains(t, sim.SetCampaign("Campaign1", gwssim.CampaignStarted), "Campaign1")
	require.ErrorContains(t, sim.SetCampaign(renewals, "paused"), "paused")
}

func TestAPushedRecord(t *testing.T) {
	agents(t, func(t *testing.T, sim *gwssim.Sim, sit func(string) *agent) {
		a := sit("agent")
		_, err := sim.Push("agent", renewals)
		require.ErrorContains(t, err, "no preview session")
		_, err = sim.Push("agent", "Campaign1")
		require.ErrorContains(t, err, "Campaign1")
		a.inCampaign("StartPreviewSession", renewals)
		handle, err := sim.Push("agent", renewals)
		require.NoError(t, err)
		events := a.events()
		require.Len(t, events, 1)
		require.Equal(t, "PreviewRecord", events[0]["notificationType"])
		require.NotContains(t, events[0], "referenceId")
		r := events[0]["record"].(object)
		require.Equal(t, float64(handle), r["recordHandle"])
		require.Equal(t, "/devices/d1", r["devicePath"])
		a.onRecord("CompleteRecord", r, nil)
	})
}

// Nobody has a contact twice, however many ask at once.
func TestPreviewsAtOnce(t *testing.T) {
	sim := gwssim.New(t)
	a, b := &agent{client: signedIn(t, sim, "agent")}, &agent{client: signedIn(t, sim, "agent2")}
	taken := make(chan error)
	for _, one := range []*agent{a, b} {
		require.Equal(t, 200, one.ask("StartPreviewSession", campaignPath(renewals), nil).status)
		for range 5 {
			go func() {
				_, err := one.try("POST", "/api/v2/me/"+campaignPath(renewals),
					`{"operationName":"GetPreviewRecord","applicationId":134,"devicePath":"/devices/d1"}`)
				taken <- err
			}()
		}
	}
	for range 10 {
		require.NoError(t, <-taken)
	}
	chains := []int{}
	for _, r := range sim.State().Campaigns[0].CallingLists[0].Records {
		if r.Status == gwssim.RecordRetrieved {
			require.Len(t, r.History, 1)
			chains = append(chains, r.Chain)
		}
	}
	require.Len(t, chains, 10)
	require.Len(t, slices.Compact(chains), 10)
}
