package bayeux

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func most() float64 { return 1 }

func TestRetries_DelayGrowsAndStaysShortWhileSomebodyWaits(t *testing.T) {
	run(t, func(t *testing.T) {
		var r retries
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			r.failed()
			require.Equal(t, want*time.Second, r.delay(false, most))
			require.LessOrEqual(t, r.delay(true, most), 2*time.Second)
			wait(want * time.Second)
		}
		r.succeeded()
		require.Equal(t, time.Minute, r.delay(false, most), "one success proves too little")
		r.steady()
		r.failed()
		require.Equal(t, time.Second, r.delay(false, most))
	})
}

func TestRetries_FailuresThatCameFastMakeNoLongPause(t *testing.T) {
	run(t, func(t *testing.T) {
		var r retries
		for range 10 {
			r.failed()
			require.LessOrEqual(t, r.delay(true, most), 2*time.Second)
			wait(600 * time.Millisecond)
		}
		require.Equal(t, 13*time.Second, r.delay(false, most), "the outage is 6 s old")
		wait(time.Minute)
		require.Equal(t, time.Minute, r.delay(false, most))
	})
}

func TestRetries_UnconnectedSinceTheFirstFailure(t *testing.T) {
	run(t, func(t *testing.T) {
		var r retries
		require.Zero(t, r.unconnected())
		r.failed()
		wait(3 * time.Second)
		r.failed()
		wait(time.Second)
		require.Equal(t, 4*time.Second, r.unconnected())
		r.succeeded()
		require.Zero(t, r.unconnected())
	})
}

func TestRetries_PauseOfTheServerIsHeededForAMinuteAtMost(t *testing.T) {
	run(t, func(t *testing.T) {
		var r retries
		require.Zero(t, r.postponed())
		require.Equal(t, 7*time.Second, r.postpone(7*time.Second))
		wait(5 * time.Second)
		require.Equal(t, 2*time.Second, r.postponed())
		require.Equal(t, time.Minute, r.postpone(time.Hour))
	})
}

func TestRetries_SessionIsRenewedAtOnceOnlyOnce(t *testing.T) {
	var r retries
	require.True(t, r.mayRenew())
	require.False(t, r.mayRenew())
	r.steady()
	require.True(t, r.mayRenew())
}

func TestResumption_SurvivesOneFailureThatWasQuick(t *testing.T) {
	for name, test := range map[string]struct {
		errs []error
		want []bool
	}{
		"resets":           {[]error{errors.New("reset"), errors.New("reset")}, []bool{true, false}},
		"no reply":         {[]error{fmt.Errorf("connect: %w", errNoReply)}, []bool{false}},
		"a dial that hung": {[]error{&OpenError{Err: context.DeadlineExceeded}}, []bool{false}},
	} {
		t.Run(name, func(t *testing.T) {
			var r resumption
			for i, err := range test.errs {
				require.Equal(t, test.want[i], r.survives(err))
			}
		})
	}
}
