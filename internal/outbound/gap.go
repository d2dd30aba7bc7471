package outbound

import "gws-outbound/internal/bayeux"

// missed is what the client owes to who has to know that events may be missing. It belongs to the session's loop.
type missed struct {
	connected    bool
	reconnecting bool
	reason       string // of the last gap that nobody has been told of; "" if there is none
}

// gap notes that events may have been missed. Of a session, or a connection, that was lost, it is told once the subscriptions
// are in place again: whoever looks elsewhere for what is missing then finds it there, or hears of it.
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
