package outbound

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/journal"
)

// OpenJournal opens what a journal is kept in.
type OpenJournal func() (journal.Store, journal.Locks, error)

// book is what a client writes down of its calls, and what it has found that
// clients before it have left. A client without the option has none.
//
// An entry is written before its request leaves, and removed when the caller
// was told what came of it. Before an event is acknowledged to the server,
// which drops it then, what it means is written: see [bayeux.Saved].
type book struct {
	c       *Client
	opening sync.Mutex
	hung    atomic.Bool // the store has let a write wait: nobody is to wait for it until one succeeds

	mu       sync.Mutex // taken before that of the registry
	journal  *journal.Journal
	agent    string // whose it is
	foreign  bool   // somebody else has signed in since
	closed   bool
	saved    *bayeux.Saved
	restored []*restored           // all that were found, oldest first
	untold   map[string]*operation // by reference, that have ended, whose caller has not confirmed yet that it was told
	attended bool
}

// closeLimit is how long the end of a client waits for its journal.
const closeLimit = 2 * time.Second

// prepare signs in, and then opens the journal, if that was not done: whose
// it is has to be known first.
func (b *book) prepare(ctx context.Context) error {
	if err := b.c.rest.SignIn(ctx); err != nil {
		return err
	}
	b.opening.Lock()
	defer b.opening.Unlock()
	b.mu.Lock()
	done := b.journal != nil || b.closed
	b.mu.Unlock()
	if !done {
		b.open(ctx)
	}
	return nil
}

