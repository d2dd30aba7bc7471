package bayeux

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// server is the other end of a scripted transport: a test reads what the client
// sends, and writes what it is to receive, word by word.
type server struct {
	t        *testing.T
	name     string
	delay    atomic.Int64  // of Open, in ns
	requests bool          // what PerRequest returns
	refuse   error         // what Open returns, if set
	down     atomic.Bool   // Open fails while it is set
	hang     atomic.Bool   // Open does not return before its context is done
	tries    atomic.Int64  // calls of Open
	opened   chan *line    // every connection that the client opens
	current  *line         // the one that opens gave last
	status   []Status      // all that OnStatus was called with
	log      []string      // all that Log was called with
	traced   bool          // at level Debug; else Info
	prepare  chan struct{} // counts calls of Prepare
}

// line is one connection.
type line struct {
	sink      Sink
	sent      chan []Message
	closed    chan struct{}
	cancelled chan string // ids
}

func (l *line) Send(messages []Message) { l.sent <- messages }
func (l *line) Close()                  { close(l.closed) } // twice would panic: a client closes once
func (l *line) Cancel(id string)        { l.cancelled <- id }

func newServer(t *testing.T) *server {
	return &server{t: t, name: "websocket", opened: make(chan *line, 100), prepare: make(chan struct{}, 1000)}
}

func (s *server) Name() string     { return s.name }
func (s *server) PerRequest() bool { return s.requests }

func (s *server) Open(ctx context.Context, sink Sink) (Conn, error) {
	s.tries.Add(1)
	if s.hang.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if delay := time.Duration(s.delay.Load()); delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if s.down.Load() {
		return nil, errors.New("down")
	}
	if s.refuse != nil {
		return nil, s.refuse
	}
	l := &line{sink: sink, sent: make(chan []Message, 100), closed: make(chan struct{}), cancelled: make(chan string, 100)}
	s.opened <- l
	return l, nil
}

// client returns a client of the server, whose backoff is always at its bound,
// so that waiting times are known. It is closed at the end of the test.
func (s *server) client(more ...Transport) *Client {
	return s.clientWith(Options{Transports: append([]Transport{s}, more...)})
}

func (s *server) clientWith(opts Options) *Client {
	opts.DialledAhead = func() bool { return s.delay.Load() == 0 } // those that open at once; see race_test.go for others
	opts.Prepare = func(context.Context) error { s.prepare <- struct{}{}; return nil }
	opts.OnStatus = func(status Status) { s.status = append(s.status, status) }
	opts.Log = func(_ Level, line string) { s.log = append(s.log, line) }
	if !s.traced {
		opts.LogFrom = max(opts.LogFrom, Info)
	}
	opts.Random = func() float64 { return 1 }
	c := New(opts)
	s.t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		c.Close(ctx)
	})
	return c
}

// connection waits for the client to open one.
func (s *server) connection() *line {
	s.t.Helper()
	s.current = <-s.opened
	return s.current
}

// expect waits for one array of messages on the given channels.
func (s *server) expect(channels ...string) []Message {
	s.t.Helper()
	messages := <-s.current.sent
	var got []string
	for _, m := range messages {
		got = append(got, m.Channel)
	}
	require.Equal(s.t, channels, got)
	return messages
}

// say sends a frame. %1, %2 … stand for the ids of the messages.
func (s *server) say(frame string, to ...Message) {
	for i, m := range to {
		frame = strings.ReplaceAll(frame, "%"+string(rune('1'+i)), string(m.ID))
	}
	s.current.sink.Receive([]byte(frame))
}

// silent asserts that the client sends nothing now.
func (s *server) silent() {
	s.t.Helper()
	synctest.Wait()
	select {
	case m := <-s.current.sent:
		s.t.Fatalf("sent %+v", m)
	case <-s.opened:
		s.t.Fatal("opened a connection")
	default:
	}
}

const (
	handshakeReply = `[{"channel":"/meta/handshake","id":"%1","successful":true,"clientId":"c1","version":"1.0","supportedConnectionTypes":["websocket","long-polling"],"ext":{"ack":true},"advice":{"interval":0,"timeout":30000,"reconnect":"retry"}}]`
	connectReply   = `[{"channel":"/meta/connect","id":"%1","successful":true}]`
	subscribe402   = `[{"channel":"/meta/subscribe","id":"%1","successful":false,"error":"402::Unknown client"}]`
	connect402     = `[{"channel":"/meta/connect","id":"%1","successful":false,"error":"402::Unknown client","advice":{"reconnect":"handshake","interval":0}}]`
	subscribeReply = `[{"channel":"/meta/subscribe","id":"%1","successful":true,"subscription":"/a"}]`
)

