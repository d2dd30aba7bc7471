package outbound

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gwssim"
)

func TestFaultsOfLines(t *testing.T)      { matrix(t, lineFaults) }
func TestFaultsOfNeighbours(t *testing.T) { matrix(t, neighbourFaults) }

// large has the acknowledgement be as large as that.
func large(bytes int) gwssim.Fault {
	return gwssim.Fault{At: gwssim.AtEvent, Do: gwssim.DoAmend, Body: fmt.Sprintf(`{"more":%q}`, strings.Repeat("x", bytes)), Times: 1}
}

// polls is how many requests of long-polling have reached the server.
func (s *scene) polls() (n int) {
	for _, r := range s.Requests() {
		if r.Method == "POST" && r.Path == DefaultCometdPath {
			n++
		}
	}
	return n
}

// away has the server be away for d: all connections are reset, and new ones, too.
func (s *scene) away(t *testing.T, d time.Duration) {
	s.set(faulty(gwssim.Fault{At: gwssim.AtAll, Do: gwssim.DoReset, Times: always}))
	s.Cut()
	pause(t, d)
	s.set(gwssim.Behavior{HoldAck: true})
}

// pause is how long a fault lasts.
func pause(t *testing.T, d time.Duration) {
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}

// overAgain waits until the session is over this transport.
func (s *scene) overAgain(t *testing.T, transport string) {
	t.Helper()
	late := time.After(long)
	for {
		status, changed := s.c.session.Watch()
		if status.State == bayeux.Connected && status.Transport == transport {
			return
		}
		select {
		case <-changed:
		case <-late:
			require.Equal(t, transport, status.Transport, "%v", status)
			t.Fatal("not connected")
		}
	}
}

// behind has the acknowledgement come in the frame after a large one.
func behind(bytes int) func(*testing.T, *scene) {
	return func(t *testing.T, s *scene) {
		require.NoError(t, s.WaitConnected(soon(t), 1))
		s.Publish(channel, json.RawMessage(`{"more":"`+strings.Repeat("x", bytes)+`"}`))
		s.Ack("ref-1")
	}
}

// stop has nothing of the client run for a while. Only a browser can be stopped in
// that way, which has one thread.
func stop(d time.Duration) {
	if browser {
		for from := time.Now(); time.Since(from) < d; {
		}
	}
}

// upgradesRefused has a server refuse WebSockets so many times.
func upgradesRefused(times int) gwssim.Behavior {
	return gwssim.Behavior{HoldAck: true, Faults: []gwssim.Fault{
		{At: gwssim.AtUpgrade, Do: gwssim.DoAnswer, Status: 503, Times: times},
	}}
}

