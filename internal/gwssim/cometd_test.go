//go:build !js

package gwssim_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gwssim"
)

// The documented answer: the acknowledgement, the internal event, and the
// reply to the connect with its advice, in one array.
func TestCompletionIsAnnouncedAsDocumented(t *testing.T) {
	wires(t, func(t *testing.T, sim *gwssim.Sim, c *client, w wire) {
		id := handshake(t, w, nil)
		require.Equal(t, true, subscribe(t, w, id, "/v2/me/outbound")["successful"])
		hold(t, w, sim, c.ctx, id, "19", nil)
		a := c.post("123456789")
		require.Equal(t, 200, a.status)
		require.JSONEq(t, `{"statusCode":0}`, a.body)

		frame := w.receive()
		require.Equal(t, []string{"/v2/me/outbound", "/me/internal", "/meta/connect"}, channels(frame))
		require.Equal(t, object{
			"messageType":      "OutboundRecordMessage",
			"notificationType": "RecordProcessedAcknowledge",
			"referenceId":      "123456789",
			"record": object{
				"campaignName": "Campaign1", "callingList": "CallingList1", "applicationId": 134.0, "recordHandle": 12.0,
				"devicePath": "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00",
			},
		}, frame[0]["data"])
		device := frame[1]["data"].(object)
		require.Equal(t, "DeviceUserEventMessage", device["messageType"])
		require.Equal(t, "42e3a1c6-fc5e-425b-9411-125f536fde00", device["deviceId"])
		require.Equal(t, object{
			"GSW_CALLING_LIST": "CallingList1", "GSW_APPLICATION_ID": 134.0, "GSW_RECORD_HANDLE": 12.0,
			"GSW_USER_EVENT": "RecordProcessedAcknowledge", "GSW_CALL_RESULT": 33.0, "GSW_CAMPAIGN_NAME": "Campaign1",
		}, device["userData"])
		require.Equal(t, object{
			"channel": "/meta/connect", "id": "19", "successful": true,
			"advice": object{"reconnect": "retry", "interval": 0.0, "timeout": 30000.0},
		}, frame[2])
		require.Equal(t, 1, sim.Processed())
	})
}

func TestCallResultIsANumberInTheInternalEvent(t *testing.T) {
	sim := gwssim.New(t)
	c := signedIn(t, sim, "agent")
	w := c.dial()
	id := handshake(t, w, nil)
	for name, code := range map[string]any{"Busy": 6.0, "AnsweringMachine": 9.0, "NoSuchResult": nil} {
		c.do("POST", recordPath, record("r", object{"callResult": name}))
		w.send(connectMessage(w, id, "3", nil))
		userData := w.receive()[0]["data"].(object)["userData"].(object)
		require.Equal(t, code, userData["GSW_CALL_RESULT"], name)
	}
}

func TestEventsGoToTheSubscribedSessionsOfTheUser(t *testing.T) {
	sim := gwssim.New(t)
	agent, other := signedIn(t, sim, "agent"), signedIn(t, sim, "agent2")
	subscribed, pattern, elsewhere, foreign := agent.dial(), agent.dial(), agent.dial(), other.dial()
	connect := func(w *socket, subscription any) string {
		id := handshake(t, w, nil)
		require.Equal(t, true, subscribe(t, w, id, subscription)["successful"])
		return id
	}
	ids := map[*socket]string{
		subscribed: connect(subscribed, []string{"/v2/me/calls", "/v2/me/outbound"}),
		pattern:    connect(pattern, []string{"/v2/me/*", "/v2/**"}), // both match: it comes once
		elsewhere:  connect(elsewhere, "/v2/*"),
		foreign:    connect(foreign, "/v2/me/outbound"),
	}
	for w, id := range ids {
		w.send(connectMessage(w, id, "3", nil))
	}
	require.NoError(t, sim.WaitConnected(agent.ctx, 4))
	agent.post("r1")
	all := []string{"/v2/me/outbound", "/me/internal", "/meta/connect"}
	require.Equal(t, all, channels(subscribed.receive()))
	require.Equal(t, all, channels(pattern.receive()))
	require.Equal(t, []string{"/me/internal", "/meta/connect"}, channels(elsewhere.receive()))
	require.NoError(t, sim.WaitConnected(agent.ctx, 1), "the other agent's connect is still held")
	sim.Publish("/v2/me/outbound", json.RawMessage(`null`))
	require.Equal(t, []object{{"channel": "/v2/me/outbound", "data": nil}}, foreign.receive()[:1])
}

