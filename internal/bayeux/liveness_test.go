package bayeux

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// waitedFor returns a connected client with a subscription, for whose events
// somebody waits.
func waitedFor(t *testing.T, s *server) (*Client, []Message) {
	t.Helper()
	c := s.client()
	_, err := c.Subscribe(t.Context(), "/a", func(Message) {})
	require.NoError(t, err)
	s.connect(c)
	held := s.expect(metaConnect)
	c.AddWaiters(1)
	return c, held
}

// waitedForFrom is waitedFor with a server whose round trip is trip.
func waitedForFrom(t *testing.T, s *server, trip time.Duration) *Client {
	t.Helper()
	c := s.client()
	hears(t, c, "/a")
	go c.Connect(t.Context())
	s.connection()
	for _, reply := range []string{handshakeReply, subscribeReply, connectReply} {
		m := <-s.current.sent
		wait(trip)
		s.say(reply, m...)
	}
	s.expect(metaConnect)
	c.AddWaiters(1)
	return c
}

func TestQuietSocketIsProbedWhileSomebodyWaits(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c, _ := waitedFor(t, s)
		start := time.Now()
		probe := s.expect(metaSubscribe)
		require.Equal(t, 3*time.Second, time.Since(start))
		require.Equal(t, "/a", probe[0].Subscription)
		s.say(subscribeReply, probe...)

		wait(2 * time.Second)
		s.say(`[{"channel":"/other","data":1}]`) // anything is a sign of life
		s.expect(metaSubscribe)
		require.Equal(t, 8*time.Second, time.Since(start))

		wait(3 * time.Second) // no answer
		synctest.Wait()
		require.Equal(t, Reconnecting, c.current().State, "half-open: found within 6 s of silence")
		require.ErrorContains(t, c.current().Reason, "no reply in time")
		s.connection()
		require.Equal(t, "c1", s.expect(metaConnect)[0].ClientID)
	})
}

func TestSilentSocket_IsReplacedAfterTimesThatGrow(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c, _ := waitedFor(t, s)
		s.expect(metaSubscribe) // the probe, after 3 s
		for _, limit := range []time.Duration{3, 6, 12, 24, 30, 30} {
			from := time.Now()
			s.connection()
			require.Equal(t, limit*time.Second, time.Since(from))
			require.Equal(t, "c1", s.expect(metaConnect)[0].ClientID) // and nothing comes
		}
		require.Equal(t, 1, c.current().Session)
	})
}

func TestSilentSocket_SpeaksAfterItWasGivenUp_TheSessionGoesBack(t *testing.T) {
	for name, test := range map[string]struct{ handshake, late, ack string }{
		"with acknowledged delivery": {handshakeReply, `[{"channel":"/a","data":"slow"},{"channel":"/meta/connect","id":"%1","successful":true,"ext":{"ack":7}}]`, `{"ack":7}`},
		"without":                    {strings.Replace(handshakeReply, `"ack":true`, `"ack":false`, 1), `[{"channel":"/a","data":"slow"}]`, ""},
		"in frames of their own":     {handshakeReply, `{"channel":"/a","data":"slow"}` + "\n" + `{"channel":"/meta/connect","id":"%1","successful":true,"ext":{"ack":7}}`, `{"ack":7}`},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				c := s.client()
				got := hears(t, c, "/a")
				go c.Connect(t.Context())
				first := s.connection()
				s.say(test.handshake, s.expect(metaHandshake)...)
				s.say(subscribeReply, s.expect(metaSubscribe)...)
				s.say(connectReply, s.expect(metaConnect)...)
				held := s.expect(metaConnect)
				c.AddWaiters(1)
				s.expect(metaSubscribe)
				second := s.connection()
				s.expect(metaConnect)
				wait(2 * time.Second)
				s.current = first
				for frame := range strings.SplitSeq(test.late, "\n") {
					s.say(frame, held...)
				}
				again := s.expect(metaConnect)
				<-second.closed
				require.Equal(t, []string{`"slow"`}, *got)
				require.Equal(t, test.ack, string(again[0].Ext))
				require.Zero(t, *again[0].Advice.Timeout)
				wait(9 * time.Second) // it took 5 s, and has twice as long now
				require.Empty(t, s.opened)
				s.kept()
				s.say(connectReply, again...)
				s.expect(metaConnect)
				require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 1}, c.current())
			})
		})
	}
}