func (b *book) open(ctx context.Context) {
	opts := b.c.opts
	warn := func(problem string) { b.c.logf(bayeux.Warn, "%s", problem) }
	store, locks, err := opts.Journal()
	if err != nil {
		warn("the journal cannot be kept, and a crash would leave nothing: " + err.Error())
		store = nil
	}
	agent := b.c.rest.User()
	j, session := journal.Open(ctx, journal.Config{
		Store: store, Locks: locks, Scope: journal.Scope(opts.BaseURL+opts.CometdPath, agent), Owner: gws.NewReferenceID(), Log: warn,
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed { // meanwhile
		go j.Close(context.WithoutCancel(ctx))
		return
	}
	b.journal, b.agent = j, agent
	var saved bayeux.Saved
	if session != nil && json.Unmarshal(session, &saved) == nil {
		b.saved = &saved
	}
	for _, e := range j.Entries() {
		if r := readEntry(e); r != nil {
			b.restored = append(b.restored, r)
			if e.Answer == nil {
				b.c.waiting.restore(r.op)
			}
		} else {
			j.Remove(e.ReferenceID)
		}
	}
}

// resume returns the session to go on with; nil if there is none.
func (b *book) resume() *bayeux.Saved {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.saved
}

// save writes what it takes to go on with the session, behind what its events
// have changed.
func (b *book) save(s bayeux.Saved, done func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	text, err := json.Marshal(s)
	if !b.writable() || err != nil {
		done()
		return
	}
	if b.hung.Load() { // the server would not keep the session for so long
		b.journal.SaveSession(text, b.wrote)
		done()
		return
	}
	b.journal.SaveSession(text, func(err error) {
		b.wrote(err)
		done()
	})
}

// writable reports whether what is new is to be written: not so before the
// journal is open, after its end, nor once another agent has signed in. The mutex is held.
func (b *book) writable() bool {
	if b.journal == nil || b.closed || b.foreign {
		return false
	}
	if b.c.rest.User() != b.agent {
		b.foreign = true
		b.journal.EndSession()
		b.c.logf(bayeux.Warn, "another agent has signed in: nothing more is written to the journal, which is the first one's")
	}
	return !b.foreign
}

// begin writes that the request may have been sent, and waits until that is
// safe, or cannot be.
func (b *book) begin(ctx context.Context, op *operation) *Error {
	if !journaled(op.request) {
		return nil
	}
	safe := make(chan struct{})
	b.mu.Lock()
	if !b.writable() {
		b.mu.Unlock()
		return nil
	}
	op.entry = &journal.Entry{
		ReferenceID: op.request.ReferenceID, Path: op.request.Path(), Body: string(op.request.Body()),
		Delivery: string(gws.Unknown), SentAt: time.Now(),
	}
	b.told(op.request.ReferenceID)
	b.journal.Put(*op.entry, func(err error) {
		b.wrote(err)
		close(safe)
	})
	b.mu.Unlock()
	if b.hung.Load() {
		return nil
	}
	select {
	case <-safe:
		return nil
	case <-b.c.closing:
		return ClosedError(gws.NotSent)
	case <-ctx.Done():
		return AbortedError(ctx, gws.NotSent)
	}
}

func (b *book) wrote(err error) {
	if err == nil || errors.Is(err, context.DeadlineExceeded) {
		b.hung.Store(err != nil)
	}
}

// journaled reports whether a request is written down. A list is not: it can be
// asked for again, and its parts cannot be had again.
func journaled(r gws.Request) bool { return r.Operation.Result != gws.ResultRecords }

// accepted notes that GWS has taken a request.
func (b *book) accepted(op *operation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if op.entry != nil && op.entry.Delivery != string(gws.Accepted) && !b.closed {
		op.entry.Delivery = string(gws.Accepted)
		b.journal.Put(*op.entry, nil)
	}
}

// answered notes the event that answers an operation. It is called on the
// session's loop, before that acknowledges the event.
func (b *book) answered(op *operation, a answer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if op.restored != nil {
		b.answerRestored(op.restored, a)
		return
	}
	if op.entry != nil && !b.closed {
		op.entry.Delivery, op.entry.Answer = string(gws.Accepted), a.event
		b.journal.Put(*op.entry, nil)
	}
}

func (b *book) answerRestored(r *restored, a answer) {
	if r.off {
		return // it was forgotten meanwhile
	}
	r.entry.Delivery, r.entry.Answer = string(gws.Accepted), a.event
	r.settle(a)
	if !b.closed {
		b.journal.Put(r.entry, nil)
	}
}

// ended takes what came of a call, of which its caller is told.
func (b *book) ended(op *operation, result json.RawMessage, failed *Error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	written, reference := op.entry != nil, op.request.ReferenceID
	nothing := failed != nil && (failed.Delivery == gws.NotSent || failed.Delivery == gws.Rejected)
	if r := op.replaces; r != nil {
		op.replaces, r.taken = nil, false
		if nothing { // so that the one before stays what it was
			op.entry = nil
			b.putBack(op, r, written)
			return
		}
		r.off = true
		r.finish(result, failed)
	}
	switch {
	case !written || b.closed:
		op.entry = nil
	case nothing || !b.c.opts.Confirms:
		op.entry = nil
		b.journal.Remove(reference)
	default:
		b.untold[reference] = op
	}
}

// told lets go of what has ended. The mutex is held.
func (b *book) told(reference string) {
	if op := b.untold[reference]; op != nil {
		op.entry = nil // should its event be about to be noted
		delete(b.untold, reference)
		b.journal.Remove(reference)
	}
}

func (b *book) putBack(op *operation, r *restored, written bool) {
	if r.entry.Answer == nil {
		if a, late := b.c.waiting.putBack(op, r.op); late {
			b.answerRestored(r, a)
			return
		}
	}
	if written && !b.closed {
		b.journal.Put(r.entry, nil)
	}
}

// close ends the journal. What was found and is not settled stays for the next
// client. Calls of this client are told, unless nobody is there any more; with forget, nothing
// stays.
func (b *book) close(leaving, forget bool) {
	b.mu.Lock()
	j := b.journal
	if b.closed || j == nil {
		b.closed = true
		b.mu.Unlock()
		return
	}
	for _, op := range b.c.waiting.all() {
		switch {
		case op.entry == nil:
		case op.replaces != nil:
			j.Put(op.replaces.entry, nil)
		default:
			j.Remove(op.request.ReferenceID)
		}
	}
	if !leaving {
		for reference := range b.untold {
			j.Remove(reference)
		}
	}
	forget = forget && b.writable() // not what is another agent's
	b.closed = true
	b.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	if forget {
		j.Forget(ctx)
	}
	j.EndSession()
	j.Close(ctx)
}

// abandon closes the journal of a client that did not come about. Everything stays.
func (b *book) abandon() {
	b.mu.Lock()
	b.closed = true
	j := b.journal
	b.mu.Unlock()
	if j != nil {
		ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
		defer cancel()
		j.Close(ctx)
	}
}
