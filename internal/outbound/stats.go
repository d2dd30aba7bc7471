package outbound

import (
	"sync"
	"sync/atomic"
	"time"
)

// mostRoundTrips is how many round trips the median is of.
const mostRoundTrips = 100

// Stats is what a client has counted since it was made.
type Stats struct {
	Posts      int // requests that have left; one that has left again, once more
	Events     int // that the server has sent, asked for or not
	Reconnects int // how often the client was connected again, after the connection was lost
	Dropped    int // messages of the server that could not be read

	// How long a POST took from when it left until GWS had answered that it takes it: the last one, and the median of
	// the last 100; 0 if there was none.
	LastRoundTrip, MedianRoundTrip time.Duration
}

// Stats returns what was counted so far.
func (c *Client) Stats() Stats {
	last, median := c.counted.roundTrips()
	return Stats{
		Posts: int(c.counted.posts.Load()), Reconnects: int(c.counted.reconnects.Load()),
		Events: c.session.Events(), Dropped: c.session.Dropped(), LastRoundTrip: last, MedianRoundTrip: median,
	}
}

// counted is what the client itself counts.
type counted struct {
	posts, reconnects atomic.Int32

	mu      sync.Mutex
	trips   [mostRoundTrips]time.Duration // the last ones
	tripped int                           // how many there were
}

// answered counts a POST that GWS has taken.
func (c *counted) answered(took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trips[c.tripped%mostRoundTrips] = took
	c.tripped++
}

func (c *counted) roundTrips() (last, median time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(c.tripped, mostRoundTrips)
	if n == 0 {
		return 0, 0
	}
	// By insertion: package slices would add to the module, for this type.
	sorted := c.trips
	for i := range n {
		for k := i; k > 0 && sorted[k-1] > sorted[k]; k-- {
			sorted[k-1], sorted[k] = sorted[k], sorted[k-1]
		}
	}
	return c.trips[(c.tripped-1)%mostRoundTrips], (sorted[(n-1)/2] + sorted[n/2]) / 2
}
