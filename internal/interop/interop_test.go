//go:build interop

// The tests need Java and Maven, Node.js and npm: `go test -tags interop
// ./internal/interop`.

package interop_test

import (
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/interop"
	"gws-outbound/internal/outbound"
)

const browser = runtime.GOOS == "js"

// transports are those of the client that each server is to judge, if it has
// them.
var transports = []string{"websocket", "long-polling"}

// scenarios are what the client has to stand, in this order, on one server.
var scenarios = []struct {
	name string
	run  func(*testing.T, *judge)
}{
	{"completes 100 records", completes},
	{"a session made over long-polling while the socket is opened", handedOver},
	{"a connection killed between POST and acknowledgement", killed},
	{"a connection half-open between POST and acknowledgement", halfOpen},
	{"an acknowledgement that takes its time", slow},
	{"asked whether it is there, while completing", woken},
	{"a session forgotten while idle", forgottenIdle},
	{"a session forgotten while pending", forgottenPending},
	{"a session expired", expired},
	{"a server restarted", restarted},
	{"every operation", everyOperation},
	{"a connection killed while a list is coming", listBroken},
	{"a handshake denied", handshakeDenied},
	{"a subscription denied", subscriptionDenied},
	{"a message of 1 MB", bigMessage},
	{"a message that takes longer to arrive than a session is kept", slowMessage},
	{"1,000 unrelated messages while completing", unrelated},
}

func TestServers(t *testing.T) {
	for _, kind := range interop.Kinds {
		for _, transport := range transports {
			for _, ack := range []bool{true, false} {
				if j := (&judge{kind: kind, transport: transport, ack: ack}); j.exists() {
					judges = append(judges, j)
					t.Run(j.name(), j.run)
				}
			}
		}
	}
}

// exists reports whether the server can be had that way. With acknowledged
// delivery off, they all do the same, and one of them is enough in the browser,
// where it takes long.
func (j *judge) exists() bool {
	switch {
	case !slices.Contains(j.kind.Transports(), j.transport):
		return false
	case !j.kind.HasAck():
		return !j.ack
	}
	return j.ack || !browser || j.kind == interop.Jetty9
}

func (j *judge) run(t *testing.T) {
	if !browser { // where all share the cookies, since those do not tell ports apart
		t.Parallel() // most of the time is spent waiting
	}
	j.verdict = "NOT STARTED"
	defer func() {
		if !t.Failed() {
			j.verdict = "passed"
		}
	}()
	usual := j.start(t, interop.Options{})
	j.brief = j.start(t, interop.Options{TimeoutMS: 3000, MaxIntervalMS: 5000})
	j.verdict = "FAILED"
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			j.use(usual)
			s.run(t, j)
		})
	}
}

// start starts a server. Most scenarios share one that has the times of its kind, by default: it holds a connect for 30 s, and keeps
// a session for 10 s, which a browser on a busy machine needs.
func (j *judge) start(t *testing.T, options interop.Options) *interop.Server {
	t.Helper()
	options.NoAck = !j.ack
	return interop.Start(t, j.kind, options)
}

// use makes a server that of a scenario, and takes back what the scenarios before have made of it.
func (j *judge) use(s *interop.Server) {
	j.Server, j.transports = s, nil
	s.Refuse(false)
	s.Line(0, 0)
	s.Cut()
	s.Control("set", interop.Behavior{}, nil)
}

func completes(t *testing.T, j *judge) {
	j.Control("set", interop.Behavior{AckDelayMS: 5}, nil)
	j.open(t).completeAll(t, 100, 10)
}

// killed kills every connection four times, with five records pending each
// time: by turns before the acknowledgements are sent, and after the server has
// written them into connections that take nothing any more. The client waits
// longer after each, up to 8 s.
func killed(t *testing.T, j *judge) {
	c := j.open(t)
	timeout := long
	if !j.ack {
		timeout = 3 * time.Second // what is lost is waited for in vain
	}
	const rounds, records = 4, 5
	for round := range rounds {
		j.Control("set", interop.Behavior{HoldAck: true}, nil)
		pending := c.acceptedAll(t, records, timeout)
		if round%2 == 0 {
			j.cut(t)
			j.acknowledge(references(pending)...)
		} else {
			j.Stall()
			j.acknowledge(references(pending)...)
			j.cut(t)
		}
		for _, p := range pending {
			if j.ack {
				p.resolved(t, c)
			} else {
				j.count(t, p)
			}
		}
		c.wait(t, "to be connected again", func(s bayeux.Status) bool { return s.State == bayeux.Connected })
	}
	j.Control("set", interop.Behavior{}, nil)
	c.completeAll(t, 5, 5)
}

