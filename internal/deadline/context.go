package deadline

import (
	"context"
	"time"
)

// WithTimeout is [context.WithTimeout] with a grace: the context ends when a
// [Timer] is over. Its Deadline is the one without the grace. wake may be nil.
func (c Clock) WithTimeout(parent context.Context, d time.Duration, wake Wake) (context.Context, context.CancelFunc) {
	inner, cancel := context.WithCancelCause(parent)
	t := c.afterFunc(d, wake, func() { cancel(context.DeadlineExceeded) })
	end := time.Now().Add(d)
	if earlier, ok := parent.Deadline(); ok && earlier.Before(end) {
		end = earlier
	}
	return &timeout{inner, end}, func() {
		t.Stop()
		cancel(context.Canceled)
	}
}

// timeout is a context that says DeadlineExceeded when its time is over, which those of
// package context do only when the time is over to the moment.
type timeout struct {
	context.Context
	end time.Time
}

func (t *timeout) Deadline() (time.Time, bool) { return t.end, true }

func (t *timeout) Err() error {
	err := t.Context.Err()
	if err != nil && context.Cause(t.Context) == context.DeadlineExceeded {
		return context.DeadlineExceeded
	}
	return err
}
