package recovery

import (
	"bytes"
	"encoding/json"
	"time"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/journal"
)

// journaled reports whether a request is written to the journal. One for a list is not: it can be
// made again, and the server does not send the records again that have come already.
func journaled(r gws.Request) bool { return r.Operation.Result != gws.ResultRecords }

// call is a call of this client. What it has belongs to the keeper's mutex.
type call struct {
	k       *keeper
	request gws.Request
	entry   *journal.Entry // while it is in the journal as this call's
	earlier *Earlier       // whose place it has taken

	answered bool // an event has answered it
}

func (k *keeper) Track(r gws.Request) Call {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := &call{k: k, request: r}
	k.inFlight[r.ReferenceID] = c
	if e := k.find(r.ReferenceID); e != nil && (e.listed() || e.dismissed && e.succeeded()) {
		e.superseded, c.earlier = true, e
	}
	return c
}

func (c *call) Begin() <-chan struct{} {
	k := c.k
	k.mu.Lock()
	defer k.mu.Unlock()
	if !journaled(c.request) || c.answered || c.answer() != nil || !k.writable() {
		return safe
	}
	written := make(chan struct{})
	c.put(journal.Entry{Delivery: string(gws.Unknown)}, func(error) { close(written) })
	if k.journal.Hangs() {
		return safe
	}
	return written
}

// put writes an entry of the request, with what is known of it. The mutex is held.
func (c *call) put(known journal.Entry, done func(error)) {
	known.ReferenceID, known.Path, known.Body = c.request.ReferenceID, c.request.Path(), string(c.request.Body())
	known.Over, known.SentAt = c.k.over, time.Now()
	c.entry = &known
	delete(c.k.undelivered, known.ReferenceID)
	c.k.journal.Put(known, done)
}

func (c *call) Accepted() {
	c.k.mu.Lock()
	defer c.k.mu.Unlock()
	if c.entry != nil && c.entry.Delivery != string(gws.Accepted) && c.k.writable() {
		c.entry.Delivery = string(gws.Accepted)
		c.k.journal.Put(*c.entry, nil)
	}
}

func (c *call) Answered(event json.RawMessage) {
	c.k.mu.Lock()
	defer c.k.mu.Unlock()
	if !journaled(c.request) {
		return
	}
	c.answered = true
	if c.k.writable() {
		c.k.answers = remember(c.k.answers, c.request.ReferenceID, event)
	}
	if c.earlier != nil {
		c.earlier.answer(event)
	}
	switch {
	case !c.k.writable():
	case c.entry != nil:
		c.entry.Delivery, c.entry.Answer = string(gws.Accepted), event
		c.k.journal.Put(*c.entry, nil)
	case c.earlier == nil: // otherwise it is in the entry of that
		c.put(journal.Entry{Delivery: string(gws.Accepted), Answer: event}, nil)
	}
}

func (c *call) Answer() json.RawMessage {
	c.k.mu.Lock()
	defer c.k.mu.Unlock()
	return c.answer()
}

// answer is Answer for who holds the mutex.
func (c *call) answer() json.RawMessage {
	e := c.earlier
	if e == nil || e.request.Path() != c.request.Path() || !bytes.Equal(e.request.Body(), c.request.Body()) {
		return nil
	}
	return e.entry.Answer
}

func (c *call) Ended(d gws.Delivery, err error) (waitsAgain bool) {
	k := c.k
	k.mu.Lock()
	defer k.mu.Unlock()
	entry, reference := c.entry, c.request.ReferenceID
	c.entry = nil
	delete(k.inFlight, reference)
	defer k.signal()
	nothing := err != nil && (d == gws.NotSent || d == gws.Rejected)
	if e := c.earlier; e != nil {
		e.superseded = false
		if nothing { // so that the one before stays what it was
			switch {
			case entry == nil || k.closed:
			case e.dismissed: // its caller knows its end
				k.journal.Withdraw(reference)
			default:
				k.journal.Put(e.entry, nil)
			}
			return !e.finished()
		}
		e.dismissed = true
		e.finish(err)
		if entry == nil {
			entry = &e.entry
		}
	}
	switch {
	case entry == nil || k.closed:
	case nothing:
		k.journal.Withdraw(reference)
	case k.config.ConfirmsDelivery:
		k.undelivered[reference] = entry
	case k.leaving && err != nil: // who is to hear it may be gone
	default:
		k.journal.Remove(reference)
	}
	return false
}
