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

// pieceSize is how many bytes a connection may send at a time on a line with a
// rate. It then queues behind those that wait: what is small on one connection
// does not wait for all that is sent on the others.
const pieceSize = 1 << 10

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

// pass sends n bytes that are ready since then, in the order of the calls. It
// returns when they have left, as of that time at which they should have, and
// when they arrive. A goroutine wakes up late: who sends more takes the time at
// which the bytes left as that since which the next ones are ready, so that the
// rate does not suffer.
func (l *line) pass(on *lane, n int, ready time.Time) (left, arrival time.Time) {
	l.mu.Lock()
	left = ready
	if l.rate > 0 {
		if on.free.Before(ready) {
			on.free = ready
		}
		on.free = on.free.Add(time.Duration(n) * time.Second / time.Duration(l.rate))
		left = on.free
	}
	oneWay := l.roundTrip / 2
	l.mu.Unlock()
	time.Sleep(time.Until(left))
	return left, left.Add(oneWay)
}
