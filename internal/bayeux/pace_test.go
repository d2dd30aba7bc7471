package bayeux

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	multipleClients = `[{"channel":"/meta/connect","id":"%1","successful":true,"advice":{"reconnect":"retry","interval":2000,"timeout":30000,"multiple-clients":true}}]`
	withEvent       = `[{"channel":"/a","data":1},{"channel":"/meta/connect","id":"%1","successful":true}]`
)

// polled returns a client over requests, connected.
func polled(t *testing.T, guest bool) (*server, *Client) {
	s := newServer(t)
	s.name, s.requests = longPolling, true
	c := s.clientWith(Options{Transports: []Transport{s}, Guest: guest})
	hears(t, c, "/a")
	s.connect(c)
	return s, c
}

func polite(t *testing.T, m []Message) {
	t.Helper()
	require.NotNil(t, m[0].Advice, "a held request would take the place of the other client's")
	require.Zero(t, *m[0].Advice.Timeout)
}

// Its connects are answered at once; where one is not, its connection may be dead.
func TestPolite_ConnectWithoutAnswerIsReplaced(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, true)
		c.AddWaiters(1)
		dead := s.expect(metaConnect)
		polite(t, dead)
		from := time.Now()
		s.say(subscribeReply, s.expect(metaSubscribe)...) // a probe, over another connection
		require.Equal(t, 3*time.Second, time.Since(from))
		next := s.expect(metaConnect)
		polite(t, next)
		require.NotEqual(t, dead[0].ID, next[0].ID)
		require.Less(t, time.Since(from), 4*time.Second)
	})
}

func TestMultipleClients_ThisOneIsPolite(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, false)
		held := s.expect(metaConnect)
		require.Nil(t, held[0].Advice)
		s.say(multipleClients, held...)
		start := time.Now()
		next := s.expect(metaConnect)
		require.Equal(t, 2*time.Second, time.Since(start))
		polite(t, next)
		require.ErrorContains(t, c.current().Reason, "several clients")
		require.Equal(t, Connected, c.current().State)
		s.say(connectReply, next...) // which says nothing of others: that does not change it

		wait(time.Second)
		start = time.Now()
		c.AddWaiters(1)
		for range 4 {
			next = s.expect(metaConnect)
			require.LessOrEqual(t, time.Since(start), 250*time.Millisecond)
			polite(t, next)
			s.say(multipleClients, next...)
			start = time.Now()
		}
		c.AddWaiters(-1)
		s.say(multipleClients, s.expect(metaConnect)...)
		start = time.Now()
		s.expect(metaConnect)
		require.Equal(t, 2*time.Second, time.Since(start))
		require.Equal(t, 1, strings.Count(strings.Join(s.log, "\n"), "several clients"), "one warning")
		reasons := 0
		for _, status := range s.status {
			if status.State == Connected && status.Reason != nil {
				reasons++
			}
		}
		require.Equal(t, 1, reasons, "the state does not flap")
	})
}

func TestMultipleClients_TheOtherHasGone(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, false)
		s.say(multipleClients, s.expect(metaConnect)...)
		for range aloneConnects + 1 {
			m := s.expect(metaConnect)
			polite(t, m)
			s.say(connectReply, m...)
		}
		require.Nil(t, s.expect(metaConnect)[0].Advice)
		require.NoError(t, c.current().Reason)
	})
}

func TestGuest_NeverTakesTheRequest(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, true)
		for range 30 {
			m := s.expect(metaConnect)
			polite(t, m)
			s.say(connectReply, m...)
		}
		c.AddWaiters(1)
		start := time.Now()
		s.say(connectReply, s.expect(metaConnect)...)
		s.expect(metaConnect)
		require.LessOrEqual(t, time.Since(start), 500*time.Millisecond)
	})
}

func TestGuest_AsksEveryTwoSecondsWhileNobodyWaits(t *testing.T) {
	run(t, func(t *testing.T) {
		s, _ := polled(t, true)
		m := s.expect(metaConnect)
		for range 3 {
			from := time.Now()
			s.say(connectReply, m...) // the server asks for no pause
			m = s.expect(metaConnect)
			polite(t, m)
			require.Equal(t, 2*time.Second, time.Since(from))
		}
	})
}

func TestGuest_OverASocketIsAsAnyOther(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.clientWith(Options{Transports: []Transport{s}, Guest: true})
		s.connect(c)
		require.Nil(t, s.expect(metaConnect)[0].Advice)
	})
}

func TestInterval_IsShortWhileSomebodyWaits(t *testing.T) {
	const day = `[{"channel":"/meta/connect","id":"%1","successful":true,"advice":{"reconnect":"retry","interval":86400000}}]`
	for name, requests := range map[string]bool{"socket": false, "requests": true} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				s.requests = requests
				c := s.client()
				hears(t, c, "/a")
				s.connect(c)
				s.say(day, s.expect(metaConnect)...)
				start := time.Now()
				s.say(day, s.expect(metaConnect)...)
				require.Equal(t, time.Minute, time.Since(start), "bounded")
				require.ErrorContains(t, c.current().Reason, "24h0m0s")
				synctest.Wait()
				wait(10 * time.Second)
				start = time.Now()
				c.AddWaiters(1)
				for range 3 {
					m := s.expect(metaConnect)
					require.LessOrEqual(t, time.Since(start), 2*time.Second)
					s.say(day, m...)
					start = time.Now()
				}
				require.Equal(t, 1, strings.Count(strings.Join(s.log, "\n"), "24h0m0s"))
			})
		})
	}
}

