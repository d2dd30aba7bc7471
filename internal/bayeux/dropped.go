package bayeux

// Dropped returns how many messages of the server could not be read, and were
// dropped, since the client was made. A stretch of a frame in which no message
// can be separated from the next counts as one.
func (c *Client) Dropped() int { return int(c.dropped.Load()) }