// connect starts the client and plays the server's part until it is connected.
func (s *server) connect(c *Client) {
	s.t.Helper()
	done := make(chan error, 1)
	go func() { done <- c.Connect(s.t.Context()) }()
	s.connection()
	s.session()
	require.NoError(s.t, <-done)
}

// session plays a handshake, subscriptions if there are any, and the first connect.
func (s *server) session() {
	s.t.Helper()
	s.say(handshakeReply, s.expect(metaHandshake)...)
	messages := <-s.current.sent
	if messages[0].Channel == metaSubscribe {
		for _, m := range messages {
			s.say(subscribeReply, m)
		}
		messages = <-s.current.sent
	}
	require.Equal(s.t, metaConnect, messages[0].Channel)
	s.say(connectReply, messages[0])
	synctest.Wait()
}

// run runs a test in a bubble: time is virtual, and no goroutine may be left.
func run(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// wait moves the clock of the test's bubble (testing/synctest), and with it the
// timers that are under test. Nothing waits for it in real time.
func wait(d time.Duration) { time.Sleep(d) } // by the clock of the bubble

func TestSessionOpensInOrder(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		var got []string
		for _, channel := range []string{"/a", "/b"} {
			_, err := c.Subscribe(t.Context(), channel, func(m Message) { got = append(got, m.Channel+string(m.Data)) })
			require.NoError(t, err)
		}
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		s.connection()
		require.Len(t, s.prepare, 1, "Prepare comes before the handshake")

		hello := s.expect(metaHandshake)
		require.Equal(t, "1.0", hello[0].Version)
		require.Equal(t, []string{"websocket"}, hello[0].SupportedConnectionTypes)
		require.JSONEq(t, `{"ack":true}`, string(hello[0].Ext))
		require.Empty(t, hello[0].ClientID)
		s.silent() // the handshake travels alone
		s.say(handshakeReply, hello...)

		subs := s.expect(metaSubscribe, metaSubscribe) // in one batch
		require.Equal(t, "/a", subs[0].Subscription)
		require.Equal(t, "/b", subs[1].Subscription)
		require.Equal(t, "c1", subs[0].ClientID)
		require.NotEqual(t, subs[0].ID, subs[1].ID)
		first := s.expect(metaConnect) // beside it
		s.say(`[{"channel":"/meta/subscribe","id":"%1","successful":true}]`, subs[0])
		s.silent()
		s.say(`{"channel":"/meta/subscribe","id":"%1","successful":true}`, subs[1]) // a single message is a frame as well
		s.silent()

		require.Equal(t, "websocket", first[0].ConnectionType)
		require.NotNil(t, first[0].Advice)
		require.Zero(t, *first[0].Advice.Timeout)
		require.JSONEq(t, `{"ack":0}`, string(first[0].Ext))
		require.NotEmpty(t, mustJSON(t, first[0]), `"advice":{"timeout":0}`)
		require.Equal(t, Connecting, c.current().State)
		s.say(`[{"channel":"/meta/connect","id":"%1","successful":true,"ext":{"ack":7}}]`, first...)

		held := s.expect(metaConnect)
		require.Nil(t, held[0].Advice)
		require.JSONEq(t, `{"ack":7}`, string(held[0].Ext))
		require.NoError(t, <-done)
		require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 1}, c.current())

		s.say(`[{"channel":"/a","data":1},{"channel":"/b","data":"x"}]`)
		synctest.Wait()
		require.Equal(t, []string{"/a1", `/b"x"`}, got)
	})
}

func (c *Client) current() Status { s, _ := c.Watch(); return s }

