package bayeux

import "time"

// Where there is no session, a second transport is used beside the first. A
// socket takes two round trips and more until it is open: meanwhile the handshake
// goes over requests, and the session is handed over to the socket. Where that does not open, or says
// nothing, the session stays with the requests.

// raceAfter is how long the first transport may take to be of use before the
// next one takes its place, as RFC 8305 does with addresses.
const raceAfter = time.Second

// race is what the client knows of the transport beside the first.
type race struct {
	rival        *link // over the next transport, while the first has made no session, or has not used that of the rival
	handsOver    bool  // the session of the rival is for the client's link
	failedBeside error // why a rival has made no session to hand over
	noHandover   bool  // a socket was of no use to a session that was handed over
	gapSaid      bool  // the session to come takes the place of one that was handed over in vain
}

// startRace has the next transport begin beside the first, which has just begun. The loser is closed.
func (c *Client) startRace() {
	c.failedBeside = nil
	if c.clientID != "" || len(c.opts.Transports) < 2 {
		return
	}
	if next, ok := c.next(); ok && c.canHandOver(next) {
		c.handsOver = true
		c.startRival(next)
	}
	// On a far line the first one is given the round trips that it needs.
	c.endPatienceIn(c.share(max(raceAfter, 3*c.preparedIn)))
}

func (c *Client) endPatienceIn(d time.Duration) {
	attempt, first := c.attempt, c.link
	c.after(d, func() {
		if c.attempt == attempt && c.link == first {
			c.endPatience()
		}
	})
}

// canHandOver reports whether that transport is to make a session for the link, which is being opened. Not for a guest: the handshake
// could set the cookie by which the server knows the other client's session.
func (c *Client) canHandOver(next int) bool {
	return !c.noHandover && !c.opts.Guest && c.link.conn == nil && !c.link.perRequest() && c.opts.Transports[next].PerRequest() &&
		(c.opts.DialledAhead == nil || !c.opts.DialledAhead())
}

// endPatience has the rival win where the first transport has been of no use for a while.
func (c *Client) endPatience() {
	l := c.link
	switch next, ok := c.next(); {
	case c.rival == nil:
		if ok && c.clientID == "" && c.failedBeside == nil {
			c.startRival(next)
		}
	case c.clientID == "": // the first handshake that is answered wins
		c.handsOver = false
		if l.conn != nil && c.phase == opening {
			c.begin()
		}
	case l.conn == nil || l.isMute():
		if x := l.oldestDue(); x != nil { // it has had the session only since then
			if left := time.Until(x.sent.Add(c.share(l.firstReply()))); left > 0 {
				c.endPatienceIn(left)
				return
			}
		}
		c.rivalWins(errNoReply)
	}
}

func (c *Client) startRival(transport int) {
	c.tried |= 1 << transport
	c.rival = c.dial(transport, c.dialLimit(), func(l *link, err error) {
		switch {
		case l == c.rival && err != nil:
			c.lostRival(err)
		case l == c.rival:
			c.handshake(l)
		case l == c.link && err != nil:
			c.lost(err)
		case l == c.link:
			c.begin()
		}
	})
}

// rivalHandshook takes the reply to the rival's handshake, which is good over the rival.
func (c *Client) rivalHandshook(r *Message) {
	err := notOffered(r, c.link)
	if !c.handsOver {
		err = errNoReply
	}
	switch {
	case !c.newSession(r):
	case err != nil:
		c.rivalWins(err)
	case c.link.conn != nil:
		c.begin()
	}
}

// isMute reports whether nothing has come over a link that is open.
func (l *link) isMute() bool { return !l.heard.After(l.opened) }

// rivalWins puts the rival in the place of the client's link, with its session if it has one. The reason is why the link is of no use.
func (c *Client) rivalWins(reason error) {
	c.logf(Info, "%s: %v: going on with %s", c.name(), reason, c.rival.name())
	if c.in(subscribing, connecting) { // the session was used over the link
		c.noHandover = true
		c.cutOff(c.link)
		c.broken(reason)
	} else {
		c.link.close()
	}
	c.link, c.rival, c.handsOver = c.rival, nil, false
	c.transport = c.link.transport
	if c.clientID != "" {
		c.begin()
	}
}

// lostRival goes on without the rival.
func (c *Client) lostRival(err error) {
	l, ahead := c.rival, c.handsOver
	c.causes[l.name()] = err
	c.dropRival()
	if !ahead || c.clientID != "" {
		return
	}
	c.failedBeside = err // for its turn
	c.tried &^= 1 << l.transport
	if c.link.conn != nil && c.phase == opening {
		c.begin()
	}
}

func (c *Client) dropRival() {
	c.rival.close()
	c.rival, c.handsOver = nil, false
}

// handedOver reports whether the rival has made the session, and no connect of it has succeeded over the link.
func (c *Client) handedOver() bool { return c.handsOver && c.clientID != "" && c.link.conn != nil }

// handoverRefused makes a session over the link itself, since the server does not know there what was made over requests.
func (c *Client) handoverRefused(refused error) {
	c.logf(Info, "the server does not take the session over from %s to %s: %v", c.rival.name(), c.name(), refused)
	c.noHandover, c.gapSaid = true, true
	c.rival.send(Message{Channel: metaDisconnect}, c.opts.MaxNetworkDelay, nil) // the reply will not be heard
	c.tried &^= 1 << c.rival.transport
	c.dropRival()
	c.forget()
	c.handshakeAgain()
	c.startRace()
}