// lineFaults are lines that are slow, far, asleep or away, and networks that let one transport
// through. Those of the fast line are those of a slow one, too, with more time.
var lineFaults = []fault{
	{name: "an acknowledgement that takes 4 s to arrive", browser: true, line: slowLine, then: faulty(large(64_000)),
		want: want{posts: 1, processed: 1, atLeast: 3900 * time.Millisecond, within: 6 * time.Second, unbroken: true},
		after: func(t *testing.T, s *scene) {
			if s.transport == LongPolling { // handshake, subscription, two connects, what keeps the session, and the connect after the acknowledgement
				require.LessOrEqual(t, s.polls(), 6, "what is arriving is not asked for again")
			}
		}},
	{name: "an acknowledgement that trickles", over: LongPolling, then: acked(gwssim.Fault{Do: gwssim.DoPieces, DelayMS: 1400}),
		want:  want{posts: 1, processed: 1, atLeast: 5 * time.Second, within: 7 * time.Second, unbroken: true},
		after: func(t *testing.T, s *scene) { require.LessOrEqual(t, s.polls(), 6) }},
	{name: "an acknowledgement behind a reply that takes longer than a session is kept", over: LongPolling, line: slowLine, then: gwssim.Behavior{HoldAck: true},
		options: func(o *Options) { o.AckTimeout = long },
		pending: behind(200_000), want: want{posts: 1, processed: 1, atLeast: 12 * time.Second, within: 15 * time.Second, unbroken: true}},
	{name: "an acknowledgement behind a frame that takes 4 s", over: WebSocket, browser: true, line: slowLine, then: gwssim.Behavior{HoldAck: true},
		pending: behind(64_000), want: want{posts: 1, processed: 1, within: 8 * time.Second, unbroken: true}},
	{name: "an acknowledgement behind a frame for which the socket is given up", over: WebSocket, line: slowLine, then: gwssim.Behavior{HoldAck: true},
		options: func(o *Options) { o.AckTimeout = 30 * time.Second }, // the frame comes twice, and both on one line: 240 kB
		pending: behind(120_000), want: want{posts: 1, processed: 1, within: 17 * time.Second}},
	{name: "a large frame without acknowledged delivery", over: WebSocket, line: slowLine, start: gwssim.Behavior{Direct: true}, then: gwssim.Behavior{Direct: true, Faults: []gwssim.Fault{large(120_000)}},
		want: want{posts: 1, processed: 1, atLeast: 7 * time.Second, within: 9 * time.Second}},
	{name: "the round trip grows to 3.2 s", then: line{roundTrip: 3200 * time.Millisecond}.is(gwssim.Behavior{}),
		want: want{posts: 1, processed: 1, within: 10 * time.Second},
		after: func(t *testing.T, s *scene) {
			status, _ := s.c.session.Watch()
			require.Equal(t, 1, status.Session)
		}},
	{name: "half-open on a line with a round trip of 1.2 s", line: line{roundTrip: 1200 * time.Millisecond}, then: acked(gwssim.Fault{Do: gwssim.DoSilence}),
		want: want{posts: 1, processed: 1, within: 15 * time.Second}}, // twice the limit of 3.6 s, another socket, three round trips
	{name: "nothing runs when the acknowledgement comes, and its time is over", browser: true, options: shortAckTimeout, then: gwssim.Behavior{AckDelayMS: 700},
		pending: func(t *testing.T, s *scene) {
			get(t, s.accepted)
			stop(3 * time.Second)
		}, want: resolved},

	{name: "the server is away for 7 s", over: both, then: gwssim.Behavior{HoldAck: true}, pending: func(t *testing.T, s *scene) {
		get(t, s.accepted)
		s.away(t, 7*time.Second)
		until(t, s.c, bayeux.Connected)
		s.Ack("ref-1")
	}, want: want{posts: 1, processed: 1, within: 11 * time.Second}, after: func(t *testing.T, s *scene) { s.overAgain(t, WebSocket) }},
	{name: "the server is away for 7 s while nobody waits, and has forgotten the session", over: both, ready: func(t *testing.T, s *scene) {
		s.Expire()
		s.away(t, 7*time.Second)
		s.overAgain(t, WebSocket)
		s.set(gwssim.Behavior{})
	}, want: want{posts: 1, processed: 1, over: WebSocket}},
	{name: "the server is away for 7 s, and has no long-polling", over: both, then: gwssim.Behavior{NoLongPolling: true, HoldAck: true}, pending: func(t *testing.T, s *scene) {
		get(t, s.accepted)
		s.set(faulty(gwssim.Fault{At: gwssim.AtAll, Do: gwssim.DoReset, Times: always}))
		s.Cut()
		pause(t, 7*time.Second)
		s.set(gwssim.Behavior{NoLongPolling: true, HoldAck: true})
		until(t, s.c, bayeux.Connected)
		s.Ack("ref-1")
	}, want: want{posts: 1, processed: 1, within: 11 * time.Second, over: WebSocket}},
	{name: "upgrades are refused in a session with a call pending", over: both, browser: true, then: upgradesRefused(always), pending: func(t *testing.T, s *scene) {
		get(t, s.accepted)
		s.Cut()
		s.overAgain(t, LongPolling)
		s.Ack("ref-1")
	}, want: want{posts: 1, processed: 1, over: LongPolling, within: 8 * time.Second}},
	{name: "upgrades are refused for a while, and the acknowledgement is kept for the socket", over: both, then: upgradesRefused(3), pending: func(t *testing.T, s *scene) {
		get(t, s.accepted)
		s.Cut()
		s.Ack("ref-1")
	}, want: want{posts: 1, processed: 1, within: 10 * time.Second}},
	{name: "sockets that die before the reply to the first connect", over: both, browser: true, want: want{posts: 1, processed: 1, over: LongPolling, within: 5 * time.Second},
		start: faulty(gwssim.Fault{At: gwssim.AtConnect, Over: WebSocket, Do: gwssim.DoClose, Code: 1008, Times: always})},
	{name: "sockets that die as they are opened", over: both, want: want{posts: 1, processed: 1, over: LongPolling, within: 5 * time.Second},
		start: faulty(gwssim.Fault{At: gwssim.AtSubscribe, Over: WebSocket, Do: gwssim.DoClose, Code: 1008, Times: always})},
	{name: "sockets that die as they are opened in a session with a call pending", over: both, want: want{posts: 1, processed: 1, over: LongPolling, within: 8 * time.Second},
		then: gwssim.Behavior{HoldAck: true, Faults: []gwssim.Fault{{At: gwssim.AtCometD, Over: WebSocket, Do: gwssim.DoClose, Code: 1008, Times: always}}},
		pending: func(t *testing.T, s *scene) {
			get(t, s.accepted)
			s.Cut()
			s.overAgain(t, LongPolling)
			s.Ack("ref-1")
		}},
	{name: "sockets that die when a connect is held", over: both, want: want{posts: 1, processed: 1, over: LongPolling, within: 8 * time.Second},
		then: gwssim.Behavior{HoldAck: true, Faults: []gwssim.Fault{{At: gwssim.AtHeld, Over: WebSocket, Do: gwssim.DoClose, Code: 1008, Times: always}}},
		pending: func(t *testing.T, s *scene) {
			get(t, s.accepted)
			s.Cut()
			s.overAgain(t, LongPolling)
			s.Ack("ref-1")
		}},
	{name: "sockets can be had again", over: both, start: upgradesRefused(1), ready: func(t *testing.T, s *scene) {
		s.overAgain(t, LongPolling)
		s.set(gwssim.Behavior{})
		s.overAgain(t, WebSocket)
	}, want: want{posts: 1, processed: 1, over: WebSocket}},

	{name: "the browser is offline as the client is opened", network: func(n *network) { n.online = func() bool { return false } },
		start: faulty(gwssim.Fault{At: gwssim.AtAll, Do: gwssim.DoReset, Times: always}), want: refused(ConnectFailed, "the browser is offline")},
	{name: "the browser is offline when the POST is sent", network: func(n *network) { n.online = func() bool { return false } },
		then: faulty(gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoReset}), want: graceful(NetworkError, "the browser is offline")},
}