func mustJSON(t *testing.T, v any) string {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

func TestFrames(t *testing.T) {
	for name, test := range map[string]struct {
		frames []string
		want   []string
	}{
		"falsy data are events":        {[]string{`[{"channel":"/a","data":null},{"channel":"/a","data":0},{"channel":"/a","data":false},{"channel":"/a","data":""}]`}, []string{"null", "0", "false", `""`}},
		"no data is no event":          {[]string{`[{"channel":"/a","id":"5","successful":true}]`}, nil},
		"other channels":               {[]string{`[{"channel":"/me/internal","data":{}},{"channel":"/a","data":1}]`}, []string{"1"}},
		"unknown fields":               {[]string{`[{"channel":"/a","data":1,"x":{"y":[]},"__proto__":{}}]`}, []string{"1"}},
		"empty arrays":                 {[]string{`[]`, ` [ ] `, `[{"channel":"/a","data":1}]`}, []string{"1"}},
		"frames that are no JSON":      {[]string{`nonsense`, ``, `[{"channel":"/a","data":2}]`}, []string{"2"}},
		"odd messages cost no other":   {[]string{`[null,7,{},{"channel":5,"data":1},{"channel":"/a","id":9,"successful":"yes","advice":[],"error":{},"data":3}]`}, []string{"3"}},
		"events with advice":           {[]string{`[{"channel":"/a","data":1,"advice":{"interval":5}}]`}, []string{"1"}},
		"big numbers stay":             {[]string{`[{"channel":"/a","data":12345678901234567890.5e3}]`}, []string{"12345678901234567890.5e3"}},
		"names in another letter case": {[]string{`[{"Channel":"/a","data":1},{"channel":"/b","chAnnel":"/a","data":2},{"channel":"/a","Data":3},{"channel":"/a","DATA":4,"data":5}]`}, []string{"5"}},
		"names with escapes, twice":    {[]string{`[{"channel":"/b","ch\u0061nnel":"/a","data":1,"d\u0061ta":2}]`}, []string{"2"}},
		"a byte order mark":            {[]string{"\xef\xbb\xbf[{\"channel\":\"/a\",\"data\":1}]"}, []string{"1"}},
		"NaN and infinities":           {[]string{`[{"channel":"/a","data":{"a":NaN,"b":[-Infinity]}},{"channel":"/a","data":2}]`}, []string{`{"a":null,"b":[null]}`, "2"}},
		"control characters":           {[]string{"[{\"channel\":\"/a\",\"data\":\"x\ty\"},{\"channel\":\"/a\",\"data\":2}]"}, []string{`"x\u0009y"`, "2"}},
		"a message that is no JSON":    {[]string{`[{"channel":"/a","data":undefined},{"channel":"/a","data":"\x"},{"channel":"/a","data":3}]`}, []string{"3"}},
		"between replies": {[]string{`[{"channel":"/a","data":1},{"channel":"/meta/connect","id":"99","successful":true},{"channel":"/a","data":2}]`},
			[]string{"1", "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				c := s.client()
				var got []string
				_, err := c.Subscribe(t.Context(), "/a", func(m Message) { got = append(got, string(m.Data)) })
				require.NoError(t, err)
				s.connect(c)
				for _, frame := range test.frames {
					s.say(frame)
				}
				synctest.Wait()
				require.Equal(t, test.want, got)
				require.Equal(t, Connected, c.current().State)
			})
		})
	}
}

func TestEventsDuringHandshakeAreDelivered(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		var got []string
		_, err := c.Subscribe(t.Context(), "/a", func(m Message) { got = append(got, string(m.Data)) })
		require.NoError(t, err)
		go c.Connect(t.Context())
		s.connection()
		hello := s.expect(metaHandshake)
		s.say(`[{"channel":"/a","data":1},`+handshakeReply[1:], hello...)
		s.expect(metaSubscribe)
		require.Equal(t, []string{"1"}, got)
	})
}

func TestOverlappingSubscriptionsGetAnEventOnceEach(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		var got []string
		for _, channel := range []string{"/v2/me/calls", "/v2/me/*", "/v2/**", "/v2/me/*"} {
			_, err := c.Subscribe(t.Context(), channel, func(Message) { got = append(got, channel) })
			require.NoError(t, err)
		}
		go c.Connect(t.Context())
		s.connection()
		s.say(handshakeReply, s.expect(metaHandshake)...)
		s.expect(metaSubscribe, metaSubscribe, metaSubscribe) // the same channel is not asked for twice
		s.say(`[{"channel":"/v2/me/calls","data":{}}]`)
		synctest.Wait()
		require.Equal(t, []string{"/v2/me/calls", "/v2/me/*", "/v2/**", "/v2/me/*"}, got)
	})
}

func TestHandlerPanicIsItsOwn(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		var got int
		_, err := c.Subscribe(t.Context(), "/a", func(Message) { panic("oh") })
		require.NoError(t, err)
		_, err = c.Subscribe(t.Context(), "/*", func(Message) { got++ })
		require.NoError(t, err)
		s.connect(c)
		s.say(`[{"channel":"/a","data":1}]`)
		synctest.Wait()
		require.Equal(t, 1, got)
		require.Equal(t, Connected, c.current().State)
		require.Contains(t, strings.Join(s.log, "\n"), "the handler of /a panicked: oh")
	})
}