func TestSilentSocket_SpeaksOnceAnotherHasProvedItself_ItIsHeardAndNoMore(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		got := hears(t, c, "/a")
		s.connect(c)
		s.expect(metaConnect)
		c.AddWaiters(1)
		first := s.current
		s.expect(metaSubscribe)
		s.connection()
		s.say(connectReply, s.expect(metaConnect)...)
		s.expect(metaConnect)
		first.sink.Receive([]byte(`[{"channel":"/a","data":"slow"}]`))
		synctest.Wait()
		require.Equal(t, []string{`"slow"`}, *got)
		require.Empty(t, first.sent, "a message would move the session back")
		require.Equal(t, Connected, c.current().State)
	})
}

func TestSilentSocket_ConnectsOnTheNextOneAreHeldForAShortTimeOnly(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c, _ := waitedFor(t, s)
		s.expect(metaSubscribe)
		s.connection()
		s.say(connectReply, s.expect(metaConnect)...)
		c.AddWaiters(-1)
		from := time.Now()
		for {
			m := s.expect(metaConnect)
			if m[0].Advice == nil {
				break
			}
			require.EqualValues(t, 5000, *m[0].Advice.Timeout)
			wait(5 * time.Second)
			s.say(connectReply, m...)
		}
		// A server of CometD 3.1 may take the end of the first socket, after a minute, for that of the session.
		require.Equal(t, 70*time.Second, time.Since(from))
	})
}

func TestSilentSocket_IsLostWhereAnotherIsRefused(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c, _ := waitedFor(t, s)
		s.expect(metaSubscribe)
		s.down.Store(true) // the server is there, or the network says that it is not
		wait(3 * time.Second)
		synctest.Wait()
		require.ErrorContains(t, c.current().Reason, "cannot open websocket: down")
		require.Positive(t, c.current().RetryIn)
		<-s.current.closed
	})
}

func TestSilentSocket_LivesWhereItSpeaksMeanwhile(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c, held := waitedFor(t, s)
		first := s.current
		probe := s.expect(metaSubscribe)
		s.delay.Store(int64(2 * time.Second)) // of the next connection
		wait(4 * time.Second)
		s.say(subscribeReply, probe...)
		spare := <-s.opened
		<-spare.closed
		require.Equal(t, Connected, c.current().State)
		s.current = first
		s.kept()
		s.say(connectReply, held...)
		s.expect(metaConnect)
	})
}

func TestSilentSocket_IsLeftAloneOnABusyLine(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c, held := waitedFor(t, s)
		probe := s.expect(metaSubscribe)
		s.delay.Store(int64(time.Second)) // a large frame is in its way
		for range 2 {
			spare := <-s.opened
			<-spare.closed
			require.Equal(t, Connected, c.current().State)
		}
		s.kept()
		s.say(subscribeReply, probe...)
		s.say(connectReply, held...)
		s.expect(metaConnect)
		require.Equal(t, 1, c.current().Session)
	})
}

// The page dials as soon as it knows who is signed in, so that the first socket is there at once. What the next one takes is
// compared with the round trips then.
func TestSilentSocket_TheFirstOneWasDialledAhead(t *testing.T) {
	const trip = 200 * time.Millisecond
	for name, test := range map[string]struct {
		opens    time.Duration
		replaced bool
	}{
		"on a far line it is replaced":    {2 * trip, true},
		"on a busy line it is left alone": {7 * trip, false},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				waitedForFrom(t, s, trip)
				s.expect(metaSubscribe) // a probe, which is not answered
				s.delay.Store(int64(test.opens))
				other := <-s.opened
				synctest.Wait()
				require.Equal(t, test.replaced, len(other.sent) > 0)
			})
		})
	}
}

