package websocket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/httpx"
	"gws-outbound/internal/testserver"
)

// recorder takes what a connection brings.
type recorder struct {
	frames chan string
	lost   chan error
}

func newRecorder() *recorder {
	return &recorder{frames: make(chan string, 1000), lost: make(chan error, 2)}
}

func (r *recorder) Receive(frame []byte)         { r.frames <- string(frame) }
func (r *recorder) Fail([]bayeux.Message, error) { panic("a socket fails as a whole") }
func (r *recorder) Progress([]bayeux.Message)    {}
func (r *recorder) Lose(err error)               { r.lost <- err }

// peer is the test server, as one test sees it.
type peer struct {
	t   *testing.T
	url string
	id  string
}

var tests atomic.Int64

func newPeer(t *testing.T) *peer {
	return &peer{t, testserver.URL(t), fmt.Sprintf("%s-%d-%d", t.Name(), time.Now().UnixNano(), tests.Add(1))}
}

func (p *peer) at(scenario string) string {
	sep := "?"
	if strings.Contains(scenario, "?") {
		sep = "&"
	}
	return p.url + "/ws/" + scenario + sep + "id=" + p.id
}

// connections waits until the server has n connections of this test.
func (p *peer) connections(n int) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 20*time.Second)
	defer cancel()
	_, err := httpx.New().Do(ctx, &httpx.Request{Method: "GET", URL: p.at(fmt.Sprintf("wait?n=%d", n))})
	require.NoError(p.t, err, "waiting for %d connections", n)
}

func (p *peer) open(scenario string) (bayeux.Conn, *recorder) {
	p.t.Helper()
	r := newRecorder()
	c, err := New(p.at(scenario)).Open(p.t.Context(), r)
	require.NoError(p.t, err)
	p.t.Cleanup(c.Close)
	return c, r
}

func TestSendsArraysAndReceivesFrames(t *testing.T) {
	p := newPeer(t)
	c, r := p.open("echo")
	c.Send([]bayeux.Message{{Channel: "/é", ID: "1"}, {Channel: "/b", ID: "2"}})
	c.Send([]bayeux.Message{{Channel: "/c", ID: "3"}})
	require.Equal(t, `[{"channel":"/é","id":"1"},{"channel":"/b","id":"2"}]`, <-r.frames)
	require.Equal(t, `[{"channel":"/c","id":"3"}]`, <-r.frames)
	c.Close()
	p.connections(0)
	require.Empty(t, r.lost, "our own close is no loss")
}

func TestManyDialsAtOnce(t *testing.T) {
	p := newPeer(t)
	done := make(chan error, 20)
	for i := range 20 {
		go func() {
			r := newRecorder()
			c, err := New(p.at("echo")).Open(t.Context(), r)
			if err == nil {
				c.Send([]bayeux.Message{{Channel: fmt.Sprintf("/%d", i)}})
				if got := <-r.frames; got != fmt.Sprintf(`[{"channel":"/%d"}]`, i) {
					err = fmt.Errorf("got %s", got)
				}
				c.Close()
			}
			done <- err
		}()
	}
	for range 20 {
		require.NoError(t, <-done)
	}
	p.connections(0)
}

func TestFramesSentJustBeforeTheCloseArrive(t *testing.T) {
	p := newPeer(t)
	for range 20 {
		_, r := p.open("burst?n=50&size=100&code=1000")
		require.ErrorContains(t, <-r.lost, "close code 1000")
		require.Len(t, r.frames, 50)
		for i := range 50 {
			require.Equal(t, fmt.Sprint(i), strings.TrimSpace(<-r.frames))
		}
	}
}

func TestFrameSizes(t *testing.T) {
	p := newPeer(t)
	for _, kind := range []string{"text", "binary"} {
		for _, limit := range []int{0, 100_000} { // 0 is the default
			size := cmp.Or(limit, bayeux.DefaultMaxMessageSize)
			open := func(size int) *recorder {
				r := newRecorder()
				c, err := New(p.at(fmt.Sprintf("burst?n=1&size=%d&%s", size, kind))).WithMaxMessageSize(limit).Open(t.Context(), r)
				require.NoError(t, err)
				t.Cleanup(c.Close)
				return r
			}
			require.Len(t, <-open(size).frames, size)

			r := open(size + 1)
			tooLarge, ok := errors.AsType[*bayeux.TooLargeError](<-r.lost)
			require.True(t, ok)
			require.Equal(t, size, tooLarge.Limit)
			require.Empty(t, r.frames)
		}
	}
	p.connections(0)
}

func TestBinaryFramesAreTakenForText(t *testing.T) {
	p := newPeer(t)
	_, r := p.open("burst?n=2&size=10&code=1000&binary")
	require.Equal(t, "0", strings.TrimSpace(<-r.frames))
	require.Equal(t, "1", strings.TrimSpace(<-r.frames))
	require.ErrorContains(t, <-r.lost, "close code 1000")
}

func TestClosesAreToldByTheirCode(t *testing.T) {
	p := newPeer(t)
	_, r := p.open("burst?code=4001")
	require.ErrorContains(t, <-r.lost, "close code 4001: as asked")
	_, r = p.open("reset")
	require.Error(t, <-r.lost)
}

// While a socket closes, the peer may reset it, or send what makes the browser
// raise an error event: the library would wait for itself then.
func TestPeerBreaksWhileClosing(t *testing.T) {
	for _, what := range []string{"reset", "garbage", "end"} {
		t.Run(what, func(t *testing.T) {
			p := newPeer(t)
			for range 5 {
				c, r := p.open("answer-close-with?what=" + what)
				c.Close()
				p.connections(0)
				require.Empty(t, r.lost)
			}
			c, r := p.open("echo")
			c.Send([]bayeux.Message{{Channel: "/alive"}})
			require.Equal(t, `[{"channel":"/alive"}]`, <-r.frames)
		})
	}
}

func TestCloseDoesNotWaitForADeafPeer(t *testing.T) {
	p := newPeer(t)
	c, r := p.open("deaf")
	c.Send([]bayeux.Message{{Channel: "/a"}})
	c.Close()
	c.Close()
	c.Send([]bayeux.Message{{Channel: "/a"}})
	require.Empty(t, r.lost) // the browser itself waits for a minute
}

// The tests of failing dials come last: a browser makes those who fail wait.

func TestDialFails(t *testing.T) {
	p := newPeer(t)
	for name, url := range map[string]string{
		"no upgrade":   p.at("refuse"),
		"no accept":    p.at("no-accept"),
		"nobody there": "http://127.0.0.1:1/",
		"no URL":       "ws://[",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(url).Open(t.Context(), newRecorder())
			require.Error(t, err)
		})
	}
	c, r := p.open("echo") // and works all the same afterwards
	c.Send([]bayeux.Message{{Channel: "/a"}})
	require.Equal(t, `[{"channel":"/a"}]`, <-r.frames)
}

func TestDialIsAborted(t *testing.T) {
	p := newPeer(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := New(p.at("hang")).Open(ctx, newRecorder())
		done <- err
	}()
	p.connections(1)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	p.connections(0) // the browser does not go on with it

	_, err := New(p.at("hang")).Open(ctx, newRecorder())
	require.ErrorIs(t, err, context.Canceled)
	p.connections(0)
}
