package bayeux

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// events is a frame of n events and, behind them, the reply to a connect.
func events(n int, id text, more string) []byte {
	return fmt.Appendf(nil, `[%s{"channel":"/meta/connect","id":%q,"successful":true%s}]`, strings.Repeat(`{"channel":"/a","data":1},`, n), id, more)
}

func TestFloodIsDelivered(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		got := 0
		_, err := c.Subscribe(t.Context(), "/a", func(Message) { got++ })
		require.NoError(t, err)
		s.connect(c)
		held := s.expect(metaConnect)
		s.current.sink.Receive(events(100_000, held[0].ID, "")) // in one frame
		s.expect(metaConnect)
		require.Equal(t, 100_000, got)
		for range 100_000 {
			s.say(`[{"channel":"/a","data":1}]`)
		}
		synctest.Wait()
		require.Equal(t, 200_000, got)
		require.Equal(t, Connected, c.current().State)
	})
}

// A handler that is slow lets frames pile up.
func TestFloodBeyondTheBoundIsADeadConnection(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		var got int
		stuck := make(chan struct{})
		_, err := c.Subscribe(t.Context(), "/a", func(Message) { <-stuck; got++ })
		require.NoError(t, err)
		s.connect(c)
		held := s.expect(metaConnect)
		frame := []byte(`[{"channel":"/a","data":"` + strings.Repeat("x", 1<<20) + `"}]`)
		sent := 0
		for ; sent < 100; sent++ {
			s.current.sink.Receive(frame)
		}
		s.current.sink.Receive(events(1, held[0].ID, `,"ext":{"ack":9}`)) // would acknowledge what was dropped
		old := s.current
		close(stuck)
		s.connection()
		<-old.closed
		require.LessOrEqual(t, got, minBacklog>>20)
		require.Greater(t, got, minBacklog>>20-2, "what came before is handled")
		require.ErrorContains(t, s.status[len(s.status)-1].Reason, "faster than its messages can be handled")
		again := s.expect(metaConnect)
		require.Equal(t, "c1", again[0].ClientID, "the session goes on")
		require.JSONEq(t, `{"ack":0}`, string(again[0].Ext), "the server sends again what was dropped")

		s.current.sink.Receive(events(sent-got, again[0].ID, `,"ext":{"ack":9}`))
		require.JSONEq(t, `{"ack":9}`, string(s.expect(metaConnect)[0].Ext))
		require.Equal(t, 100, got, "nothing is lost")
	})
}

func TestHugeFrame_EndsTheConnectionAndTheSession(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		s.expect(metaConnect)
		s.current.sink.Receive(make([]byte, 50<<20))
		s.current.sink.Receive([]byte(`[{"channel":"/meta/disconnect"}]`)) // nothing counts after it
		<-s.current.closed
		synctest.Wait()
		require.Equal(t, Reconnecting, c.current().State)
		tooLarge, ok := errors.AsType[*TooLargeError](c.current().Reason)
		require.True(t, ok)
		require.Equal(t, 16<<20, tooLarge.Limit)
		require.ErrorContains(t, c.current().Reason, "maxMessageSize")
		s.connection()
		s.session() // over the old one the server would send it again
		require.Equal(t, Connected, c.current().State)
	})
}

func TestHugeAnswerToARequest_EndsTheSession(t *testing.T) {
	run(t, func(t *testing.T) {
		s, c := polled(t, false)
		s.current.sink.Fail(s.expect(metaConnect), &TooLargeError{Limit: 1 << 20})
		synctest.Wait()
		require.Equal(t, Reconnecting, c.current().State)
		require.ErrorContains(t, c.current().Reason, "maxMessageSize")
		require.Contains(t, strings.Join(s.log, "\n"), "the session is given up")
		s.connection()
		s.say(handshakeReply, s.expect(metaHandshake)...) // over the old one the server would send it again
	})
}

func TestMessagesOfNextToNothingTakeNoMemory(t *testing.T) {
	const size = 1 << 20
	for name, many := range map[string]string{"numbers": "0,", "objects": "{},", "messages": `{"channel":"/a"},`} {
		t.Run(name, func(t *testing.T) {
			frame := []byte("[" + strings.Repeat(many, size/len(many)) + `{"channel":"/last"}]`)
			before, during := live(), int64(0)
			_ = decode(frame, func(m *Message) {
				if m.Channel == "/last" {
					during = live()
				}
			})
			require.NotZero(t, during)
			require.Less(t, during-before, int64(4*size))
			runtime.KeepAlive(frame)
		})
	}
}

