package deadline

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// machine is a clock that can be frozen: the time of its bubble, and what it has missed.
type machine struct {
	mu     sync.Mutex
	missed time.Duration
	wall   bool // the monotonic clock stood still meanwhile
}

func (m *machine) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if m.wall {
		// A time has one reading, or two that differ: the wall clock's alone stands for the latter.
		return now.Round(0).Add(m.missed)
	}
	return now.Add(m.missed)
}

// freeze has the machine miss some time, at the moment when it goes on.
func (m *machine) freeze(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.missed += d
}

// wait moves the clock of the test's bubble (testing/synctest), and with it the timers that are under
// test. Nothing waits for it in real time.
func wait(d time.Duration) { time.Sleep(d) } // by the clock of the bubble

// ends waits for the timer, and returns how long that has taken since the test began.
func ends(begun time.Time, over <-chan struct{}) time.Duration {
	<-over
	return time.Since(begun)
}

func bubble(t *testing.T, test func(t *testing.T, m *machine, clock Clock)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		test(t, m, Clock{Now: m.now})
	})
}

func TestTimer_InTimeEndsToTheMoment(t *testing.T) {
	bubble(t, func(t *testing.T, _ *machine, clock Clock) {
		asked := false
		wake := func() <-chan struct{} { asked = true; return nil }
		for _, d := range []time.Duration{time.Millisecond, time.Second, Grace, 30 * time.Second} {
			begun := time.Now()
			require.Equal(t, d, ends(begun, clock.NewTimer(d, wake).C))
			require.Equal(t, d, ends(begun.Add(d), Clock{}.NewTimer(d, wake).C))
		}
		require.False(t, asked)
	})
}

func TestTimer_LateHasAGrace(t *testing.T) {
	for name, test := range map[string]struct {
		frozen time.Duration // when, after the timer was set
		missed time.Duration
		want   time.Duration // by the clock of those who were not frozen meanwhile
	}{
		"frozen at the deadline":             {4999 * time.Millisecond, 8 * time.Second, 5*time.Second + Grace},
		"frozen before its last two seconds": {time.Second, 8 * time.Second, 3*time.Second + Grace},
		"frozen until just before it":        {2999 * time.Millisecond, 1900 * time.Millisecond, 3*time.Second + Grace},
		"busy for a little":                  {4999 * time.Millisecond, 50 * time.Millisecond, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, m *machine, clock Clock) {
				begun := time.Now()
				asked := 0
				timer := clock.NewTimer(5*time.Second, func() <-chan struct{} { asked++; return nil })
				wait(test.frozen)
				m.freeze(test.missed)
				require.Equal(t, test.want, ends(begun, timer.C))
				require.Equal(t, test.missed > lateness, asked == 1)
			})
		})
	}
}

func TestTimer_LateByTheWallClockAloneHasAGrace(t *testing.T) {
	bubble(t, func(t *testing.T, m *machine, clock Clock) {
		m.wall = true
		begun := time.Now()
		timer := clock.NewTimer(5*time.Second, nil)
		wait(4 * time.Second)
		m.freeze(time.Hour)
		require.Equal(t, 5*time.Second+Grace, ends(begun, timer.C))
	})
}

func TestTimer_ASignOfLifeMakesTheGraceShort(t *testing.T) {
	for alive, want := range map[time.Duration]time.Duration{
		0:                       leastAfterSign,
		100 * time.Millisecond:  100*time.Millisecond + leastAfterSign,
		600 * time.Millisecond:  1800 * time.Millisecond, // and two round trips
		1500 * time.Millisecond: Grace,
		Grace + time.Second:     Grace,
	} {
		t.Run(alive.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, m *machine, clock Clock) {
				begun := time.Now()
				timer := clock.NewTimer(5*time.Second, func() <-chan struct{} {
					sign := make(chan struct{})
					time.AfterFunc(alive, func() { close(sign) })
					return sign
				})
				wait(4 * time.Second)
				m.freeze(time.Minute)
				require.Equal(t, 5*time.Second+want, ends(begun, timer.C))
			})
		})
	}
}

func TestTimer_FrozenAgainInTheGraceHasAnother(t *testing.T) {
	for freezes, want := range map[int]int{1: 1, 2: 2, 3: 2} {
		bubble(t, func(t *testing.T, m *machine, clock Clock) {
			begun := time.Now()
			timer := clock.NewTimer(5*time.Second, nil)
			wait(4 * time.Second)
			go func() {
				for range freezes {
					m.freeze(time.Minute)
					wait(Grace)
				}
			}()
			require.Equal(t, 5*time.Second+time.Duration(want)*Grace, ends(begun, timer.C))
			wait(time.Minute) // until the goroutine has ended
		})
	}
}

func TestTimer_StoppedIsNeverOver(t *testing.T) {
	for _, when := range []time.Duration{0, time.Second, 4 * time.Second, 6 * time.Second} { // the last in the grace
		bubble(t, func(t *testing.T, m *machine, clock Clock) { // with no goroutine left behind
			timer := clock.NewTimer(5*time.Second, nil)
			frozen := min(when, 4*time.Second)
			wait(frozen)
			m.freeze(time.Minute)
			wait(when - frozen)
			timer.Stop()
			timer.Stop()
			wait(time.Hour)
			select {
			case <-timer.C:
				t.Fatal("it is over")
			default:
			}
		})
	}
}

func TestContext_EndsWithItsTimer(t *testing.T) {
	bubble(t, func(t *testing.T, m *machine, clock Clock) {
		begun := time.Now()
		ctx, cancel := clock.WithTimeout(t.Context(), 5*time.Second, nil)
		defer cancel()
		end, ok := ctx.Deadline()
		require.True(t, ok)
		require.Equal(t, 5*time.Second, end.Sub(begun))
		wait(4 * time.Second)
		m.freeze(time.Minute)
		require.NoError(t, ctx.Err())
		wait(time.Second + time.Millisecond)
		end, _ = ctx.Deadline()
		require.Equal(t, 5*time.Second+Grace, end.Sub(begun), "in the grace")
		require.Equal(t, 5*time.Second+Grace, ends(begun, ctx.Done()))
		require.Equal(t, context.DeadlineExceeded, ctx.Err())
		require.Equal(t, context.DeadlineExceeded, context.Cause(ctx))
	})
}

func TestContext_CanceledIsNotLate(t *testing.T) {
	bubble(t, func(t *testing.T, _ *machine, clock Clock) {
		ctx, cancel := clock.WithTimeout(t.Context(), 5*time.Second, nil)
		cancel()
		require.Equal(t, context.Canceled, ctx.Err())

		why := errors.New("given up")
		parent, abort := context.WithCancelCause(t.Context())
		ctx, cancel = clock.WithTimeout(parent, 5*time.Second, nil)
		defer cancel()
		abort(why)
		<-ctx.Done()
		require.Equal(t, context.Canceled, ctx.Err())
		require.Equal(t, why, context.Cause(ctx))

		parent, end := context.WithTimeout(t.Context(), time.Second)
		defer end()
		ctx, cancel = clock.WithTimeout(parent, 5*time.Second, nil)
		defer cancel()
		first, _ := ctx.Deadline()
		want, _ := parent.Deadline()
		require.Equal(t, want, first)
		<-ctx.Done()
		require.Equal(t, context.DeadlineExceeded, ctx.Err())
	})
}
