//go:build !js

package gwssim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gwssim"
)

func (c *client) control(verb, body string) answer {
	c.t.Helper()
	a := c.do("POST", "/gwssim/"+verb, body)
	require.Equal(c.t, 200, a.status, "%s: %s", verb, a.body)
	return a
}

func TestControlVerbs(t *testing.T) {
	sim := gwssim.New(t)
	c, w, id := listening(t, sim)

	c.control("set", `{"holdAck":true}`)
	c.post("r1")
	c.control("wait-posts", `{"n":1}`)
	var posts []gwssim.Post
	require.NoError(t, json.Unmarshal([]byte(c.control("posts", `{}`).body), &posts))
	require.Equal(t, sim.Posts(), posts)
	require.Equal(t, "1", c.control("processed", `{}`).body)
	require.Equal(t, "1", c.control("sessions", `{}`).body)

	w.send(connectMessage(w, id, "3", nil))
	c.control("wait-connected", `{"n":1}`)
	c.control("ack", `{"referenceId":"r1"}`)
	require.Equal(t, "r1", data(w.receive()[0])["referenceId"])
	hold(t, w, sim, c.ctx, id, "4", nil)
	c.control("publish", `{"channel":"/v2/me/outbound","data":null}`)
	require.Nil(t, w.receive()[0]["data"])
	hold(t, w, sim, c.ctx, id, "5", nil)
	c.control("expire", ``)
	require.Equal(t, "402::Unknown client", w.receive()[0]["error"])

	id = handshake(t, w, nil)
	hold(t, w, sim, c.ctx, id, "6", nil)
	c.control("kick", `{}`)
	require.Equal(t, "/meta/disconnect", w.receive()[0]["channel"])
	c.control("wait-sessions", `{"n":0}`)
	c.control("cut", `{}`)
	require.Error(t, w.failure())
	c.control("expire-http", `{}`)
	require.Equal(t, 401, c.signIn("", "").status)
	c.control("close", `{}`)
}

func TestControlMistakes(t *testing.T) {
	sim := gwssim.New(t)
	c := newClient(t, sim)
	a := c.do("POST", "/gwssim/sett", `{}`)
	require.Equal(t, 404, a.status)
	require.Contains(t, a.json(t)["error"], "sett")
	for body, names := range map[string]string{`{"postStatuss":1}`: "postStatuss", `{"postStatus":"x"}`: "postStatus", `x`: "set"} {
		a = c.do("POST", "/gwssim/set", body)
		require.Equal(t, 400, a.status)
		require.Contains(t, a.json(t)["error"], names)
	}
	require.Equal(t, 400, c.do("POST", "/gwssim/publish", `{"channel":"/a"}`).status)
	plain := func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }
	require.Equal(t, 400, c.do("POST", "/gwssim/cut", `{}`, plain).status, "a browser would not ask first")
}

func TestWaitEndsWithItsContextAndWithTheSimulator(t *testing.T) {
	sim := gwssim.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := sim.WaitPosts(ctx, 1)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "wait for 1 POSTs, there are 0")
	require.NoError(t, sim.WaitSessions(ctx, 0), "what is there already needs no waiting")

	waited := make(chan error)
	go func() { waited <- sim.WaitConnected(t.Context(), 1) }()
	sim.Close()
	require.ErrorContains(t, <-waited, "closed")
}

// Close with everything open: a socket and a poll that hold connects, a slow
// POST, a delayed acknowledgement.
func TestCloseLeavesNothingBehind(t *testing.T) {
	sim, err := gwssim.Start("127.0.0.1:0")
	require.NoError(t, err)
	c := signedIn(t, sim, "agent")
	w, p := c.dial(), c.polling()
	w.send(connectMessage(w, handshake(t, w, nil), "3", nil))
	p.send(connectMessage(p, handshake(t, p, nil), "3", nil))
	require.NoError(t, sim.WaitConnected(c.ctx, 2))
	sim.Set(gwssim.Behavior{PostDelayMS: 60_000, AckDelayMS: 60_000})
	failed := make(chan error, 1)
	go func() {
		_, err := c.try("POST", recordPath, record("r1", nil))
		failed <- err
	}()
	require.NoError(t, sim.WaitPosts(c.ctx, 1))

	sim.Close()
	sim.Close()
	require.Error(t, <-failed)
	require.Nil(t, p.receive())
	require.Error(t, w.failure())
	_, err = c.try("GET", "/login", "")
	require.Error(t, err, "nobody listens")
	// Close has waited for what the goroutines do, not for their very last
	// instruction.
	require.Eventually(t, func() bool {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		return !bytes.Contains(stacks, []byte("internal/gwssim.")) && !bytes.Contains(stacks, []byte("net/http.(*conn).serve"))
	}, 20*time.Second, time.Millisecond)
}

func TestHandlerCanBeMounted(t *testing.T) {
	sim := gwssim.NewUnstarted(gwssim.Audience{})
	mux := http.NewServeMux()
	mux.Handle("/api/", sim.Handler())
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(sim.Close)
	sim.URL = server.URL
	c := signedIn(t, sim, "agent")
	w := c.dial()
	hold(t, w, sim, c.ctx, handshake(t, w, nil), "3", nil)
	sim.Cut()
	require.ErrorContains(t, w.failure(), "reset by peer")
}

func TestPool(t *testing.T) {
	pool := &gwssim.Pool{}
	server := httptest.NewServer(pool)
	t.Cleanup(server.Close)
	ask := func() string {
		res, err := http.Post(server.URL+"/gwssim-new", "application/json", strings.NewReader("{}"))
		require.NoError(t, err)
		defer res.Body.Close()
		require.Equal(t, 200, res.StatusCode)
		var made struct{ URL string }
		require.NoError(t, json.NewDecoder(res.Body).Decode(&made))
		return made.URL
	}
	one, two := ask(), ask()
	require.NotEqual(t, one, two)
	c := newClient(t, &gwssim.Sim{URL: one})
	c.control("set", `{"signInStatus":503}`)
	require.Equal(t, 503, func() int { signIn := c.signIn("agent", "secret"); return signIn.status }())
	c.sim.URL = two
	require.Equal(t, 200, c.signIn("agent", "secret").status, "each has its own behaviour")
	pool.Close()
	_, err := c.try("GET", "/login", "")
	require.Error(t, err)
}