// live is the memory that is in use.
func live() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestDeepNesting(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		var got []int
		_, err := c.Subscribe(t.Context(), "/a", func(m Message) { got = append(got, len(m.Data)) })
		require.NoError(t, err)
		s.connect(c)
		s.expect(metaConnect)
		for _, depth := range []int{900, 20_000, 2_000_000} {
			s.say(`[{"channel":"/a","data":` + nested(depth) + `}]`)
			s.say(strings.Repeat(`{"a":`, depth/10) + "x")
		}
		s.say(`[{"channel":"/a","data":[]}]`)
		synctest.Wait()
		require.Equal(t, []int{1800, 2}, got, "what is nested deeper is dropped")
		require.Equal(t, Connected, c.current().State)
	})
}

func TestReceive_EachKindOfDropIsSaidOnceAConnection(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		s.expect(metaConnect)
		n := len(s.log)
		say := func() {
			for range 1000 {
				s.say(`[{"chAnnel":"/a","data":"secret"}]`)
				s.say(`[{"channel":"/a","data":secret}]`)
				s.say(`[{"channel":"/a","data":["secret",NaN]}]`)
			}
			synctest.Wait()
			require.Len(t, s.log[n:], 3)
			for _, line := range s.log[n:] {
				require.Contains(t, line, " bytes)")
				require.NotContains(t, line, "secret")
			}
		}
		say()
		require.Equal(t, 2000, c.Dropped())
		s.current.sink.Lose(errors.New("reset"))
		s.connection()
		s.say(connectReply, s.expect(metaConnect)...)
		s.expect(metaConnect)
		n = len(s.log)
		say()
		require.Equal(t, 4000, c.Dropped())
	})
}

// What a server can have the client send in an hour, whatever it answers.
func TestNoAnswerMakesATightLoop(t *testing.T) {
	const retry0 = `"advice":{"reconnect":"retry","interval":0}`
	for name, answer := range map[string]func(m Message, n int) string{
		"handshakes are refused, with retry": func(Message, int) string { return `"successful":false,"error":"500::Not now",` + retry0 },
		"connects are refused, with retry": func(m Message, _ int) string {
			return fmt.Sprintf(`"successful":%v,"clientId":"c",`+retry0, m.Channel != metaConnect)
		},
		"subscriptions are refused, with retry": func(m Message, _ int) string {
			return fmt.Sprintf(`"successful":%v,"error":"500::","clientId":"c",`+retry0, m.Channel != metaSubscribe)
		},
		"the session is forgotten each time": func(m Message, _ int) string {
			return fmt.Sprintf(`"successful":%v,"clientId":"c","error":"402::","advice":{"reconnect":"handshake","interval":0}`, m.Channel != metaConnect)
		},
		"and each second time": func(m Message, n int) string {
			if m.Channel == metaConnect && n%3 == 0 {
				return `"successful":false,"error":"402::","advice":{"reconnect":"handshake","interval":0}`
			}
			return `"successful":true,"clientId":"c",` + retry0
		},
		"no connect is held": func(Message, int) string { return `"successful":true,"clientId":"c",` + retry0 },
		"nor with interval and timeout": func(Message, int) string {
			return `"successful":true,"clientId":"c","advice":{"reconnect":"retry","interval":0.9,"timeout":0}`
		},
	} {
		for _, waiting := range []int{0, 1} {
			t.Run(fmt.Sprintf("%s, %d waiting", name, waiting), func(t *testing.T) {
				run(t, func(t *testing.T) {
					l := &looper{answer: answer}
					c := New(Options{Transports: []Transport{l}, Random: func() float64 { return 0.5 }})
					_, err := c.Subscribe(t.Context(), "/a", func(Message) {})
					require.NoError(t, err)
					c.AddWaiters(waiting)
					ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
					defer cancel()
					_ = c.Connect(ctx)
					<-ctx.Done()
					c.Close(t.Context())
					require.LessOrEqual(t, l.sent, 4*3600+100, "about as many as four a second")
				})
			})
		}
	}
}

