//go:build !js

package interop

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The bounds are generous, since the machine may be busy: what is late is
// bounded by a ratio to what the line needs, and nothing is early.
const (
	soon  = 0.9 // of the time that it takes
	later = 2.0
)

func TestProxy_NoLine_PassesAtOnce(t *testing.T) {
	p := proxyTo(t, sizes)
	from := time.Now()
	require.Len(t, get(t, p, 1<<20), 1<<20)
	require.Less(t, time.Since(from), time.Second)
}

func TestProxy_Rate_IsThatOfTheWholeLine(t *testing.T) {
	const rate, each, connections = 200_000, 40_000, 4
	p := proxyTo(t, sizes)
	p.line.set(rate, 0)
	var all sync.WaitGroup
	from := time.Now()
	for range connections {
		all.Go(func() { get(t, p, each) })
	}
	all.Wait()
	within(t, time.Second*connections*each/rate, time.Since(from))
}

func TestProxy_Rate_IsThatOfEachDirection(t *testing.T) {
	const rate, size = 100_000, 50_000
	p := proxyTo(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	p.line.set(rate, 0)
	from := time.Now()
	response, err := client(t).Post(p.url(), "text/plain", bytes.NewReader(make([]byte, size)))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	within(t, time.Second*size/rate, time.Since(from))
}

// A small answer does not wait for the whole of a large one: it takes its turns
// between that one's pieces.
func TestProxy_Rate_IsSharedFairly(t *testing.T) {
	const rate, large, small = 50_000, 100_000, 2_000
	p := proxyTo(t, sizes)
	p.line.set(rate, 0)
	var all sync.WaitGroup
	defer all.Wait()
	begun := make(chan struct{})
	all.Go(func() {
		response, err := client(t).Get(p.url() + "/" + strconv.Itoa(large))
		if err == nil {
			defer response.Body.Close()
			close(begun)
			_, err = io.Copy(io.Discard, response.Body)
		}
		if err != nil {
			t.Error(err)
		}
	})
	<-begun
	from := time.Now()
	get(t, p, small)
	require.Less(t, time.Since(from), time.Second*large/rate/3)
}

func TestProxy_RoundTrip_ConnectionTakesOneMore(t *testing.T) {
	const roundTrip = 200 * time.Millisecond
	p := proxyTo(t, sizes)
	p.line.set(0, roundTrip)
	c := client(t)
	for _, roundTrips := range []time.Duration{2, 1} { // the second request uses the connection of the first
		from := time.Now()
		getWith(t, c, p, 10)
		within(t, roundTrips*roundTrip, time.Since(from))
	}
}

func TestProxy_RoundTripEnded_PassesAtOnce(t *testing.T) {
	p := proxyTo(t, sizes)
	p.line.set(0, 300*time.Millisecond)
	c := client(t)
	getWith(t, c, p, 10)
	p.line.set(0, 0)
	from := time.Now()
	getWith(t, c, p, 10)
	require.Less(t, time.Since(from), 200*time.Millisecond)
}

func TestProxy_Refused_TakesARoundTrip(t *testing.T) {
	const roundTrip = 200 * time.Millisecond
	p := proxyTo(t, sizes)
	p.line.set(0, roundTrip)
	p.refuse(true)
	from := time.Now()
	_, err := client(t).Get(p.url())
	require.Error(t, err)
	require.GreaterOrEqual(t, time.Since(from), roundTrip)
}

func TestProxy_ClientLeavesWithHalfAnAnswer_IsCounted(t *testing.T) {
	p := proxyTo(t, sizes)
	p.line.set(100_000, 0)
	response, err := client(t).Get(p.url() + "/" + strconv.Itoa(1<<20))
	require.NoError(t, err)
	require.Zero(t, p.counted().Aborted)
	require.NoError(t, response.Body.Close())
	require.Eventually(t, func() bool { return p.counted().Aborted == 1 }, 5*time.Second, time.Millisecond)
}

func TestProxy_WholeAnswers_AreNotCounted(t *testing.T) {
	p := proxyTo(t, sizes)
	c := client(t)
	getWith(t, c, p, 100)
	getWith(t, c, p, 100)
	c.CloseIdleConnections()
	require.Eventually(t, func() bool { return p.count() == 0 }, 5*time.Second, time.Millisecond)
	require.Equal(t, countsResult{Connections: 1, Requests: 2}, p.counted())
}

func TestProxy_SwallowedSocket_IsNotAnswered(t *testing.T) {
	p := proxyTo(t, sizes)
	p.setSockets(socketsArgs{Fate: swallowed})
	c := upgrade(t, p)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(200*time.Millisecond)))
	_, err := c.Read(make([]byte, 1))
	require.ErrorContains(t, err, "timeout")
	require.Len(t, get(t, p, 10), 10, "a request is answered")
	require.Equal(t, 1, p.counted().Sockets)
}

func TestProxy_DyingSocket_IsClosedAfterSoManyMessages(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
		_, _ = io.Copy(c, buffered)
	})
	p := proxyTo(t, echo)
	p.setSockets(socketsArgs{Fate: dying, After: 1})
	c := upgrade(t, p)
	in := bufio.NewReader(c)
	response, err := http.ReadResponse(in, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
	_, err = io.WriteString(c, "1")
	require.NoError(t, err)
	first, err := in.ReadByte()
	require.NoError(t, err)
	require.Equal(t, byte('1'), first)
	_, err = io.WriteString(c, "2")
	require.NoError(t, err)
	rest, err := io.ReadAll(in)
	require.NoError(t, err)
	require.Equal(t, policyViolation, rest)
}

// sizes answers with as many bytes as its path has.
var sizes = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.URL.Path[1:])
	if err != nil {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write(make([]byte, n))
})

func proxyTo(t *testing.T, handler http.Handler) *proxy {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // ends with the test
	t.Cleanup(func() { server.Close() })
	p, err := newProxy(listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(p.close)
	return p
}

func client(t *testing.T) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func get(t *testing.T, p *proxy, n int) []byte { return getWith(t, client(t), p, n) }

func getWith(t *testing.T, c *http.Client, p *proxy, n int) []byte {
	response, err := c.Get(p.url() + "/" + strconv.Itoa(n))
	if err != nil {
		t.Error(err)
		return nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return body
}

// upgrade asks for a WebSocket.
func upgrade(t *testing.T, p *proxy) net.Conn {
	c, err := net.Dial("tcp", p.listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: there\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	require.NoError(t, err)
	return c
}

func within(t *testing.T, needed, took time.Duration) {
	t.Helper()
	require.GreaterOrEqual(t, took.Seconds(), soon*needed.Seconds())
	require.LessOrEqual(t, took.Seconds(), later*needed.Seconds())
}