// count takes the end of a completion whose acknowledgement may be lost, since
// there is no acknowledged delivery. If it is, the error must say so.
func (j *judge) count(t *testing.T, p *call) {
	t.Helper()
	err := p.end(t)
	if err == nil {
		j.completions++
		return
	}
	requireError(t, err, outbound.AckTimeout, gws.Accepted)
	j.lost++
}

func requireError(t *testing.T, err error, code outbound.Code, d gws.Delivery) *outbound.Error {
	t.Helper()
	e, ok := errors.AsType[*outbound.Error](err)
	require.True(t, ok, "%T: %v", err, err)
	require.Equal(t, code, e.Code, e.Message)
	require.Equal(t, d, e.Delivery, e.Message)
	return e
}

// halfOpen leaves connections that stay, but carry nothing. Nobody tells the
// client: it has to find out within 10 s.
func halfOpen(t *testing.T, j *judge) {
	c := j.open(t)
	j.Control("set", interop.Behavior{HoldAck: true}, nil)
	pending := c.acceptedAll(t, 1, long)
	j.Stall()
	stalled := time.Now()
	if j.ack {
		j.acknowledge(references(pending)...)
	}
	c.wait(t, "to notice", func(s bayeux.Status) bool { return s.State != bayeux.Connected })
	require.Less(t, time.Since(stalled), 12*time.Second)
	c.wait(t, "to be connected again", func(s bayeux.Status) bool { return s.State == bayeux.Connected })
	j.acknowledge(references(pending)...)
	pending[0].resolved(t, c)
}

// slow lets nothing be heard for longer than the client likes while something
// is pending. The connection works, and must not be taken for a dead one.
func slow(t *testing.T, j *judge) {
	j.Control("set", interop.Behavior{AckDelayMS: 12_000}, nil)
	c := j.open(t)
	c.complete(t, 0).resolved(t, c)
	require.NotContains(t, c.said(), string(bayeux.Reconnecting))
}

// woken has the client ask the server whether it is there, again and again. Over
// long-polling, where the server acknowledges delivery, each time a new connect
// takes the place of the one that is held, while events come: none may be lost,
// and a connection that works must not be taken for a dead one. (Sockets can
// break all the same: that of CometD 9 sometimes, by a race of its own, with
// 1011 "Demand already fulfilled": jetty/jetty.project#14821.)
func woken(t *testing.T, j *judge) {
	j.Control("set", interop.Behavior{AckDelayMS: 30}, nil)
	c := j.open(t)
	for range 50 {
		c.Wake()
		c.complete(t, 0).resolved(t, c)
	}
	if j.transport == "long-polling" {
		require.NotContains(t, c.said(), string(bayeux.Reconnecting))
	}
}

// forgottenIdle has the server forget the session, which the client learns from
// its next connect.
func forgottenIdle(t *testing.T, j *judge) {
	j.use(j.brief)
	c := j.open(t)
	old := c.session()
	j.Control("expire", nil, nil)
	c.waitForNewSession(t, old)
	c.completeAll(t, 5, 5)
}

func forgottenPending(t *testing.T, j *judge) {
	j.use(j.brief)
	c := j.open(t)
	j.Control("set", interop.Behavior{HoldAck: true}, nil)

	// An acknowledgement that is sent over the new session is waited for.
	pending := c.acceptedAll(t, 1, long)
	old := c.session()
	j.Control("expire", nil, nil)
	c.waitForNewSession(t, old)
	j.acknowledge(references(pending)...)
	pending[0].resolved(t, c)

	// One that is sent in between is lost. The error says so.
	pending = c.acceptedAll(t, 1, 6*time.Second)
	old = c.session()
	j.Control("expire", nil, nil)
	j.acknowledge(references(pending)...)
	c.waitForNewSession(t, old)
	e := requireError(t, pending[0].end(t), outbound.AckTimeout, gws.Accepted)
	require.Contains(t, e.Message, "session was lost meanwhile")
}

