//go:build !js

package outbound

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
)

func TestDebugLog_SaysWhatHappensAndNoDataAndNoSecret(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		opts := options(sim, transport)
		var mu sync.Mutex
		var lines []string
		opts.Log = func(_ bayeux.Level, line string) {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, line)
		}
		c := open(t, opts)
		get(t, call(t.Context(), c, record("phoneNumber", "5551234"), CallOptions{})).resolved(t, "ref-1")
		sim.Set(gwssim.Behavior{StatusCode: 2})
		get(t, call(t.Context(), c, record("referenceId", "ref-2"), CallOptions{})).rejected(t, APIError, gws.Rejected)
		c.Close()
		mu.Lock()
		defer mu.Unlock()
		log := strings.Join(lines, "\n")
		for _, line := range []string{
			"GET /api/v2/me: HTTP status 200, ",
			transport + ", sent /meta/handshake #1 (frame of ",
			transport + ", received /meta/handshake #1 (frame of ",
			"connected over " + transport,
			"POST /api/v2/me/outbound-records/12: HTTP status 200, ",
			transport + ", received /v2/me/outbound",
			"completeRecord, reference ref-1: resolved after ",
			"completeRecord, reference ref-2: API_ERROR, delivery rejected after ",
			"closed: ",
		} {
			require.Contains(t, log, line)
		}
		for _, secret := range []string{"5551234", "CallingList1", "RecordProcessed", "Authorization", "Basic", "clientId"} {
			require.NotContains(t, log, secret)
		}
	})
}

func TestStats_CountPostsEventsReconnectsAndRoundTrips(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		c := open(t, options(sim, transport))
		require.Equal(t, Stats{}, c.Stats())
		get(t, call(t.Context(), c, record(), CallOptions{})).resolved(t, "ref-1")
		// The event may have come before the answer to the POST.
		require.Eventually(t, func() bool { return c.Stats().LastRoundTrip > 0 }, long, time.Millisecond)
		s := c.Stats()
		require.Equal(t, 1, s.Posts)
		require.GreaterOrEqual(t, s.Events, 1)
		require.Zero(t, s.Reconnects+s.Dropped)
		require.Positive(t, s.LastRoundTrip)
		require.Equal(t, s.LastRoundTrip, s.MedianRoundTrip)

		cut(t, sim)
		require.Eventually(t, func() bool { return c.Stats().Reconnects == 1 }, long, time.Millisecond)
		sim.Set(gwssim.Behavior{StatusCode: 2})
		get(t, call(t.Context(), c, record(), CallOptions{})).rejected(t, APIError, gws.Rejected)
		require.Equal(t, 2, c.Stats().Posts)
		require.Equal(t, s.LastRoundTrip, c.Stats().LastRoundTrip, "of those that were accepted")
	})
}

func TestRoundTrips_AreOfTheLastHundred(t *testing.T) {
	var c counted
	for i := range 3 {
		c.answered(time.Duration(3 - i))
	}
	last, median := c.roundTrips()
	require.Equal(t, []time.Duration{1, 2}, []time.Duration{last, median})
	for i := range 250 {
		c.answered(time.Duration(i))
	}
	last, median = c.roundTrips()
	require.Equal(t, []time.Duration{249, 199}, []time.Duration{last, median}, "of 150 to 249")
}
