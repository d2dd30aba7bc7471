package bayeux

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// before is a session that another client has left behind on a server.
func before() *SavedSession {
	return &SavedSession{ClientID: "c0", Transport: "websocket", Ack: true, Batch: 6, Channels: []string{"/a"}}
}

func (s *server) resuming(saved *SavedSession, more ...Transport) *Client {
	return s.clientWith(Options{Transports: append([]Transport{s}, more...), Resume: func() *SavedSession { return saved }})
}

func TestResumeGoesOnWithTheSession(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.resuming(before())
		a, b := hears(t, c, "/a"), hears(t, c, "/b")
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		s.connection()
		require.Len(t, s.prepare, 1, "the program that was signed in is gone")

		subscriptions := s.expect(metaSubscribe) // without a handshake
		require.Equal(t, "/b", subscriptions[0].Subscription, "the one that the server does not have")
		require.Equal(t, "c0", subscriptions[0].ClientID)
		s.say(subscribeReply, subscriptions...)
		first := s.expect(metaConnect)
		require.Equal(t, "c0", first[0].ClientID)
		require.JSONEq(t, `{"ack":6}`, string(first[0].Ext), "what came before is not sent again")
		require.Zero(t, *first[0].Advice.Timeout)
		s.say(`[{"channel":"/a","data":1},{"channel":"/b","data":2},{"channel":"/meta/connect","id":"%1","successful":true,"ext":{"ack":7}}]`, first...)
		require.NoError(t, <-done)
		require.JSONEq(t, `{"ack":7}`, string(s.expect(metaConnect)[0].Ext))
		require.Equal(t, []string{"1"}, *a)
		require.Equal(t, []string{"2"}, *b)
		require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 1}, c.current())

		s.current.sink.Lose(errors.New("reset")) // it is a session as any other
		s.connection()
		require.Equal(t, "c0", s.expect(metaConnect)[0].ClientID)
	})
}

func TestResumeOverTheTransportOfTheSession(t *testing.T) {
	run(t, func(t *testing.T) {
		polling, socket := newServer(t), newServer(t)
		polling.name = longPolling
		saved := before()
		saved.Transport = longPolling
		c := socket.resuming(saved, polling)
		hears(t, c, "/a")
		go c.Connect(t.Context())
		polling.connection()
		polling.say(connectReply, polling.expect(metaConnect)...)
		held := polling.expect(metaConnect)
		require.Equal(t, longPolling, c.current().Transport)
		polling.say(connect402, held...) // and the next one is made over it, as after any other that worked
		polling.expect(metaHandshake)
	})
}

func TestSessionThatCannotBeResumedIsMadeAnew(t *testing.T) {
	for name, play := range map[string]func(*testing.T, *server){
		"unknown to CometD": func(_ *testing.T, s *server) { s.say(connect402, s.expect(metaConnect)...) },
		"unknown to Faye": func(_ *testing.T, s *server) {
			s.say(`[{"channel":"/meta/connect","id":"%1","successful":false,"error":"401:c0:Unknown client","advice":{"reconnect":"handshake"}}]`, s.expect(metaConnect)...)
		},
		"refused for any other reason": func(_ *testing.T, s *server) {
			s.say(`[{"channel":"/meta/connect","id":"%1","successful":false,"error":"500::odd","advice":{"reconnect":"none"}}]`, s.expect(metaConnect)...)
		},
		"not answered": func(t *testing.T, s *server) {
			s.expect(metaConnect)
			start := time.Now()
			s.connection() // a socket that keeps silent on one message does so on all
			require.Equal(t, 5*time.Second, time.Since(start), "half of what the caller has")
		},
		"lost twice": func(_ *testing.T, s *server) {
			s.expect(metaConnect)
			s.current.sink.Lose(errors.New("reset"))
			s.connection()
			require.Equal(s.t, "c0", s.expect(metaConnect)[0].ClientID, "the first time it is tried again")
			s.current.sink.Lose(errors.New("reset"))
			s.connection()
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				c := s.resuming(before())
				heard := hears(t, c, "/a")
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				done := make(chan error, 1)
				go func() { done <- c.Connect(ctx) }()
				s.connection()
				play(t, s)
				s.session() // with the subscription
				require.NoError(t, <-done)
				s.say(`[{"channel":"/a","data":1}]`)
				synctest.Wait()
				require.Equal(t, []string{"1"}, *heard)
				require.Equal(t, "c1", s.expect(metaConnect)[0].ClientID)
				require.Contains(t, strings.Join(s.log, "\n"), "the session of before cannot be resumed: ")
			})
		})
	}
}