func TestSilentSocket_NoOtherConnectionEither(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c, _ := waitedFor(t, s)
		probe := s.expect(metaSubscribe)
		s.hang.Store(true)
		wait(6 * time.Second)
		synctest.Wait()
		require.Equal(t, Reconnecting, c.current().State)
		require.ErrorContains(t, c.current().Reason, "nor could another connection be opened")
		s.say(subscribeReply, probe...) // it was the line
		synctest.Wait()
		require.Equal(t, Connected, c.current().State)
	})
}

func TestSilentSocket_LimitFollowsTheRoundTrips(t *testing.T) {
	run(t, func(t *testing.T) {
		const trip = 3200 * time.Millisecond
		s := newServer(t)
		c := waitedForFrom(t, s, trip)
		for range 3 {
			m := s.expect(metaSubscribe) // a probe
			wait(trip)
			s.say(subscribeReply, m...)
		}
		require.Empty(t, s.opened)
		require.Equal(t, Connected, c.current().State)
	})
}

func TestProbe_ReplyToTheConnectIsJustBehindItsAnswer(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, false)
		held := s.expect(metaConnect)
		c.AddWaiters(1)
		probe := s.expect(metaSubscribe)
		wait(2 * time.Second)
		s.say(subscribeReply, probe...)
		wait(time.Second)
		s.say(connectReply, held...)
		next := s.expect(metaConnect)
		wait(2 * time.Second)
		s.silent() // nothing has taken its place
		s.say(connectReply, next...)
		s.expect(metaConnect)
	})
}

func TestProbe_LineThatHasJustBecomeSlow(t *testing.T) {
	run(t, func(t *testing.T) {
		const trip = 3200 * time.Millisecond
		s, c := polled(t, false)
		held := s.expect(metaConnect)
		c.AddWaiters(1)
		end := c.NoteRequest()
		probe := s.expect(metaSubscribe) // after 3 s
		wait(200 * time.Millisecond)
		end(true)
		wait(trip - 200*time.Millisecond)
		s.say(subscribeReply, probe...)
		s.say(connectReply, held...)
		s.expect(metaConnect)
		require.Empty(t, s.current.cancelled)
		require.Equal(t, Connected, c.current().State)
	})
}

func TestProbe_GivenUpWhileAnotherRequestIsNotAnsweredEither(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, false)
		held := s.expect(metaConnect)
		c.AddWaiters(1)
		end := c.NoteRequest()
		for _, limit := range []time.Duration{3, 6} { // s
			probe := s.expect(metaSubscribe)
			from := time.Now()
			require.Equal(t, string(probe[0].ID), <-s.current.cancelled)
			require.Equal(t, limit*time.Second, time.Since(from))
			synctest.Wait()
			require.Equal(t, Connected, c.current().State, "it is the line")
		}
		s.expect(metaSubscribe)
		s.say(connectReply, held...) // which was not given up
		s.expect(metaConnect)
		end(true)
	})
	run(t, func(t *testing.T) { // and in vain
		s, c := polled(t, false)
		s.expect(metaConnect)
		c.AddWaiters(1)
		c.NoteRequest()
		from := time.Now()
		s.connection()
		require.LessOrEqual(t, time.Since(from), 29*time.Second, "6 s, and 3, 6 and 12 s, and the backoff")
	})
}

// A probe could take the connection that a browser has kept, and that the
// request needs once its preflight is answered.
func TestProbe_WaitsForAnotherRequest(t *testing.T) {
	run(t, func(t *testing.T) { // which is answered
		s, c := polled(t, false)
		s.expect(metaConnect)
		from := time.Now()
		end := c.NoteRequest()
		c.AddWaiters(1)
		s.silent()
		wait(time.Second)
		end(true)
		s.expect(metaSubscribe)
		require.Equal(t, 3*time.Second, time.Since(from))
	})
	run(t, func(t *testing.T) { // which is not
		s, c := polled(t, false)
		s.expect(metaConnect)
		from := time.Now()
		c.NoteRequest()
		c.AddWaiters(1)
		s.expect(metaSubscribe)
		require.Equal(t, 6*time.Second, time.Since(from))
	})
}

