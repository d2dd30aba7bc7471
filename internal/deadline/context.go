package deadline

import (
	"context"
	"time"
)

// WithTimeout is [context.WithTimeout] with a grace: the context ends when a
// [Timer] is over. While that has a grace, Deadline says when the grace ends. wake
// may be nil.
func (c Clock) WithTimeout(parent context.Context, d time.Duration, wake Wake) (context.Context, context.CancelFunc) {
	inner, cancel := context.WithCancelCause(parent)
	t := c.afterFunc(d, wake, func() { cancel(context.DeadlineExceeded) })
	return &timeout{inner, t}, func() {
		t.Stop()
		cancel(context.Canceled)
	}
}

// timeout is a context that says DeadlineExceeded when its time is over, which those of
// package context do only when the time is over to the moment.
type timeout struct {
	context.Context
	timer *Timer
}

func (t *timeout) Deadline() (time.Time, bool) {
	end := t.timer.end()
	if earlier, ok := t.Context.Deadline(); ok && earlier.Before(end) {
		end = earlier
	}
	return end, true
}

func (t *timeout) Err() error {
	err := t.Context.Err()
	if err != nil && context.Cause(t.Context) == context.DeadlineExceeded {
		return context.DeadlineExceeded
	}
	return err
}
