package bayeux

import (
	"errors"
	"time"
)

// The bound of the pause before the next attempt, which doubles from one to the other.
const (
	FirstBackoff = time.Second
	MaxBackoff   = time.Minute
)

// retries decides when the next attempt comes.
type retries struct {
	failures  int       // since the connection was steady
	first     time.Time // when the first of them was
	fast      bool      // somebody has waited meanwhile
	renewed   bool      // a session was renewed since then
	since     time.Time // when the first failure since the session's last success was; zero if there was none
	notBefore time.Time // until when the server has asked for a pause
}

// failed counts a failure.
func (r *retries) failed() {
	now := time.Now()
	if r.since.IsZero() {
		r.since = now
	}
	if r.failures++; r.failures == 1 {
		r.first = now
	}
}

// succeeded notes a success. It does not make the failures forgotten: see steady.
func (r *retries) succeeded() { r.since = time.Time{} }

// steady forgets the failures.
func (r *retries) steady() { r.failures, r.fast, r.renewed = 0, false, false }

// unconnected is for how long all attempts have failed; 0 if the last one has not.
func (r *retries) unconnected() time.Duration {
	if r.since.IsZero() {
		return 0
	}
	return time.Since(r.since)
}

// mayRenew reports whether a session may be renewed at once: once, since a server that
// forgets each session as soon as it is made would be asked in a tight loop otherwise.
func (r *retries) mayRenew() bool {
	may := !r.renewed
	r.renewed = true
	return may
}

// postpone heeds a server that asks for a pause, for a minute at most, and returns it.
func (r *retries) postpone(pause time.Duration) time.Duration {
	pause = min(pause, MaxBackoff)
	r.notBefore = time.Now().Add(pause)
	return pause
}

// heed is postpone where an error says that its server has asked for a pause, and returns the pause, that is at
// least as long as given.
func (r *retries) heed(err error, pause time.Duration) time.Duration {
	if e, ok := errors.AsType[interface {
		error
		RetryAfter() time.Duration
	}](err); ok {
		return r.postpone(max(pause, e.RetryAfter()))
	}
	return pause
}

// postponed is how much of that pause is left.
func (r *retries) postponed() time.Duration { return max(time.Until(r.notBefore), 0) }

// delay is how long to wait before the next attempt. While somebody waits it stays short: servers
// keep for some seconds only what they have for them. Failures that came so fast do not make it
// longer afterwards than about twice the outage.
func (r *retries) delay(waitedFor bool, random func() float64) time.Duration {
	failures, most := r.failures, MaxBackoff
	switch {
	case waitedFor:
		r.fast = true
		failures = min(failures, 2)
	case r.fast:
		most = min(most, FirstBackoff+2*time.Since(r.first))
	}
	return backoff(failures, most, random)
}

// backoff is how long to wait before the attempt after so many failures in a
// row (1 or more). Full jitter, that is anything from nothing to the bound,
// spreads the agents of a restarted server over the whole of it; the bound
// doubles from 1 s to 60 s, so that the first three retries fall within the
// 10 s for which a server keeps a session by default. It is most at the most.
//
// random returns a number in [0, 1).
func backoff(failures int, most time.Duration, random func() float64) time.Duration {
	bound := most
	if shift := failures - 1; shift < 6 {
		bound = min(FirstBackoff<<max(shift, 0), most)
	}
	return time.Duration(random() * float64(bound))
}