func TestRoundTrips(t *testing.T) {
	var r roundTrips
	require.Zero(t, r.limit())
	r.add(100 * time.Millisecond)
	require.Equal(t, 300*time.Millisecond, r.limit())
	for range 50 {
		r.add(100 * time.Millisecond)
	}
	require.Equal(t, 200*time.Millisecond, r.limit(), "never less than twice as long")
	r.add(time.Second)
	require.Greater(t, r.limit(), time.Second)
}

// Nobody learns from a reply that has come while this program did not run how far the server is: who took it for a
// round trip would find a dead connection late, when the server keeps nothing for it any more.
func TestRoundTrips_AFreezeIsNone(t *testing.T) {
	for frozen, quiet := range map[time.Duration]time.Duration{
		8 * time.Second:  6 * time.Second, // its limit is not over, so that it may be the line
		time.Minute:      3 * time.Second,
		10 * time.Minute: 3 * time.Second,
	} {
		t.Run(frozen.String(), func(t *testing.T) {
			run(t, func(t *testing.T) {
				const trip = 100 * time.Millisecond
				s := newServer(t)
				s.name, s.requests = longPolling, true
				c := s.clientWith(Options{Transports: []Transport{s}, Guest: true})
				hears(t, c, "/a")
				go c.Connect(t.Context())
				s.connection()
				for _, reply := range []string{handshakeReply, subscribeReply, connectReply} {
					m := <-s.current.sent
					wait(trip)
					s.say(reply, m...)
				}
				m := s.expect(metaConnect)
				late := make(chan time.Duration)
				c.box.put(func() {
					x := c.link.underWay(metaConnect)
					x.sent, x.due = x.sent.Add(-frozen), x.due.Add(-frozen)
					x.over() // as its timer does when the program goes on
				})
				s.say(connectReply, m...)
				s.expect(metaConnect) // its connection is dead
				c.AddWaiters(1)
				c.box.put(func() { late <- c.dialLimit() })
				require.LessOrEqual(t, <-late, 3*time.Second)
				from := time.Now()
				<-s.current.sent // it asks again
				require.LessOrEqual(t, time.Since(from), quiet)
			})
		})
	}
}

func TestWhoComesToWaitDoesNotWaitForAnOldBackoff(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client() // whose backoff is at its bound
		s.connect(c)
		s.down.Store(true)
		s.current.sink.Lose(errors.New("reset"))
		wait(20 * time.Second) // attempts after 1, 3, 7 and 15 s; the next is due after 31 s
		s.down.Store(false)
		from := time.Now()
		c.AddWaiters(1)
		c.AddWaiters(1)
		s.connection()
		require.Equal(t, 2*time.Second, time.Since(from))
		s.say(connectReply, s.expect(metaConnect)...)
		s.expect(metaConnect)
		require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 1}, c.current())
	})
}

func TestIdleConnectionIsNotTrustedWithTheNextAttempt(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client() // whose backoff is at its bound
		s.connect(c)
		for range 4 { // the attempts come after 1, 2, 4 and 8 s
			s.say(connectDeleted, s.expect(metaConnect)...)
			s.say(connectReply, s.expect(metaConnect)...)
		}
		s.say(connectDeleted, s.expect(metaConnect)...) // the next comes after 16 s
		synctest.Wait()
		require.Empty(t, s.opened)
		idle := s.current
		s.connection()
		<-idle.closed
		s.say(connectReply, s.expect(metaConnect)...)
		s.expect(metaConnect)
		require.Equal(t, 1, c.current().Session)
	})
}

func TestQuietSocketIsLeftAloneOtherwise(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c, held := waitedFor(t, s)
		c.AddWaiters(-1)
		wait(29 * time.Second)
		s.silent()
		s.say(connectReply, held...)
		s.expect(metaConnect)
		require.Equal(t, Connected, c.current().State)
	})
}

func TestProbeFindsThatTheSessionIsGone(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c, _ := waitedFor(t, s)
		s.say(subscribe402, s.expect(metaSubscribe)...)
		s.session()
		require.Equal(t, Connected, c.current().State)
		require.Equal(t, 2, c.current().Session)
	})
}

