package outbound

import "gws-outbound/internal/bayeux"

// missed is a gap that the caller has not heard of. It belongs to the session's loop.
type missed struct {
	connected    bool
	reconnecting bool
	reason       string // of the last gap that is undelivered; "" if there is none
}

// gap notes that events may have been missed. Where a session or a connection was lost, it is delivered once the subscriptions
// are in place again: a caller that then asks the server how things stand misses nothing in between.
func (c *Client) gap(reason string) {
	c.waiting.gap()
	c.missed.reason = reason
	c.tellGap()
}

// noteStatus passes a status on, and then what was missed until the session is connected.
func (c *Client) noteStatus(s bayeux.Status) {
	c.missed.connected = s.State == bayeux.Connected
	if c.missed.reconnecting && c.missed.connected {
		c.counted.reconnects.Add(1)
	}
	c.missed.reconnecting = s.State == bayeux.Reconnecting
	if c.opts.OnStatus != nil {
		c.opts.OnStatus(s)
	}
	c.warnOfPolicy(s)
	c.tellGap()
}

func (c *Client) tellGap() {
	reason := c.missed.reason
	if reason == "" || !c.missed.connected {
		return
	}
	c.missed.reason = ""
	if c.opts.OnGap != nil {
		c.opts.OnGap(reason)
	}
}