// looper answers each message at once.
type looper struct {
	answer func(m Message, n int) string
	sink   Sink
	sent   int
}

func (l *looper) Name() string     { return "websocket" }
func (l *looper) PerRequest() bool { return false }
func (l *looper) Cancel(string)    {}
func (l *looper) Close()           {}
func (l *looper) Open(_ context.Context, sink Sink) (Conn, error) {
	l.sink = sink
	return l, nil
}

func (l *looper) Send(messages []Message) {
	for _, m := range messages {
		if l.sent++; l.sent > 100_000 {
			panic("a tight loop")
		}
		l.sink.Receive(fmt.Appendf(nil, `[{"channel":%q,"id":%q,%s}]`, m.Channel, m.ID, l.answer(m, l.sent)))
	}
}

func TestWhatIsKeptOfTheServersWordsIsShort(t *testing.T) {
	long := strings.Repeat("é", 1<<16)
	for name, reply := range map[string]string{
		"handshake error":     `[{"channel":"/meta/handshake","id":"%1","successful":false,"error":"500::` + long + `"}]`,
		"clientId":            `[{"channel":"/meta/handshake","id":"%1","successful":true,"clientId":"` + long + `"}]`,
		"connection types":    `[{"channel":"/meta/handshake","id":"%1","successful":true,"clientId":"c","supportedConnectionTypes":["` + long + `"]}]`,
		"not Bayeux":          long,
		"end":                 `[{"channel":"/meta/disconnect","error":"` + long + `"}]`,
		"refused for good":    `[{"channel":"/meta/handshake","id":"%1","successful":false,"error":{"a":"` + long + `"},"advice":{"reconnect":"none"}}]`,
		"a number for a bool": `[{"channel":"/meta/handshake","id":"%1","successful":` + strings.Repeat("9", 1<<16) + `}]`,
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				c := s.client()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				done := make(chan error, 1)
				go func() { done <- c.Connect(ctx) }()
				s.connection()
				s.say(reply, s.expect(metaHandshake)...)
				synctest.Wait()
				reason := c.current().Reason
				require.Error(t, reason)
				for err := reason; err != nil; err = errors.Unwrap(err) {
					kept, _ := json.Marshal(err)
					require.Less(t, len(kept)+len(err.Error()), 4000)
				}
				<-done
			})
		})
	}
}

// A connection that breaks every few seconds is never steady, and yet the
// server has the session all the time.
func TestSessionOutlivesAConnectionThatKeepsBreaking(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		c.opts.Random = func() float64 { return 0 }
		s.connect(c)
		s.expect(metaConnect)
		for range 30 { // 4 min; a session that nobody asks for lives for 40 s
			wait(8 * time.Second)
			s.current.sink.Lose(errors.New("reset"))
			s.connection()
			s.say(connectReply, s.expect(metaConnect)...)
			s.expect(metaConnect)
		}
		require.Equal(t, 1, c.current().Session)
		require.Len(t, s.prepare, 1)
	})
}

func TestFramesAreCounted(t *testing.T) {
	b := new(backlog)
	const limit = 4 << 20
	frame := bytes.Repeat([]byte(" "), limit)
	for range 1000 {
		ok, err := b.add(frame, limit)
		require.True(t, ok)
		require.NoError(t, err)
		b.done(frame)
	}
	require.Zero(t, b.bytes)
}

// What is too large over one transport is so over the other.
func TestHugeFrame_TheTransportThatWorksGoesOn(t *testing.T) {
	for name, over := range map[string]string{"a socket": "websocket", "requests": longPolling} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				socket, polling := both(t)
				s, other := socket, polling
				if over == longPolling {
					s, other = polling, socket
					socket.down.Store(true)
				}
				c := socket.client(polling)
				done := make(chan error, 1)
				go func() { done <- c.Connect(t.Context()) }()
				s.connection()
				s.session()
				require.NoError(t, <-done)
				socket.down.Store(false)
				other.hang.Store(true)
				s.expect(metaConnect)
				from := time.Now()
				s.current.sink.Lose(&TooLargeError{Limit: 1 << 20})
				s.connection()
				s.session()
				require.Zero(t, time.Since(from))
				require.Equal(t, Status{State: Connected, Transport: over, Session: 2}, c.current())
				require.Empty(t, other.opened)
			})
		})
	}
}