// anotherTookItsPlace is how a server says that of a connect.
type anotherTookItsPlace struct{}

func (anotherTookItsPlace) Error() string  { return "HTTP 500" }
func (anotherTookItsPlace) Replaced() bool { return true }

func TestRequestsOfTheirOwn(t *testing.T) {
	start := func(t *testing.T) (*server, *Client) {
		s := newServer(t)
		s.name, s.requests = longPolling, true
		c := s.client()
		_, err := c.Subscribe(t.Context(), "/a", func(Message) {})
		require.NoError(t, err)
		s.connect(c)
		return s, c
	}
	t.Run("a quiet connection is probed beside the held connect", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s, c := start(t)
			s.expect(metaConnect)
			c.AddWaiters(1)
			s.say(subscribeReply, s.expect(metaSubscribe)...)
			// The connection of the held connect may be dead all the same.
			other := s.expect(metaConnect)
			require.JSONEq(t, `{"ack":0}`, string(other[0].Ext))
			require.Nil(t, other[0].Advice)
			require.Equal(t, Connected, c.current().State)
			s.expect(metaSubscribe)
			wait(3 * time.Second)
			synctest.Wait()
			require.Equal(t, Reconnecting, c.current().State)
			s.connection()
			require.Equal(t, "c1", s.expect(metaConnect)[0].ClientID)
		})
	})
	t.Run("a connect that lost its place to the one whose place it took is sent again", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s, c := start(t)
			s.expect(metaConnect)
			for range 2 {
				c.Wake()
				s.say(subscribeReply, s.expect(metaSubscribe)...)
				s.current.sink.Fail(s.expect(metaConnect), anotherTookItsPlace{})
				s.say(connectReply, s.expect(metaConnect)...)
				s.expect(metaConnect)
			}
			reconnects := func(status Status) bool { return status.State == Reconnecting }
			require.False(t, slices.ContainsFunc(s.status, reconnects))
			c.Wake()
			s.say(subscribeReply, s.expect(metaSubscribe)...)
			for range mostOutrun + 1 {
				s.current.sink.Fail(s.expect(metaConnect), anotherTookItsPlace{})
			}
			synctest.Wait()
			require.Equal(t, Reconnecting, c.current().State)
			require.Equal(t, "c1", s.expect(metaConnect)[0].ClientID)
		})
	})
	t.Run("so is one that lost its place to a connect that was given up before the last answer", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s, c := start(t)
			s.expect(metaConnect)
			c.Wake()
			s.say(subscribeReply, s.expect(metaSubscribe)...)
			s.say(connectReply, s.expect(metaConnect)...)
			s.current.sink.Fail(s.expect(metaConnect), anotherTookItsPlace{})
			next := s.expect(metaConnect)
			require.Equal(t, Connected, c.current().State)
			wait(heardLate + time.Second)
			s.current.sink.Fail(next, anotherTookItsPlace{})
			synctest.Wait()
			require.Equal(t, Reconnecting, c.current().State)
		})
	})
	t.Run("a connect that lost its place, and had taken none, has failed", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s, c := start(t)
			s.current.sink.Fail(s.expect(metaConnect), anotherTookItsPlace{})
			synctest.Wait()
			require.Equal(t, Reconnecting, c.current().State)
		})
	})
	t.Run("a dead connection of the browser's is passed over", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s, c := start(t)
			held := s.expect(metaConnect)
			c.AddWaiters(1)
			s.current.sink.Fail(held, errors.New("reset"))
			var short []Message
			for i := range mostShort {
				short = s.expect(metaConnect)
				begun := time.Now()
				require.Equal(t, string(short[0].ID), <-s.current.cancelled)
				require.Equal(t, time.Second<<i, time.Since(begun))
			}
			begun := time.Now()
			last := s.expect(metaConnect)
			require.Zero(t, time.Since(begun), "at once")
			require.JSONEq(t, `{"ack":0}`, string(last[0].Ext))
			s.say(connectReply, short...) // too late: it was given up
			synctest.Wait()
			require.Equal(t, Reconnecting, c.current().State)
			s.current.sink.Fail(last, anotherTookItsPlace{}) // one that was given up has come to the server after it
			last = s.expect(metaConnect)
			require.Zero(t, time.Since(begun), "at once")
			wait(5 * time.Second) // a slow network: the last may take its time
			s.say(connectReply, last...)
			s.expect(metaConnect)
			require.Equal(t, Connected, c.current().State)
			require.Equal(t, 1, c.current().Session)
		})
	})
	t.Run("a connect that is under way is given up sooner for who comes to wait", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s, c := start(t)
			s.current.sink.Fail(s.expect(metaConnect), errors.New("reset"))
			late := s.expect(metaConnect)
			wait(2 * time.Second)
			c.AddWaiters(1)
			from := time.Now()
			require.Equal(t, string(late[0].ID), <-s.current.cancelled)
			require.Equal(t, time.Second, time.Since(from))
			s.say(connectReply, s.expect(metaConnect)...)
			s.expect(metaConnect)
			require.Equal(t, Connected, c.current().State)
			require.Equal(t, 1, c.current().Session)
		})
	})
	t.Run("backoff stays short while somebody waits", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s, c := start(t)
			c.AddWaiters(1)
			for range 5 {
				s.current.sink.Fail(s.expect(metaConnect), errors.New("status 502"))
				synctest.Wait()
				require.LessOrEqual(t, c.current().RetryIn, 2*time.Second)
			}
		})
	})
	t.Run("one that gets no reply is given up alone", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s, c := start(t)
			held := s.expect(metaConnect)
			require.Equal(t, string(held[0].ID), <-s.current.cancelled) // after timeout and network delay
			synctest.Wait()
			require.Equal(t, Reconnecting, c.current().State)
			select {
			case <-s.current.closed:
				t.Fatal("the connection was closed")
			default:
			}
			require.Equal(t, "c1", s.expect(metaConnect)[0].ClientID)
		})
	})
	t.Run("blocked cookies are named", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			s.name, s.requests = longPolling, true
			c := s.client()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- c.Connect(ctx) }()
			s.connection()
			for range 2 {
				s.say(handshakeReply, s.expect(metaHandshake)...)
				s.say(connect402, s.expect(metaConnect)...)
			}
			require.ErrorContains(t, <-done, "BAYEUX_BROWSER")
		})
	})
	t.Run("a balancer that sends only some requests to another server is named", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			s.name, s.requests = longPolling, true
			c := s.client()
			hears(t, c, "/a")
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- c.Connect(ctx) }()
			s.connection()
			for range 2 {
				s.say(handshakeReply, s.expect(metaHandshake)...)
				subscribe := s.expect(metaSubscribe)
				s.say(connectReply, s.expect(metaConnect)...)
				s.say(subscribe402, subscribe...)
			}
			require.ErrorContains(t, <-done, "sticky sessions")
		})
	})
	t.Run("a server that advises a new session after each one is not taken for that", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s, c := polled(t, false)
			for range 3 {
				s.say(strings.Replace(connectReply, `}]`, `,"advice":{"reconnect":"handshake"}}]`, 1), s.expect(metaConnect)...)
				s.session()
			}
			require.NotContains(t, fmt.Sprintf("%v", s.status), "BAYEUX_BROWSER")
			require.Contains(t, fmt.Sprintf("%v", s.status), "advised a new handshake")
			require.Equal(t, Connected, c.current().State)
		})
	})
}

