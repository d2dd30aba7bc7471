package bayeux

import (
	"context"
	"errors"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"gws-outbound/internal/jsontext"
)

// SavedSession is what it takes to go on with a session in another client, as after
// the reload of a page. Who knows the ClientID has the session, as long as the
// server keeps it: it is not to be shown to anybody.
type SavedSession struct {
	ClientID  string
	Transport string   // the name of the one over which it has worked
	Ack       bool     // acknowledged delivery was negotiated
	Batch     int64    // the last batch that was delivered to the handlers
	Channels  []string // the subscriptions that the server has confirmed
}

var savedNames = []string{"clientId", "transport", "ack", "batch", "channels"}

// Text is what ReadSavedSession reads.
func (s *SavedSession) Text() []byte {
	b := jsontext.AppendString([]byte(`{"clientId":`), s.ClientID)
	b = jsontext.AppendString(append(b, `,"transport":`...), s.Transport)
	b = strconv.AppendBool(append(b, `,"ack":`...), s.Ack)
	b = strconv.AppendInt(append(b, `,"batch":`...), s.Batch, 10)
	b = jsontext.AppendStrings(append(b, `,"channels":`...), s.Channels)
	return append(b, '}')
}

// ReadSavedSession reads what was saved. ok is false for what is none.
func ReadSavedSession(text []byte) (s SavedSession, ok bool) {
	v, problem := jsontext.Read(text)
	if problem != jsontext.None {
		return SavedSession{}, false
	}
	var f [5]jsontext.Value
	v.Members(savedNames, f[:])
	var isID, isTransport, isAck, isBatch bool
	s.ClientID, isID = f[0].Text()
	s.Transport, isTransport = f[1].Text()
	s.Ack, isAck = f[2].Bool()
	s.Batch, isBatch = f[3].Int()
	ok = isID && isTransport && isAck && isBatch && (f[4].IsArray() || f[4].IsNull())
	f[4].Elements(func(v jsontext.Value) {
		channel, isText := v.Text()
		s.Channels, ok = append(s.Channels, channel), ok && isText
	})
	if !ok {
		return SavedSession{}, false
	}
	return s, true
}

func (s *SavedSession) equal(o *SavedSession) bool {
	return s.ClientID == o.ClientID && s.Transport == o.Transport &&
		s.Ack == o.Ack && s.Batch == o.Batch && slices.Equal(s.Channels, o.Channels)
}

// What SavedSession has of acknowledged delivery is delicate. The server drops a
// batch of events when a connect says that it has arrived. A client that dies
// after that and before whoever handles the events has put them (or what they
// mean) into a safe place has lost them for good: the next client finds
// neither the events nor a server that sends them again. So a connect must
// never get ahead of the place where things are safe. The order is
//
//  1. the events of a batch come, and the handlers are called with each;
//  2. the reply to the connect comes behind them, with the number of the batch;
//  3. Options.Save is called with that number. It makes safe, first, what
//     the handlers wanted to be safe, then the number; then it calls done;
//  4. only then does the next connect go out, which acknowledges the batch.
//
// A client that dies between 1 and 3 leaves the number of the batch before,
// so that the server sends the batch again to the next client; one that dies
// between 3 and 4 leaves the number of this batch, whose events are safe, and
// which the server drops at the next client's first connect. The numbers must
// not be saved sooner than the events, nor the connect sent sooner than both
// are. Events can come twice, and must be handled so.

// save has what has changed of the session saved before the next connect goes
// out, and reports whether that has to wait for it.
func (c *Client) save() bool {
	if c.opts.Save == nil {
		return false
	}
	if !c.saving {
		now := &SavedSession{ClientID: c.clientID, Transport: c.name(), Ack: c.ack.on, Batch: c.ack.batch}
		for _, s := range c.subscriptions {
			if s.session == c.session && !slices.Contains(now.Channels, s.pattern) {
				now.Channels = append(now.Channels, s.pattern)
			}
		}
		if c.saved != nil && c.saved.equal(now) {
			return false
		}
		c.saving, c.saved = true, now
		c.callSave(now)
	}
	c.connectFor = c.attempt
	return true
}

// callSave calls the option of that name, whose fault is not the session's.
func (c *Client) callSave(now *SavedSession) {
	done := func() {
		c.box.put(func() {
			if !c.saving || c.saved != now {
				return // called twice
			}
			c.saving = false
			if c.attempt == c.connectFor && c.link != nil && c.link.conn != nil && c.clientID != "" {
				c.connect()
			}
		})
	}
	defer func() {
		if p := recover(); p != nil {
			c.logf(Warn, "Save panicked: %v\n%s", p, debug.Stack())
			done()
		}
	}()
	c.opts.Save(*now, done)
}

// resumption is what is known of going on with the session of another client.
type resumption struct {
	asked    bool // Options.Resume was called
	resuming bool // the session is that of Options.Resume, and no connect of it has succeeded here
	retried  bool // an attempt has failed
}

// survives reports whether the session of before is tried again after a failure. The first one does not
// count, since the network may have been away for a moment, unless it has taken its time, which whoever
// waits for Connect does not have twice.
func (r *resumption) survives(err error) bool {
	if r.retried || errors.Is(err, errNoReply) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	r.retried = true
	return true
}

// resume asks for a session to go on with, the first time that it is called, and
// makes it that of the client, unless it cannot be.
func (c *Client) resume() {
	if c.opts.Resume == nil || c.asked {
		return
	}
	c.asked = true
	s := c.opts.Resume()
	if s != nil {
		c.secret(s.ClientID)
	}
	if s == nil || s.ClientID == "" || len(s.ClientID) > maxClientID || s.Batch < 0 {
		return
	}
	i := slices.IndexFunc(c.opts.Transports, func(t Transport) bool { return t.Name() == s.Transport })
	if i < 0 {
		return
	}
	c.transport = i
	c.tried |= 1 << i
	c.clientID = s.ClientID
	c.ack = ackState{on: s.Ack, batch: s.Batch}
	c.session++
	c.resuming = true
	for _, sub := range c.subscriptions {
		if slices.Contains(s.Channels, sub.pattern) {
			sub.session, sub.granted = c.session, true
		}
	}
}

// resumed notes that the server has the session of before, and goes on with it.
func (c *Client) resumed() {
	if !c.resuming {
		return
	}
	c.resuming = false
	c.logf(Info, "the session of before goes on, over %s", c.name())
}

// resumeFailed takes a failure, and reports whether the session of before is given up because of it.
func (c *Client) resumeFailed(err error) bool {
	if !c.resuming || c.phase == leaving {
		return false
	}
	if c.survives(err) {
		return false
	}
	p := &predecessor{clientID: c.clientID, transport: c.transport, ack: c.ack, until: time.Now().Add(c.plan.lifetime()), resumed: true}
	c.leftBehind(p.until)
	c.abandonResume(err)
	c.predecessor = p // the server has not said that it is gone
	c.lostPredecessor()
	return true
}

// abandonResume makes a new session in place of the one that was to be resumed.
func (c *Client) abandonResume(reason error) {
	c.logf(Info, "the session of before cannot be resumed: %v", reason)
	c.forget()
	c.plan = defaultPlan()
	c.lastErr = reason
	if c.link != nil && c.link.conn != nil && c.transport == c.firstChoice() {
		c.handshakeAgain()
		return
	}
	c.dropLink()
	c.try()
}

// handshakeAgain asks for a session over the client's link, which is open.
func (c *Client) handshakeAgain() {
	c.link.abandonExchanges()
	c.attempt++
	c.begin()
}
