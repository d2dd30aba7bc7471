//go:build !js

package gwssim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gwssim"
)

// last is the newest exchange of an operation, or of a path.
func last(t *testing.T, sim *gwssim.Sim, what string) gwssim.Exchange {
	t.Helper()
	requests := sim.State().Requests
	for i := len(requests) - 1; i >= 0; i-- {
		if requests[i].Operation == what || requests[i].Path == what {
			return requests[i]
		}
	}
	require.FailNow(t, "no such request", what)
	return gwssim.Exchange{}
}

func TestWhatThereIsToSee(t *testing.T) {
	agents(t, func(t *testing.T, sim *gwssim.Sim, sit func(string) *agent) {
		a := sit("agent")
		a.record(renewals)
		state := sim.State()
		require.Len(t, state.Sessions, 1)
		require.Equal(t, "agent", state.Sessions[0].User)
		require.Len(t, state.Sessions[0].CometD, 1)
		require.Equal(t, []string{"/v2/me/outbound"}, state.Sessions[0].CometD[0].Channels)
		require.True(t, state.Sessions[0].CometD[0].Connected)

		signIn := last(t, sim, "/api/v2/me")
		require.Equal(t, gwssim.OutcomeAnswered, signIn.Outcome)
		require.Equal(t, 200, signIn.Status)
		require.Equal(t, state.Sessions[0].ID, signIn.Session)
		post := last(t, sim, "GetPreviewRecord")
		require.Equal(t, "agent", post.User)
		require.Zero(t, *post.StatusCode)
		a.ask("StartPreviewSession", campaignPath("Nonesuch"), nil)
		post = last(t, sim, "StartPreviewSession")
		require.Equal(t, 404, post.Status)
		require.Equal(t, 6, *post.StatusCode)
		require.Contains(t, post.StatusMessage, "Nonesuch")

		events := state.Events
		require.Len(t, events, 2)
		require.Equal(t, "PreviewSessionStarted", events[0].NotificationType)
		require.Equal(t, int64(70001), events[1].RecordHandle)
		require.Equal(t, "r-GetPreviewRecord", events[1].ReferenceID)
		require.Equal(t, 1, events[1].Sessions)

		seen, err := json.Marshal(state)
		require.NoError(t, err)
		secrets := []string{a.token, a.id, "secret"}
		request, err := http.NewRequest("GET", sim.URL, nil)
		require.NoError(t, err)
		for _, cookie := range a.http.Jar.Cookies(request.URL) {
			secrets = append(secrets, cookie.Value)
		}
		require.GreaterOrEqual(t, len(secrets), 4)
		for _, secret := range secrets {
			require.NotContains(t, string(seen), secret)
		}
	})
}

func TestOutcomesOfRequests(t *testing.T) {
	sim := gwssim.New(t)
	c := signedIn(t, sim, "agent")
	c.dial()
	upgrade := last(t, sim, "/api/v2/notifications")
	require.Equal(t, gwssim.OutcomeUpgraded, upgrade.Outcome)
	require.Equal(t, 101, upgrade.Status)
	sim.Inject(gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoReset})
	_, err := c.try("POST", recordPath, record("r", nil))
	require.Error(t, err)
	cut := last(t, sim, "CompleteRecord")
	require.Equal(t, gwssim.OutcomeCut, cut.Outcome)
	require.Equal(t, gwssim.DoReset, cut.Fault)
	require.Zero(t, cut.Status)

	p := c.polling()
	id := handshake(t, p, nil)
	hold(t, p, sim, c.ctx, id, "3", nil)
	require.Equal(t, gwssim.OutcomePending, last(t, sim, "/meta/connect").Outcome)
	c.do("POST", "/api/v2/me/"+strings.Repeat("x", 5000), "{}")
	requests := sim.State().Requests
	require.Len(t, requests[len(requests)-1].Path, 200)
	for i := range 150 {
		c.do("GET", fmt.Sprintf("/api/v2/%d", i), "")
	}
	requests = sim.State().Requests
	require.Len(t, requests, 100)
	require.Equal(t, "/api/v2/149", requests[99].Path)
}

func TestWatchWaitsForAChange(t *testing.T) {
	sim := gwssim.New(t)
	c := newClient(t, sim)
	before := sim.State().Version
	watched := make(chan answer)
	go func() {
		a, _ := c.try("POST", "/gwssim/watch", fmt.Sprintf(`{"after":%d}`, before))
		watched <- a
	}()
	require.Equal(t, before, sim.State().Version, "to look changes nothing")
	require.NoError(t, sim.SetCampaign(renewals, gwssim.CampaignLoaded))
	var state gwssim.State
	require.NoError(t, json.Unmarshal([]byte((<-watched).body), &state))
	require.Greater(t, state.Version, before)
	require.Equal(t, gwssim.CampaignLoaded, state.Campaigns[0].Status)
}