func TestWake(t *testing.T) {
	t.Run("probes at once", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			c, _ := waitedFor(t, s)
			start := time.Now()
			c.Wake()
			s.say(subscribeReply, s.expect(metaSubscribe)...)
			require.Zero(t, time.Since(start))
		})
	})
	t.Run("does not wait for the next attempt", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			c, _ := waitedFor(t, s)
			s.down.Store(true)
			s.current.sink.Lose(errors.New("reset"))
			wait(20 * time.Second)
			s.down.Store(false)
			synctest.Wait()
			start := time.Now()
			c.Wake()
			s.connection()
			require.Zero(t, time.Since(start))
		})
	})
}

// unauthorized is an error that only signing in again can help.
type unauthorized struct{}

func (unauthorized) Error() string      { return "HTTP 401" }
func (unauthorized) Unauthorized() bool { return true }

func TestUnauthorizedRequestLeadsToSigningIn(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		require.Len(t, s.prepare, 1)
		s.current.sink.Fail(s.expect(metaConnect), unauthorized{})
		again := s.expect(metaConnect)
		require.Len(t, s.prepare, 2)
		require.Equal(t, "c1", again[0].ClientID, "the server may hold something for the session")
		s.current.sink.Fail(again, unauthorized{})
		s.expect(metaHandshake)
		require.Len(t, s.prepare, 3)
	})
}

