//go:build interop

package interop_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/interop"
	"gws-outbound/internal/outbound"
)

var seed = flag.Uint64("seed", 1, "from which TestChaos follows")

// TestChaos has everything happen to the connections that may, in an order and
// at times that follow from a seed, while records are completed. The servers
// keep the session, and deliver until they are acknowledged: what they have
// processed must be acknowledged, over the same session.
func TestChaos(t *testing.T) {
	for _, kind := range interop.Kinds {
		if !kind.HasAck() {
			continue
		}
		for _, transport := range kind.Transports() {
			t.Run(fmt.Sprint(kind, " ", transport), func(t *testing.T) {
				if !browser {
					t.Parallel()
				}
				// The session must outlive it all: that of a client that is kept
				// away for longer is gone, and what it holds with it.
				s := interop.Start(t, kind, interop.Options{MaxIntervalMS: 120_000})
				chaos(t, &judge{kind: kind, transport: transport, ack: true, Server: s})
			})
		}
	}
}

func chaos(t *testing.T, j *judge) {
	const steps, most, percent = 150, 30, 20
	random := rand.New(rand.NewPCG(*seed, 0))
	c := j.open(t)
	var all []*call
	ended := 0
	lose := func(percent int) { j.cuts += j.Lose(percent, random.Uint64()) }
	is := func(what bayeux.State) {
		c.wait(t, "to be "+string(what), func(s bayeux.Status) bool { return s.State == what })
	}

	happenings := []struct {
		often int
		run   func()
	}{
		{10, func() {
			for range 1 + random.IntN(4) {
				if len(all)-ended < most {
					all = append(all, c.complete(t, 2*time.Minute))
				}
			}
		}},
		{4, func() {
			delays := []int{0, 1, 20, 500}
			j.Control("set", interop.Behavior{AckDelayMS: delays[random.IntN(len(delays))]}, nil)
		}},
		{4, c.Wake},
		{3, func() { j.cuts += j.Cut() }},
		{1, j.Stall},
		{1, func() {
			j.Refuse(true)
			j.cuts += j.Cut()
			is(bayeux.Reconnecting)
			j.Refuse(false)
		}},
		{2, func() { lose(percent) }},
		{3, func() { lose(0) }},
		{2, func() {
			lose(0)
			c.Wake() // while nobody waits, the next attempt can be put off for long
			is(bayeux.Connected)
		}},
		{4, func() {
			for ; ended < len(all); ended++ {
				_ = all[ended].end(t) // which it was is seen to below
			}
		}},
	}
	var lots []func()
	for _, h := range happenings {
		for range h.often {
			lots = append(lots, h.run)
		}
	}
	for range steps {
		lots[random.IntN(len(lots))]()
		<-time.After(time.Duration(random.IntN(30)) * time.Millisecond) // so that the next one comes at any moment of this one
	}
	lose(0)

	acknowledged, unsent := 0, 0
	for _, p := range all {
		err := p.end(t)
		e, _ := errors.AsType[*outbound.Error](err)
		switch {
		case err == nil:
			acknowledged++
		case e.Code == outbound.ConnectFailed:
			require.Equal(t, gws.NotSent, e.Delivery)
			unsent++
		default:
			require.Contains(t, []outbound.Code{outbound.NetworkError, outbound.RequestTimeout}, e.Code, e.Message)
			require.Equal(t, gws.Unknown, e.Delivery, e.Message)
		}
	}
	posts := j.posts().Posts
	t.Logf("seed %d, %s: %d completions, %d acknowledged, %d had no connection, %d accepted by the server; %d connections cut",
		*seed, j.name(), len(all), acknowledged, unsent, posts, j.cuts)
	if browser { // it sends once more what it has sent on a kept connection that broke
		require.LessOrEqual(t, acknowledged, posts)
	} else {
		require.Equal(t, posts, acknowledged, "what the server has accepted is acknowledged, and sent once")
	}
	require.Equal(t, 1, c.session(), "over the same session")
	c.completeAll(t, 5, 5)
}
