package bayeux

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// What CometD's own JavaScript client is tested for, where no other test of
// ours says it. CONFORMANCE.md has the whole list.

const (
	// deleted is how CometD answers a message that an extension has dropped.
	connectDeleted   = `[{"channel":"/meta/connect","id":"%1","successful":false,"error":"404::message_deleted"}]`
	subscribeDeleted = `[{"channel":"/meta/subscribe","id":"%1","successful":false,"error":"404::message_deleted"}]`
	disconnectReply  = `[{"channel":"/meta/disconnect","id":"%1","successful":true}]`
)

// hears makes the client subscribe to channel before it connects, and returns
// what it hears there.
func hears(t *testing.T, c *Client, channel string) *[]string {
	t.Helper()
	got := new([]string)
	_, err := c.Subscribe(t.Context(), channel, func(m Message) { *got = append(*got, string(m.Data)) })
	require.NoError(t, err)
	return got
}

// over asserts that the client is closed for this reason, and that nothing
// comes from it any more, however long one waits.
func (s *server) over(c *Client, reason error) {
	s.t.Helper()
	<-s.current.closed
	wait(time.Hour)
	s.silent()
	require.Equal(s.t, Closed, c.current().State)
	require.ErrorIs(s.t, c.current().Reason, reason)
}

func TestAcknowledgedDeliveryIsNegotiated(t *testing.T) {
	reply := func(ext string) string {
		return `[{"channel":"/meta/handshake","id":"%1","successful":true,"clientId":"c1"` + ext + `}]`
	}
	for name, test := range map[string]struct{ ext, want string }{
		"granted":              {`,"ext":{"ack":true}`, `{"ack":0}`},
		"granted from a batch": {`,"ext":{"ack":{"enabled":true,"batch":5}}`, `{"ack":5}`},
		"refused":              {`,"ext":{"ack":false}`, ""},
		"refused by an object": {`,"ext":{"ack":{"enabled":false,"batch":5}}`, ""},
		"not known":            {"", ""},
		"not understood":       {`,"ext":["ack"]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				c := s.client()
				go c.Connect(t.Context())
				s.connection()
				s.say(reply(test.ext), s.expect(metaHandshake)...)
				m := s.expect(metaConnect)
				require.Equal(t, test.want, string(m[0].Ext))

				next := func(want string) {
					m = s.expect(metaConnect)
					if test.want == "" {
						want = ""
					}
					require.Equal(t, want, string(m[0].Ext))
				}
				s.say(`[{"channel":"/meta/connect","id":"%1","successful":true,"ext":{"ack":9}}]`, m...)
				next(`{"ack":9}`)
				s.say(connectReply, m...)
				next(`{"ack":9}`) // a reply without a number changes nothing
				s.say(`[{"channel":"/meta/connect","id":"%1","successful":false,"error":"500::","ext":{"ack":12}}]`, m...)
				next(`{"ack":9}`) // and one that failed delivered nothing
			})
		})
	}
}

func TestHandshakeWithoutAdvice(t *testing.T) {
	run(t, func(t *testing.T) {
		const reply = `[{"channel":"/meta/handshake","id":"%1","successful":true,"clientId":"c1"}]`
		s := newServer(t)
		c := s.client()
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		s.connection()
		start := time.Now()
		s.say(reply, s.expect(metaHandshake)...)
		s.say(connect402, s.expect(metaConnect)...) // the session has gone already
		s.say(reply, s.expect(metaHandshake)...)
		s.say(connectReply, s.expect(metaConnect)...)
		require.NoError(t, <-done)
		require.Zero(t, time.Since(start))
		require.Equal(t, 2, c.current().Session)
	})
}

func TestCharactersOfAnyScript(t *testing.T) {
	run(t, func(t *testing.T) {
		const all = "ж Θ א ل と ⻢ 😀 <&>\u2028"
		s := newServer(t)
		c := s.client()
		var got []string
		_, err := c.Subscribe(t.Context(), "/вызовы", func(m Message) {
			var text string
			require.NoError(t, json.Unmarshal(m.Data, &text))
			got = append(got, m.Channel, text)
		})
		require.NoError(t, err)
		go c.Connect(t.Context())
		s.connection()
		s.say(handshakeReply, s.expect(metaHandshake)...)
		require.Equal(t, "/вызовы", s.expect(metaSubscribe)[0].Subscription)
		s.say(`[{"channel":"/вызовы","data":"` + all + `"}]`)
		s.say(`[{"channel":"/\u0432\u044b\u0437\u043e\u0432\u044b","data":"\u0436 \u0398 \u05d0 \u0644 \u3068 \u2ee2 \ud83d\ude00 \u003c\u0026\u003e\u2028"}]`)
		synctest.Wait()
		require.Equal(t, []string{"/вызовы", all, "/вызовы", all}, got)
	})
}

// An HTTP response without a body answers nothing: its transport passes it on,
// and then says that what was sent has failed.
func TestEmptyResponses(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		s.name, s.requests = longPolling, true
		c := s.client()
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		start := time.Now()
		empty := func(m []Message) {
			s.say("")
			s.current.sink.Fail(m, errors.New("unanswered"))
			synctest.Wait()
		}
		s.connection()
		empty(s.expect(metaHandshake))
		<-s.current.closed
		require.Equal(t, Connecting, c.current().State)
		require.ErrorContains(t, c.current().Reason, "an empty frame")

		s.connection()
		s.say(handshakeReply, s.expect(metaHandshake)...)
		require.Equal(t, time.Second, time.Since(start))
		empty(s.expect(metaConnect))
		require.ErrorContains(t, c.current().Reason, "unanswered")
		again := s.expect(metaConnect)
		require.Equal(t, 3*time.Second, time.Since(start))
		require.Equal(t, "c1", again[0].ClientID)
		s.say(connectReply, again...)
		require.NoError(t, <-done)
	})
}

func TestConnectRefusedTwice_EndsTheSession(t *testing.T) {
	for name, reply := range map[string]string{
		"a number of no meaning":          connectDeleted,
		"words alone":                     `[{"channel":"/meta/connect","id":"%1","successful":false,"error":"the session is gone"}]`,
		"another number":                  `[{"channel":"/meta/connect","id":"%1","successful":false,"error":"403::Unknown client"}]`,
		"402, with advice to try again":   `[{"channel":"/meta/connect","id":"%1","successful":false,"error":"402::Unknown client","advice":{"reconnect":"retry","interval":0}}]`,
		"no error at all, with an advice": `[{"channel":"/meta/connect","id":"%1","successful":false,"advice":{"reconnect":"retry"}}]`,
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				c := s.client()
				s.connect(c)
				start := time.Now()
				s.say(reply, s.expect(metaConnect)...)
				again := s.expect(metaConnect)
				require.Equal(t, "c1", again[0].ClientID)
				s.say(reply, again...)
				s.session()
				require.LessOrEqual(t, time.Since(start), time.Second)
				require.Equal(t, 2, c.current().Session)
				require.Equal(t, Connected, c.current().State)
			})
		})
	}
}

func TestConnectRefused_CloseMeanwhile(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		s.connection()
		s.say(handshakeReply, s.expect(metaHandshake)...)
		s.say(connectDeleted, s.expect(metaConnect)...)
		synctest.Wait()
		require.ErrorContains(t, c.current().Reason, "404::message_deleted")
		closed := make(chan struct{})
		go func() { defer close(closed); c.Close(t.Context()) }()
		bye := s.expect(metaDisconnect)
		wait(5 * time.Second)
		s.silent() // the next attempt was due
		s.say(disconnectReply, bye...)
		<-closed
		require.ErrorIs(t, <-done, ErrClosed)
		s.over(c, ErrClosed)
	})
}

func TestConnectRefusedForATime(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		held := s.expect(metaConnect)
		for i := range 3 { // a connect that is not held proves too little to forget the failures
			start := time.Now()
			s.say(connectDeleted, held...)
			synctest.Wait()
			require.Equal(t, Reconnecting, c.current().State)
			again := s.expect(metaConnect)
			require.Equal(t, time.Second<<i, time.Since(start))
			s.say(connectReply, again...)
			synctest.Wait()
			require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 1}, c.current())
			held = s.expect(metaConnect)
		}
		require.Len(t, s.prepare, 1, "no new handshake")
	})
}

func TestOneFailureDoesNotChangeTheTransport(t *testing.T) {
	run(t, func(t *testing.T) {
		s, other := newServer(t), newServer(t)
		s.name = longPolling
		c := s.client(other)
		s.connect(c)
		s.current.sink.Fail(s.expect(metaConnect), errors.New("status 500"))
		s.say(connect402, s.expect(metaConnect)...)
		s.session()
		require.Equal(t, Status{State: Connected, Transport: longPolling, Session: 2}, c.current())
		require.Empty(t, other.opened)
	})
}

func TestDisconnectFails(t *testing.T) {
	for name, fail := range map[string]func(*server, []Message){
		"refused": func(s *server, m []Message) {
			s.say(`[{"channel":"/meta/disconnect","id":"%1","successful":false}]`, m...)
		},
		"not sent":   func(s *server, m []Message) { s.current.sink.Fail(m, errors.New("status 500")) },
		"cut off":    func(s *server, _ []Message) { s.current.sink.Lose(errors.New("reset")) },
		"unanswered": func(*server, []Message) {},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				c := s.client()
				s.connect(c)
				s.expect(metaConnect)
				start := time.Now()
				closed := make(chan struct{})
				go func() { defer close(closed); c.Close(t.Context()) }()
				fail(s, s.expect(metaDisconnect))
				<-closed
				if name == "unanswered" {
					require.Equal(t, 10*time.Second, time.Since(start))
				} else {
					require.Zero(t, time.Since(start))
				}
				s.over(c, ErrClosed)
				for _, status := range s.status {
					require.NotEqual(t, Reconnecting, status.State)
				}
			})
		})
	}
}

func TestCloseBeforeTheFirstConnect(t *testing.T) {
	start := func(t *testing.T) (*server, *Client, chan error, func() chan struct{}) {
		s := newServer(t)
		c := s.client()
		hears(t, c, "/a")
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		s.connection()
		return s, c, done, func() chan struct{} {
			closed := make(chan struct{})
			go func() { defer close(closed); c.Close(t.Context()) }()
			synctest.Wait()
			return closed
		}
	}
	t.Run("there is a session to end", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s, c, done, closing := start(t)
			s.say(handshakeReply, s.expect(metaHandshake)...)
			subscribe := s.expect(metaSubscribe)
			s.expect(metaConnect)
			closed := closing()
			bye := s.expect(metaDisconnect)
			require.Equal(t, "c1", bye[0].ClientID)
			s.say(subscribeReply, subscribe...)
			s.silent() // no connect that is held
			s.say(disconnectReply, bye...)
			<-closed
			require.ErrorIs(t, <-done, ErrClosed)
			s.over(c, ErrClosed)
		})
	})
	t.Run("there is none yet", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s, c, done, closing := start(t)
			hello := s.expect(metaHandshake)
			<-closing()
			require.ErrorIs(t, <-done, ErrClosed)
			s.say(handshakeReply, hello...) // late
			s.over(c, ErrClosed)
		})
	})
}

func TestServerDisconnectsBehindEvents(t *testing.T) {
	const (
		event = `{"channel":"/a","data":1}`
		bye   = `{"channel":"/meta/disconnect","successful":true}`
		last  = `{"channel":"/meta/connect","id":"%1","successful":true,"advice":{"reconnect":"none","interval":-1}}`
		no    = `{"channel":"/meta/connect","id":"%1","successful":false,"error":"403::no more","advice":{"reconnect":"none"}}`
	)
	for name, frames := range map[string][]string{
		"in one frame":      {"[" + event + "," + bye + "," + last + "]"},
		"by no more":        {"[" + event + "," + bye + "]"},
		"in frames of one":  {"[" + event + "]", "[" + bye + "]", "[" + last + "]"},
		"by the reply":      {"[" + event + "," + last + "]"},
		"by a refusal":      {"[" + no + "," + event + "]"},
		"by the reply only": {"[" + last + "," + event + "]", "[" + event + "]"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				c := s.client()
				got := hears(t, c, "/a")
				s.connect(c)
				held := s.expect(metaConnect)
				for _, frame := range frames {
					s.say(frame, held...)
				}
				<-s.current.closed
				synctest.Wait()
				var ended *DisconnectedError
				require.ErrorAs(t, c.current().Reason, &ended)
				if name != "by the reply only" {
					require.Equal(t, []string{"1"}, *got)
				}
				s.over(c, c.current().Reason)
			})
		})
	}
}

func TestRepliesThatNobodyWaitsForAreIgnored(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		held := s.expect(metaConnect)
		for _, frame := range []string{
			`[{"channel":"/meta/connect","id":"0","successful":false}]`,
			`[{"channel":"/meta/connect","id":"1","successful":false,"error":"402::Unknown client","advice":{"reconnect":"handshake"}}]`, // the handshake's
			`[{"channel":"/meta/connect","id":"2","successful":false,"error":"408::","advice":{"reconnect":"none"}}]`,                    // answered before
			`[{"channel":"/meta/handshake","id":"%1","successful":true,"clientId":"c2"}]`,                                                // the id of the held connect
			`[{"channel":"/meta/subscribe","id":"99","successful":false,"error":"402::Unknown client"}]`,
			`[{"channel":"/meta/unheard-of","id":"%1","successful":false}]`,
		} {
			s.say(frame, held...)
		}
		s.silent()
		require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 1}, c.current())
		s.say(connectReply, held...) // it is still waited for
		require.Equal(t, "c1", s.expect(metaConnect)[0].ClientID)
	})
}

// A life in full: each message leaves once, with an id of its own.
func TestEachMessageIsSentOnce(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		ids := map[text]bool{}
		step := func(channel, reply string) []Message {
			t.Helper()
			m := s.expect(channel)
			require.NotEmpty(t, m[0].ID)
			require.False(t, ids[m[0].ID], "the id of another")
			ids[m[0].ID] = true
			s.say(reply, m...)
			return m
		}
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		s.connection()
		step(metaHandshake, handshakeReply)
		step(metaConnect, connectReply)
		require.NoError(t, <-done)
		held := step(metaConnect, `[]`) // unanswered
		s.silent()
		sub := make(chan *Subscription, 1)
		go func() {
			x, err := c.Subscribe(t.Context(), "/a", func(Message) {})
			require.NoError(t, err)
			sub <- x
		}()
		step(metaSubscribe, subscribeReply)
		(<-sub).Cancel()
		step(metaUnsubscribe, `[{"channel":"/meta/unsubscribe","id":"%1","successful":true,"subscription":"/a"}]`)
		s.silent()
		closed := make(chan struct{})
		go func() { defer close(closed); c.Close(t.Context()) }()
		synctest.Wait()
		s.say(connectReply, held...)
		step(metaDisconnect, disconnectReply)
		<-closed
		s.over(c, ErrClosed)
	})
}

func TestSigningInComesBeforeEachHandshake(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		signed := make(chan error)
		c.opts.Prepare = func(context.Context) error { return <-signed }
		go c.Connect(t.Context())
		synctest.Wait()
		require.Empty(t, s.opened)
		signed <- nil
		s.connection()
		s.session()
		s.say(connect402, s.expect(metaConnect)...)
		s.silent() // no handshake before what it needs is there
		signed <- nil
		s.session()
		require.Equal(t, 2, c.current().Session)
	})
}

func TestHandshakeRefusedAgainAndAgain(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		s.connection()
		start := time.Now()
		for _, at := range []time.Duration{0, 1, 3, 7, 15} {
			m := s.expect(metaHandshake)
			require.Equal(t, at*time.Second, time.Since(start))
			s.say(`[{"channel":"/meta/handshake","id":"%1","successful":false,"error":"404::message_deleted"}]`, m...)
			synctest.Wait()
			require.Equal(t, Connecting, c.current().State)
			require.Equal(t, (at+1)*time.Second, c.current().RetryIn)
		}
		c.Close(t.Context()) // there is no session to end
		require.ErrorIs(t, <-done, ErrClosed)
		s.over(c, ErrClosed)
	})
}

func TestHandshakeRefusedUntilSignedIn(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		s.connection()
		s.say(`[{"channel":"/meta/handshake","id":"%1","successful":false,"error":"403::Handshake denied","advice":{"reconnect":"none"}}]`, s.expect(metaHandshake)...)
		var refused *HandshakeError
		require.ErrorAs(t, <-done, &refused)
		s.over(c, refused)

		c = s.client() // with what was missing
		s.connect(c)
		s.expect(metaConnect)
		require.Equal(t, Connected, c.current().State)
		closed := make(chan struct{})
		go func() { defer close(closed); c.Close(t.Context()) }()
		s.say(disconnectReply, s.expect(metaDisconnect)...)
		<-closed
		s.over(c, ErrClosed)
	})
}

func TestLifetimeOfASessionIsAsAdvised(t *testing.T) {
	// timeout + interval + maxInterval is 3.5 s; attempts are at 1, 3 and 7 s.
	const reply = `[{"channel":"/meta/handshake","id":"%1","successful":true,"clientId":"c1","advice":{"timeout":1500,"interval":0,"maxInterval":2000,"reconnect":"retry"}}]`
	for name, test := range map[string]struct {
		maxInterval string
		down        time.Duration
		want        string
	}{
		"it still lives":  {"2000", 2 * time.Second, metaConnect},
		"it must be gone": {"2000", 5 * time.Second, metaHandshake},
		"it has no end":   {"-1", time.Hour, metaConnect},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				c := s.client()
				go c.Connect(t.Context())
				s.connection()
				s.say(strings.ReplaceAll(reply, "2000", test.maxInterval), s.expect(metaHandshake)...)
				s.say(connectReply, s.expect(metaConnect)...)
				s.expect(metaConnect)
				s.down.Store(true)
				s.current.sink.Lose(errors.New("reset"))
				wait(test.down)
				s.down.Store(false)
				s.connection()
				s.expect(test.want)
			})
		})
	}
}

func TestHeldConnectIsNotAnswered(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		c.opts.MaxNetworkDelay = 2 * time.Second
		got := hears(t, c, "/a")
		s.connect(c)
		for range 2 {
			start := time.Now()
			held := s.expect(metaConnect)
			old := s.current
			wait(32*time.Second - 1)
			require.Equal(t, Connected, c.current().State, "timeout and network delay")
			wait(1)
			synctest.Wait()
			require.Equal(t, Reconnecting, c.current().State)

			s.connection()
			again := s.expect(metaConnect)
			require.Equal(t, 33*time.Second, time.Since(start))
			require.Equal(t, "c1", again[0].ClientID)
			s.say(connectReply, again...)
			synctest.Wait()
			require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 1}, c.current())
			// What was asked first is answered at last, on the connection that was given up.
			current := s.current
			s.current = old
			s.say(`[{"channel":"/a","data":"late"},{"channel":"/meta/connect","id":"%1","successful":false,"advice":{"reconnect":"none"}}]`, held...)
			s.current = current
		}
		held := s.expect(metaConnect)
		s.say(connectReply, held...)
		s.expect(metaConnect)
		require.Equal(t, Connected, c.current().State)
		require.Equal(t, []string{`"late"`, `"late"`}, *got, "an event, and no reply")
	})
}

func TestSessionExpiresWhileAConnectIsNotAnswered(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		s.expect(metaConnect)
		s.connection()
		s.say(connect402, s.expect(metaConnect)...)
		s.session() // over the same connection
		require.Equal(t, 2, c.current().Session)
		require.Equal(t, Connected, c.current().State)
		require.Empty(t, s.opened, "two connections in all")
	})
}

func TestSubscriptionIsNotAnswered(t *testing.T) {
	t.Run("it is asked for again", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			c := s.client()
			s.connect(c)
			s.expect(metaConnect)
			done := make(chan error, 1)
			go func() {
				_, err := c.Subscribe(t.Context(), "/a", func(Message) {})
				done <- err
			}()
			start := time.Now()
			s.expect(metaSubscribe)
			s.connection()
			require.Equal(t, 3*time.Second, time.Since(start))
			again := s.expect(metaSubscribe)
			require.Equal(t, "c1", again[0].ClientID)
			s.say(subscribeReply, again...)
			require.NoError(t, <-done)
			s.say(connectReply, s.expect(metaConnect)...)
			synctest.Wait()
			require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 1}, c.current())
		})
	})
	t.Run("who has given up hears nothing", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			c := s.client()
			s.connect(c)
			s.expect(metaConnect)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			done := make(chan error, 1)
			heard := false
			go func() {
				_, err := c.Subscribe(ctx, "/a", func(Message) { heard = true })
				done <- err
			}()
			m := s.expect(metaSubscribe)
			require.ErrorIs(t, <-done, context.DeadlineExceeded)
			s.say(subscribeReply, m...)
			s.say(`[{"channel":"/a","data":1}]`)
			synctest.Wait()
			require.False(t, heard)
			require.Equal(t, Connected, c.current().State)
		})
	})
}

func TestRefusedSubscriptionHearsNothing(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		held := s.expect(metaConnect)
		var got []string
		subscribe := func(name, reply string) error {
			done := make(chan error, 1)
			go func() {
				_, err := c.Subscribe(t.Context(), "/a", func(m Message) { got = append(got, name+string(m.Data)) })
				done <- err
			}()
			s.say(reply, s.expect(metaSubscribe)...)
			return <-done
		}
		var refused *SubscribeError
		require.ErrorAs(t, subscribe("refused", subscribeDeleted), &refused)
		s.say(`[{"channel":"/a","data":1}]`)
		require.NoError(t, subscribe("granted", subscribeReply))
		s.say(`[{"channel":"/a","data":2}]`)
		s.silent()
		require.Equal(t, []string{"granted2"}, got)
		s.say(connectReply, held...) // the session went on all the time
		s.expect(metaConnect)
	})
}

func TestUnsubscribeFails(t *testing.T) {
	for name, fail := range map[string]func(*server, []Message){
		"refused": func(s *server, m []Message) {
			s.say(`[{"channel":"/meta/unsubscribe","id":"%1","successful":false,"error":"404::message_deleted"}]`, m...)
		},
		"not sent": func(s *server, m []Message) { s.current.sink.Fail(m, errors.New("status 500")) },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				c := s.client()
				heard := false
				sub, err := c.Subscribe(t.Context(), "/a", func(Message) { heard = true })
				require.NoError(t, err)
				s.connect(c)
				held := s.expect(metaConnect)
				sub.Cancel()
				fail(s, s.expect(metaUnsubscribe))
				s.say(`[{"channel":"/a","data":1}]`)
				s.silent()
				require.False(t, heard)
				require.Equal(t, Connected, c.current().State)
				s.say(connectReply, held...)
				s.expect(metaConnect)
			})
		})
	}
}

func TestEventsAroundTheHandshakeReply(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		got := hears(t, c, "/a")
		go c.Connect(t.Context())
		s.connection()
		s.say(`[{"channel":"/a","data":1},
			{"channel":"/meta/handshake","id":"%1","successful":true,"clientId":"c1","ext":{"ack":{"enabled":true,"batch":2}}},
			{"channel":"/a","data":2}]`, s.expect(metaHandshake)...)
		s.say(subscribeReply, s.expect(metaSubscribe)...)
		require.Equal(t, `{"ack":2}`, string(s.expect(metaConnect)[0].Ext), "they are not to be sent again")
		s.silent()
		require.Equal(t, []string{"1", "2"}, *got)
	})
}

func TestSubscribeAndARefusedHandshake(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		go c.Connect(t.Context())
		s.connection()
		hello := s.expect(metaHandshake)
		done := make(chan error, 1)
		subscribe := func() {
			_, err := c.Subscribe(t.Context(), "/a", func(Message) {})
			done <- err
		}
		go subscribe()
		s.silent()
		s.say(`[{"channel":"/meta/handshake","id":"%1","successful":false,"error":"403::Handshake denied"}]`, hello...)
		var refused *HandshakeError
		require.ErrorAs(t, <-done, &refused, "the one that waits")
		go subscribe()
		require.ErrorAs(t, <-done, &refused, "and one that comes later")
		s.over(c, refused)
	})
}

func TestConnectTwiceMakesOneSession(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		done := make(chan error, 2)
		go func() { done <- c.Connect(t.Context()) }()
		s.connection()
		go func() { done <- c.Connect(t.Context()) }()
		s.session()
		require.NoError(t, <-done)
		require.NoError(t, <-done)
		s.expect(metaConnect)
		require.NoError(t, c.Connect(t.Context()))
		s.silent()
		require.Equal(t, 1, c.current().Session)
		require.Len(t, s.prepare, 1)
	})
}

func TestServerIsDeployedAnew(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		got := hears(t, c, "/a")
		s.connect(c)
		s.expect(metaConnect)
		s.down.Store(true)
		s.current.sink.Lose(errors.New("going away"))
		wait(5 * time.Second)
		s.down.Store(false)
		s.connection()
		s.say(connect402, s.expect(metaConnect)...) // it knows nobody
		s.say(handshakeReply, s.expect(metaHandshake)...)
		s.say(subscribeReply, s.expect(metaSubscribe)...)
		s.say(connectReply, s.expect(metaConnect)...)
		s.expect(metaConnect)
		require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 2}, c.current())
		s.say(`[{"channel":"/a","data":1}]`)
		synctest.Wait()
		require.Equal(t, []string{"1"}, *got)
	})
}

func TestLastHandlerOfAChannelUnsubscribes(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		var subs []*Subscription
		var got []int
		for i := range 2 {
			sub, err := c.Subscribe(t.Context(), "/a", func(Message) { got = append(got, i) })
			require.NoError(t, err)
			subs = append(subs, sub)
		}
		go c.Connect(t.Context())
		s.connection()
		s.say(handshakeReply, s.expect(metaHandshake)...)
		s.say(subscribeReply, s.expect(metaSubscribe)...) // one for both
		s.say(connectReply, s.expect(metaConnect)...)
		s.expect(metaConnect)
		subs[1].Cancel()
		s.silent()
		s.say(`[{"channel":"/a","data":1}]`)
		subs[1].Cancel() // twice is no harm
		s.silent()
		require.Equal(t, []int{0}, got)
		subs[0].Cancel()
		require.Equal(t, "/a", s.expect(metaUnsubscribe)[0].Subscription)
	})
}

func TestLaterSubscriptionsAreMadeAgain(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		first := hears(t, c, "/first")
		s.connect(c)
		held := s.expect(metaConnect)
		later := new([]string)
		done := make(chan *Subscription, 1)
		for _, channel := range []string{"/later", "/cancelled"} {
			go func() {
				sub, err := c.Subscribe(t.Context(), channel, func(m Message) { *later = append(*later, string(m.Data)) })
				require.NoError(t, err)
				done <- sub
			}()
			s.say(subscribeReply, s.expect(metaSubscribe)...)
			sub := <-done
			if channel == "/cancelled" {
				sub.Cancel()
				s.expect(metaUnsubscribe)
			}
		}
		s.say(connect402, held...)
		s.say(handshakeReply, s.expect(metaHandshake)...)
		again := s.expect(metaSubscribe, metaSubscribe)
		require.Equal(t, "/first", again[0].Subscription)
		require.Equal(t, "/later", again[1].Subscription)
		s.say(subscribeReply, again[0])
		s.say(subscribeReply, again[1])
		s.say(connectReply, s.expect(metaConnect)...)
		s.say(`[{"channel":"/first","data":1},{"channel":"/later","data":2},{"channel":"/cancelled","data":3}]`)
		synctest.Wait()
		require.Equal(t, []string{"1"}, *first)
		require.Equal(t, []string{"2"}, *later)
	})
}

func TestNoTransportInCommon(t *testing.T) {
	run(t, func(t *testing.T) {
		websocket, polling := newServer(t), newServer(t)
		polling.name = longPolling
		c := websocket.client(polling)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- c.Connect(ctx) }()
		for _, s := range []*server{websocket, polling} {
			s.connection()
			m := s.expect(metaHandshake)
			require.Equal(t, []string{"websocket", longPolling}, m[0].SupportedConnectionTypes)
			s.say(`[{"channel":"/meta/handshake","id":"%1","successful":true,"clientId":"c1","supportedConnectionTypes":["callback-polling"]}]`, m...)
			<-s.current.closed
			s.silent() // no connect
		}
		err := <-done
		var late *ConnectError
		require.ErrorAs(t, err, &late)
		var unusable *OpenError
		require.ErrorAs(t, err, &unusable)
		require.ErrorContains(t, err, `the server offers ["callback-polling"]`)
	})
}
func TestSecondSubscriptionToAChannelIsLocal(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		hears(t, c, "/a")
		s.connect(c)
		s.expect(metaConnect)
		go c.Subscribe(t.Context(), "/a", func(Message) {})
		s.silent()
	})
}

func TestSessionLostWhileAwayIsRenewedAtOnce(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		s.expect(metaConnect)
		s.down.Store(true)
		s.current.sink.Lose(errors.New("going away"))
		wait(5 * time.Second)
		s.down.Store(false)
		s.connection()
		s.say(connect402, s.expect(metaConnect)...)
		start := time.Now()
		s.expect(metaHandshake)
		require.Zero(t, time.Since(start))
	})
}

func TestSubscriptionThatFailsOnALivingSessionFailsAlone(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		held := s.expect(metaConnect)
		done := make(chan error, 1)
		go func() { _, err := c.Subscribe(t.Context(), "/a", func(Message) {}); done <- err }()
		s.current.sink.Fail(s.expect(metaSubscribe), errors.New("status 500"))
		synctest.Wait()
		require.Equal(t, Connected, c.current().State)
		s.say(connectReply, held...)
		s.expect(metaConnect)
	})
}

func TestStatusListenerPanicIsItsOwn(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		c.opts.OnStatus = func(s Status) {
			if s.State == Connected {
				panic("oh")
			}
		}
		s.connect(c)
		s.expect(metaConnect)
		require.Equal(t, Connected, c.current().State)
	})
}

func TestEmptyFramesBeforeTheHandshakeReplyOverASocketAreSkipped(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		start := time.Now()
		s.connection()
		s.expect(metaHandshake)
		s.say("[]") // and no reply
		s.connection()
		require.Equal(t, 2*time.Second, time.Since(start), "a second, and a backoff")
		for _, frame := range []string{"", " ", "[]"} {
			s.say(frame)
		}
		s.session()
		require.NoError(t, <-done)
	})
}

func TestRepliesWithoutIdsAreToldApartByTheirSubscription(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		a, b := make(chan error, 1), make(chan error, 1)
		go func() { _, err := c.Subscribe(t.Context(), "/a", func(Message) {}); a <- err }()
		s.expect(metaConnect)
		s.expect(metaSubscribe)
		go func() { _, err := c.Subscribe(t.Context(), "/b", func(Message) {}); b <- err }()
		s.expect(metaSubscribe)
		s.say(`[{"channel":"/meta/subscribe","subscription":"/b","successful":false,"error":"403::denied"},{"channel":"/meta/subscribe","subscription":"/a","successful":true}]`)
		require.NoError(t, <-a)
		require.Error(t, <-b)
	})
}

func TestFrameThatHidesAnEvent_TheReplyFollows(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		m := s.expect(metaConnect)
		for range 3 {
			s.say(`[{"channel":"/a","data":"5" wide"}]`)
			s.say(`[{"channel":"/meta/connect","id":"%1","successful":true,"ext":{"ack":1}}]`, m...)
			m = s.expect(metaConnect)
		}
		wait(5 * time.Second)
		s.silent()
		require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 1}, c.current())
	})
}

// Behind a quote too many no end can be trusted, so that the reply to the connect is lost as well. The server sends the
// same again as long as the session lives.
func TestFrameThatHidesTheReply_IsReadOnceMoreAndThenCostsTheSession(t *testing.T) {
	const hides = `[{"channel":"/a","data":"5" wide"},{"channel":"/meta/connect","id":"%1","successful":true,"ext":{"ack":1}}]`
	for name, requests := range map[string]bool{"a socket": false, "requests": true} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				s.requests = requests
				c := s.client()
				hears(t, c, "/a")
				s.connect(c)
				from := time.Now()
				for range 2 {
					m := s.expect(metaConnect)
					s.say(hides, m...)
					if requests {
						s.current.sink.Fail(m, errors.New("unanswered"))
					} else {
						s.connection()
					}
				}
				if requests {
					s.connection()
				}
				s.session()
				most := time.Second // the backoff of the first time
				if !requests {
					most += 2 * time.Second // for which the reply could follow
				}
				require.Equal(t, most, time.Since(from))
				require.Equal(t, 2, c.current().Session)
				require.Contains(t, strings.Join(s.log, "\n"), "the session is given up")
			})
		})
	}
}
