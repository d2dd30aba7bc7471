package bayeux

import "sync/atomic"

// counts is what a session counts for whoever wants to know. It does not belong to the loop.
type counts struct{ events, dropped atomic.Int64 }

// Events returns how many events the server has sent since the client was made, those included that nobody here has asked for.
func (c *counts) Events() int { return int(c.events.Load()) }

// Dropped returns how many messages of the server could not be read, and were
// dropped, since the client was made. A stretch of a frame in which no message
// can be separated from the next counts as one.
func (c *counts) Dropped() int { return int(c.dropped.Load()) }