// expired keeps the client away until the server has given up the session by
// itself.
func expired(t *testing.T, j *judge) {
	j.use(j.brief)
	c := j.open(t)
	old := c.session()
	j.Refuse(true)
	j.cut(t)
	require.Eventually(t, func() bool { return j.sessions() == 0 }, long, 50*time.Millisecond, "the server still has the session")
	j.Refuse(false)
	c.waitForNewSession(t, old)
	c.completeAll(t, 5, 5)
}

func restarted(t *testing.T, j *judge) {
	c := j.open(t)
	c.completeAll(t, 1, 1)
	old := c.session()
	j.Restart()
	c.waitForNewSession(t, old)
	c.completeAll(t, 10, 10)
}

// denials are what the servers say when their policy denies something.
var denials = map[interop.Kind]struct{ handshake, subscription string }{
	interop.Jetty9:  {"403::handshake_denied", "subscribe_denied"},
	interop.Jetty8:  {"403::handshake_denied", "subscribe_denied"},
	interop.Jetty31: {"403::Handshake denied", "subscribe_denied"},
	interop.Faye:    {"403::handshake denied", "subscription denied"},
	interop.NodeJS:  {"403::handshake_denied", "403::subscribe_denied"},
}

func handshakeDenied(t *testing.T, j *judge) {
	j.Control("set", interop.Behavior{DenyHandshake: true}, nil)
	_, err := j.tryOpen(t)
	e := requireError(t, err, outbound.HandshakeRefused, gws.NotSent)
	require.Contains(t, e.Message, denials[j.kind].handshake)
}

func subscriptionDenied(t *testing.T, j *judge) {
	j.Control("set", interop.Behavior{DenySubscribe: true}, nil)
	_, err := j.tryOpen(t)
	e := requireError(t, err, outbound.SubscribeRefused, gws.NotSent)
	require.Contains(t, e.Message, denials[j.kind].subscription)
	require.Contains(t, e.Message, "/v2/me/outbound")
}

// bigMessage needs a server that keeps the session for long: on a busy machine, with the race
// detector, this program takes seconds to read the message, before the next connect can follow.
func bigMessage(t *testing.T, j *judge) {
	const size = 1 << 20
	j.use(j.start(t, interop.Options{MaxIntervalMS: 60_000}))
	c := j.open(t, "/v2/me/calls")
	j.Control("publish", map[string]any{"channel": "/v2/me/calls", "size": size}, nil)
	require.Equal(t, []notification{{"/v2/me/calls", 0, size}}, c.received(t, 1))
	c.completeAll(t, 1, 1)
	require.Equal(t, 1, c.session(), "the session was lost")
}

// slowMessage has a message take 13 s on the line that its server has written at once. The server's clock for the
// session, which it keeps for 10 s, runs from then on, while the next connect has to wait until all has
// arrived. What comes behind the message must not be lost with the session, nor must it come twice. (A socket does not
// show what is arriving: it may be asked for again.)
func slowMessage(t *testing.T, j *judge) {
	if !j.ack || j.transport != "long-polling" {
		return
	}
	const size, rate = 1 << 20, 80 << 10
	c := j.open(t, "/v2/me/calls")
	j.Line(rate, 0)
	j.Control("publish", map[string]any{"channel": "/v2/me/calls", "size": size}, nil)
	c.completeAll(t, 1, 1)
	require.Equal(t, []notification{{"/v2/me/calls", 0, size}}, c.received(t, 1))
	require.Equal(t, 1, c.session(), "the session was lost")
}

func unrelated(t *testing.T, j *judge) {
	const count = 1000
	c := j.open(t, "/v2/me/calls")
	published := make(chan struct{})
	go func() {
		defer close(published)
		j.Control("publish", map[string]any{"channel": "/v2/me/calls", "count": count, "size": 100}, nil)
	}()
	c.completeAll(t, 20, 5)
	<-published
	for n, got := range c.received(t, count) {
		require.Equal(t, notification{"/v2/me/calls", n, 100}, got, "each once, in order")
	}
	require.Equal(t, 1, c.session(), "the session was lost")
}