func TestFaultsOfAnEvent(t *testing.T) {
	agents(t, func(t *testing.T, sim *gwssim.Sim, sit func(string) *agent) {
		a := sit("agent")
		sim.Inject(gwssim.Fault{At: gwssim.AtEvent, Do: gwssim.DoSilence})
		a.post("lost")
		require.Equal(t, gwssim.DoSilence, sim.State().Events[0].Fault)
		require.Zero(t, sim.State().Events[0].Sessions)
		sim.Inject(gwssim.Fault{At: gwssim.AtEvent, Do: gwssim.DoAmend, Body: `{"notificationType":"RecordProcessedError","referenceId":null,"more":1}`})
		a.post("another")
		event := a.events()[0]
		require.Equal(t, "RecordProcessedError", event["notificationType"])
		require.Equal(t, 1.0, event["more"])
		require.NotContains(t, event, "referenceId")
		sim.Inject(gwssim.Fault{At: gwssim.AtEvent, Do: gwssim.DoDelay, DelayMS: 1})
		a.post("late")
		require.Equal(t, "late", a.events()[0]["referenceId"])
		a.post("usual")
		require.Equal(t, "usual", a.events()[0]["referenceId"])
		require.Equal(t, []int{1, 1, 1}, sim.Struck())
	})
}

// A slow answer must not hold up what comes after it.
func TestADelayedEventIsLate(t *testing.T) {
	sim := gwssim.New(t)
	a := newAgent(t, sim, "agent", func(c *client) wire { return c.dial() })
	sim.Inject(gwssim.Fault{At: gwssim.AtEvent, Do: gwssim.DoDelay, DelayMS: 600_000})
	a.post("late")
	a.post("usual")
	require.Equal(t, "usual", a.events()[0]["referenceId"])
}

func TestAFaultOfOneSession(t *testing.T) {
	sim := gwssim.New(t)
	c, other := signedIn(t, sim, "agent"), signedIn(t, sim, "agent2")
	require.JSONEq(t, `{"session":1,"user":"agent"}`, c.control("own", `{}`).body)
	require.JSONEq(t, `{"session":2,"user":"agent2"}`, other.control("own", `{}`).body)
	require.Equal(t, 400, newClient(t, sim).do("POST", "/gwssim/own", "{}").status)

	require.JSONEq(t, `{"id":1}`, c.control("fault", `{"session":2,"at":"post","do":"answer","status":500,"times":-1}`).body)
	require.Equal(t, 200, c.post("r").status)
	require.Equal(t, 500, other.post("r").status)
	require.Equal(t, 500, other.post("r").status)
	f := sim.State().Faults[0]
	require.Equal(t, -1, f.Left)
	require.Equal(t, 2, f.Struck)
	c.control("withdraw", `{"id":1}`)
	require.Equal(t, 200, other.post("r").status)
	require.Empty(t, sim.State().Faults)
	c.control("fault", `{"session":1,"at":"post","do":"answer","status":403,"body":"{}"}`)
	require.Equal(t, 403, c.post("r").status)
	require.Equal(t, 200, c.post("r").status, "once")

	c.control("expire-http", `{"session":2}`)
	require.Equal(t, 200, c.signIn("", "").status)
	require.Equal(t, 401, other.signIn("", "").status)
	require.Len(t, sim.State().Sessions, 1)
}

func TestVerbsForOneSession(t *testing.T) {
	agents(t, func(t *testing.T, sim *gwssim.Sim, sit func(string) *agent) {
		a, b := sit("agent"), sit("agent2")
		a.w.send(connectMessage(a.w, a.id, "3", nil))
		require.NoError(t, sim.WaitConnected(a.ctx, 1))
		b.w.send(connectMessage(b.w, b.id, "3", nil))
		require.NoError(t, sim.WaitConnected(a.ctx, 2))
		a.control("expire", `{"session":2}`)
		require.Equal(t, "402::Unknown client", b.w.receive()[0]["error"])
		require.NoError(t, sim.WaitSessions(a.ctx, 1))
		a.control("kick", `{"session":2}`)
		a.control("cut", `{"session":2}`)
		require.NoError(t, sim.WaitConnected(a.ctx, 1), "the other's are as they were")
		a.control("kick", `{"session":1}`)
		require.Equal(t, "/meta/disconnect", a.w.receive()[0]["channel"])
	})
}

