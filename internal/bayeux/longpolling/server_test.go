package longpolling

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/httpx"
	"gws-outbound/internal/testserver"
)

// long is more than any of these tests may take, and less than go test waits.
const long = 30 * time.Second

// get waits for what comes on a channel.
func get[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(long):
		t.Fatal("waited in vain")
		panic("not reached")
	}
}

// reports is a sink that passes on failures.
type reports struct {
	received chan string
	failed   chan error
}

func (r *reports) Receive(frame []byte)             { r.received <- string(frame) }
func (r *reports) Fail(_ []bayeux.Message, e error) { r.failed <- e }
func (r *reports) Progress([]bayeux.Message)        {}
func (r *reports) Lose(error)                       { panic("this connection is not one thing that could be lost") }

// open opens a connection to the scenarios of package testserver.
func open(t *testing.T, path string) (bayeux.Conn, *reports) {
	t.Helper()
	r := &reports{make(chan string, 10), make(chan error, 10)}
	c, err := New(Options{URL: testserver.URL(t) + path, Doer: httpx.New()}).Open(t.Context(), r)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c, r
}

func TestRealRequest(t *testing.T) {
	c, r := open(t, "/http/echo")
	c.Send(messages("h1"))
	var got map[string]string
	require.NoError(t, json.Unmarshal([]byte(get(t, r.received)), &got))
	require.Equal(t, "POST", got["method"])
	require.Equal(t, "application/json", got["type"])
	require.Equal(t, `[{"channel":"/meta/handshake","id":"h1"}]`, got["body"])
	require.IsType(t, &UnansweredError{}, get(t, r.failed))
}

func TestRealFailures(t *testing.T) {
	for path, check := range map[string]func(error){
		"/http/status?code=401":   func(err error) { require.Equal(t, &StatusError{Status: 401, Quote: "as asked"}, err) },
		"/http/status?code=503":   func(err error) { require.Equal(t, &StatusError{Status: 503, Quote: "as asked"}, err) },
		"/http/status?code=302":   func(err error) { require.ErrorContains(t, err, "a redirect") },
		"/http/big?size=16777217": func(err error) { require.Equal(t, &bayeux.TooLargeError{Limit: 16 << 20}, err) },
		"/http/reset":             func(err error) { require.ErrorAs(t, err, new(*httpx.NetworkError)) },
	} {
		t.Run(path, func(t *testing.T) {
			c, r := open(t, path)
			c.Send(messages("c1"))
			check(get(t, r.failed))
			require.Empty(t, r.received)
		})
	}
}

func TestRealAborts(t *testing.T) {
	for _, path := range []string{"/http/hang", "/http/hang-body"} {
		c, r := open(t, path)
		c.Send(messages("c1"))
		c.Send(messages("1"))
		c.Cancel("1")
		require.ErrorIs(t, get(t, r.failed), errCanceled)
		c.Send(messages("c2"))
		require.ErrorIs(t, get(t, r.failed), errReplaced)
	}
}

// session is a client with a session at a simulator, and what it hears.
type session struct {
	*bayeux.Client
	sim      *gwssim.Sim
	ctx      context.Context
	events   chan string // of channel /news
	statuses chan bayeux.Status
}

// connect signs in and connects. The cookies are the Doer's.
func connect(t *testing.T, behavior gwssim.Behavior) *session {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), long)
	t.Cleanup(cancel)
	s := &session{sim: gwssim.New(t), ctx: ctx, events: make(chan string, 100), statuses: make(chan bayeux.Status, 10_000)}
	s.sim.Set(behavior)
	doer := httpx.New()
	s.Client = bayeux.New(bayeux.Options{
		Transports: []bayeux.Transport{New(Options{URL: s.sim.URL + "/api/v2/notifications", Doer: doer})},
		Prepare: func(ctx context.Context) error {
			resp, err := doer.Do(ctx, &httpx.Request{
				Method: "GET", URL: s.sim.URL + "/api/v2/me",
				Header: httpx.Header{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("agent:secret"))},
			})
			if err == nil && resp.Status != 200 {
				err = &StatusError{Status: resp.Status}
			}
			return err
		},
		OnStatus: func(status bayeux.Status) { s.statuses <- status },
		Random:   func() float64 { return 0 }, // no backoff
	})
	t.Cleanup(func() { s.Close(ctx) })
	_, err := s.Subscribe(ctx, "/news", func(m bayeux.Message) { s.events <- string(m.Data) })
	require.NoError(t, err)
	require.NoError(t, s.Connect(ctx))
	require.NoError(t, s.sim.WaitConnected(ctx, 1))
	return s
}

func (s *session) publish(data string) { s.sim.Publish("/news", json.RawMessage(data)) }

// until waits for a state.
func (s *session) until(t *testing.T, state bayeux.State) {
	t.Helper()
	for get(t, s.statuses).State != state {
	}
}

func TestEventsArrive(t *testing.T) {
	s := connect(t, gwssim.Behavior{})
	for _, data := range []string{"1", `"é"`, "null"} {
		s.publish(data)
		require.Equal(t, data, get(t, s.events))
	}
	more := make(chan string, 1) // while a connect is held
	_, err := s.Subscribe(s.ctx, "/more", func(m bayeux.Message) { more <- string(m.Data) })
	require.NoError(t, err)
	s.sim.Publish("/more", json.RawMessage("4"))
	require.Equal(t, "4", get(t, more))
}

func TestASessionSurvivesCuts(t *testing.T) {
	s := connect(t, gwssim.Behavior{})
	for _, data := range []string{"1", "2", "3"} {
		s.until(t, bayeux.Connected)
		require.NoError(t, s.sim.WaitConnected(s.ctx, 1))
		s.sim.Cut()
		s.publish(data) // into the gap
		require.Equal(t, data, get(t, s.events))
	}
	status, _ := s.Watch()
	require.Equal(t, 1, status.Session, "the session is still the first one")
}

func TestANewSessionAfterExpiry(t *testing.T) {
	s := connect(t, gwssim.Behavior{})
	s.until(t, bayeux.Connected)
	s.sim.Expire()
	s.until(t, bayeux.Connected)
	s.publish("1")
	require.Equal(t, "1", get(t, s.events))
	status, _ := s.Watch()
	require.Equal(t, 2, status.Session)
}

func TestPollsThatEndByThemselves(t *testing.T) {
	s := connect(t, gwssim.Behavior{TimeoutMS: 20})
	for _, data := range []string{"1", "2", "3"} {
		require.NoError(t, s.sim.WaitConnected(s.ctx, 0))
		require.NoError(t, s.sim.WaitConnected(s.ctx, 1))
		s.publish(data)
		require.Equal(t, data, get(t, s.events))
	}
}

func TestCloseEndsTheSessionAtTheServer(t *testing.T) {
	s := connect(t, gwssim.Behavior{})
	s.Close(s.ctx)
	require.NoError(t, s.sim.WaitSessions(s.ctx, 0))
}

func TestAnExpiredSignInIsTold(t *testing.T) {
	s := connect(t, gwssim.Behavior{})
	s.sim.ExpireHTTP()
	s.sim.Cut()
	for {
		if refused, ok := errors.AsType[*StatusError](get(t, s.statuses).Reason); ok {
			require.True(t, refused.Unauthorized())
			return
		}
	}
}
