//go:build !js

package interop

import (
	"sync"
	"time"
)

// line is what connects a client with a server: it carries so many bytes in a
// second, and what is sent on it takes its time to arrive. All connections of
// a proxy share one. The zero value has no limits.
type line struct {
	mu        sync.Mutex
	rate      int // bytes/s, in each direction; no limit if 0
	roundTrip time.Duration
	up, down  lane
}

// lane is one direction of a line.
type lane struct {
	free time.Time // from then on
}

const (
	// pieceSize is how many bytes a connection may send at a time on a line with
	// a rate. It then queues behind those that wait: what is small on one
	// connection does not wait for all that is sent on the others.
	pieceSize = 1 << 10

	// slack is how long a lane may stand idle between two pieces without losing
	// that time, since a goroutine wakes up a bit late.
	slack = 20 * time.Millisecond
)

func (l *line) set(rate int, roundTrip time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rate, l.roundTrip = rate, roundTrip
}

// pieces returns how many bytes may be passed at a time.
func (l *line) pieces() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rate == 0 {
		return bufferSize
	}
	return pieceSize
}

func (l *line) delay() (roundTrip time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.roundTrip
}

// pass waits until n bytes have been sent, in the order of the calls, and
// returns when they arrive.
func (l *line) pass(on *lane, n int) (arrival time.Time) {
	now := time.Now()
	l.mu.Lock()
	sent := now
	if l.rate > 0 {
		if earliest := now.Add(-slack); on.free.Before(earliest) {
			on.free = earliest
		}
		on.free = on.free.Add(time.Duration(n) * time.Second / time.Duration(l.rate))
		sent = on.free
	}
	oneWay := l.roundTrip / 2
	l.mu.Unlock()
	time.Sleep(time.Until(sent))
	return sent.Add(oneWay)
}