// leaveMeAlone is an error with which a server asks for a pause.
type leaveMeAlone time.Duration

func (leaveMeAlone) Error() string               { return "HTTP 503" }
func (e leaveMeAlone) RetryAfter() time.Duration { return time.Duration(e) }

func TestServerIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	for name, test := range map[string]struct{ asked, granted time.Duration }{
		"some seconds": {7 * time.Second, 7 * time.Second},
		"too long":     {time.Hour, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				c, held := waitedFor(t, s)
				s.current.sink.Fail(held, leaveMeAlone(test.asked))
				failed := time.Now()
				synctest.Wait()
				c.Wake()
				c.AddWaiters(1)
				synctest.Wait()
				require.Equal(t, Reconnecting, c.current().State)
				if test.granted > c.opts.MaxNetworkDelay {
					s.connection() // the other has been silent for too long by then
				}
				if test.granted > c.plan.lifetime() {
					s.expect(metaHandshake)
				} else {
					s.expect(metaConnect)
				}
				require.Equal(t, test.granted+time.Second, time.Since(failed), "and the backoff")
			})
		})
	}
}

func TestNextAttemptIsMadeSoonerForWhoComesToWait(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c, _ := waitedFor(t, s)
		c.AddWaiters(-1)
		s.down.Store(true)
		s.current.sink.Lose(errors.New("reset"))
		wait(time.Hour)
		synctest.Wait()
		require.Equal(t, time.Minute, c.current().RetryIn)
		s.down.Store(false)
		c.AddWaiters(1)
		begun := time.Now()
		s.connection()
		require.LessOrEqual(t, time.Since(begun), 2*time.Second)
	})
}

func TestBrokenFrameWithAcknowledgedDelivery(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c, _ := waitedFor(t, s)
		s.say(`[{"channel":"/a","data":1},{"channel":"/meta/conn`) // what is in it will come again
		synctest.Wait()
		require.Equal(t, Reconnecting, c.current().State)
		require.ErrorContains(t, c.current().Reason, "cut short")
		s.connection()
		require.Equal(t, "c1", s.expect(metaConnect)[0].ClientID)
	})
}

func TestRefusedConnectionLeadsToSigningIn(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		waitedFor(t, s)
		s.down.Store(true) // as when the cookie is not valid any more
		s.current.sink.Lose(errors.New("reset"))
		wait(1500 * time.Millisecond)
		synctest.Wait()
		require.Len(t, s.prepare, 1)
		s.down.Store(false)
		s.connection()
		require.Len(t, s.prepare, 2)
		require.Equal(t, "c1", s.expect(metaConnect)[0].ClientID, "over the same session")
	})
}

func TestSubscribeWhileConnecting(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		go c.Connect(t.Context())
		s.connection()
		s.say(handshakeReply, s.expect(metaHandshake)...)
		first := s.expect(metaConnect)
		done := make(chan error, 1)
		go func() {
			_, err := c.Subscribe(t.Context(), "/a", func(Message) {})
			done <- err
		}()
		s.say(subscribeReply, s.expect(metaSubscribe)...)
		require.NoError(t, <-done)
		s.silent() // no second connect
		s.say(connectReply, first...)
		s.expect(metaConnect)
	})
}
