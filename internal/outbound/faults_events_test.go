package outbound

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
)

func TestFaultsOfEvents(t *testing.T)        { matrix(t, eventFaults) }
func TestFaultsOfTheConnection(t *testing.T) { matrix(t, connectionFaults) }
func TestFaultsOfTheSession(t *testing.T)    { matrix(t, sessionFaults) }

// acked strikes what carries the acknowledgement.
func acked(f gwssim.Fault) gwssim.Behavior {
	f.At = gwssim.AtAcknowledgement
	return faulty(f)
}

// shortAckTimeout waits no longer than the test does, and long enough for the answer to the POST. In a browser rows run one by
// one.
func shortAckTimeout(o *Options) {
	o.AckTimeout = 4 * time.Second
	if browser {
		o.AckTimeout = 1500 * time.Millisecond
	}
}

// restart has the server forget everything, and be away until its behaviour is
// set again.
func (s *scene) restart() {
	s.Set(faulty(gwssim.Fault{At: gwssim.AtAll, Do: gwssim.DoReset, Times: always}))
	s.Cut()
	s.Expire()
	s.ExpireHTTP()
}

// connectionFaults happen to what carries the acknowledgement. With acknowledged
// delivery nothing of it is lost.
var connectionFaults = []fault{
	{name: "reset in place of the acknowledgement", browser: true, then: acked(gwssim.Fault{Do: gwssim.DoReset}), want: resolved},
	{name: "reset in the middle of the acknowledgement", browser: true, then: acked(gwssim.Fault{Do: gwssim.DoHalf}), want: resolved},
	{name: "three resets in place of the acknowledgement", then: acked(gwssim.Fault{Do: gwssim.DoReset, Times: 3}), want: resolved},
	{name: "closed in place of the acknowledgement", then: acked(gwssim.Fault{Do: gwssim.DoClose}), want: resolved},
	{name: "closed normally in place of the acknowledgement", over: WebSocket, then: acked(gwssim.Fault{Do: gwssim.DoClose, Code: 1000}), want: resolved},
	{name: "closed for an internal error in place of the acknowledgement", over: WebSocket, then: acked(gwssim.Fault{Do: gwssim.DoClose, Code: 1011}), want: resolved},
	{name: "half-open before the acknowledgement", browser: true, then: acked(gwssim.Fault{Do: gwssim.DoSilence}),
		want: want{posts: 1, processed: 1, within: 8 * time.Second}}, // on a fast line it is found within 6 s
	{name: "the clock jumped over a half-open connection", then: gwssim.Behavior{HoldAck: true, Faults: []gwssim.Fault{{At: gwssim.AtAcknowledgement, Do: gwssim.DoSilence}}},
		pending: func(_ *testing.T, s *scene) {
			s.Ack("ref-1")
			s.c.Wake()
		}, want: want{posts: 1, processed: 1, within: 7 * time.Second}},
	{name: "the acknowledgement is late", then: acked(gwssim.Fault{Do: gwssim.DoDelay, DelayMS: 1200}), want: resolved},
	{name: "the acknowledgement comes in pieces", browser: true, then: acked(gwssim.Fault{Do: gwssim.DoPieces, DelayMS: 50}), want: resolved},
	{name: "half an acknowledgement as if it were the whole", then: acked(gwssim.Fault{Do: gwssim.DoTruncate}), want: resolved},
	{name: "garbage as gzip in place of the acknowledgement", over: LongPolling, then: faulty(garbage(gwssim.AtAcknowledgement)), want: resolved},
	{name: "a login page in place of the acknowledgement", over: LongPolling, then: faulty(page(gwssim.AtAcknowledgement, loginPage, html)), want: resolved},
	{name: "a redirect in place of the acknowledgement", over: LongPolling, then: faulty(redirect(gwssim.AtAcknowledgement)), want: resolved},
	{name: "an empty array in place of the acknowledgement", over: LongPolling, then: faulty(page(gwssim.AtAcknowledgement, "[]", nil)), want: resolved},
	{name: "cut between acknowledgement and connect reply", over: WebSocket, want: resolved,
		start: gwssim.Behavior{SingleFrames: true, Faults: []gwssim.Fault{{At: gwssim.AtHeld, Do: gwssim.DoReset, Processed: true}}}},
	{name: "the held connect is reset", start: faulty(gwssim.Fault{At: gwssim.AtHeld, Do: gwssim.DoReset}), want: resolved},
	{name: "the held connect is never answered", start: faulty(gwssim.Fault{At: gwssim.AtHeld, Do: gwssim.DoSilence}),
		want: want{posts: 1, processed: 1, within: 8 * time.Second}}, // the same
	{name: "every connect that is held is reset", start: gwssim.Behavior{TimeoutMS: 300, Faults: []gwssim.Fault{{At: gwssim.AtHeld, Do: gwssim.DoReset, Times: always, Processed: true}}}, want: resolved},
	{name: "the connection is cut while pending", then: gwssim.Behavior{HoldAck: true}, want: resolved, pending: func(t *testing.T, s *scene) {
		require.NoError(t, s.WaitConnected(soon(t), 1))
		s.Cut()
		s.Ack("ref-1")
	}},
	{name: "two acknowledgements in one frame", then: gwssim.Behavior{HoldAck: true}, want: want{posts: 2, processed: 2}, pending: func(t *testing.T, s *scene) {
		other := call(t.Context(), s.c, record("referenceId", "other"), CallOptions{})
		require.NoError(t, s.WaitPosts(soon(t), 2))
		require.NoError(t, s.WaitConnected(soon(t), 1))
		s.Cut()
		s.Ack("other")
		s.Ack("ref-1")
		get(t, other).resolved(t, "other")
	}},
	{name: "black hole", then: faulty(gwssim.Fault{At: gwssim.AtAll, Do: gwssim.DoSilence, Times: always}),
		options: func(o *Options) { o.RequestTimeout, o.AckTimeout = time.Second, 4*time.Second }, want: rejected(RequestTimeout, gws.Unknown, 0)},
	{name: "black hole after the POST", then: faulty(gwssim.Fault{At: gwssim.AtCometD, Do: gwssim.DoSilence, Times: always}, gwssim.Fault{At: gwssim.AtAcknowledgement, Do: gwssim.DoSilence, Times: always}),
		options: func(o *Options) { o.AckTimeout = 9 * time.Second }, want: rejected(AckTimeout, gws.Accepted, 1)},
	{name: "no acknowledged delivery, and reset in place of the acknowledgement", start: gwssim.Behavior{NoAckExtension: true}, options: shortAckTimeout,
		then: acked(gwssim.Fault{Do: gwssim.DoReset}), want: rejected(AckTimeout, gws.Accepted, 1)},
	{name: "nobody listens any more", options: func(o *Options) { o.ConnectTimeout = 4 * time.Second },
		ready: func(t *testing.T, s *scene) {
			s.Set(faulty(gwssim.Fault{At: gwssim.AtAll, Do: gwssim.DoReset, Times: always}))
			s.Cut()
			until(t, s.c, bayeux.Reconnecting)
		}, then: gwssim.Behavior{HoldAck: true}, want: want{code: ConnectFailed, delivery: gws.NotSent, within: 4 * time.Second}},
	{name: "one connection in ten is cut", start: gwssim.Behavior{Faults: []gwssim.Fault{
		{At: gwssim.AtCometD, Do: gwssim.DoReset, Every: 10, Times: always},
		{At: gwssim.AtAcknowledgement, Do: gwssim.DoHalf, Every: 10, Times: always}}},
		want: want{posts: 31, processed: 31}, ready: func(t *testing.T, s *scene) {
			for range 30 {
				get(t, call(t.Context(), s.c, record("referenceId", "one"), CallOptions{})).resolved(t, "one")
			}
		}},
}

