//go:build !js

package httpx

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReporter_WaitsForTheEndForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reports atomic.Int32
		after := func(d time.Duration) int32 {
			time.Sleep(d) // by the clock of the bubble
			synctest.Wait()
			return reports.Load()
		}
		r := newReporter(func() { reports.Add(1) })
		require.EqualValues(t, 1, after(moment), "the header")
		require.EqualValues(t, 1, after(time.Hour))
		r.more()
		r.more()
		require.EqualValues(t, 1, after(moment-1))
		require.EqualValues(t, 2, after(1), "two pieces together")
		r.more()
		r.stop()
		r.more()
		require.EqualValues(t, 2, after(time.Hour), "the end came first")
		newReporter(nil).stop()
	})
}
