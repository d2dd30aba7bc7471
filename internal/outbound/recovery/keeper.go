package recovery

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/journal"
)

// Open opens what a journal is kept in.
type Open func() (journal.Store, journal.Locks, error)

// Config says what is kept, and where.
type Config struct {
	Open   Open   // called once, when signing in has succeeded; where it fails, nothing outlives the client
	Server string // tells servers apart

	// ConfirmsDelivery says that Delivered tells when a caller knows what its call has come
	// to: until then, the answer stays in the journal. Otherwise the return of a method is enough.
	ConfirmsDelivery bool

	// AnswerTimeout is how long the session is looked after for the sake of earlier calls, as
	// it is for a call.
	AnswerTimeout time.Duration

	// NoSession says that the client goes on with no session of an earlier one, nor leaves one to the next.
	NoSession bool
}

// closeLimit is how long the end of a client waits for its callers, and then for its journal.
const closeLimit = 2 * time.Second

// forgetLimit is how long is waited for the store where something is to be gone: longer, since the
// agent asks for it, and an error would be taken for a store that fails.
const forgetLimit = 5 * time.Second

// keeper keeps calls in a journal.
type keeper struct {
	config  Config
	host    Host
	opening sync.Mutex

	mu          sync.Mutex // taken after that of the table of calls
	journal     *journal.Journal
	foreign     bool // somebody else has signed in since
	leaving     bool // the page goes away
	closed      bool
	saved       *bayeux.SavedSession
	over        string                    // the mark of the session that was saved last
	earlier     []*Earlier                // those that were found, in that order: see forgetOldest
	inFlight    map[string]*call          // calls of this client that have not ended, by reference
	undelivered map[string]*journal.Entry // what has ended, and whose caller may not know it, by reference
	changed     chan struct{}             // closed when one of the last two gets smaller
	late        []heard                   // answers for which no call waited; the last come last, as in the next one
	answers     []heard                   // those that calls had
	lookedAfter int                       // times that the session is looked after for earlier calls
	lost        time.Time                 // until when the server keeps the client's session, where that is not connected; zero while it is
	until       time.Time                 // when the session of the earlier client was over; see answerableUntil
}

// New returns a Recovery that has a journal.
func New(c Config, h Host) Recovery {
	return &keeper{
		config: c, host: h,
		inFlight: map[string]*call{}, undelivered: map[string]*journal.Entry{}, changed: make(chan struct{}),
	}
}

func (k *keeper) Attach(o *bayeux.Options) {
	o.Prepare, o.Resume, o.Save, o.OnLeftBehind = k.prepare, k.resume, k.save, k.leftBehind
	next := o.OnStatus
	o.OnStatus = func(s bayeux.Status) {
		k.noteStatus(s)
		if next != nil {
			next(s)
		}
	}
}

// prepare signs in, and then opens the journal, if that was not done: whose
// it is has to be known first.
func (k *keeper) prepare(ctx context.Context) error {
	if err := k.host.SignIn(ctx); err != nil {
		return err
	}
	k.opening.Lock()
	defer k.opening.Unlock()
	k.mu.Lock()
	done := k.journal != nil || k.closed
	k.mu.Unlock()
	if !done {
		k.open(ctx)
	}
	return nil
}

func (k *keeper) open(ctx context.Context) {
	store, locks, err := k.config.Open()
	if err != nil {
		k.host.Warn("the journal cannot be kept, and a crash would leave nothing: " + err.Error())
		store = nil
	}
	j, session := journal.Open(ctx, journal.Config{
		Store: store, Locks: locks, Scope: journal.Scope(k.config.Server, k.host.Agent()), Owner: gws.NewReferenceID(), Log: k.host.Warn,
	})
	k.mu.Lock()
	if k.closed { // meanwhile
		k.mu.Unlock()
		go j.Close(context.WithoutCancel(ctx))
		return
	}
	k.journal = j
	if saved, ok := bayeux.ReadSavedSession(session); ok && !k.config.NoSession {
		k.saved = &saved
	} else {
		k.until = time.Now()
	}
	waiting := k.found(j.Entries())
	k.mu.Unlock()
	k.host.Await(waiting)
}

// lookForMore takes over what clients have left that have died since the journal was opened. It reports
// whether there is a journal of this agent; an error says that it may have more.
func (k *keeper) lookForMore(ctx context.Context) (ok bool, err error) {
	k.mu.Lock()
	j, ok := k.journal, k.writable()
	k.mu.Unlock()
	if !ok {
		return false, nil
	}
	entries, err := j.TakeOver(ctx)
	k.mu.Lock()
	waiting := k.found(entries)
	for _, e := range waiting {
		e.until = time.Now() // nobody goes on with its session
	}
	if len(waiting) > 0 {
		k.lookAfterSession()
	}
	k.mu.Unlock()
	k.host.Await(waiting)
	return true, err
}

// found adds entries of earlier clients to the earlier calls, and returns those that have no answer yet.
// The mutex is held.
func (k *keeper) found(entries []journal.Entry) (waiting []*Earlier) {
	for _, entry := range entries {
		e := readEntry(k, entry)
		if e == nil {
			k.journal.Remove(entry.ReferenceID)
			continue
		}
		k.earlier = append(k.earlier, e)
		if !k.goesOn(entry.Over) {
			e.until = time.Now()
		}
		k.answerHeard(e)
		if c := k.inFlight[entry.ReferenceID]; c != nil && c.earlier == nil {
			e.superseded, c.earlier = true, e
		}
		if !e.finished() {
			waiting = append(waiting, e)
		}
	}
	k.forgetOldest()
	return waiting
}