func TestASessionThatIsRenewedKeepsItsNumber(t *testing.T) {
	agents(t, func(t *testing.T, sim *gwssim.Sim, sit func(string) *agent) {
		a := sit("agent")
		a.w.send(connectMessage(a.w, a.id, "3", nil))
		require.NoError(t, sim.WaitConnected(a.ctx, 1))
		a.control("expire-http", `{"session":1}`)
		require.Empty(t, sim.State().Sessions)
		require.Equal(t, 401, a.signIn("", "").status)
		require.Equal(t, 200, a.signIn("agent", "secret").status)
		require.JSONEq(t, `{"session":1,"user":"agent"}`, a.control("own", `{}`).body)
		require.Len(t, sim.State().Sessions[0].CometD, 1)
		a.control("kick", `{"session":1}`)
		require.Equal(t, "/meta/disconnect", a.w.receive()[0]["channel"])
		a.control("expire-http", `{}`)
		require.Equal(t, 200, a.signIn("agent2", "secret").status)
		require.JSONEq(t, `{"session":2,"user":"agent2"}`, a.control("own", `{}`).body, "somebody else")
	})
}

func TestBrowsersThatAreGoneAreNotSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := gwssim.NewUnstarted(gwssim.Audience{})
		defer sim.Close()
		signIn := func() {
			r := httptest.NewRequest("GET", "http://127.0.0.1/api/v2/me", nil)
			r.SetBasicAuth("agent", "secret")
			sim.Handler().ServeHTTP(httptest.NewRecorder(), r)
		}
		signIn()
		require.Len(t, sim.State().Sessions, 1)
		time.Sleep(time.Minute) // by the clock of the bubble
		require.Empty(t, sim.State().Sessions)
		signIn()
		require.Equal(t, 2, sim.State().Sessions[0].ID)
		require.Len(t, sim.State().Sessions, 1)
	})
}

func TestControlOfCampaigns(t *testing.T) {
	sim := gwssim.New(t)
	c := signedIn(t, sim, "agent")
	c.control("campaign", `{"campaignName":"Customer survey","status":"started"}`)
	require.Equal(t, gwssim.CampaignStarted, sim.State().Campaigns[2].Status)
	(&agent{client: c}).ask("StartPreviewSession", campaignPath("Customer survey"), nil)
	require.JSONEq(t, `{"recordHandle":70001}`, c.control("push", `{"campaignName":"Customer survey","user":"agent"}`).body)
	c.control("reset", ``)
	var state gwssim.State
	require.NoError(t, json.Unmarshal([]byte(c.control("state", ``).body), &state))
	require.Equal(t, gwssim.CampaignLoaded, state.Campaigns[2].Status)
	for verb, try := range map[string]struct{ body, names string }{
		"campaign": {`{"campaignName":"x","status":"started"}`, "x"},
		"push":     {`{"campaignName":"Renewals","user":"agent"}`, "no preview session"},
		"reset":    {`{"seed":-1}`, "seed"},
		"watch":    {`{"after":"now"}`, "after"},
		"cut":      {`{"session":"own"}`, "session"},
	} {
		a := c.do("POST", "/gwssim/"+verb, try.body)
		require.Equal(t, 400, a.status, verb)
		require.Contains(t, a.json(t)["error"], try.names)
	}
	for body, names := range map[string]string{
		`{"at":"lunch","do":"reset"}`:                        "at",
		`{"at":"post","do":"sing"}`:                          "do",
		`{"at":"event","do":"reset"}`:                        "do",
		`{"at":"event","do":"amend","body":"x"}`:             "body",
		`{"at":"post","do":"answer","status":99}`:            "status",
		`{"at":"event","do":"delay","delayMS":-1}`:           "delayMS",
		`{"at":"event","do":"delay","sometimes":true}`:       "sometimes",
		`{"at":"event","do":"amend","body":"null"}`:          "body",
		`{"at":"held","do":"delay","delayMS":1000000000000}`: "delayMS",
	} {
		a := c.do("POST", "/gwssim/fault", body)
		require.Equal(t, 400, a.status, body)
		require.Contains(t, a.json(t)["error"], names)
		require.Equal(t, 400, c.do("POST", "/gwssim/set", `{"faults":[`+body+`]}`).status, body)
	}
	require.Empty(t, sim.State().Faults)
}
