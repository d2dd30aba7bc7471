//go:build interop && !js

package interop_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/interop"
	"gws-outbound/internal/outbound"
)

// TestLoss cuts connections at one frame in ten, those of POSTs as well. What
// the server has processed must be acknowledged, and nothing is sent twice.
func TestLoss(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			// The session must outlive the cuts: that of a client that is kept
			// away for longer is gone, and what it holds with it.
			j := &judge{kind: interop.Jetty9, transport: transport, ack: true,
				Server: interop.Start(t, interop.Jetty9, interop.Options{MaxIntervalMS: 60_000})}
			c := j.open(t)
			j.Control("set", interop.Behavior{AckDelayMS: 20}, nil)

			const seed, percent, records, atATime = 7, 10, 100, 5
			j.Lose(percent, seed)
			unsent := 0
			var pending []*call
			for left := records; left > 0 || len(pending) > 0; {
				for left > 0 && len(pending) < atATime {
					pending = append(pending, c.complete(t, time.Minute))
					left--
				}
				if err := pending[0].end(t); err != nil {
					requireError(t, err, outbound.NetworkError, gws.Unknown)
					unsent++
				}
				pending = pending[1:]
			}
			cuts := j.Lose(0, seed)

			var at struct{ Posts int }
			j.Control("posts", nil, &at)
			require.Equal(t, records-unsent, at.Posts, "each record that has reached the server is acknowledged, and sent once")
			require.Equal(t, 1, c.session(), "over the same session")
			require.Greater(t, cuts, records/10)
			t.Logf("%d records, of which %d were lost on their way to the server; %d connections cut; no acknowledgement lost", records, unsent, cuts)
			c.completeAll(t, 5, 5)
		})
	}
}
