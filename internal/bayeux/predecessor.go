package bayeux

import "time"

// predecessor is a session that another has taken the place of because its
// transport could not be had, be it one of an earlier client, and for which the server may hold events. They
// are fetched once its transport can be had again, for as long as the server
// keeps it.
type predecessor struct {
	clientID  string
	transport int
	ack       ackState
	until     time.Time // when the server has forgotten it
	retries   retries
	link      *link
	resumed   bool // it is that of Options.Resume
}

// mostFetches is how many times in a row that is tried with short pauses: a server may keep a session for days.
const mostFetches = 20

// sessionLost notes that the server does not know the session over the
// transport that it has moved to: the one before may still know it.
func (c *Client) sessionLost() {
	if c.before == nil || c.before.clientID != c.clientID {
		return
	}
	c.dropPredecessor()
	c.predecessor, c.before = c.before, nil
	c.fetch(c.predecessor)
}

// fetch opens a connection to fetch what the server holds for p.
func (c *Client) fetch(p *predecessor) {
	if p != c.predecessor {
		return
	}
	if c.ctx.Err() != nil || time.Now().After(p.until) {
		c.dropPredecessor()
		return
	}
	p.link = c.dial(p.transport, c.opts.DialTimeout, func(l *link, err error) {
		if err != nil {
			c.lostPredecessor()
			return
		}
		m := Message{Channel: metaConnect, ClientID: p.clientID, ConnectionType: l.name(), Ext: p.ack.ext(), Advice: &Advice{Timeout: new(float64)}}
		l.send(m, c.opts.MaxNetworkDelay, func(r *Message, err error) {
			switch {
			case err != nil:
				c.lostPredecessor()
			case r.successful():
				c.logf(Info, "what the server held for the session before has been fetched")
				p.until = time.Time{} // not to be fetched again
				l.send(Message{Channel: metaDisconnect, ClientID: p.clientID}, c.opts.MaxNetworkDelay, func(*Message, error) { c.dropPredecessor() })
			default:
				c.dropPredecessor() // it is gone
			}
		})
	})
}

// lostPredecessor tries again.
func (c *Client) lostPredecessor() {
	p := c.predecessor
	p.link.close()
	p.retries.failed()
	c.after(p.retries.delay(p.retries.failures <= mostFetches, c.opts.Random), func() { c.fetch(p) })
}

func (c *Client) dropPredecessor() {
	p := c.predecessor
	if p == nil {
		return
	}
	p.link.close()
	c.predecessor = nil
	if p.resumed {
		c.leftBehind(time.Now())
	}
}

func (c *Client) leftBehind(until time.Time) {
	if c.opts.OnLeftBehind != nil {
		c.opts.OnLeftBehind(until)
	}
}