func TestReconnectKeepsTheSession(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		var got []string
		_, err := c.Subscribe(t.Context(), "/a", func(m Message) { got = append(got, string(m.Data)) })
		require.NoError(t, err)
		s.connect(c)
		held := s.expect(metaConnect)
		s.say(`[{"channel":"/a","data":1},{"channel":"/meta/connect","id":"%1","successful":true,"ext":{"ack":3}}]`, held...)
		s.expect(metaConnect)
		old := s.current
		old.sink.Lose(errors.New("reset"))
		synctest.Wait()
		status := c.current()
		require.Equal(t, Reconnecting, status.State)
		require.ErrorContains(t, status.Reason, "reset")
		require.Equal(t, time.Second, status.RetryIn)
		<-old.closed

		s.connection() // after a second of virtual time
		again := s.expect(metaConnect)
		require.Equal(t, "c1", again[0].ClientID)
		require.JSONEq(t, `{"ack":3}`, string(again[0].Ext), "what was acknowledged is not sent again")
		require.Zero(t, *again[0].Advice.Timeout)
		old.sink.Receive([]byte(`[{"channel":"/a","data":"late"}]`)) // from the socket that was replaced
		s.say(`[{"channel":"/a","data":2},{"channel":"/meta/connect","id":"%1","successful":true}]`, again...)
		s.expect(metaConnect)
		require.Equal(t, []string{"1", "2"}, got)
		require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 1}, c.current())
		require.Len(t, s.prepare, 1, "no new sign-in for the same session")
	})
}

func TestLastAttemptOfAllSaysNothing(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		s.name = longPolling
		c := s.client()
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- c.Connect(ctx) }()
		s.connection()
		s.current.sink.Fail(s.expect(metaHandshake), errors.New("HTTP 502"))
		s.connection()
		s.expect(metaHandshake) // for which there is a quarter of a second
		require.ErrorContains(t, <-done, "HTTP 502")
	})
}

func TestSessionThatMustHaveExpiredIsRenewed(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		_, err := c.Subscribe(t.Context(), "/a", func(Message) {})
		require.NoError(t, err)
		s.connect(c)
		s.down.Store(true)
		s.current.sink.Lose(errors.New("reset"))
		synctest.Wait()
		wait(41 * time.Second) // timeout + interval + maxInterval is 40 s
		s.down.Store(false)
		s.connection()
		s.session() // handshake, subscriptions, connect
		require.Equal(t, 2, c.current().Session)
		require.Equal(t, Connected, c.current().State)
		require.Len(t, s.prepare, 3, "for the session, when it could not be reached, and for the new one")
	})
}

func TestUnknownSession(t *testing.T) {
	for name, reply := range map[string]string{
		"CometD's advice":     connect402,
		"number, no advice":   `[{"channel":"/meta/connect","id":"%1","successful":false,"error":"402::session_unknown"}]`,
		"Faye's number":       `[{"channel":"/meta/connect","id":"%1","successful":false,"error":"401:c1:Unknown client","advice":{"reconnect":"handshake"}}]`,
		"advice on a success": `[{"channel":"/meta/connect","id":"%1","successful":true,"advice":{"reconnect":"handshake"}}]`,
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				c := s.client()
				_, err := c.Subscribe(t.Context(), "/a", func(Message) {})
				require.NoError(t, err)
				s.connect(c)
				held := s.expect(metaConnect)
				start := time.Now()
				s.say(reply, held...)
				s.session() // on the same connection, at once
				require.Zero(t, time.Since(start))
				require.Equal(t, 2, c.current().Session)
			})
		})
	}
}

func TestSessionForgottenEachTimeIsNoTightLoop(t *testing.T) {
	for name, reply := range map[string]string{
		"402":       connect402,
		"successes": `[{"channel":"/meta/connect","id":"%1","successful":true,"advice":{"reconnect":"handshake","interval":0}}]`,
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				c := s.client()
				go c.Connect(t.Context())
				s.connection()
				start := time.Now()
				var at []time.Duration
				for range 4 {
					s.say(handshakeReply, s.expect(metaHandshake)...)
					at = append(at, time.Since(start))
					s.say(reply, s.expect(metaConnect)...)
				}
				require.Equal(t, []time.Duration{0, 0, 2 * time.Second, 6 * time.Second}, at)
			})
		})
	}
}

