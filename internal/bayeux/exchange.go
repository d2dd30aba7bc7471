package bayeux

import (
	"errors"
	"strconv"
	"time"

	"gws-outbound/internal/deadline"
	"gws-outbound/internal/fmt"
)

// exchange is a message that waits for its reply.
type exchange struct {
	link     *link
	message  Message
	sent     time.Time
	held     bool                 // the reply may come later, since the server holds it or another one is in its way; else it is due at once
	limit    time.Duration        // for the reply, or for more of its bytes
	due      time.Time            // when that is over
	patient  func() time.Duration // what the limit has become meanwhile; nil if it stays
	begun    bool                 // the header of a reply that may be held has come
	arriving time.Time            // when bytes of the reply last came; zero if none have
	graces   int                  // that it had, since this program did not run
	short    bool                 // see shortenConnect
	timer    *time.Timer
	keeper   *time.Timer                     // see keepSession; nil if there is none
	done     func(reply *Message, err error) // called once, on the loop
}

var errNoReply = errors.New("no reply in time")

// send sends m alone and waits for its reply for the given time.
func (l *link) send(m Message, limit time.Duration, done func(*Message, error)) {
	l.expect(&m, limit, done)
	l.transmit([]Message{m})
}

// expect gives m an id and waits for its reply for the given time.
func (l *link) expect(m *Message, limit time.Duration, done func(*Message, error)) *exchange {
	c := l.c
	c.nextID++
	m.ID = text(strconv.Itoa(c.nextID))
	if m.ClientID == "" && m.Channel != metaHandshake {
		m.ClientID = c.clientID
	}
	x := &exchange{link: l, message: *m, sent: time.Now(), limit: limit, done: done}
	x.due = x.sent.Add(limit)
	x.timer = c.after(limit, func() {
		if l.exchanges[x.message.ID] == x {
			x.over()
		}
	})
	l.exchanges[m.ID] = x
	return x
}

// over ends the waiting for a reply, unless that has been given more time: where
// the timer is late, the reply may have arrived meanwhile.
func (x *exchange) over() {
	if x.graces < deadline.MostGraces && deadline.Late(x.due) {
		x.graces++
		x.due = time.Now().Add(deadline.Grace)
		if c := x.link.c; x.link == c.link && x.message.Channel == metaConnect {
			c.noteFreeze()
		}
	}
	if x.patient != nil {
		if limit := x.patient(); limit > x.limit {
			x.due = x.due.Add(limit - x.limit)
			x.limit = limit
		}
	}
	if left := time.Until(x.due); left > 0 {
		x.timer.Reset(left)
		return
	}
	x.link.silent(x)
}

// extend gives a reply so much time from now on.
func (x *exchange) extend(limit time.Duration) {
	x.limit = limit
	x.due = time.Now().Add(limit)
	x.timer.Reset(limit)
}

// silent gives up waiting for a reply. A socket that keeps silent on one
// message does so on all, and is broken. A request of several is given up by itself.
func (l *link) silent(x *exchange) {
	c := l.c
	err := fmt.Errorf("%s: %w (%v)", x.message.Channel, errNoReply, x.limit)
	if hidden := c.hiddenBy; hidden != nil && hidden.again && x.message.Channel == metaConnect {
		err = hidden
	}
	if !l.perRequest() {
		if l == c.link && x.limit >= c.silenceLimit() {
			c.silences++
		}
		c.lostLink(l, err)
		return
	}
	l.conn.Cancel(string(x.message.ID))
	if x.short && l == c.link {
		delete(l.exchanges, x.message.ID)
		c.shortened++
		c.broken(err)
		c.outruns()
		c.connect()
		return
	}
	l.failExchange(x.message.ID, err)
}

// progress notes that replies to these messages are arriving. While bytes come,
// nothing is given up: each reply has its whole time again from the last of them.
func (l *link) progress(messages []Message) {
	l.heard = time.Now()
	for _, m := range messages {
		if x := l.exchanges[m.ID]; x != nil {
			if x.held && !x.begun && l.heard.Sub(x.sent) < max(reallyHeld, l.c.trips.limit()) {
				x.begun = true // its header, which servers may send before they hold the rest
				continue
			}
			if x.arriving.IsZero() && x.message.Channel == metaConnect {
				l.c.keepSession(x)
			}
			x.short = false
			x.arriving = l.heard
			if x.limit = max(x.limit, l.c.opts.MaxNetworkDelay); x.held {
				x.limit = l.c.opts.MaxNetworkDelay // it is not held any more
			}
			x.due = l.heard.Add(x.limit)
		}
	}
}

// endExchange ends the exchange that m replies to; nil if there is none, as for a
// reply that comes late. Replies are matched by id. One without an id, as
// careless servers send it, is taken for the reply to the oldest message on
// its channel, and of its subscription if it names one.
func (l *link) endExchange(m *Message) *exchange {
	id := m.ID
	if id == "" {
		oldest := 0
		for key, x := range l.exchanges {
			same := x.message.Channel == m.Channel && (m.Subscription == "" || x.message.Subscription == m.Subscription)
			if n, _ := strconv.Atoi(string(key)); same && (oldest == 0 || n < oldest) {
				id, oldest = key, n
			}
		}
	}
	x := l.exchanges[id]
	if x == nil || x.message.Channel != m.Channel {
		return nil
	}
	x.end()
	return x
}

// failExchange ends the exchange of a message that will not be answered.
func (l *link) failExchange(id text, err error) {
	if x := l.exchanges[id]; x != nil {
		x.end()
		x.done(nil, err)
	}
}

func (x *exchange) end() {
	x.stopTimers()
	delete(x.link.exchanges, x.message.ID)
}

func (x *exchange) stopTimers() {
	x.timer.Stop()
	if x.keeper != nil {
		x.keeper.Stop()
	}
}

// cancelExchanges stops waiting for replies: those that come are late.
func (l *link) cancelExchanges() {
	for _, x := range l.exchanges {
		x.stopTimers()
	}
	clear(l.exchanges)
}

// abandonExchanges is cancelExchanges on a connection that is used on: what goes next must not wait for a
// request that may never be answered. A connect has no other in its way.
func (l *link) abandonExchanges() {
	if l.perRequest() && l.conn != nil {
		for id, x := range l.exchanges {
			if x.message.Channel != metaConnect {
				l.conn.Cancel(string(id))
			}
		}
	}
	l.cancelExchanges()
}

// underWay returns a message on the channel that waits for its reply; nil if
// there is none.
func (l *link) underWay(channel string) *exchange {
	for _, x := range l.exchanges {
		if x.message.Channel == channel {
			return x
		}
	}
	return nil
}
