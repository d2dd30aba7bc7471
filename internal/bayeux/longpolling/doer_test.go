package longpolling

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/httpx"
)

// server is an httpx.Doer whose part the test plays.
type server struct {
	t        *testing.T
	requests chan *call
	underway atomic.Int32
	stubborn bool // does not take notice of aborts
}

// call is a request that waits to be answered.
type call struct {
	*httpx.Request
	ctx    context.Context
	answer chan result
}

type result struct {
	resp *httpx.Response
	err  error
}

func (s *server) Do(ctx context.Context, r *httpx.Request) (*httpx.Response, error) {
	if s.underway.Add(1) > 2 {
		s.t.Error("more than two requests at a time")
	}
	defer s.underway.Add(-1)
	c := &call{r, ctx, make(chan result, 1)}
	s.requests <- c
	aborted := ctx.Done()
	if s.stubborn {
		aborted = nil
	}
	select {
	case a := <-c.answer:
		return a.resp, a.err
	case <-aborted:
		return nil, ctx.Err()
	}
}

// reply answers with HTTP 200.
func (c *call) reply(body string) {
	c.answer <- result{&httpx.Response{Status: 200, Body: []byte(body)}, nil}
}

// ids are the ids of the messages of a request, separated by spaces.
func (c *call) ids(t *testing.T) string {
	t.Helper()
	var messages []bayeux.Message
	require.NoError(t, json.Unmarshal(c.Body, &messages))
	return ids(messages)
}

func ids(messages []bayeux.Message) string {
	var all []string
	for _, m := range messages {
		all = append(all, string(m.ID))
	}
	return strings.Join(all, " ")
}

// next waits for a request with these messages.
func (s *server) next(want string) *call {
	s.t.Helper()
	synctest.Wait()
	select {
	case c := <-s.requests:
		require.Equal(s.t, want, c.ids(s.t))
		return c
	default:
		s.t.Fatalf("no request with %s", want)
		return nil
	}
}

// silent asserts that there is no request now but those that next has seen.
func (s *server) silent() {
	s.t.Helper()
	synctest.Wait()
	select {
	case c := <-s.requests:
		s.t.Fatalf("a request with %s", c.ids(s.t))
	default:
	}
}

// recorder is a sink that keeps what it hears, in order.
type recorder struct{ heard chan string }

func (r *recorder) Receive(frame []byte) { r.heard <- "received " + string(frame) }
func (r *recorder) Fail(messages []bayeux.Message, err error) {
	r.heard <- "failed " + ids(messages) + ": " + err.Error()
}
func (r *recorder) Progress(messages []bayeux.Message) { r.heard <- "progress " + ids(messages) }
func (r *recorder) Lose(error)                         { panic("this connection is not one thing that could be lost") }

// all returns what it has heard since the last call.
func (r *recorder) all() (heard []string) {
	synctest.Wait()
	for {
		select {
		case s := <-r.heard:
			heard = append(heard, s)
		default:
			return heard
		}
	}
}

// play runs a test in a bubble: time is virtual, and no goroutine may be left.
func play(t *testing.T, test func(t *testing.T, s *server, c *conn, r *recorder)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &server{t: t, requests: make(chan *call, 1000)}
		r := &recorder{make(chan string, 1000)}
		c, err := New(Options{URL: "http://server/cometd", Doer: s}).Open(t.Context(), r)
		require.NoError(t, err)
		test(t, s, c.(*conn), r)
		c.Close()
	})
}

// The messages of the tests are written as their ids; the first letter of an id
// says what it is: h(andshake), c(onnect), d(isconnect), or anything else.
func messages(list string) (all []bayeux.Message) {
	for id := range strings.FieldsSeq(list) {
		var m bayeux.Message
		channel := map[byte]string{'h': metaHandshake, 'c': metaConnect, 'd': metaDisconnect}[id[0]]
		if channel == "" {
			channel = "/meta/subscribe"
		}
		b, _ := json.Marshal(map[string]string{"channel": channel, "id": id})
		_ = json.Unmarshal(b, &m)
		all = append(all, m)
	}
	return all
}

// advance moves the clock of the test's bubble (testing/synctest), and with it
// the timers that are under test, to exactly where it is wanted. Nothing waits
// for it in real time.
func advance(d time.Duration) {
	time.Sleep(d) // by the clock of the bubble
	synctest.Wait()
}
