package deadline

import (
	"sync"
	"time"
)

const (
	// Grace is how long what has arrived is given after a deadline that fired
	// late, at most.
	Grace = 2 * time.Second

	// lateness is by how much a timer must be late for that. Timers of a busy
	// page are late by some milliseconds as a rule.
	lateness = 100 * time.Millisecond

	// leastAfterSign is how long, at least, a deadline waits after a sign of life
	// for the events that come with it: in a browser, events that have queued up come one by one, and timers
	// may overtake them.
	leastAfterSign = 250 * time.Millisecond
)

// Clock makes deadlines. The zero value has the time of the machine.
type Clock struct {
	Now func() time.Time // time.Now if nil
}

// Wake is called when a deadline was late, to ask whether anybody is there. What
// it returns is closed at the first sign of life, after which the grace is short;
// nil if there is no such sign.
type Wake func() <-chan struct{}

// Timer is a deadline.
type Timer struct {
	C <-chan struct{} // closed when it is over, the grace included

	clock Clock
	d     time.Duration
	start time.Time
	wake  Wake
	over  func()

	mu      sync.Mutex
	timer   *time.Timer
	until   time.Time     // when it is over, as far as that is known
	stopped chan struct{} // closed by Stop
	stop    sync.Once
}

// NewTimer returns a timer that is over in d. wake may be nil.
func (c Clock) NewTimer(d time.Duration, wake Wake) *Timer {
	over := make(chan struct{})
	t := c.afterFunc(d, wake, func() { close(over) })
	t.C = over
	return t
}

// afterFunc calls over in d, on a goroutine of its own.
//
// The timer looks at the clock before its last two seconds as well: a page
// that comes back to life just in time for the deadline needs the grace, too.
func (c Clock) afterFunc(d time.Duration, wake Wake, over func()) *Timer {
	now := time.Now() // once, since it is dear in a browser
	t := &Timer{clock: c, d: d, start: now, wake: wake, over: over, until: now.Add(d), stopped: make(chan struct{})}
	if c.Now != nil {
		t.start = c.Now()
	}
	first := max(d-Grace, d/2)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.timer = time.AfterFunc(first, func() { t.run(first) })
	return t
}

// Stop ends the timer. If it was not over by then, it will not be.
func (t *Timer) Stop() {
	t.stop.Do(func() { close(t.stopped) })
	t.mu.Lock()
	defer t.mu.Unlock()
	t.timer.Stop()
}

// run goes on when the first part of the time is over.
func (t *Timer) run(first time.Duration) {
	late := t.clock.late(t.start, first)
	for graces := 0; ; {
		switch {
		case late && graces < MostGraces:
			graces++
			late = t.grace()
		default:
			rest := t.d - t.clock.now().Sub(t.start)
			if rest <= 0 {
				t.over()
				return
			}
			late = t.sleep(rest)
		}
		select {
		case <-t.stopped:
			return
		default:
		}
	}
}

// MostGraces is how many there are at most, where a page is frozen in the grace again. They are few,
// since a browser may fire the timers of a hidden page once a minute, so that each is late.
const MostGraces = 2

// grace gives what has arrived its chance, and reports whether another grace is due, since
// this one was late without a sign of life.
func (t *Timer) grace() (late bool) {
	var alive <-chan struct{}
	if t.wake != nil {
		alive = t.wake()
	}
	began := t.clock.now()
	t.extend(time.Now().Add(Grace))
	limit := time.NewTimer(Grace)
	defer limit.Stop()
	select {
	case <-limit.C:
		return t.clock.late(began, Grace)
	case <-alive:
		// What it brings comes with it, or a round trip later: a request that is held
		// may have to be sent again.
		took := t.clock.now().Sub(began)
		t.sleep(min(max(leastAfterSign, 2*took), Grace-took))
	case <-t.stopped:
	}
	return false
}

func (t *Timer) extend(until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if until.After(t.until) {
		t.until = until
	}
}

// end returns when the timer is over, as far as that is known.
func (t *Timer) end() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.until
}

// sleep waits, and reports whether that took longer than it should.
func (t *Timer) sleep(d time.Duration) (late bool) {
	began := t.clock.now()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return t.clock.late(began, d)
	case <-t.stopped:
		return false
	}
}

func (c Clock) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

// late reports whether more time has passed than d, by much. While a machine sleeps, the
// monotonic clock may stand still; the wall clock may be set.
func (c Clock) late(began time.Time, d time.Duration) bool {
	return late(began.Add(d), c.now())
}

// Late reports whether a timer that was due at that time, and fires now, is late by much.
func Late(due time.Time) bool { return late(due, time.Now()) }

func late(due, now time.Time) bool {
	return max(now.Sub(due), now.Round(0).Sub(due.Round(0))) > lateness
}
