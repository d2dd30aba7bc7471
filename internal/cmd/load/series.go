//go:build linux

package main

import (
	"sync/atomic"
	"time"
)

const (
	bucket     = 250 * time.Millisecond
	mostBucket = 2400 // ten minutes
)

// series counts what happens after the server was killed.
type series struct {
	begin                      time.Time
	requests, handshakes, back *counts
}

type counts [mostBucket]atomic.Int64

func newSeries() *series {
	return &series{begin: time.Now(), requests: new(counts), handshakes: new(counts), back: new(counts)}
}

func (s *series) add(c *counts) {
	if i := int(time.Since(s.begin) / bucket); i < mostBucket {
		c[i].Add(1)
	}
}

// sum is how many there were.
func (c *counts) sum() (n int) {
	for i := range c {
		n += int(c[i].Load())
	}
	return n
}

// list is the counts until the time d.
func (c *counts) list(d time.Duration) []int {
	n := min(int(d/bucket)+1, mostBucket)
	out := make([]int, n)
	for i := range out {
		out[i] = int(c[i].Load())
	}
	return out
}
