package bayeux

import "time"

const (
	firstBackoff = time.Second
	maxBackoff   = time.Minute
)

// backoff is how long to wait before the attempt after so many failures in a
// row (1 or more). Full jitter, that is anything from nothing to the bound,
// spreads the agents of a restarted server over the whole of it; the bound
// doubles from 1 s to 60 s, so that the first three retries fall within the
// 10 s for which a server keeps a session by default.
//
// random returns a number in [0, 1).
func backoff(failures int, random func() float64) time.Duration {
	bound := maxBackoff
	if shift := failures - 1; shift < 6 {
		bound = min(firstBackoff<<max(shift, 0), maxBackoff)
	}
	return time.Duration(random() * float64(bound))
}
