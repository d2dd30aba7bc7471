package bayeux

import (
	"sync/atomic"
	"time"
)

const (
	// quiet is how long a server may say nothing, at least, before it is asked
	// whether it is there; its answer may take as long. What a server has sent into
	// a dead connection it keeps, by default, for 10 s: the client must have found
	// out, and come back, well before where the line allows.
	quiet = 3 * time.Second
	// mostQuiet bounds how long that gets.
	mostQuiet = 30 * time.Second

	// mostTrip is how much of the time counts that a reply has taken, or another request.
	mostTrip = 5 * time.Second
)

// roundTrips is how long replies take that a server gives at once, as RFC 6298
// estimates it, and the shortest.
type roundTrips struct{ smoothed, variation, least time.Duration }

func (r *roundTrips) add(d time.Duration) {
	if r.least == 0 || d < r.least {
		r.least = d
	}
	if r.smoothed == 0 {
		r.smoothed, r.variation = d, d/2
		return
	}
	r.variation += ((r.smoothed - d).Abs() - r.variation) / 4
	r.smoothed += (d - r.smoothed) / 8
}

// limit is how long a reply can be expected to take at most; 0 if nothing is known.
func (r roundTrips) limit() time.Duration { return max(r.smoothed+4*r.variation, 2*r.smoothed) }

// noteRoundTrip takes the time that a reply has taken which is given at once. One that has taken longer than it might
// has come while this program did not run, as in a page that is frozen or a machine that sleeps: that says nothing of the line.
func (c *Client) noteRoundTrip(x *exchange) {
	took := time.Since(x.sent)
	if x.held || x.link != c.link && x.link != c.rival || x.graces > 0 || took > x.limit {
		return
	}
	c.trips.add(min(took, mostTrip))
	if took < quiet {
		c.patience = 0
	}
}

// NoteRequest says that another request to the same server is leaving. What it returns is
// to be called when that has been answered, or given up. A line that has become slow shows
// there first. Neither waits.
func (c *Client) NoteRequest() (end func(answered bool)) {
	began := time.Now()
	c.requests.underWay.Add(1)
	return func(answered bool) {
		if answered {
			c.requests.last.Store(int64(min(time.Since(began), mostTrip)))
		}
		c.requests.underWay.Add(-1)
	}
}

// requests is what is known of requests that others make to the same server. It does not belong to the
// loop, since it is noted with each of them.
type requests struct {
	underWay atomic.Int32
	last     atomic.Int64 // how many nanoseconds the last one took
}

func (r *requests) any() bool { return r.underWay.Load() > 0 }

func (r *requests) took() time.Duration { return time.Duration(r.last.Load()) }

// quietLimit is how long the connection may be silent.
func (c *Client) quietLimit() time.Duration {
	return min(max(quiet, c.trips.limit(), 3*c.requests.took())<<min(c.patience, 8), mostQuiet)
}

// silenceLimit is how long a socket may be silent at the very most: twice as long each time that was too short.
func (c *Client) silenceLimit() time.Duration {
	return (max(c.plan.timeout, 0) + c.opts.MaxNetworkDelay) << min(c.silences, 3)
}
