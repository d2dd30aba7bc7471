package bayeux

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// exchange is a message that waits for its reply.
type exchange struct {
	message Message
	limit   time.Duration // for the reply
	timer   *time.Timer
	hasty   bool                            // see hasten
	done    func(reply *Message, err error) // called once, on the loop
}

var errNoReply = errors.New("no reply in time")

// send sends m alone and waits for its reply for the given time.
func (c *Client) send(m Message, limit time.Duration, done func(*Message, error)) {
	c.expect(&m, limit, done)
	c.conn.Send([]Message{m})
}

// expect gives m an id and waits for its reply for the given time.
func (c *Client) expect(m *Message, limit time.Duration, done func(*Message, error)) {
	c.nextID++
	m.ID = text(strconv.Itoa(c.nextID))
	m.ClientID = c.clientID
	id := m.ID
	x := &exchange{message: *m, limit: limit, done: done}
	x.timer = c.after(limit, func() {
		if c.exchanges[id] == x {
			c.silent(id, x)
		}
	})
	c.exchanges[id] = x
}

// silent gives up waiting for a reply. A socket that keeps silent on one
// message does so on all, and is broken: where nothing resets it, it is found
// by this alone. A request of several is given up by itself.
func (c *Client) silent(id text, x *exchange) {
	switch {
	case x.hasty:
		c.hastened++
	case x.message.Channel == metaConnect:
		c.hastened = 0
	}
	err := fmt.Errorf("%s: %w (%v)", x.message.Channel, errNoReply, x.limit)
	one, requests := c.conn.(Canceler)
	if !requests {
		c.lost(err)
		return
	}
	one.Cancel(string(id))
	if x.hasty {
		delete(c.exchanges, id)
		c.broken()
		c.connect()
		return
	}
	c.failExchange(id, err)
}

// progress gives replies whose bytes are arriving their whole time from now on.
func (c *Client) progress(messages []Message) {
	c.heard = time.Now()
	for _, m := range messages {
		if x := c.exchanges[m.ID]; x != nil {
			x.timer.Reset(x.limit)
		}
	}
}

// settle ends the exchange that m replies to; nil if there is none, as for a
// reply that comes late. Replies are matched by id. One without an id, as
// careless servers send it, is taken for the reply to the oldest message on
// its channel.
func (c *Client) settle(m *Message) *exchange {
	id := m.ID
	if id == "" {
		oldest := 0
		for key, x := range c.exchanges {
			if n, _ := strconv.Atoi(string(key)); x.message.Channel == m.Channel && (oldest == 0 || n < oldest) {
				id, oldest = key, n
			}
		}
	}
	x := c.exchanges[id]
	if x == nil || x.message.Channel != m.Channel {
		return nil
	}
	x.timer.Stop()
	delete(c.exchanges, id)
	return x
}

// failExchange ends the exchange of a message that will not be answered.
func (c *Client) failExchange(id text, err error) {
	if x := c.exchanges[id]; x != nil {
		x.timer.Stop()
		delete(c.exchanges, id)
		x.done(nil, err)
	}
}

// dropConn gives up the connection, or the opening of it: what still comes
// from it is stale.
func (c *Client) dropConn() {
	c.connection++
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
	c.cancelExchanges()
}

// cancelExchanges stops waiting for replies: those that come are late.
func (c *Client) cancelExchanges() {
	for _, x := range c.exchanges {
		x.timer.Stop()
	}
	clear(c.exchanges)
	c.probing = false
	c.replacing = 0
}
