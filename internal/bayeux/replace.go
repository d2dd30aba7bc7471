package bayeux

import (
	"slices"
	"time"
)

const (
	// mostLate is how many links that others have taken the place of are heard, and
	// heardLate for how long.
	mostLate  = 2
	heardLate = time.Minute

	// afterMove is how long after a session has moved to another socket its
	// connects are held for movedHold only. A server of CometD 3.1 takes the end
	// of the old socket, whenever that comes, for the end of the session, unless a
	// connect follows within 10 s.
	afterMove = heardLate + 10*time.Second
	movedHold = 5 * time.Second
)

// replaceLink goes on with the session over another link. Of the old one, which
// may be slow rather than dead, what it still brings is heard for a while;
// nothing must be sent over it any more, since servers would move the session back.
func (c *Client) replaceLink(l *link) {
	c.cutOff(c.link)
	c.link, c.transport = l, l.transport
	c.spare = nil
	c.probing, c.unsure = false, false
	c.attempt++
	c.stopRetry()
}

// noteSilence notes that the client's socket is given up for its silence: if it speaks, the session may go back to it.
func (c *Client) noteSilence() {
	c.link.silentFrom, c.link.clientID = later(c.link.heard, c.link.oldestSent()), c.clientID
}

// cutOff leaves a link to itself.
func (c *Client) cutOff(l *link) {
	if l == nil || l.conn == nil {
		l.close()
		return
	}
	l.cancelExchanges()
	l.state = eventsOnly
	c.late = append(c.late, l)
	if len(c.late) > mostLate {
		c.late[0].close()
		c.late = c.late[1:]
	}
	if !l.perRequest() {
		c.movedAt = time.Now()
	}
	c.after(heardLate, func() {
		if l.state == eventsOnly {
			l.close()
		}
	})
}

// canReturn reports whether a link that was given up for its silence lives, and
// is of more use than what has taken its place.
func (c *Client) canReturn(l *link) bool {
	return l.state == eventsOnly && !l.silentFrom.IsZero() && l.clientID == c.clientID && l.transport == c.transport &&
		!c.resuming && (c.link == nil || !c.link.proved) && c.in(opening, subscribing, connecting, waiting)
}

// returnTo goes on with the session over a link that was given up too soon. It has
// twice the time from now on that it has just taken.
func (c *Client) returnTo(l *link) {
	c.logf(Info, "the socket that was silent speaks: the session goes on over it")
	for took := time.Since(l.silentFrom); c.quietLimit() < min(2*took, mostQuiet); {
		c.patience++
	}
	c.late = slices.DeleteFunc(c.late, func(o *link) bool { return o == l })
	c.dropLink()
	c.link = l
	l.state, l.silentFrom, l.clientID = inUse, time.Time{}, ""
	c.attempt++
	c.stopRetry()
	c.begin()
}

// dropLate gives up the links that others have taken the place of.
func (c *Client) dropLate() {
	for _, l := range c.late {
		l.close()
	}
	c.late = nil
}