// desktop opens another client of the browser, whose connect the server holds.
func desktop(t *testing.T, s *scene) {
	opts := options(s.Sim, LongPolling)
	other, err := s.open(t, opts, nil)
	require.NoError(t, err)
	t.Cleanup(other.Close)
	require.NoError(t, s.WaitConnected(soon(t), 1))
}

var oneSession = gwssim.Behavior{SessionsPerBrowser: 1}

// neighbourFaults are those of other clients in the browser, over long-polling: a server
// does not count sessions of WebSockets.
var neighbourFaults = []fault{
	{name: "the server holds another client of this browser", over: LongPolling, browser: true, before: desktop, start: oneSession,
		want: want{posts: 1, processed: 1, within: 2 * time.Second}, after: func(t *testing.T, s *scene) {
			s.hears(t, "several clients in this browser")
			status, _ := s.c.session.Watch()
			require.Equal(t, bayeux.Connected, status.State)
			require.ErrorContains(t, status.Reason, "several clients in this browser")
			require.NoError(t, s.WaitConnected(soon(t), 1), "the other one is held")
		}},
	{name: "a guest", over: LongPolling, browser: true, start: oneSession, options: func(o *Options) { o.Guest = true },
		want: want{posts: 1, processed: 1, within: 2 * time.Second}, ready: func(t *testing.T, s *scene) {
			require.NoError(t, s.WaitConnected(soon(t), 0), "it leaves that to others")
			desktop(t, s)
		}},
	{name: "a guest over a WebSocket is held", over: WebSocket, start: oneSession, options: func(o *Options) { o.Guest = true },
		want: want{posts: 1, processed: 1, within: 2 * time.Second}, ready: func(t *testing.T, s *scene) {
			require.NoError(t, s.WaitConnected(soon(t), 1))
		}},
	{name: "another client takes the browser's cookie", over: LongPolling, browser: true, want: want{posts: 1, processed: 1, within: 5 * time.Second},
		then: gwssim.Behavior{HoldAck: true, Faults: []gwssim.Fault{{At: gwssim.AtPost, Do: gwssim.DoDelay, DelayMS: 1,
			Header: map[string]string{"Set-Cookie": "BAYEUX_BROWSER=another; Path=/"}}}},
		pending: func(t *testing.T, s *scene) {
			get(t, s.accepted)
			s.Cut()
			acknowledgedOverTheNext(t, s)
		}},
	{name: "the server wants a pause of a day", start: gwssim.Behavior{IntervalMS: 86_400_000},
		want: want{posts: 1, processed: 1, within: 4 * time.Second}},
}