func TestUnsubscribe(t *testing.T) {
	wires(t, func(t *testing.T, sim *gwssim.Sim, c *client, w wire) {
		id := handshake(t, w, nil)
		subscription := []any{"/a", "/b"}
		require.Equal(t, subscription, subscribe(t, w, id, subscription)["subscription"])
		w.send(object{"channel": "/meta/unsubscribe", "id": "4", "clientId": id, "subscription": "/a"})
		require.Equal(t, true, only(t, w.receive(), "/meta/unsubscribe")["successful"])
		sim.Publish("/a", json.RawMessage(`1`))
		sim.Publish("/b", json.RawMessage(`2`))
		w.send(connectMessage(w, id, "5", nil))
		require.Equal(t, []string{"/b", "/meta/connect"}, channels(w.receive()))
	})
}

func TestEventsWaitForTheNextConnect(t *testing.T) {
	wires(t, func(t *testing.T, sim *gwssim.Sim, c *client, w wire) {
		id := handshake(t, w, nil)
		subscribe(t, w, id, "/a")
		for range 10_001 {
			sim.Publish("/a", json.RawMessage(`1`))
		}
		w.send(connectMessage(w, id, "3", nil))
		require.Len(t, w.receive(), 10_000+1, "the queue is bounded")
		hold(t, w, sim, c.ctx, id, "4", nil)
	})
}

func TestConnectIsHeldAsLongAsAdvised(t *testing.T) {
	wires(t, func(t *testing.T, sim *gwssim.Sim, c *client, w wire) {
		id := handshake(t, w, nil)
		w.send(connectMessage(w, id, "3", object{"advice": object{"timeout": 0}}))
		require.Equal(t, "3", only(t, w.receive(), "/meta/connect")["id"], "a connect with timeout 0 is answered at once")
		const held = 20 * time.Millisecond
		sim.Set(gwssim.Behavior{TimeoutMS: int(held.Milliseconds()), IntervalMS: 7})
		began := time.Now()
		w.send(connectMessage(w, id, "4", nil))
		reply := only(t, w.receive(), "/meta/connect")
		require.GreaterOrEqual(t, time.Since(began), held)
		require.Equal(t, true, reply["successful"])
		require.Equal(t, object{"reconnect": "retry", "interval": 7.0, "timeout": 20.0}, reply["advice"])
		sim.Set(gwssim.Behavior{})
		began = time.Now()
		w.send(connectMessage(w, id, "5", object{"advice": object{"timeout": held.Milliseconds()}}))
		require.Equal(t, "5", only(t, w.receive(), "/meta/connect")["id"], "a client may ask for less")
		require.GreaterOrEqual(t, time.Since(began), held)
	})
}

func TestUnknownClient(t *testing.T) {
	wires(t, func(t *testing.T, sim *gwssim.Sim, c *client, w wire) {
		w.send(connectMessage(w, "nobody", "3", nil))
		require.Equal(t, object{
			"channel": "/meta/connect", "id": "3", "successful": false, "error": "402::Unknown client",
			"advice": object{"reconnect": "handshake", "interval": 0.0},
		}, only(t, w.receive(), "/meta/connect"))
		reply := subscribe(t, w, "nobody", "/a")
		require.Equal(t, "402::Unknown client", reply["error"])
		require.NotContains(t, reply, "advice")
	})
}

func TestSessionBelongsToUserTransportAndBrowser(t *testing.T) {
	sim := gwssim.New(t)
	agent, same, other := signedIn(t, sim, "agent"), signedIn(t, sim, "agent"), signedIn(t, sim, "agent2")
	overSocket, overPolling := handshake(t, agent.dial(), nil), handshake(t, agent.polling(), nil)
	for name, try := range map[string]struct {
		w  wire
		id string
		ok bool
	}{
		"another socket":    {same.dial(), overSocket, true},
		"same browser":      {agent.polling(), overPolling, true},
		"another user":      {other.dial(), overSocket, false},
		"another transport": {agent.polling(), overSocket, false},
		"no browser cookie": {same.polling(), overPolling, false},
	} {
		require.Equal(t, try.ok, subscribe(t, try.w, try.id, "/a")["successful"], name)
	}
}