func TestResumeWithASubscriptionThatIsRefused(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.resuming(before())
		hears(t, c, "/b")
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		s.connection()
		const refusal = `[{"channel":"/meta/subscribe","id":"%1","successful":false,"error":"403::denied"}]`
		s.say(refusal, s.expect(metaSubscribe)...)
		s.say(handshakeReply, s.expect(metaHandshake)...)
		s.say(refusal, s.expect(metaSubscribe)...)
		require.ErrorAs(t, <-done, new(*SubscribeError))
	})
}

func TestResumeWhatCannotBe(t *testing.T) {
	for name, change := range map[string]func(*SavedSession){
		"no client id":           func(s *SavedSession) { s.ClientID = "" },
		"a client id too long":   func(s *SavedSession) { s.ClientID = strings.Repeat("x", maxClientID+1) },
		"a transport not wanted": func(s *SavedSession) { s.Transport = longPolling },
		"an impossible batch":    func(s *SavedSession) { s.Batch = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				saved := before()
				change(saved)
				c := s.resuming(saved)
				s.connect(c) // with a handshake
				require.Equal(t, Connected, c.current().State)
			})
		})
	}
}

func TestResumeWhereTheTransportDoesNotWorkAnyMore(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := newServer(t), newServer(t)
		polling.name = longPolling
		socket.down.Store(true)
		c := socket.resuming(before(), polling)
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		polling.connection()
		polling.session() // a session of its own: one goes with its transport
		require.NoError(t, <-done)
	})
}

func TestResumeUnauthorized(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.resuming(before())
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		s.connection()
		s.expect(metaConnect)
		s.current.sink.Lose(unauthorized{})
		s.connection()
		require.Equal(t, "c0", s.expect(metaConnect)[0].ClientID, "signed in once more, for the session")
		s.current.sink.Lose(unauthorized{})
		s.connection()
		s.session()
		require.NoError(t, <-done)
		require.GreaterOrEqual(t, len(s.prepare), 2)
	})
}

func TestClosingWhileResumingLeavesTheSessionAlone(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.resuming(before())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- c.Connect(ctx) }()
		s.connection()
		s.expect(metaConnect)
		cancel()
		require.ErrorAs(t, <-done, new(*ConnectError))
		c.Close(t.Context())
		<-s.current.closed
		require.Empty(t, s.current.sent, "a disconnect would discard what the next attempt may still get")
	})
}

// saves takes what a client has saved, and says when that is safe.
type saves struct {
	list []SavedSession
	done func()
}

func (s *saves) save(saved SavedSession, done func()) {
	s.list = append(s.list, saved)
	s.done = done
}

func (s *saves) last() *SavedSession { return &s.list[len(s.list)-1] }

func TestSaveComesBeforeEachConnectThatSaysMore(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		var saved saves
		c := s.clientWith(Options{Transports: []Transport{s}, Save: saved.save})
		hears(t, c, "/a")
		connected := make(chan error, 1)
		go func() { connected <- c.Connect(t.Context()) }()
		s.connection()
		s.say(handshakeReply, s.expect(metaHandshake)...)
		subscribe, first := s.expect(metaSubscribe), s.expect(metaConnect) // which acknowledges nothing
		require.Empty(t, saved.list)
		s.say(subscribeReply, subscribe...)
		s.say(`[{"channel":"/meta/connect","id":"%1","successful":true,"ext":{"ack":1}}]`, first...)
		require.NoError(t, <-connected)
		s.silent()
		require.Equal(t, []SavedSession{{ClientID: "c1", Transport: "websocket", Ack: true, Batch: 1, Channels: []string{"/a"}}}, saved.list)
		saved.done()
		saved.done() // which changes nothing
		s.say(`[{"channel":"/meta/connect","id":"%1","successful":true,"ext":{"ack":2}}]`, s.expect(metaConnect)...)
		s.silent()
		require.Equal(t, int64(2), saved.last().Batch)
		saved.done()
		s.say(`[{"channel":"/meta/connect","id":"%1","successful":true,"ext":{"ack":2}}]`, s.expect(metaConnect)...)
		s.expect(metaConnect)
		require.Len(t, saved.list, 2, "nothing has changed")

		s.current.sink.Lose(errors.New("reset"))
		s.connection()
		s.say(connect402, s.expect(metaConnect)...)
		s.session()
		s.silent()
		require.Equal(t, int64(0), saved.last().Batch, "of the new session")
		s.current.sink.Lose(errors.New("reset")) // while it is being saved
		saved.done()
		s.connection()
		s.expect(metaConnect)
		require.Len(t, saved.list, 3)
	})
}