// eventFaults are events that are not the one that is waited for, or not when.
var eventFaults = []fault{
	{name: "the acknowledgement comes before the answer to the POST", then: gwssim.Behavior{AckFirst: true}, want: resolved},
	{name: "the acknowledgement comes four times", then: gwssim.Behavior{Duplicates: 3}, want: resolved, after: func(t *testing.T, s *scene) { s.hears(t, "number 3 of this client") }},
	{name: "acknowledgements in another order", browser: true, then: gwssim.Behavior{HoldAck: true}, want: want{posts: 2, processed: 2}, pending: func(t *testing.T, s *scene) {
		other := call(t.Context(), s.c, record("referenceId", "other"), CallOptions{})
		require.NoError(t, s.WaitPosts(soon(t), 2))
		s.Ack("other")
		get(t, other).resolved(t, "other")
		s.Ack("ref-1")
	}},
	{name: "the acknowledgement comes too late", browser: true, then: gwssim.Behavior{HoldAck: true}, options: shortAckTimeout,
		want: rejected(AckTimeout, gws.Accepted, 1), after: func(t *testing.T, s *scene) {
			s.Ack("ref-1")
			s.hears(t, `an acknowledgement (reference "ref-1") that nobody waits for, or no longer: number 1 of this client`)
		}},
	{name: "no acknowledgement", then: gwssim.Behavior{NoAck: true}, options: shortAckTimeout, want: rejected(AckTimeout, gws.Accepted, 1)},
	{name: "an acknowledgement of another record with our reference", then: gwssim.Behavior{WrongRecord: true}, want: want{posts: 1, processed: 1, handle: "13"}},
	{name: "another event with our reference", then: gwssim.Behavior{Notification: "RecordProcessedError"},
		want: want{code: RecordError, delivery: gws.Accepted, says: "RecordProcessedError", posts: 1, processed: 1}},
	{name: "events that are none", then: gwssim.Behavior{HoldAck: true}, want: resolved, pending: func(_ *testing.T, s *scene) {
		for _, odd := range []string{`null`, `0`, `false`, `""`, `[]`, `{}`, `{"referenceId":{}}`, `{"record":7,"referenceId":"x"}`, `{"__proto__":{"referenceId":"ref-1"}}`} {
			s.Publish(channel, json.RawMessage(odd))
		}
		s.Ack("ref-1")
	}},
	{name: "two clients of one agent", browser: true, want: want{posts: 2, processed: 2}, ready: func(t *testing.T, s *scene) {
		other := open(t, options(s.Sim, s.transport))
		get(t, call(t.Context(), other, record("referenceId", "theirs"), CallOptions{})).resolved(t, "theirs")
		s.hears(t, `(reference "theirs") that nobody waits for`)
	}},
}