func TestAdvice(t *testing.T) {
	t.Run("interval between connects", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			c := s.client()
			s.connect(c)
			start := time.Now()
			s.say(`[{"channel":"/meta/connect","id":"%1","successful":true,"advice":{"interval":2000,"multiple-clients":true}}]`, s.expect(metaConnect)...)
			s.expect(metaConnect)
			require.Equal(t, 2*time.Second, time.Since(start))
			require.ErrorContains(t, c.current().Reason, "several clients")
			require.Equal(t, Connected, c.current().State)
		})
	})
	t.Run("none ends it", func(t *testing.T) {
		for _, advice := range []string{`{"reconnect":"none"}`, `{"interval":-1}`} {
			run(t, func(t *testing.T) {
				s := newServer(t)
				c := s.client()
				s.connect(c)
				s.say(`[{"channel":"/meta/connect","id":"%1","successful":false,"error":"403::Go away","advice":`+advice+`}]`, s.expect(metaConnect)...)
				<-s.current.closed
				synctest.Wait()
				status := c.current()
				require.Equal(t, Closed, status.State)
				var ended *DisconnectedError
				require.ErrorAs(t, status.Reason, &ended)
				require.ErrorContains(t, status.Reason, "403::Go away")
			})
		}
	})
	t.Run("refused connect is tried again on the same session", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			c := s.client()
			s.connect(c)
			start := time.Now()
			s.say(`[{"channel":"/meta/connect","id":"%1","successful":false,"error":"500::Later","advice":{"reconnect":"retry","interval":500}}]`, s.expect(metaConnect)...)
			again := s.expect(metaConnect)
			require.Equal(t, 1500*time.Millisecond, time.Since(start))
			require.Equal(t, "c1", again[0].ClientID)
			require.NotNil(t, again[0].Advice, "after a failure the first connect is not held")
		})
	})
	t.Run("a server may hold a connect for as long as it said", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			c := s.client()
			s.connect(c)
			s.say(`[{"channel":"/meta/connect","id":"%1","successful":true,"advice":{"timeout":120000}}]`, s.expect(metaConnect)...)
			held := s.expect(metaConnect)
			wait(129 * time.Second)
			require.Equal(t, Connected, c.current().State)
			s.say(connectReply, held...)
			s.expect(metaConnect)
			wait(131 * time.Second)
			synctest.Wait()
			require.Equal(t, Reconnecting, c.current().State, "timeout and network delay have passed")
			require.ErrorContains(t, c.current().Reason, "no reply in time")
		})
	})
	t.Run("it is merged over the defaults", func(t *testing.T) {
		ms := func(f float64) *float64 { return &f }
		p := defaultPlan().follow(&Advice{Reconnect: handshake, Interval: ms(5), Timeout: ms(7), MaxInterval: ms(9)})
		require.Equal(t, plan{reconnect: handshake, interval: 5 * time.Millisecond, timeout: 7 * time.Millisecond, maxInterval: 9 * time.Millisecond}, p)
		require.Equal(t, p, p.follow(nil))
		require.Equal(t, plan{reconnect: retry, interval: time.Millisecond, timeout: 30 * time.Second, maxInterval: 10 * time.Second}, p.follow(&Advice{Interval: ms(1)}))
		require.Equal(t, defaultPlan(), p.follow(&Advice{Reconnect: "nonsense"}))
		require.Equal(t, maxAdvice, p.follow(&Advice{Timeout: ms(1e300)}).timeout)
		require.True(t, p.follow(&Advice{Interval: ms(-1)}).final())
	})
}

