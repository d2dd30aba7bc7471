package bayeux

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// kept answers what has the server keep the session, and returns how much of that there was.
func (s *server) kept() (n int) {
	s.t.Helper()
	for {
		synctest.Wait()
		select {
		case m := <-s.current.sent:
			require.Equal(s.t, metaSubscribe, m[0].Channel)
			s.say(subscribeReply, m...)
			n++
		default:
			return n
		}
	}
}

// arrive has bytes of a reply arrive for d, and returns the longest time for which the
// server has heard nothing meanwhile, from the first byte on.
func (s *server) arrive(reply []Message, d time.Duration) (longest time.Duration) {
	s.t.Helper()
	heard := time.Now()
	for end := time.Now().Add(d); time.Now().Before(end); {
		s.current.sink.Progress(reply)
		wait(100 * time.Millisecond)
		longest = max(longest, time.Since(heard))
		if s.kept() > 0 {
			heard = time.Now()
		}
	}
	return longest
}

func TestReplyThatArrivesSlowly_TheServerHearsOfTheSessionMeanwhile(t *testing.T) {
	for name, test := range map[string]struct {
		advice string
		most   time.Duration
	}{
		"kept for 10 s, which nobody says": {``, 3500 * time.Millisecond},
		"kept for a minute":                {`,"maxInterval":60000`, 20500 * time.Millisecond},
		"kept for less than a second":      {`,"maxInterval":500`, 1100 * time.Millisecond},
		"kept for ever":                    {`,"maxInterval":-1`, 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s, c := polled(t, false)
				s.say(strings.Replace(connectReply, `}]`, `,"advice":{"reconnect":"retry"`+test.advice+`}}]`, 1), s.expect(metaConnect)...)
				held := s.expect(metaConnect)
				wait(20 * time.Second)
				s.silent() // while nothing arrives, the server's clock stands still
				longest := s.arrive(held, 2*time.Minute)
				require.LessOrEqual(t, longest, test.most)
				require.Greater(t, longest, test.most*9/10, "no more often than needed")
				s.say(connectReply, held...)
				s.expect(metaConnect)
				wait(20 * time.Second)
				s.silent()
				require.Equal(t, Status{State: Connected, Transport: longPolling, Session: 1}, c.current())
			})
		})
	}
}

func TestReplyThatArrivesSlowly_WhatKeepsTheSessionIsNotAnswered(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, false)
		held := s.expect(metaConnect)
		c.AddWaiters(1)
		for range 200 { // 20 s
			s.current.sink.Progress(held)
			wait(100 * time.Millisecond)
		}
		for range 2 {
			require.Equal(t, string(s.expect(metaSubscribe)[0].ID), <-s.current.cancelled, "it makes way for the next")
		}
		s.say(connectReply, held...)
		s.expect(metaSubscribe)
		s.expect(metaConnect)
		require.Equal(t, Status{State: Connected, Transport: longPolling, Session: 1}, c.current())
		require.Equal(t, quiet, c.quietLimit(), "it is the line that took the time")
	})
}

func TestReplyThatArrivesSlowly_TheSessionIsGone_WhatArrivesIsTaken(t *testing.T) {
	for name, waiters := range map[string]int{"kept": 0, "probed": 1} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				s.name, s.requests = longPolling, true
				c := s.client()
				got := hears(t, c, "/a")
				s.connect(c)
				held := s.expect(metaConnect)
				c.AddWaiters(waiters)
				if waiters == 0 {
					s.current.sink.Progress(held) // its header
					s.current.sink.Progress(held)
				}
				asked := s.expect(metaSubscribe)
				s.current.sink.Progress(held)
				s.say(subscribe402, asked...)
				s.silent()
				s.say(withEvent, held...)
				s.say(connect402, s.expect(metaConnect)...)
				s.session()
				require.Equal(t, []string{"1"}, *got)
				require.Equal(t, 2, c.current().Session)
			})
		})
	}
}

func TestReplyThatStopsArriving_AnswersToOthersAreNoSignOfItsLife(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, false)
		held := s.expect(metaConnect)
		c.AddWaiters(1)
		s.arrive(held, 3200*time.Millisecond)
		last := time.Now().Add(-100 * time.Millisecond)
		s.say(subscribeReply, s.expect(metaSubscribe)...) // keeps the session
		s.say(subscribeReply, s.expect(metaSubscribe)...) // a probe
		require.Nil(t, s.expect(metaConnect)[0].Advice)   // in its place
		require.Equal(t, 3*time.Second, time.Since(last))
		c.AddWaiters(-1)
	})
}

