package bayeux

import (
	"context"
	"errors"
	"time"

	"gws-outbound/internal/deadline"
)

// link is a connection, from the moment that it is being opened. It belongs to
// the loop, but for what it does as a [Sink].
type link struct {
	c          *Client
	transport  int // index into Options.Transports
	began      time.Time
	opened     time.Time
	conn       Conn               // nil until it is open
	stop       context.CancelFunc // gives up the opening
	state      linkState
	heard      time.Time // when something came last; when it was opened, at first
	silentFrom time.Time // of one that was given up for its silence; zero for others
	clientID   string    // of the session that it had then
	returns    bool      // the frame that is being handled takes the session back to it
	proved     bool      // a connect has succeeded on it
	provedAt   time.Time // when that was
	trial      bool      // the session has moved to it by itself from a transport that works
	exchanges  map[text]*exchange
	complaints int // about its frames: see complain
	backlog
}

type linkState int

const (
	inUse      linkState = iota
	eventsOnly           // another link has taken its place: what it still brings is heard, but is no reply
	closed               // what still comes from it is late
)

// dial opens a connection, for which there is so much time. done is called once,
// unless the link is closed before.
func (c *Client) dial(transport int, limit time.Duration, done func(l *link, err error)) *link {
	ctx, stop := deadline.Clock{}.WithTimeout(c.ctx, limit, nil) // the page may be frozen while it opens
	l := &link{c: c, transport: transport, began: time.Now(), stop: stop, exchanges: map[text]*exchange{}}
	over := c.opts.Transports[transport]
	go func() {
		defer stop()
		conn, err := over.Open(ctx, l)
		handled := c.box.put(func() {
			switch {
			case l.state == closed:
				if conn != nil {
					conn.Close()
				}
			case err != nil:
				l.traceOpened(err)
				l.close()
				done(l, &OpenError{Transport: over.Name(), Err: err})
			default:
				l.traceOpened(nil)
				l.conn = conn
				l.opened = time.Now()
				l.heard = l.opened
				done(l, nil)
			}
		})
		if !handled && conn != nil {
			conn.Close()
		}
	}()
	return l
}

// close gives up the link, or its opening.
func (l *link) close() {
	if l == nil || l.state == closed {
		return
	}
	l.state = closed
	l.stop()
	l.cancelExchanges()
	if l.conn != nil {
		l.conn.Close()
	}
}

func (l *link) perRequest() bool { return l.c.opts.Transports[l.transport].PerRequest() }

// useful reports whether the link was of use for more than a moment: one that always ends as soon as a connect is held is not.
func (l *link) useful() bool { return l.proved && time.Since(l.provedAt) >= reallyHeld }

// firstReply is how long the first reply may take, by how long it has taken to open.
func (l *link) firstReply() time.Duration { return max(raceAfter, 3*l.opened.Sub(l.began)) }

// asksMore reports whether anything but a connect waits for its reply.
func (l *link) asksMore() bool {
	for _, x := range l.exchanges {
		if x.message.Channel != metaConnect {
			return true
		}
	}
	return false
}

func (l *link) name() string { return l.c.opts.Transports[l.transport].Name() }

// Receive is [Sink]'s.
func (l *link) Receive(frame []byte) {
	switch ok, err := l.add(frame, l.c.opts.maxMessageSize()); {
	case err != nil:
		l.Lose(err)
		return
	case !ok:
		return
	}
	l.c.box.put(func() {
		defer l.done(frame)
		if l.state != closed {
			l.c.receive(l, frame)
		}
	})
}

// Progress is [Sink]'s.
func (l *link) Progress(messages []Message) {
	l.c.box.put(func() {
		if l.state != closed {
			l.progress(messages)
		}
	})
}

// Fail is [Sink]'s. An answer that is too large is given up with its session, as a
// frame is: the server would send it again.
func (l *link) Fail(messages []Message, err error) {
	if _, large := errors.AsType[*TooLargeError](err); large {
		l.Lose(err)
		return
	}
	l.c.box.put(func() {
		for _, m := range messages {
			if l.state == closed {
				return
			}
			l.failExchange(m.ID, &LostError{err})
		}
	})
}

// Lose is [Sink]'s.
func (l *link) Lose(err error) {
	l.c.box.put(func() {
		if l.state != closed {
			l.c.lostLink(l, &LostError{err})
		}
	})
}

// lostLink takes the end of a link.
func (c *Client) lostLink(l *link, err error) {
	switch {
	case l == c.link:
		c.lost(err)
	case l == c.rival:
		c.lostRival(err)
	case l == c.spare:
		c.lostSpare(err)
	case c.predecessor != nil && l == c.predecessor.link:
		c.lostPredecessor()
	default:
		l.close()
	}
}

// dropLink gives up the connection, or the opening of it.
func (c *Client) dropLink() {
	c.link.close()
	c.link = nil
	c.dropSpare()
}