func TestConnectsAnsweredAtOnce_AreFollowedByPauses(t *testing.T) {
	for name, tt := range map[string]struct {
		reply string
		most  int // connects in 3 s
	}{
		"nothing":                        {connectReply, mostAtOnce + 14},
		"an event that nobody asked for": {strings.Replace(withEvent, `"/a"`, `"/other"`, 1), mostAtOnce + 14},
		"an event for somebody":          {withEvent, connectBurst + 310},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s, c := polled(t, false)
				c.AddWaiters(1)
				connects := 0
				for end := time.After(3 * time.Second); ; {
					select {
					case m := <-s.current.sent:
						if m[0].Channel == metaConnect {
							connects++
							wait(time.Microsecond)
							s.say(tt.reply, m...)
						} else {
							s.say(subscribeReply, m...)
						}
						continue
					case <-end:
					}
					break
				}
				require.LessOrEqual(t, connects, tt.most)
				require.Greater(t, connects, mostAtOnce)
			})
		})
	}
}

func TestAdviceInAnEvent_CountsForNothing(t *testing.T) {
	for _, advice := range []string{`{"reconnect":"none"}`, `{"reconnect":"handshake"}`, `{"interval":-1}`, `{"interval":60000}`, `{"timeout":0}`, `{"multiple-clients":true}`} {
		t.Run(advice, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s, c := polled(t, false)
				held := s.expect(metaConnect)
				before := c.plan
				s.say(`[{"channel":"/a","data":1,"advice":` + advice + `},{"channel":"/x","data":1,"advice":` + advice + `},{"channel":"/x","advice":` + advice + `}]`)
				synctest.Wait()
				require.Equal(t, before, c.plan)
				start := time.Now()
				s.say(connectReply, held...)
				require.Nil(t, s.expect(metaConnect)[0].Advice)
				require.Zero(t, time.Since(start))
				require.Equal(t, Status{State: Connected, Transport: longPolling, Session: 1}, c.current())
			})
		})
	}
}

func TestReplyThatIsArriving_IsNeitherGivenUpNorAskedForAgain(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, false)
		held := s.expect(metaConnect)
		c.AddWaiters(1)
		for range 200 { // 100 s: longer than any limit
			s.current.sink.Progress(held)
			wait(500 * time.Millisecond)
			s.kept()
		}
		s.silent()
		s.say(connectReply, held...)
		s.expect(metaConnect)
		require.Empty(t, s.current.cancelled)
		require.Equal(t, Connected, c.current().State)
	})
}

func TestReplyThatIsArriving_IsNotAskedForAgainWhenThePageWakes(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, false)
		held := s.expect(metaConnect)
		s.current.sink.Progress(held) // its header
		s.current.sink.Progress(held)
		c.Wake()
		s.say(subscribeReply, s.expect(metaSubscribe)...)
		s.silent()
		wait(4 * time.Second) // nothing more comes
		s.kept()
		c.Wake()
		s.say(subscribeReply, s.expect(metaSubscribe)...)
		s.expect(metaConnect)
	})
}

func TestReplyThatIsArriving_ToAShortConnect(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, false)
		c.AddWaiters(1)
		s.current.sink.Fail(s.expect(metaConnect), errors.New("reset"))
		again := s.expect(metaConnect)
		for range 20 {
			s.current.sink.Progress(again)
			wait(900 * time.Millisecond)
			s.kept()
		}
		s.say(connectReply, again...)
		s.expect(metaConnect)
		require.Empty(t, s.current.cancelled)
	})
}

func TestTimerThatFiresLate_LeavesTimeForWhatHasArrived(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		held := s.expect(metaConnect)
		x := c.link.underWay(metaConnect)
		ran := make(chan struct{})
		c.box.put(func() {
			x.due = x.due.Add(-45 * time.Second) // as if the page had been frozen for that long
			x.over()
			close(ran)
		})
		<-ran
		require.Equal(t, Reconnecting, c.current().State)
		s.say(connectReply, held...) // of before
		next := s.expect(metaConnect)
		require.Zero(t, *next[0].Advice.Timeout)
		require.Equal(t, Reconnecting, c.current().State)
		s.say(connectReply, next...)
		require.Nil(t, s.expect(metaConnect)[0].Advice)
		require.Equal(t, Connected, c.current().State)
	})
}

func TestConnectThatIsLate_TheSessionMayBeGone(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, true)
		s.say(connectReply, s.expect(metaConnect)...)
		synctest.Wait()
		require.Equal(t, Connected, c.current().State)
		c.box.put(func() { c.repliedAt = c.repliedAt.Add(-9 * time.Second) }) // as if the page had been frozen in the pause
		next := s.expect(metaConnect)
		require.Equal(t, Reconnecting, c.current().State)
		s.say(connectReply, next...)
		synctest.Wait()
		require.Equal(t, Connected, c.current().State)
		s.say(connectReply, s.expect(metaConnect)...)
		synctest.Wait()
		require.Equal(t, Connected, c.current().State)
	})
}