func TestHandshakeRefused(t *testing.T) {
	for name, test := range map[string]struct {
		reply string
		final bool
	}{
		"advice none":      {`{"channel":"/meta/handshake","id":"%1","successful":false,"error":"999::No","advice":{"reconnect":"none"}}`, true},
		"403":              {`{"channel":"/meta/handshake","id":"%1","successful":false,"error":"403::Handshake denied","advice":{"reconnect":"handshake"}}`, true},
		"401 without more": {`{"channel":"/meta/handshake","id":"%1","successful":false,"error":"401::Who?"}`, true},
		"another":          {`{"channel":"/meta/handshake","id":"%1","successful":false,"error":"500::Not yet"}`, false},
		"without a reason": {`{"channel":"/meta/handshake","id":"%1"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				c := s.client()
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				start := time.Now()
				done := make(chan error, 1)
				go func() { done <- c.Connect(ctx) }()
				s.connection()
				var err error
				for tries := 0; err == nil; tries++ {
					select {
					case m := <-s.current.sent:
						s.say(test.reply, m...)
					case err = <-done:
					}
				}
				var refused *HandshakeError
				require.ErrorAs(t, err, &refused)
				if test.final {
					require.Zero(t, time.Since(start))
					require.Equal(t, Closed, c.current().State)
				} else {
					require.Equal(t, 10*time.Second, time.Since(start))
					var late *ConnectError
					require.ErrorAs(t, err, &late)
					require.Greater(t, len(s.prepare), 2, "it was tried again, signing in each time")
				}
			})
		})
	}
}

func TestNonsenseInsteadOfAHandshakeReply(t *testing.T) {
	for frame, problem := range map[string]string{
		`hello`:                    `neither an array nor an object (5 bytes): "hello"`,
		`<p>sign in</p> {"a":1}`:   `neither an array nor an object (22 bytes): "<p>sign in</p> "`,
		`{}`:                       `a message without a channel (2 bytes)`,
		`[{"chan`:                  `JSON that is cut short (7 bytes)`,
		`""`:                       `neither an array nor an object (2 bytes)`,
		strings.Repeat("é", 10000): `"` + strings.Repeat("é", 200) + `…"`,
		`[{"channel":"/meta/handshake","id":"%1","successful":true}]`:                   `a handshake reply without a clientId (58 bytes)`,
		`[{"channel":"/meta/handshake","successful":true}]`:                             `a handshake reply without a clientId`,
		`[{"channel":"/meta/handshake","id":"%1","successful":true,"ClientId":"them"}]`: `a handshake reply without a clientId`,
	} {
		t.Run(quote([]byte(frame)), func(t *testing.T) {
			run(t, func(t *testing.T) {
				s := newServer(t)
				c := s.client()
				ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
				defer cancel()
				done := make(chan error, 1)
				go func() { done <- c.Connect(ctx) }()
				s.connection()
				s.say(frame, s.expect(metaHandshake)...)
				err := <-done
				var nonsense *ProtocolError
				require.ErrorAs(t, err, &nonsense)
				require.ErrorContains(t, err, problem)
			})
		})
	}
}

// The connect that travels beside the subscriptions may be answered first, as over
// requests of their own.
func TestFirstConnect_WaitsForTheSubscriptions(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		hears(t, c, "/a")
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		s.connection()
		s.say(handshakeReply, s.expect(metaHandshake)...)
		subscribe, connect := s.expect(metaSubscribe), s.expect(metaConnect)
		s.say(connectReply, connect...)
		s.silent()
		require.Equal(t, Connecting, c.current().State)
		s.say(subscribeReply, subscribe...)
		require.NoError(t, <-done)
		held := s.expect(metaConnect)
		require.Nil(t, held[0].Advice)
		s.silent()
	})
}

func TestSubscriptionRefused(t *testing.T) {
	const refusal = `[{"channel":"/meta/subscribe","id":"%1","successful":false,"error":"403:/a:Denied","subscription":"/a"}]`
	t.Run("at first", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			c := s.client()
			_, err := c.Subscribe(t.Context(), "/a", func(Message) {})
			require.NoError(t, err)
			done := make(chan error, 1)
			go func() { done <- c.Connect(t.Context()) }()
			s.connection()
			s.say(handshakeReply, s.expect(metaHandshake)...)
			subscribe := s.expect(metaSubscribe)
			s.expect(metaConnect)
			s.say(refusal, subscribe...)
			var refused *SubscribeError
			require.ErrorAs(t, <-done, &refused)
			s.expect(metaDisconnect) // the server need not keep the session
			require.Equal(t, "/a", refused.Channel)
			require.Equal(t, 403, refused.Code)
		})
	})
	t.Run("after a new handshake", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			c := s.client()
			_, err := c.Subscribe(t.Context(), "/a", func(Message) {})
			require.NoError(t, err)
			s.connect(c)
			s.say(connect402, s.expect(metaConnect)...)
			s.say(handshakeReply, s.expect(metaHandshake)...)
			subscribe, connect := s.expect(metaSubscribe), s.expect(metaConnect)
			s.say(refusal, subscribe...)
			s.say(connectReply, connect...)
			synctest.Wait()
			require.Equal(t, Reconnecting, c.current().State, "it is not connected without what it listens for")
			require.ErrorContains(t, c.current().Reason, "403:/a:Denied")
			s.session()
			require.Equal(t, Connected, c.current().State)
		})
	})
	t.Run("on a session that works", func(t *testing.T) {
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
			s.say(refusal, s.expect(metaSubscribe)...)
			var refused *SubscribeError
			require.ErrorAs(t, <-done, &refused)
			require.Equal(t, Connected, c.current().State)
		})
	})
	t.Run("because the session is gone", func(t *testing.T) {
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
			s.say(subscribe402, s.expect(metaSubscribe)...)
			s.session()
			require.NoError(t, <-done)
		})
	})
}

