//go:build !js

package gwssim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gwssim"
)

// listening is a client with a session that has subscribed to the outbound
// events.
func listening(t *testing.T, sim *gwssim.Sim) (*client, *socket, string) {
	t.Helper()
	c := signedIn(t, sim, "agent")
	w := c.dial()
	id := handshake(t, w, nil)
	require.Equal(t, true, subscribe(t, w, id, "/v2/me/outbound")["successful"])
	return c, w, id
}

// next asks for the events that come next.
func next(w wire, id string) []object {
	w.send(connectMessage(w, id, "9", nil))
	return w.receive()
}

func data(m object) object { return m["data"].(object) }

func TestShapesOfTheAcknowledgement(t *testing.T) {
	sim := gwssim.New(t)
	c, w, id := listening(t, sim)

	sim.Set(gwssim.Behavior{NoEcho: true})
	c.post("r1")
	require.NotContains(t, data(next(w, id)[0]), "referenceId")

	sim.Set(gwssim.Behavior{})
	c.do("POST", recordPath, record("", object{"referenceId": nil}))
	require.NotContains(t, data(next(w, id)[0]), "referenceId", "there was none to echo")

	sim.Set(gwssim.Behavior{Notification: "RecordProcessedError"})
	c.post("r2")
	frame := next(w, id)
	require.Equal(t, "RecordProcessedError", data(frame[0])["notificationType"])
	require.Equal(t, "r2", data(frame[0])["referenceId"])
	require.Equal(t, "RecordProcessedError", data(frame[1])["userData"].(object)["GSW_USER_EVENT"])

	sim.Set(gwssim.Behavior{WrongRecord: true})
	c.post("r3")
	ack := data(next(w, id)[0])
	require.Equal(t, "r3", ack["referenceId"])
	require.Equal(t, 13.0, ack["record"].(object)["recordHandle"])

	sim.Set(gwssim.Behavior{Duplicates: 2})
	c.post("r4")
	frame = next(w, id)
	require.Equal(t, []string{"/v2/me/outbound", "/v2/me/outbound", "/v2/me/outbound", "/me/internal", "/meta/connect"}, channels(frame))
	require.Equal(t, frame[0], frame[2])
}

func TestAckIsHeldUntilAsked(t *testing.T) {
	sim := gwssim.New(t)
	sim.Set(gwssim.Behavior{HoldAck: true})
	c, w, id := listening(t, sim)
	hold(t, w, sim, c.ctx, id, "3", nil)
	c.post("r1")
	c.post("r2")
	require.Equal(t, 2, sim.Processed())
	sim.Ack("r2")
	require.Equal(t, "r2", data(w.receive()[0])["referenceId"])
	sim.Ack("nobody")
	sim.Ack("r1")
	require.Equal(t, "r1", data(next(w, id)[0])["referenceId"])
	sim.Ack("r1")
	hold(t, w, sim, c.ctx, id, "4", nil) // a second time there is nothing to send
}

func TestNoAck(t *testing.T) {
	sim := gwssim.New(t)
	c, w, id := listening(t, sim)
	sim.Set(gwssim.Behavior{NoAck: true})
	c.post("r1")
	sim.Set(gwssim.Behavior{})
	c.post("r2")
	frame := next(w, id)
	require.Len(t, frame, 3)
	require.Equal(t, "r2", data(frame[0])["referenceId"])
}

func TestAckMayComeBeforeTheAnswer(t *testing.T) {
	for name, b := range map[string]gwssim.Behavior{
		"AckFirst":    {AckFirst: true, HoldAck: true},
		"PostDelayMS": {PostDelayMS: 60_000},
	} {
		t.Run(name, func(t *testing.T) {
			sim := gwssim.New(t)
			sim.Set(b)
			c, w, id := listening(t, sim)
			hold(t, w, sim, c.ctx, id, "3", nil)
			answered := make(chan answer, 1)
			go func() {
				a, _ := c.try("POST", recordPath, record("r1", nil))
				answered <- a
			}()
			require.NoError(t, sim.WaitPosts(c.ctx, 1))
			require.Zero(t, sim.Posts()[0].Status, "not answered yet")
			sim.Ack("r1")
			require.Equal(t, "r1", data(w.receive()[0])["referenceId"])
			if b.AckFirst {
				require.Equal(t, 200, (<-answered).status)
			} else {
				require.Zero(t, sim.Posts()[0].Status)
			}
		})
	}
}

func TestDelays(t *testing.T) {
	sim := gwssim.New(t)
	c, w, id := listening(t, sim)
	hold(t, w, sim, c.ctx, id, "3", nil)
	sim.Set(gwssim.Behavior{AckDelayMS: 80, PostDelayMS: 40})
	start := time.Now()
	c.post("r1")
	require.GreaterOrEqual(t, time.Since(start), 40*time.Millisecond)
	w.receive()
	require.GreaterOrEqual(t, time.Since(start), 80*time.Millisecond)
}

func TestProcessedInSpiteOfTheFaultIsAcknowledged(t *testing.T) {
	sim := gwssim.New(t)
	c, w, id := listening(t, sim)
	for _, b := range []gwssim.Behavior{{PostStatus: 502}, {PostBody: "<html>"}, {PostCut: true}} {
		b.PostProcessed = true
		sim.Set(b)
		_, _ = c.try("POST", recordPath, record("r1", nil))
		require.Equal(t, "r1", data(next(w, id)[0])["referenceId"])
	}
}