func TestSessionExpiresWithoutAConnect(t *testing.T) {
	t.Parallel()
	wires(t, func(t *testing.T, sim *gwssim.Sim, c *client, w wire) {
		sim.Set(gwssim.Behavior{MaxIntervalMS: 2000, TimeoutMS: 2500}) // a busy machine has 2 s for the connect
		id := handshake(t, w, nil)
		hold(t, w, sim, c.ctx, id, "3", nil)
		sim.Set(gwssim.Behavior{MaxIntervalMS: 20})
		require.Equal(t, true, only(t, w.receive(), "/meta/connect")["successful"], "the clock stands still while a connect is held")
		require.NoError(t, sim.WaitSessions(c.ctx, 0))
		w.send(connectMessage(w, id, "4", nil))
		require.Equal(t, "402::Unknown client", only(t, w.receive(), "/meta/connect")["error"])

		handshake(t, w, nil)
		require.NoError(t, sim.WaitSessions(c.ctx, 0), "one that never connects expires, too")
	})
}

func TestAnotherMessageSetsTheClockBack(t *testing.T) {
	t.Parallel()
	wires(t, func(t *testing.T, sim *gwssim.Sim, c *client, w wire) {
		sim.Set(gwssim.Behavior{MaxIntervalMS: 2500}) // a busy machine has as long for what comes next
		id := handshake(t, w, nil)
		handshake(t, w, nil) // one that nothing more is heard of
		require.NoError(t, sim.WaitSessions(c.ctx, 2))
		sim.Set(gwssim.Behavior{MaxIntervalMS: 60_000})
		require.Equal(t, true, subscribe(t, w, id, "/a")["successful"])
		require.NoError(t, sim.WaitSessions(c.ctx, 1))
		require.Equal(t, true, subscribe(t, w, id, "/a")["successful"])
	})
}

func TestClosedSocketStartsTheClock(t *testing.T) {
	sim := gwssim.New(t)
	c := signedIn(t, sim, "agent")
	w := c.dial()
	id := handshake(t, w, nil)
	hold(t, w, sim, c.ctx, id, "3", nil)
	sim.Set(gwssim.Behavior{MaxIntervalMS: 30})
	w.close()
	require.NoError(t, sim.WaitConnected(c.ctx, 0))
	require.NoError(t, sim.WaitSessions(c.ctx, 0))
}

func TestNewerConnectEndsTheOlder(t *testing.T) {
	wires(t, func(t *testing.T, sim *gwssim.Sim, c *client, w wire) {
		id := handshake(t, w, nil)
		hold(t, w, sim, c.ctx, id, "3", nil)
		w.send(connectMessage(w, id, "4", nil))
		if older := w.receive(); older != nil { // long-polling: its request failed
			require.Equal(t, false, only(t, older, "/meta/connect")["successful"])
			require.Equal(t, "3", older[0]["id"])
		}
		require.NoError(t, sim.WaitConnected(c.ctx, 1))
		sim.Publish("/me/internal", json.RawMessage(`1`))
		require.Equal(t, "4", w.receive()[1]["id"])
	})
}

func TestDisconnect(t *testing.T) {
	sim := gwssim.New(t)
	c := signedIn(t, sim, "agent")
	w := c.dial()
	id := handshake(t, w, nil)
	hold(t, w, sim, c.ctx, id, "3", nil)
	w.send(object{"channel": "/meta/disconnect", "id": "4", "clientId": id})
	require.Equal(t, object{"reconnect": "none", "interval": 0.0}, only(t, w.receive(), "/meta/connect")["advice"])
	require.Equal(t, true, only(t, w.receive(), "/meta/disconnect")["successful"])
	require.Zero(t, sim.Sessions())
}

func TestAcknowledgedDeliverySurvivesACut(t *testing.T) {
	sim := gwssim.New(t)
	c := signedIn(t, sim, "agent")
	w := c.dial()
	w.send(handshakeMessage(object{"ack": true}))
	reply := only(t, w.receive(), "/meta/handshake")
	require.Equal(t, object{"ack": true}, reply["ext"])
	id := reply["clientId"].(string)
	subscribe(t, w, id, "/a")
	ack := func(batch int) object { return object{"ext": object{"ack": batch}} }

	hold(t, w, sim, c.ctx, id, "3", ack(0))
	sim.Publish("/a", json.RawMessage(`1`))
	frame := w.receive()
	require.Equal(t, []string{"/a", "/meta/connect"}, channels(frame))
	require.Equal(t, object{"ack": 1.0}, frame[1]["ext"])

	// The client had that; what is published into the cut it has not.
	hold(t, w, sim, c.ctx, id, "4", ack(1))
	sim.Cut()
	require.ErrorContains(t, w.failure(), "reset by peer")
	require.NoError(t, sim.WaitConnected(c.ctx, 0))
	require.Equal(t, 1, sim.Sessions())
	sim.Publish("/a", json.RawMessage(`2`))

	w = c.dial()
	w.send(connectMessage(w, id, "5", ack(1)))
	frame = w.receive()
	require.Equal(t, object{"channel": "/a", "data": 2.0}, frame[0])
	require.Equal(t, object{"ack": 2.0}, frame[1]["ext"])

	// Not acknowledged: it comes again, with an older number and with none.
	w.send(connectMessage(w, id, "6", ack(1)))
	require.Equal(t, []string{"/a", "/meta/connect"}, channels(w.receive()))
	w.send(connectMessage(w, id, "7", nil))
	frame = w.receive()
	require.Equal(t, []string{"/a", "/meta/connect"}, channels(frame))
	require.Equal(t, object{"ack": 4.0}, frame[1]["ext"])
	hold(t, w, sim, c.ctx, id, "8", ack(2)) // the first that it came with is enough
}

