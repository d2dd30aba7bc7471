//go:build !js

package gwssim_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gwssim"
)

func TestLine_LargeEventTakesItsTime(t *testing.T) {
	wires(t, func(t *testing.T, sim *gwssim.Sim, c *client, w wire) {
		id := handshake(t, w, nil)
		subscribe(t, w, id, "/large")
		hold(t, w, sim, c.ctx, id, "3", nil)
		sim.Set(gwssim.Behavior{BytesPerSecond: 100_000})
		start := time.Now()
		sim.Publish("/large", json.RawMessage(`"`+strings.Repeat("x", 50_000)+`"`))
		require.Equal(t, []string{"/large", "/meta/connect"}, channels(w.receive()))
		require.GreaterOrEqual(t, time.Since(start), 500*time.Millisecond)
	})
}

func TestLine_RoundTripIsThatOfMessagesUnderWayTogether(t *testing.T) {
	wires(t, func(t *testing.T, sim *gwssim.Sim, _ *client, w wire) {
		id := handshake(t, w, nil)
		const (
			roundTrip = 300 * time.Millisecond
			together  = 10 // so many that a busy machine is faster than one after the other
		)
		sim.Set(gwssim.Behavior{RoundTripMS: int(roundTrip.Milliseconds())})
		start := time.Now()
		for range together {
			w.send(object{"channel": "/meta/subscribe", "id": "2", "clientId": id, "subscription": "/a"})
		}
		for range together {
			only(t, w.receive(), "/meta/subscribe")
		}
		require.GreaterOrEqual(t, time.Since(start), roundTrip)
		require.Less(t, time.Since(start), together*roundTrip)
	})
}

func TestSessionsPerBrowser_TheNextIsNotHeld(t *testing.T) {
	sim := gwssim.New(t)
	sim.Set(gwssim.Behavior{SessionsPerBrowser: 1})
	c := signedIn(t, sim, "agent")
	first, second := c.polling(), c.polling()
	one, other := handshake(t, first, nil), handshake(t, second, nil)
	hold(t, first, sim, c.ctx, one, "3", nil)
	for _, advice := range []object{nil, {"timeout": 0}} {
		second.send(connectMessage(second, other, "4", object{"advice": advice}))
		reply := only(t, second.receive(), "/meta/connect")
		require.Equal(t, true, reply["successful"])
		require.Equal(t, object{"multiple-clients": true, "interval": 2000.0, "reconnect": "retry"}, reply["advice"])
	}
	third := signedIn(t, sim, "agent") // in another browser
	w := third.polling()
	w.send(connectMessage(w, handshake(t, w, nil), "5", nil))
	require.NoError(t, sim.WaitConnected(c.ctx, 2))
}

func TestSessionMovesToAWebSocketAndBack_ButNoneOfAWebSocketToLongPolling(t *testing.T) {
	sim := gwssim.New(t)
	c := signedIn(t, sim, "agent")
	p, s := c.polling(), c.dial()
	polled, socketed := handshake(t, p, nil), handshake(t, s, nil)
	for range 2 {
		for _, w := range []wire{s, p} {
			w.send(connectMessage(w, polled, "3", object{"advice": object{"timeout": 0}}))
			require.Equal(t, true, only(t, w.receive(), "/meta/connect")["successful"])
		}
	}
	p.send(connectMessage(p, socketed, "3", nil))
	require.Equal(t, "402::Unknown client", only(t, p.receive(), "/meta/connect")["error"])
	require.Equal(t, 2, sim.Sessions())
}

func TestFaultOverOneTransport(t *testing.T) {
	sim := gwssim.New(t)
	c := signedIn(t, sim, "agent")
	sim.Set(gwssim.Behavior{Faults: []gwssim.Fault{{At: gwssim.AtHandshake, Over: "websocket", Do: gwssim.DoAnswer, Body: `[{"channel":"/struck"}]`}}})
	handshake(t, c.polling(), nil)
	s := c.dial()
	s.send(handshakeMessage(nil))
	require.Equal(t, []string{"/struck"}, channels(s.receive()))
}
