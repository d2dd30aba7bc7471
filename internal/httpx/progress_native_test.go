//go:build !js

package httpx

import (
	"fmt"
	"io"
	"net/http/httputil"
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

func TestWatched_LargeChunkThatComesSlowlyIsSeenWhileItComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 1 << 20
		begun := time.Now()
		line, sender := io.Pipe()
		go func() {
			fmt.Fprintf(sender, "%x\r\n", size)
			piece := make([]byte, 1<<10)
			for range size / len(piece) {
				time.Sleep(100 * time.Millisecond) // by the clock of the bubble
				_, _ = sender.Write(piece)
			}
			fmt.Fprint(sender, "\r\n0\r\n\r\n")
		}()
		reports := make(chan time.Time, size)
		r := newReporter(func() { reports <- time.Now() })
		body, err := io.ReadAll(&watched{httputil.NewChunkedReader(line), r})
		r.stop()
		require.NoError(t, err)
		require.Len(t, body, size)
		for last := <-reports; len(reports) > 0; {
			next := <-reports
			require.Less(t, next.Sub(last), time.Second)
			last = next
		}
		require.Greater(t, time.Since(begun), 100*time.Second)
	})
}