func TestSubscribeAndCancelWhileConnected(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		s.expect(metaConnect)
		var got int
		subscribe := func() *Subscription {
			done := make(chan *Subscription, 1)
			go func() {
				sub, err := c.Subscribe(t.Context(), "/a", func(Message) { got++ })
				require.NoError(t, err)
				done <- sub
			}()
			s.say(subscribeReply, s.expect(metaSubscribe)...)
			return <-done
		}
		sub := subscribe()
		s.silent() // a connect is held already
		s.say(`[{"channel":"/a","data":1}]`)
		synctest.Wait()
		require.Equal(t, 1, got)
		sub.Cancel()
		m := s.expect(metaUnsubscribe)
		require.Equal(t, "/a", m[0].Subscription)
		s.say(`[{"channel":"/a","data":1},{"channel":"/meta/unsubscribe","id":"%1","successful":true}]`, m...)
		synctest.Wait()
		require.Equal(t, 1, got, "not called once cancelled")
		subscribe()

		_, err := c.Subscribe(t.Context(), "a", nil)
		require.ErrorContains(t, err, "must begin with /")
	})
}

func TestServerDisconnects(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		s.say(`[{"channel":"/meta/disconnect","successful":true}]`)
		<-s.current.closed
		synctest.Wait()
		var ended *DisconnectedError
		require.ErrorAs(t, c.current().Reason, &ended)
		require.Equal(t, Closed, c.current().State)
	})
}

func TestSilentServer(t *testing.T) {
	t.Run("hangs while opening", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			s.hang.Store(true)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			start := time.Now()
			err := s.client().Connect(ctx)
			require.ErrorContains(t, err, "cannot open websocket")
			require.Equal(t, 10*time.Second, time.Since(start))
		})
	})
	t.Run("does not answer the handshake", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			err := s.client().Connect(ctx)
			require.ErrorContains(t, err, "/meta/handshake: no reply in time")
		})
	})
}

func TestNextTransportWhereTheFirstDoesNotWork(t *testing.T) {
	for name, spoil := range map[string]func(*server){
		"cannot be opened":        func(s *server) { s.refuse = errors.New("no") },
		"hangs":                   func(s *server) { s.hang.Store(true) },
		"dies before its reply":   func(s *server) { go func() { (<-s.opened).sink.Lose(errors.New("reset")) }() },
		"silent on the handshake": func(*server) {},
		"not offered": func(s *server) {
			go func() {
				l := <-s.opened
				m := <-l.sent
				l.sink.Receive([]byte(`[{"channel":"/meta/handshake","id":"` + string(m[0].ID) + `","successful":true,"clientId":"x","supportedConnectionTypes":["long-polling"]}]`))
			}()
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				bad, good := newServer(t), newServer(t)
				good.name = "long-polling"
				spoil(bad)
				c := bad.client(good)
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				done := make(chan error, 1)
				go func() { done <- c.Connect(ctx) }()
				good.connection()
				good.session()
				require.NoError(t, <-done)
				require.Equal(t, "long-polling", c.current().Transport)
			})
		})
	}
}

func TestFailedMessagesOfAConnectionThatLives(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		held := s.expect(metaConnect)
		start := time.Now()
		s.current.sink.Fail(held, errors.New("status 502"))
		again := s.expect(metaConnect)
		require.Equal(t, time.Second, time.Since(start))
		require.Zero(t, *again[0].Advice.Timeout)
		require.Equal(t, "c1", again[0].ClientID)
		s.say(connectReply, held...) // late: it failed
		s.silent()
		s.say(connectReply, again...)
		s.expect(metaConnect)
	})
}