func TestWithoutAcknowledgementADeliveryIsForgotten(t *testing.T) {
	sim := gwssim.New(t)
	sim.Set(gwssim.Behavior{NoAckExtension: true})
	c := signedIn(t, sim, "agent")
	w := c.dial()
	w.send(handshakeMessage(object{"ack": true}))
	reply := only(t, w.receive(), "/meta/handshake")
	require.NotContains(t, reply, "ext")
	id := reply["clientId"].(string)
	subscribe(t, w, id, "/a")
	sim.Publish("/a", json.RawMessage(`1`))
	w.send(connectMessage(w, id, "3", nil))
	frame := w.receive()
	require.Equal(t, []string{"/a", "/meta/connect"}, channels(frame))
	require.NotContains(t, frame[1], "ext")
	hold(t, w, sim, c.ctx, id, "4", nil)
}

func TestDirectDelivery(t *testing.T) {
	sim := gwssim.New(t)
	sim.Set(gwssim.Behavior{Direct: true})
	c := signedIn(t, sim, "agent")
	w := c.dial()
	w.send(handshakeMessage(object{"ack": true}))
	reply := only(t, w.receive(), "/meta/handshake")
	require.NotContains(t, reply, "ext")
	id := reply["clientId"].(string)
	subscribe(t, w, id, "/a")
	hold(t, w, sim, c.ctx, id, "3", nil)
	sim.Publish("/a", json.RawMessage(`1`))
	require.Equal(t, object{"channel": "/a", "data": 1.0}, only(t, w.receive(), "/a"))
	require.NoError(t, sim.WaitConnected(c.ctx, 1), "the connect stays held")

	sim.Cut()
	sim.Publish("/a", json.RawMessage(`2`))
	w = c.dial()
	hold(t, w, sim, c.ctx, id, "4", nil) // not answered: what was published into the cut is lost
}

func TestSingleFrames(t *testing.T) {
	sim := gwssim.New(t)
	sim.Set(gwssim.Behavior{SingleFrames: true})
	c := signedIn(t, sim, "agent")
	w := c.dial()
	id := handshake(t, w, nil)
	hold(t, w, sim, c.ctx, id, "3", nil)
	c.post("r1")
	only(t, w.receive(), "/me/internal")
	only(t, w.receive(), "/meta/connect")
}

func TestCutEndsAHeldPoll(t *testing.T) {
	sim := gwssim.New(t)
	c := signedIn(t, sim, "agent")
	w := c.polling()
	id := handshake(t, w, nil)
	hold(t, w, sim, c.ctx, id, "3", nil)
	sim.Cut()
	require.Nil(t, w.receive())
	require.Equal(t, 1, sim.Sessions())
	hold(t, w, sim, c.ctx, id, "4", nil)
}

func TestExpire(t *testing.T) {
	wires(t, func(t *testing.T, sim *gwssim.Sim, c *client, w wire) {
		id := handshake(t, w, nil)
		hold(t, w, sim, c.ctx, id, "3", nil)
		sim.Expire()
		require.Zero(t, sim.Sessions())
		require.Equal(t, "402::Unknown client", only(t, w.receive(), "/meta/connect")["error"])
		handshake(t, w, nil) // on the same socket
	})
}

func TestKick(t *testing.T) {
	wires(t, func(t *testing.T, sim *gwssim.Sim, c *client, w wire) {
		id := handshake(t, w, nil)
		hold(t, w, sim, c.ctx, id, "3", nil)
		sim.Kick()
		frame := w.receive()
		require.Equal(t, object{"channel": "/meta/disconnect", "successful": true}, frame[0])
		require.Equal(t, object{"reconnect": "none", "interval": 0.0}, frame[1]["advice"])
		require.Zero(t, sim.Sessions())
	})
}

