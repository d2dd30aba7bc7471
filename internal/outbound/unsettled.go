package outbound

import (
	"context"
	"encoding/json"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/journal"
)

// Unsettled is a call that a client before this one has left without an end.
type Unsettled struct {
	Method      string     // of the JavaScript client
	Request     gws.Fields // that can be passed to it again
	ReferenceID string
	Delivery    gws.Delivery // Accepted or Unknown
	SentAt      time.Time
}

// restored is such a call. What it has that changes belongs to the book.
type restored struct {
	op    *operation // waits for the answer, without a deadline
	entry journal.Entry
	taken bool // a call with its reference is in flight
	off   bool // it is not to be listed any more

	done   chan struct{} // closed when it is settled
	result json.RawMessage
	failed *Error
}

// readEntry makes a call of what was left; nil if it is none.
func readEntry(e journal.Entry) *restored {
	request, ok := gws.ReadRequest(e.Path, e.Body)
	if !ok || request.ReferenceID == "" || request.ReferenceID != e.ReferenceID || !journaled(request) {
		return nil
	}
	if e.Delivery != string(gws.Accepted) {
		e.Delivery = string(gws.Unknown)
	}
	r := &restored{op: newOperation(request), entry: e, done: make(chan struct{})}
	r.op.restored, r.op.posted = r, true
	if e.Answer != nil {
		answered := readEvent(e.Answer)
		r.entry.Delivery = string(gws.Accepted)
		r.settle(answer{notification: answered.NotificationType, event: e.Answer})
	}
	return r
}

func (r *restored) settle(a answer) {
	result, failed := r.op.result(a)
	r.finish(result, failed)
}

func (r *restored) finish(result json.RawMessage, failed *Error) {
	select {
	case <-r.done:
		return
	default:
	}
	if failed != nil {
		failed.ReferenceID = r.entry.ReferenceID
	}
	r.result, r.failed = result, failed
	close(r.done)
}

func (r *restored) settled() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// Unsettled returns the calls that clients before this one, of the same agent
// at the same server, have left without an end, and whose end nobody was told
// of yet, oldest first. Without the option Journal there are none, nor once
// another agent has signed in.
func (c *Client) Unsettled() []Unsettled {
	list := []Unsettled{}
	b := c.book
	if b == nil {
		return list
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.writable() {
		return list
	}
	for _, r := range b.restored {
		if r.off || r.taken {
			continue
		}
		list = append(list, Unsettled{
			Method: r.op.request.Operation.Method, Request: r.op.request.Fields(), ReferenceID: r.entry.ReferenceID,
			Delivery: gws.Delivery(r.entry.Delivery), SentAt: r.entry.SentAt,
		})
	}
	return list
}

// Settled waits for the end of an unsettled call, and returns it as [Client.Call]
// would: the late answer; what a call with its reference came to, which has taken its place; or
// an error where it was forgotten, or the client ends first.
func (c *Client) Settled(ctx context.Context, reference string) (json.RawMessage, error) {
	r := c.book.find(reference)
	if r == nil {
		return nil, invalid("wrong request", []gws.Problem{{Field: "referenceId", Message: "no unsettled call has this reference"}})
	}
	fail := func(e *Error) (json.RawMessage, error) {
		e.ReferenceID = reference
		return nil, e
	}
	for {
		status, changed := c.session.Watch()
		switch {
		case r.settled():
			return c.book.handOut(r)
		case status.State == bayeux.Closed:
			return fail(sessionError(status.Reason, c.book.delivery(r)))
		}
		select {
		case <-r.done:
		case <-changed:
		case <-c.closing:
			if !r.settled() {
				return fail(ClosedError(c.book.delivery(r)))
			}
		case <-ctx.Done():
			return fail(AbortedError(ctx, c.book.delivery(r)))
		}
	}
}

// find returns the call of that reference that was found; nil if there is none.
func (b *book) find(reference string) *restored {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.findLocked(reference)
}

func (b *book) findLocked(reference string) *restored {
	for _, r := range b.restored {
		if r.entry.ReferenceID == reference {
			return r
		}
	}
	return nil
}

func (b *book) delivery(r *restored) gws.Delivery {
	b.mu.Lock()
	defer b.mu.Unlock()
	return gws.Delivery(r.entry.Delivery)
}

// handOut returns what a call has come to, which goes off the list.
func (b *book) handOut(r *restored) (json.RawMessage, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !r.off && !r.taken {
		r.off = true
		switch reference := r.entry.ReferenceID; {
		case b.closed:
		case b.c.opts.Confirms:
			b.untold[reference] = r.op
		default:
			b.journal.Remove(reference)
		}
	}
	if r.failed != nil {
		return nil, r.failed
	}
	return r.result, nil
}

// Told says that the caller was told what a call, or an unsettled call, of that
// reference has come to. It is needed with the option Confirms.
func (c *Client) Told(reference string) {
	b := c.book
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.told(reference)
	}
}

// Forget takes an unsettled call off the list and out of the journal. Whoever
// waits for it gets an error with the code Closed. A reference that no unsettled call has is
// ignored.
func (c *Client) Forget(ctx context.Context, reference string) {
	b := c.book
	if b == nil {
		return
	}
	b.mu.Lock()
	r := b.findLocked(reference)
	if r == nil || r.off || r.taken || !b.writable() {
		b.mu.Unlock()
		return
	}
	r.off = true
	b.c.waiting.remove(r.op)
	b.journal.Remove(reference)
	r.finish(nil, &Error{Code: Closed, Delivery: gws.Delivery(r.entry.Delivery), Message: "it was forgotten, as the page has asked: nobody waits for its answer any more"})
	j := b.journal
	b.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, closeLimit)
	defer cancel()
	j.Written(ctx)
}

// take has a call take the place of an unsettled one with its reference.
func (b *book) take(op *operation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.findLocked(op.request.ReferenceID); r != nil && !r.off && !r.taken {
		r.taken, op.replaces = true, r
	}
}

// attend has the session looked after for the sake of unsettled calls, as it is
// for a call, but for so long only as a call would wait.
func (b *book) attend() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.awaits() {
		return
	}
	b.attended = true
	b.c.session.AddWaiters(1)
	time.AfterFunc(b.c.opts.AckTimeout, func() {
		b.mu.Lock()
		b.attended = false
		b.mu.Unlock()
		b.c.session.AddWaiters(-1)
	})
}

// awaits reports whether there is an unsettled call without an answer. The mutex is held.
func (b *book) awaits() bool {
	for _, r := range b.restored {
		if !r.off && !r.settled() {
			return true
		}
	}
	return false
}

// needsSession reports whether the session may still bring what an unsettled
// call waits for, or would have to bring once more what is not written yet.
func (b *book) needsSession() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.attended && b.awaits() || b.journal != nil && !b.journal.Idle()
}