func TestSlowFrame_TheServerHearsOfTheSessionMeanwhile(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c, held := waitedFor(t, s)
		s.delay.Store(int64(time.Second)) // a large frame is in the way of other connections
		behind := s.expect(metaSubscribe) // a probe
		for range 10 {                    // 33 s
			from := time.Now()
			behind = append(behind, s.expect(metaSubscribe)...)
			require.LessOrEqual(t, time.Since(from), 3500*time.Millisecond)
		}
		for _, m := range behind {
			s.say(subscribeReply, m)
		}
		s.say(connectReply, held...)
		s.expect(metaConnect)
		c.AddWaiters(-1)
		wait(20 * time.Second)
		for len(s.opened) > 0 {
			<-(<-s.opened).closed // the line was busy
		}
		s.silent()
		require.Equal(t, 1, c.current().Session)
	})
}

func TestSlowFrame_WithTheReplyToTheConnectOfAReconnection(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		hears(t, c, "/a")
		s.connect(c)
		s.expect(metaConnect)
		s.delay.Store(int64(time.Second))
		s.current.sink.Lose(errNoReply)
		s.connection()
		again := s.expect(metaConnect)
		for range 5 {
			from := time.Now()
			s.expect(metaSubscribe)
			require.LessOrEqual(t, time.Since(from), 3500*time.Millisecond)
		}
		s.say(connectReply, again...)
		s.expect(metaConnect)
		require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 1}, c.current())
	})
}

func TestSlowFrame_ThatTakesLongerThanASocketMayBeSilent_ArrivesAtTheNextAttempt(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		hears(t, c, "/a")
		s.connect(c)
		s.expect(metaConnect)
		s.delay.Store(int64(time.Second)) // the frame is in the way of other connections
		from := time.Now()
		s.connection()
		require.Equal(t, 42*time.Second, time.Since(from), "given up after 40 s, and opened in 1 s, after 1 s")
		s.tries.Store(0)
		again := s.expect(metaConnect)
		for end := time.After(75 * time.Second); ; {
			select {
			case m := <-s.current.sent:
				require.Equal(t, metaSubscribe, m[0].Channel)
				continue
			case <-s.current.closed:
				t.Fatal("it was given up after the same time again")
			case <-end:
			}
			break
		}
		require.LessOrEqual(t, int(s.tries.Load()), 8, "others take their share of the line")
		s.say(connectReply, again...)
		for m := range s.current.sent {
			if m[0].Channel == metaConnect {
				break
			}
		}
		require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 1}, c.current())
	})
}

func TestSlowFrame_ThatTakesLongerThanASocketMayBeSilent_IsHeardAtItsEnd(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		got := hears(t, c, "/a")
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		slow := s.connection()
		s.say(strings.Replace(handshakeReply, `"ack":true`, `"ack":false`, 1), s.expect(metaHandshake)...)
		s.say(subscribeReply, s.expect(metaSubscribe)...)
		s.say(connectReply, s.expect(metaConnect)...)
		require.NoError(t, <-done)
		s.expect(metaConnect)
		second := s.connection()
		s.say(connectReply, s.expect(metaConnect)...)
		s.expect(metaConnect)
		wait(30 * time.Second)
		slow.sink.Receive([]byte(`[{"channel":"/a","data":"slow"}]`)) // it does not come again
		synctest.Wait()
		require.Equal(t, []string{`"slow"`}, *got)
		s.current = second
		s.kept()
		<-slow.closed // at last
	})
}

// A session that has just moved from a socket that was silent, as on a slow line, has its connects held for a short time.
func TestSlowFrame_SoonAfterTheSessionHasMoved(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c, _ := waitedFor(t, s)
		s.expect(metaSubscribe)
		s.connection()
		s.say(connectReply, s.expect(metaConnect)...)
		c.AddWaiters(-1)
		m := s.expect(metaConnect)
		require.EqualValues(t, 5000, *m[0].Advice.Timeout)
		wait(30 * time.Second)
		select {
		case <-s.current.closed:
			t.Fatal("it was given up")
		default:
		}
		s.say(connectReply, m...)
		s.expect(metaConnect)
		require.Equal(t, Connected, c.current().State)
	})
}