// acknowledgedOverTheNext acknowledges the record once there is a new session.
func acknowledgedOverTheNext(t *testing.T, s *scene) {
	require.NoError(t, s.WaitSessions(soon(t), 2)) // the old one lives on for a while
	require.NoError(t, s.WaitConnected(soon(t), 1))
	s.Ack("ref-1")
}

// sessionFaults happen to the session.
var sessionFaults = []fault{
	{name: "the session is forgotten, and the acknowledgement sent over the next", then: gwssim.Behavior{HoldAck: true}, want: resolved, pending: func(t *testing.T, s *scene) {
		s.Expire()
		require.NoError(t, s.WaitConnected(soon(t), 1))
		s.Ack("ref-1")
	}},
	{name: "the session is forgotten, and the acknowledgement with it", options: func(o *Options) { o.AckTimeout = 3 * time.Second },
		// The next session must not be subscribed before the acknowledgement is sent.
		then: gwssim.Behavior{HoldAck: true, Faults: []gwssim.Fault{{At: gwssim.AtHandshake, Do: gwssim.DoDelay, DelayMS: 500}}},
		pending: func(t *testing.T, s *scene) {
			get(t, s.accepted)
			s.Expire()
			s.Ack("ref-1")
		}, want: want{code: AckTimeout, delivery: gws.Accepted, says: "session was lost", posts: 1, processed: 1}},
	{name: "the server is restarted", ready: func(t *testing.T, s *scene) {
		s.restart()
		until(t, s.c, bayeux.Reconnecting)
		s.Set(gwssim.Behavior{})
	}, then: gwssim.Behavior{HoldAck: true}, want: resolved},
	{name: "the server is restarted while pending", then: gwssim.Behavior{HoldAck: true}, options: func(o *Options) { o.AckTimeout = 5 * time.Second },
		pending: func(t *testing.T, s *scene) {
			get(t, s.accepted)
			s.restart()
			until(t, s.c, bayeux.Reconnecting)
			s.Set(gwssim.Behavior{})
		}, want: want{code: AckTimeout, delivery: gws.Accepted, says: "session was lost", posts: 1, processed: 1}},
	{name: "the HTTP session expires and the connection breaks", browser: true, then: gwssim.Behavior{HoldAck: true}, want: resolved, pending: func(t *testing.T, s *scene) {
		require.NoError(t, s.WaitConnected(soon(t), 1))
		s.ExpireHTTP()
		s.Cut()
		s.Ack("ref-1")
	}},
	{name: "the server disconnects", then: gwssim.Behavior{HoldAck: true}, pending: func(t *testing.T, s *scene) {
		get(t, s.accepted)
		require.NoError(t, s.WaitConnected(soon(t), 1))
		s.Kick()
	}, want: want{code: Disconnected, delivery: gws.Accepted, posts: 1, processed: 1, ended: true}},
	{name: "the advice none", start: gwssim.Behavior{HoldAck: true, TimeoutMS: 1500, Faults: []gwssim.Fault{{At: gwssim.AtHeld, Do: gwssim.DoAmend, Body: `{"advice":{"reconnect":"none"}}`}}},
		want: want{code: Disconnected, delivery: gws.Accepted, posts: 1, processed: 1, ended: true}},
	{name: "the advice handshake", start: gwssim.Behavior{HoldAck: true, TimeoutMS: 500, Faults: []gwssim.Fault{{At: gwssim.AtHeld, Do: gwssim.DoAmend, Body: `{"advice":{"reconnect":"handshake","interval":0}}`}}},
		pending: acknowledgedOverTheNext, want: resolved},
	{name: "the advice to retry after a long interval", start: gwssim.Behavior{IntervalMS: 2500}, want: resolved},
	{name: "the advice to retry after a minute, which is not kept while a call is pending", start: gwssim.Behavior{IntervalMS: 60_000}, want: resolved},
	{name: "the connect is refused without advice", start: faulty(gwssim.Fault{At: gwssim.AtHeld, Do: gwssim.DoAmend, Body: `{"successful":false,"error":"500::Try again","advice":null}`}), want: resolved,
		options: func(*Options) {}},
	{name: "the session is unknown without advice", start: gwssim.Behavior{HoldAck: true, TimeoutMS: 300, Faults: []gwssim.Fault{{At: gwssim.AtHeld, Do: gwssim.DoAmend, Body: `{"successful":false,"error":"402::Unknown client","advice":null}`}}},
		pending: acknowledgedOverTheNext, want: resolved},
}