// The next connect may be a while away; a request that is sent until then, and a page that dies, are not.
func TestSave_NewSessionIsSavedOnceItIsConnected(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		var saved saves
		c := s.clientWith(Options{Transports: []Transport{s}, Save: saved.save})
		hears(t, c, "/a")
		connected := make(chan error, 1)
		go func() { connected <- c.Connect(t.Context()) }()
		s.connection()
		s.say(handshakeReply, s.expect(metaHandshake)...)
		subscribe, first := s.expect(metaSubscribe), s.expect(metaConnect)
		s.say(subscribeReply, subscribe...)
		from := time.Now()
		s.say(`[{"channel":"/meta/connect","id":"%1","successful":true,"advice":{"interval":2000}}]`, first...)
		require.NoError(t, <-connected)
		require.Len(t, saved.list, 1)
		require.Equal(t, []string{"/a"}, saved.last().Channels)
		saved.done()
		s.expect(metaConnect)
		require.Equal(t, 2*time.Second, time.Since(from), "the pause is kept")
		require.Len(t, saved.list, 1)
	})
}

// A batch must not be acknowledged to the server before its events are safe: a
// page that is reloaded in between would have lost them.
func TestReloadBeforeTheEventsAreSafe(t *testing.T) {
	for name, safe := range map[string]bool{"the server sends them again": false, "they are not needed again": true} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				var saved saves
				c := s.clientWith(Options{Transports: []Transport{s}, Resume: before, Save: saved.save})
				heard := hears(t, c, "/a")
				go c.Connect(t.Context())
				s.connection()
				synctest.Wait()
				saved.done()
				s.say(`[{"channel":"/meta/connect","id":"%1","successful":true,"ext":{"ack":6}}]`, s.expect(metaConnect)...)
				held := s.expect(metaConnect)
				kept := *saved.last()
				s.say(`[{"channel":"/a","data":1},{"channel":"/meta/connect","id":"%1","successful":true,"ext":{"ack":7}}]`, held...)
				s.silent() // no connect says that batch 7 has arrived
				require.Equal(t, []string{"1"}, *heard, "it was handled before its number was to be saved")
				require.Equal(t, int64(7), saved.last().Batch)
				want := `{"ack":6}`
				if safe {
					kept, want = *saved.last(), `{"ack":7}`
				}

				// The page is reloaded: nothing of the client is left, nothing said.
				next := s.resuming(&kept)
				go next.Connect(t.Context())
				s.connection()
				again := s.expect(metaConnect)
				require.Equal(t, "c0", again[0].ClientID)
				require.JSONEq(t, want, string(again[0].Ext))
			})
		})
	}
}

func TestSavePanics(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.clientWith(Options{Transports: []Transport{s}, Save: func(SavedSession, func()) { panic("oh") }})
		s.connect(c)
		require.Contains(t, strings.Join(s.log, "\n"), "Save panicked: oh")
	})
}

func TestConnectReplyBeforeItsEvents_SavedWithThem(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		var order []string
		c := s.clientWith(Options{Transports: []Transport{s}, Save: func(_ SavedSession, done func()) { order = append(order, "saved"); done() }})
		_, err := c.Subscribe(t.Context(), "/a", func(Message) { order = append(order, "event") })
		require.NoError(t, err)
		s.connect(c)
		order = nil
		s.say(`[{"channel":"/meta/connect","id":"%1","successful":true,"ext":{"ack":1}},{"channel":"/a","data":1}]`, s.expect(metaConnect)...)
		s.expect(metaConnect)
		require.Equal(t, []string{"event", "saved"}, order)
	})
}

func TestResumeGivenUpForTheNetwork_WhatTheServerHoldsIsFetchedLater(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		s.down.Store(true)
		c := s.resuming(before())
		heard := hears(t, c, "/a")
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		wait(4 * time.Second)
		s.down.Store(false)
		for fetched, connected := false, false; !fetched || !connected; {
			l := s.connection()
			m := <-l.sent
			switch {
			case m[0].Channel == metaHandshake:
				s.say(handshakeReply, m...)
				for _, m := range s.expect(metaSubscribe) {
					s.say(subscribeReply, m)
				}
				s.say(connectReply, s.expect(metaConnect)...)
				synctest.Wait()
				connected = true
			default:
				require.Equal(t, "c0", m[0].ClientID)
				require.JSONEq(t, `{"ack":6}`, string(m[0].Ext))
				s.say(`[{"channel":"/a","data":"kept"},{"channel":"/meta/connect","id":"%1","successful":true}]`, m...)
				require.Equal(t, "c0", s.expect(metaDisconnect)[0].ClientID)
				fetched = true
			}
		}
		require.Equal(t, []string{`"kept"`}, *heard)
		require.NoError(t, <-done)
	})
}