func TestRefusals(t *testing.T) {
	wires(t, func(t *testing.T, sim *gwssim.Sim, c *client, w wire) {
		sim.Set(gwssim.Behavior{RefuseHandshake: "403::Handshake denied"})
		w.send(handshakeMessage(nil))
		require.Equal(t, object{"channel": "/meta/handshake", "id": "1", "successful": false, "error": "403::Handshake denied"},
			only(t, w.receive(), "/meta/handshake"))
		sim.Set(gwssim.Behavior{RefuseHandshake: "403::Handshake denied", RefuseHandshakeAdvice: "none"})
		w.send(handshakeMessage(nil))
		require.Equal(t, object{"reconnect": "none"}, only(t, w.receive(), "/meta/handshake")["advice"])

		sim.Set(gwssim.Behavior{RefuseSubscribe: "403::Denied", RefuseChannel: "/b"})
		id := handshake(t, w, nil)
		require.Equal(t, true, subscribe(t, w, id, "/a")["successful"])
		require.Equal(t, object{"channel": "/meta/subscribe", "id": "2", "successful": false, "error": "403::Denied", "subscription": "/b"},
			subscribe(t, w, id, "/b"))
		sim.Set(gwssim.Behavior{RefuseSubscribe: "403::Denied"})
		require.Equal(t, false, subscribe(t, w, id, "/a")["successful"])

		sim.Set(gwssim.Behavior{})
		require.Equal(t, false, subscribe(t, w, id, "/meta/connect")["successful"])
		require.Equal(t, false, subscribe(t, w, id, 42)["successful"])
		w.send(object{"channel": "/a", "id": "9", "clientId": id, "data": 1})
		require.Equal(t, "403::Publish denied", only(t, w.receive(), "/a")["error"])
	})
}

func TestNonsenseInPlaceOfAHandshake(t *testing.T) {
	sim := gwssim.New(t)
	c := signedIn(t, sim, "agent")
	w := c.dial()
	for _, text := range []string{"hello", "{}", "42", `[{"channel":"/meta/handshake","successful":true}]`} {
		sim.Set(gwssim.Behavior{Nonsense: text})
		w.send(handshakeMessage(nil))
		require.Equal(t, text, string(w.receiveText()))
		body, _ := json.Marshal([]object{handshakeMessage(nil)})
		require.Equal(t, text, c.do("POST", "/api/v2/notifications/handshake", string(body)).body)
	}
}

func TestTransportsCanBeMissing(t *testing.T) {
	sim := gwssim.New(t)
	c := signedIn(t, sim, "agent")
	sim.Set(gwssim.Behavior{NoWebSocket: true})
	_, res, err := c.tryDial()
	require.Error(t, err)
	require.Equal(t, 404, res.StatusCode)
	w := c.polling()
	w.send(handshakeMessage(nil))
	require.Equal(t, []any{"long-polling"}, only(t, w.receive(), "/meta/handshake")["supportedConnectionTypes"])

	sim.Set(gwssim.Behavior{NoLongPolling: true})
	require.Equal(t, 404, c.do("POST", "/api/v2/notifications", "[]").status)
	handshake(t, c.dial(), nil)
}

func TestCometDNeedsTheCookie(t *testing.T) {
	sim := gwssim.New(t)
	c := newClient(t, sim)
	_, res, err := c.tryDial()
	require.Error(t, err)
	require.Equal(t, 401, res.StatusCode)
	require.Equal(t, 401, c.do("POST", "/api/v2/notifications", "[]").status)
}

func TestAnOpenWebSocketRefusesTheHandshake(t *testing.T) {
	sim := gwssim.New(t)
	sim.Set(gwssim.Behavior{OpenWebSocket: true})
	c := newClient(t, sim)
	w := c.dial()
	w.send(handshakeMessage(nil))
	require.Equal(t, "403::Not signed in", only(t, w.receive(), "/meta/handshake")["error"])
	require.Equal(t, 401, c.do("POST", "/api/v2/notifications", "[]").status)
	require.Equal(t, 200, c.signIn("agent", "secret").status)
	handshake(t, c.dial(), nil)
}

func TestMalformedMessages(t *testing.T) {
	sim := gwssim.New(t)
	c := signedIn(t, sim, "agent")
	for _, body := range []string{"", "[]", "{}", "[null]", "hello", `[{"channel":1}]`} {
		require.Equal(t, 400, c.do("POST", "/api/v2/notifications", body).status, body)
	}
	one := c.do("POST", "/api/v2/notifications", `{"channel":"/meta/connect","clientId":"x"}`)
	require.Contains(t, one.body, "402::", "one message without an array is Bayeux, too")
}