func TestClose(t *testing.T) {
	t.Run("ends the session at the server", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			c := s.client()
			s.connect(c)
			held := s.expect(metaConnect)
			done := make(chan struct{})
			go func() { defer close(done); c.Close(t.Context()) }()
			bye := s.expect(metaDisconnect)
			require.Equal(t, "c1", bye[0].ClientID)
			s.say(connectReply, held...)
			s.silent() // no further connect
			s.say(`[{"channel":"/meta/disconnect","id":"%1","successful":true}]`, bye...)
			<-done
			<-s.current.closed
			require.Equal(t, Status{State: Closed, Reason: ErrClosed, Session: 1}, c.current())
		})
	})
	t.Run("does not wait for ever", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			c := s.client()
			s.connect(c)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			c.Close(ctx)
			require.Equal(t, time.Second, time.Since(start))
			require.Equal(t, Closed, c.current().State)
			<-s.current.closed
		})
	})
	t.Run("while opening", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			s.hang.Store(true)
			c := s.client()
			done := make(chan error, 1)
			go func() { done <- c.Connect(t.Context()) }()
			synctest.Wait()
			c.Close(t.Context())
			require.ErrorIs(t, <-done, ErrClosed)
			_, err := c.Subscribe(t.Context(), "/a", nil)
			require.ErrorIs(t, err, ErrClosed)
			c.Close(t.Context()) // twice is no harm
		})
	})
}

// Its request would carry the cookie of whoever is signed in now.
func TestEnd_TakesBackTheDisconnectOfACloseOverRequests(t *testing.T) {
	over(t, true, func(t *testing.T, s *server, c *Client) {
		done := make(chan struct{})
		go func() { defer close(done); c.Close(t.Context()) }()
		bye := s.expect(metaDisconnect)
		c.End(ErrClosed)
		<-done
		require.Len(t, s.current.cancelled, 1)
		require.Equal(t, string(bye[0].ID), <-s.current.cancelled)
		<-s.current.closed
		s.silent()
	})
}

func TestPrepareFails(t *testing.T) {
	t.Run("for good", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			c := New(Options{Transports: []Transport{s}, Prepare: func(context.Context) error { return errors.New("401") }, Final: func(error) bool { return true }})
			require.EqualError(t, c.Connect(t.Context()), "401")
			require.Empty(t, s.opened, "nothing is opened without it")
		})
	})
	t.Run("for a time, or by a panic", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s := newServer(t)
			tries := 0
			c := s.client()
			c.opts.Prepare = func(context.Context) error {
				switch tries++; tries {
				case 1:
					return errors.New("503")
				case 2:
					panic("oh")
				}
				return nil
			}
			s.connect(c)
			require.Equal(t, 3, tries)
		})
	})
}

func TestConnect_ADialThatFailsAtTheEndDoesNotHideWhatTheServerHasSaid(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- c.Connect(ctx) }()
		s.connection()
		s.down.Store(true)
		s.say(`{"channel":"/meta/handshake","id":"%1","successful":true}`, s.expect(metaHandshake)...)
		require.ErrorContains(t, <-done, "without a clientId")
	})
}

func TestBackoffHasFullJitterAndBounds(t *testing.T) {
	for failures, bound := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 6: 32 * time.Second, 7: time.Minute, 1000: time.Minute,
	} {
		require.Equal(t, bound, backoff(failures, MaxBackoff, func() float64 { return 1 }))
		require.Zero(t, backoff(failures, MaxBackoff, func() float64 { return 0 }))
		require.Equal(t, bound/4, backoff(failures, MaxBackoff, func() float64 { return 0.25 }))
	}
}

func TestChannels(t *testing.T) {
	for channel, problem := range map[string]string{
		"/a": "", "/v2/me/*": "", "/v2/**": "", "/*": "",
		"": "must begin with /", "/": "must begin with /", "a/b": "must begin with /",
		"/a//b": "empty segment", "/a/": "empty segment", "/a/*/b": "whole last segment", "/a/b*": "whole last segment", "/a/***": "whole last segment",
		"/meta/connect": "protocol's own", "/" + strings.Repeat("x", 2000): "longer than",
	} {
		if err := CheckChannel(channel); problem == "" {
			require.NoError(t, err, channel)
		} else {
			require.ErrorContains(t, err, problem, channel)
		}
	}
	for _, test := range []struct {
		pattern, channel string
		want             bool
	}{
		{"/a", "/a", true}, {"/a", "/a/b", false}, {"/a/*", "/a/b", true}, {"/a/*", "/a", false}, {"/a/*", "/a/b/c", false},
		{"/a/**", "/a/b/c", true}, {"/a/**", "/a/b", true}, {"/a/**", "/a", false}, {"/*", "/a", true}, {"/**", "/a/b", true}, {"/a/*", "/ab/c", false},
	} {
		require.Equal(t, test.want, matches(test.pattern, test.channel), "%s %s", test.pattern, test.channel)
	}
}