// mostSettled is how many earlier calls are remembered whose end somebody knows: the same request is answered by it.
const mostSettled = 100

// forgetOldest forgets the oldest settled calls beyond that number, since each may have a large answer. The mutex is held.
func (k *keeper) forgetOldest() {
	settled := func(e *Earlier) bool { return e.dismissed && !e.superseded }
	n := 0
	for _, e := range k.earlier {
		if settled(e) {
			n++
		}
	}
	k.earlier = slices.DeleteFunc(k.earlier, func(e *Earlier) bool {
		oldest := n > mostSettled && settled(e)
		if oldest {
			n--
		}
		return oldest
	})
}

// resume returns the session to go on with; nil if there is none.
func (k *keeper) resume() *bayeux.SavedSession {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.saved
}

// save writes what it takes to go on with the session, after what its events
// have changed in the journal.
func (k *keeper) save(s bayeux.SavedSession, done func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.saved != nil && s.ClientID != k.saved.ClientID {
		k.sessionIsOver()
	}
	if over := journal.Mark(s.ClientID); over != k.over {
		k.over = over
		k.ownIsOver()
	}
	text := s.Text()
	if !k.writable() {
		done()
		return
	}
	if k.journal.Hangs() { // the server would not keep the session for so long
		k.journal.SaveSession(text, nil)
		done()
		return
	}
	k.journal.SaveSession(text, func(error) { done() })
}

// writable reports whether what is new is to be written: not so before the
// journal is open, after its end, nor once another agent has signed in. The mutex is held.
func (k *keeper) writable() bool { return k.journal != nil && !k.closed && !k.isForeign() }

// isForeign reports whether the journal, which is open, is that of another agent than who is signed in now. The mutex
// is held.
func (k *keeper) isForeign() bool {
	if !k.foreign && k.host.AgentChanged() {
		k.foreign = true
		k.journal.EndSession()
	}
	return k.foreign
}

// delivered lets go of what has ended. The mutex is held.
func (k *keeper) delivered(reference string) {
	if k.undelivered[reference] != nil {
		delete(k.undelivered, reference)
		k.journal.Remove(reference)
		k.signal()
	}
}

func (k *keeper) Delivered(reference string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.closed {
		k.delivered(reference)
	}
}

func (k *keeper) CallerGone(reference string) {
	k.mu.Lock()
	entry := k.undelivered[reference]
	if entry == nil || !k.writable() {
		k.mu.Unlock()
		return
	}
	delete(k.undelivered, reference)
	waiting := k.found([]journal.Entry{*entry})
	for _, e := range waiting {
		e.ours = e.until.IsZero()
	}
	if len(waiting) > 0 {
		k.lookAfterSession()
	}
	k.signal()
	k.mu.Unlock()
	k.host.Await(waiting)
}

// signal wakes who waits for changed. The mutex is held.
func (k *keeper) signal() {
	close(k.changed)
	k.changed = make(chan struct{})
}

func (k *keeper) Connected() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lookAfterSession()
}

// lookAfterSession has the session looked after for the sake of earlier calls, as it is
// for a call, but for so long only as a call would wait. The mutex is held.
func (k *keeper) lookAfterSession() {
	if !k.awaits() {
		return
	}
	k.lookedAfter++
	k.host.AddWaiters(1)
	time.AfterFunc(k.config.AnswerTimeout, func() {
		k.mu.Lock()
		k.lookedAfter--
		k.mu.Unlock()
		k.host.AddWaiters(-1)
	})
}

// awaits reports whether there is an earlier call without an answer. The mutex is held.
func (k *keeper) awaits() bool {
	return slices.ContainsFunc(k.earlier, func(e *Earlier) bool { return !e.dismissed && !e.finished() })
}

func (k *keeper) NeedsSession() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lookedAfter > 0 && k.awaits() || k.journal != nil && !k.journal.Idle()
}

func (k *keeper) Leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.leaving = true
}

func (k *keeper) Close(forget bool) error {
	k.mu.Lock()
	j, leaving := k.journal, k.leaving
	if k.closed || j == nil {
		late := forget && j != nil && !k.foreign // as by a page that is going away, which has closed the client
		k.closed = true
		k.mu.Unlock()
		if !late {
			return nil
		}
		ctx, cancel := context.WithTimeout(context.Background(), forgetLimit)
		defer cancel()
		return j.Forget(ctx)
	}
	k.mu.Unlock()
	if !leaving && !forget {
		k.waitForDelivery()
	}
	k.mu.Lock()
	writable := k.writable()
	k.closed = true
	k.mu.Unlock()
	limit := closeLimit
	if forget {
		limit = forgetLimit
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var err error
	switch {
	case !forget:
	case writable:
		err = j.Forget(ctx)
	default:
		err = errNotTheirs
	}
	j.EndSession()
	j.Close(ctx)
	return err
}

var errNotTheirs = errors.New("it is that of another agent, who was signed in before")

// waitForDelivery waits until every caller knows what its call has come to, but not for
// long: a page that is gone confirms nothing.
func (k *keeper) waitForDelivery() {
	limit := time.After(closeLimit)
	for {
		k.mu.Lock()
		done, changed := len(k.undelivered) == 0, k.changed
		for _, c := range k.inFlight {
			done = done && c.entry == nil
		}
		k.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-limit:
			return
		}
	}
}

func (k *keeper) Abandon() {
	k.mu.Lock()
	k.closed = true
	j := k.journal
	k.mu.Unlock()
	if j != nil {
		ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
		defer cancel()
		j.Close(ctx)
	}
}