func TestReplyThatIsArriving_IsNotAskedForAgainOnceAProbeIsAnswered(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, false)
		held := s.expect(metaConnect)
		c.AddWaiters(1)
		probe := s.expect(metaSubscribe)
		s.current.sink.Progress(held)
		s.say(subscribeReply, probe...)
		s.silent()
		s.say(connectReply, held...)
		s.expect(metaConnect)
	})
}

func TestReplyThatStopsArriving_IsAskedForAgain(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, false)
		held := s.expect(metaConnect)
		c.AddWaiters(1)
		s.current.sink.Progress(held)
		from := time.Now()
		s.say(subscribeReply, s.expect(metaSubscribe)...)
		require.Nil(t, s.expect(metaConnect)[0].Advice) // in its place
		require.Equal(t, 3*time.Second, time.Since(from))
		c.AddWaiters(-1)
	})
}

func TestCall_DoesNotAskAQuietServerAtOnce(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, false)
		s.expect(metaConnect)
		wait(20 * time.Second)
		c.AddWaiters(1)
		s.silent()
		wait(2900 * time.Millisecond)
		s.silent()
		s.expect(metaSubscribe)
	})
}

func TestMultipleClients_MattersToRequestsOnly(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		socket.down.Store(true)
		c := socket.client(polling)
		go c.Connect(t.Context())
		polling.connection()
		polling.session()
		polling.say(multipleClients, polling.expect(metaConnect)...)
		synctest.Wait()
		require.ErrorContains(t, c.current().Reason, "several clients")
		go polling.holds(time.Second)
		socket.down.Store(false)
		socket.connection()
		socket.say(connectReply, socket.expect(metaConnect)...)
		synctest.Wait()
		require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 1}, c.current())
	})
}

func TestWake_InAPauseThatTheServerWants_AsksForEventsAsWell(t *testing.T) {
	run(t, func(t *testing.T) {
		const day = `[{"channel":"/meta/connect","id":"%1","successful":true,"advice":{"reconnect":"retry","interval":86400000}}]`
		s, c := polled(t, false)
		c.AddWaiters(1)
		s.say(day, s.expect(metaConnect)...)
		wait(time.Second) // of two
		from := time.Now()
		c.Wake()
		s.expect(metaConnect)
		s.expect(metaSubscribe) // and whether the server is there
		require.Zero(t, time.Since(from))
	})
}

func TestConnectsAnsweredAtOnce_PausesAreShortWhileSomebodyWaits(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, false)
		next := func() time.Duration {
			from := time.Now()
			s.say(connectReply, s.expect(metaConnect)...)
			return time.Since(from)
		}
		for range mostAtOnce + 1 {
			require.Zero(t, next())
		}
		require.Equal(t, reallyHeld, next())
		synctest.Wait()
		c.AddWaiters(1)
		for range 3 {
			require.Equal(t, politePause, next())
		}
	})
}

// Some servers, and what stands before them, send the header of a reply before they hold the rest.
func TestHeader_OfAReplyThatIsHeld_IsNotTheReply(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, false)
		for range 2 {
			held := s.expect(metaConnect)
			wait(100 * time.Millisecond)
			s.current.sink.Progress(held)
			wait(30 * time.Second)
			s.silent() // nothing arrives for which the session would have to be kept
			s.say(connectReply, held...)
		}
		s.expect(metaConnect)
		require.Empty(t, s.current.cancelled)
		require.Equal(t, Connected, c.current().State)
	})
}

// cut has a held connect end after that time, as a proxy does.
func (s *server) cut(after time.Duration) {
	s.t.Helper()
	m := s.expect(metaConnect)
	wait(after)
	if s.requests {
		s.current.sink.Fail(m, errors.New("HTTP 504"))
	} else {
		s.current.sink.Lose(errors.New("close code 1006"))
		s.connection()
	}
	s.say(connectReply, s.expect(metaConnect)...)
}

func TestHeldConnects_EndTwiceAfterTheSameTime_TheNextAreHeldForLess(t *testing.T) {
	for name, requests := range map[string]bool{"socket": false, "requests": true} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				s.requests = requests
				c := s.client()
				s.connect(c)
				s.cut(12 * time.Second) // as any connection may break
				s.cut(7 * time.Second)
				m := s.expect(metaConnect)
				held(t, m)
				wait(20 * time.Second)
				s.say(connectReply, m...)
				s.cut(7200 * time.Millisecond)
				m = s.expect(metaConnect)
				require.EqualValues(t, 5400, *m[0].Advice.Timeout)
				wait(5400 * time.Millisecond)
				s.say(connectReply, m...)
				s.say(connect402, s.expect(metaConnect)...)
				s.session()
				held(t, s.expect(metaConnect)) // whoever has the next session may see to it
			})
		})
	}
}
