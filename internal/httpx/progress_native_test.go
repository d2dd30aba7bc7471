//go:build !js

package httpx

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReporter_WaitsForTheEndForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reports := 0
		after := func(d time.Duration) int {
			time.Sleep(d) // by the clock of the bubble
			synctest.Wait()
			return reports
		}
		r := newReporter(func() { reports++ })
		require.Equal(t, 1, after(moment), "the header")
		require.Equal(t, 1, after(time.Hour))
		r.more()
		r.more()
		require.Equal(t, 1, after(moment-1))
		require.Equal(t, 2, after(1), "two pieces together")
		r.more()
		r.stop()
		r.more()
		require.Equal(t, 2, after(time.Hour), "the end came first")
		newReporter(nil).stop()
	})
}
