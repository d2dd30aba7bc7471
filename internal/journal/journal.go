package journal

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"gws-outbound/internal/fmt"
)

// Config says where a journal is kept, and whose it is.
type Config struct {
	Store Store // nil if there is none: then nothing outlives the page
	Locks Locks
	Scope string // see [Scope]
	Owner string // of this journal; random, such as a UUID
	Log   func(problem string)
}

// Journal is what one client has sent, and what it has taken over from those
// that are dead. Its methods may be called from any goroutine, and do not
// block, but for those that take a context.
type Journal struct {
	config Config
	queue  *queue

	opened time.Time
	taking chan struct{}   // has an element while owners are looked for that have died
	closed bool            // guarded by that: no lock is taken any more
	dying  map[string]bool // guarded by that: owners with entries that lived as this journal was opened, and may have been about to die

	mu      sync.Mutex
	entries map[string]*kept   // by reference
	dead    map[string]bool    // owners that have died: this one holds their locks
	gone    map[string]bool    // keys of dead owners' entries that were removed; what was loaded before that may still have them
	left    []string           // keys of dead owners' sessions
	behind  map[string][]*kept // dead owners' entries with the reference of an entry of this owner, by that: see Withdraw
	session json.RawMessage    // that of the owner; nil if there is none
	refresh *time.Timer        // writes it again
	warned  bool
	broken  error // why the store cannot be used at all
}

// kept is an entry, and the key that it is kept at.
type kept struct {
	Entry
	key string
}

// tellsMore reports whether e is to be kept, of two entries with one reference: the one with an answer, or else the later one.
func (e *kept) tellsMore(than *kept) bool {
	if answered := e.Answer != nil; answered != (than.Answer != nil) {
		return answered
	}
	return e.SentAt.After(than.SentAt)
}

const (
	// patience is how long a lock is waited for as a journal is opened: that of a page which is being
	// reloaded may outlive it for a moment, that of its Worker above all.
	patience = 500 * time.Millisecond
	retry    = 25 * time.Millisecond

	// On a slow machine that moment is longer. Who asks for what was left soon after the journal was opened waits so long
	// for such a lock, once.
	morePatience = 2 * time.Second
	soon         = 10 * time.Second

	// writeLimit is how long the store may take: whoever waits must not wait
	// for ever, and the server keeps a session for 10 s.
	writeLimit = 3 * time.Second

	// refreshEvery is how often the session of an owner is written again, so that nobody
	// takes that of one who lives for too old: see [MaxAge].
	refreshEvery = 24 * time.Hour
)

// Open opens a journal, and takes over what dead owners have left. Where that
// cannot be had, it says so to Log, and the journal is kept in memory alone until the
// store can be written.
func Open(ctx context.Context, c Config) (j *Journal, session json.RawMessage) {
	j = &Journal{config: c, opened: time.Now(), taking: make(chan struct{}, 1), dying: map[string]bool{}, entries: map[string]*kept{}, dead: map[string]bool{}, gone: map[string]bool{}, behind: map[string][]*kept{}, queue: newQueue(c.Store)}
	if c.Store == nil {
		return j, nil
	}
	limited, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	if held, err := c.Locks.Hold(limited, lockName(c.Owner)); err != nil || !held {
		j.broken = fmt.Errorf("its lock cannot be had: %v", err)
		j.reportAs(unkept, j.broken)
		j.queue.abandon()
		return j, nil
	}
	all, err := j.load(limited)
	if err == nil {
		_, session, err = j.takeOver(limited, all, patience, true)
	}
	if err != nil {
		j.reportAs(unkept, err)
	}
	return j, session
}

// load reads the store, and once more where that fails and there is time, as a write is made: see [queue.try].
func (j *Journal) load(ctx context.Context) (all map[string]string, err error) {
	for range 2 {
		if all, err = j.config.Store.Load(ctx); err == nil || ctx.Err() != nil {
			break
		}
	}
	return all, err
}

func lockName(owner string) string { return "gws-outbound journal " + owner }

// What the log says once.
const (
	unkept     = "the journal cannot be kept, and a crash would leave nothing"
	unread     = "what other clients have left in the journal cannot be read"
	incomplete = "what is sent is not in the journal, and a crash would leave nothing of it"
)

// left is what the store has of one owner.
type left struct {
	entries []*kept
	session record
	at      string // the key of the session
}

// TakeOver takes over what owners have left that have died since this journal was opened,
// and returns the entries, oldest first. Where they cannot be read, it says so to Log as well.
func (j *Journal) TakeOver(ctx context.Context) ([]Entry, error) {
	found, err := j.takeOverNow(ctx)
	if err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.reportAs(unread, err)
	}
	return found, err
}

func (j *Journal) takeOverNow(ctx context.Context) ([]Entry, error) {
	if j.config.Store == nil || j.broken != nil {
		return nil, j.broken
	}
	j.taking <- struct{}{}
	defer func() { <-j.taking }()
	if j.closed {
		return nil, nil
	}
	wait := time.Duration(0)
	if len(j.dying) > 0 && time.Since(j.opened) <= soon {
		wait = morePatience
	}
	limited, cancel := context.WithTimeout(ctx, writeLimit+wait)
	defer cancel()
	all, err := j.load(limited)
	if err != nil {
		return nil, err
	}
	j.adoptAll() // first: takeOver leaves an entry alone that has become this owner's
	found, _, err := j.takeOver(limited, all, wait, false)
	if err != nil {
		return nil, err
	}
	j.adoptAll()
	return sorted(found), nil
}

// adoptAll moves all to this owner, and removes the sessions with which nobody goes on: it has one of its own.
func (j *Journal) adoptAll() {
	j.mu.Lock()
	defer j.mu.Unlock()
	put, remove := map[string]string{}, j.left
	j.left = nil
	j.adopt(put, &remove)
	if len(put)+len(remove) > 0 {
		j.queue.add(put, remove, j.reportLater)
	}
}

// takeOver takes over the entries of dead owners, and removes what
// nobody needs. For owners that may be about to die it waits so long: as the journal is opened, any may be.
func (j *Journal) takeOver(ctx context.Context, all map[string]string, wait time.Duration, opening bool) (found []Entry, session json.RawMessage, err error) {
	if j.findDead(ctx, all, wait, opening) {
		// They may have written until their end.
		if all, err = j.load(ctx); err != nil {
			return nil, nil, err
		}
	}
	owners, useless := j.sort(all)
	j.mu.Lock()
	defer j.mu.Unlock()
	var newest int64
	var taken []*kept
	for owner, l := range owners {
		if !j.dead[owner] {
			continue
		}
		if l.at != "" {
			j.left = append(j.left, l.at)
		}
		// A session is gone on with for the sake of what it may still bring.
		if len(l.entries) > 0 && l.session.Session != nil && l.session.Time > newest {
			newest, session = l.session.Time, l.session.Session
		}
		for _, e := range l.entries {
			other := j.entries[e.ReferenceID]
			switch {
			case j.gone[e.key] || other != nil && other.key == e.key:
				continue
			case other == nil:
			case other.key == j.ownKey(e.ReferenceID):
				if other.Answer != nil {
					useless = append(useless, e.key)
				} else { // it is found when the call that has its reference now has ended
					j.putBehind(e)
				}
				continue
			case e.tellsMore(other):
				useless = append(useless, other.key)
			default:
				useless = append(useless, e.key)
				continue
			}
			j.entries[e.ReferenceID] = e
			taken = append(taken, e)
		}
	}
	useless = append(useless, j.tooMany(MaxEntries)...)
	if session == nil {
		useless, j.left = append(useless, j.left...), nil
	}
	for _, k := range useless {
		j.gone[k] = true
	}
	if len(useless) > 0 {
		j.queue.add(nil, useless, nil)
	}
	for _, e := range taken {
		if j.entries[e.ReferenceID] == e {
			found = append(found, e.Entry)
		}
	}
	return found, session, nil
}

func (j *Journal) ownKey(reference string) string {
	return key(j.config.Scope, j.config.Owner, entryKey+reference)
}

// findDead looks for owners who are dead, and takes their locks; it reports whether there are any.
func (j *Journal) findDead(ctx context.Context, all map[string]string, wait time.Duration, opening bool) bool {
	j.mu.Lock()
	any := len(j.dead) > 0
	j.mu.Unlock()
	try := func(owner string, wait time.Duration) (dead bool) {
		if dead = j.alone(ctx, owner, wait); dead {
			any = true
			j.mu.Lock()
			j.dead[owner] = true
			j.mu.Unlock()
		}
		return dead
	}
	owners, _ := j.sort(all)
	for owner, l := range owners {
		// One that lives, and has nothing that anybody waits for, is not waited for.
		if len(l.entries) == 0 {
			try(owner, 0)
		}
	}
	deadline, found := time.Now().Add(wait), false
	for owner, l := range owners {
		switch {
		case len(l.entries) == 0:
		case opening || j.dying[owner]:
			delete(j.dying, owner)
			if try(owner, time.Until(deadline)) {
				found = true
			} else if opening {
				j.dying[owner] = true
			}
		default:
			try(owner, 0)
		}
	}
	if found { // that of the page that is being reloaded, most likely: the others live
		clear(j.dying)
	}
	return any
}

// sort reads what is kept, by owner, and returns the keys of what nobody can
// use: what is too old, or damaged.
func (j *Journal) sort(all map[string]string) (owners map[string]*left, useless []string) {
	owners = map[string]*left{}
	oldest := time.Now().Add(-MaxAge)
	for k, text := range all {
		r, readable := decode(text)
		later := r.Version > version
		owner, what, ok := splitKey(j.config.Scope, k)
		damaged := !readable || what != sessionKey && what != entryKey+r.ReferenceID
		switch {
		case ok && what == sessionKey && readable: // it is of use, or not, with its owner
		case (readable || later) && time.UnixMilli(r.Time).Before(oldest), ok && damaged && !later:
			useless = append(useless, k)
			continue
		case !ok, later:
			continue // of another agent or server, or of a later version of this module
		}
		l := owners[owner]
		if l == nil {
			l = &left{}
			owners[owner] = l
		}
		if what == sessionKey {
			l.session, l.at = r, k
		} else {
			l.entries = append(l.entries, &kept{*r.entry(), k})
		}
	}
	return owners, useless
}

// alone reports whether the owner is dead, and takes its lock. It waits for so
// long.
func (j *Journal) alone(ctx context.Context, owner string, wait time.Duration) bool {
	for deadline := time.Now().Add(wait); ; {
		held, err := j.config.Locks.Hold(ctx, lockName(owner))
		if held || err != nil || time.Now().Add(retry).After(deadline) {
			return held
		}
		select {
		case <-time.After(retry):
		case <-ctx.Done():
			return false
		}
	}
}

// Entries returns all entries, oldest first.
func (j *Journal) Entries() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := make([]Entry, 0, len(j.entries))
	for _, e := range j.entries {
		list = append(list, e.Entry)
	}
	return sorted(list)
}

// sorted returns entries, oldest first. Pointers are sorted: all of them share the code for it, which is large.
func sorted(list []Entry) []Entry {
	order := make([]*Entry, len(list))
	for i := range list {
		order[i] = &list[i]
	}
	slices.SortFunc(order, func(a, b *Entry) int {
		return cmp.Or(a.SentAt.Compare(b.SentAt), cmp.Compare(a.ReferenceID, b.ReferenceID))
	})
	result := make([]Entry, len(list))
	for i, e := range order {
		result[i] = *e
	}
	return result
}

// Put writes an entry in place of the one with its reference, if there is one.
// safe is called when that is done, with the error if it could not be; it may
// be nil.
func (j *Journal) Put(e Entry, safe func(error)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	text, err := e.encode()
	if err != nil {
		err = fmt.Errorf("an entry cannot be kept: %w", err)
		j.report(err)
		if safe != nil {
			safe(err)
		}
		return
	}
	k := j.ownKey(e.ReferenceID)
	if old := j.entries[e.ReferenceID]; old != nil {
		k = old.key
	}
	remove := j.tooMany(MaxEntries - 1)
	j.entries[e.ReferenceID] = &kept{e, k}
	j.queue.add(map[string]string{k: text}, remove, func(err error) {
		j.reportLater(err)
		if safe != nil {
			safe(err)
		}
	})
}

// tooMany lets go of the oldest entries, so that at most most remain, and
// returns their keys. The mutex is held.
func (j *Journal) tooMany(most int) (keys []string) {
	for len(j.entries) > most {
		var oldest *kept
		for _, e := range j.entries {
			if oldest == nil || e.SentAt.Before(oldest.SentAt) {
				oldest = e
			}
		}
		keys = append(keys, j.drop(oldest))
	}
	return keys
}

// drop lets go of an entry, and returns its key, which is to be removed. The mutex is held.
func (j *Journal) drop(e *kept) string {
	delete(j.entries, e.ReferenceID)
	if e.key != j.ownKey(e.ReferenceID) {
		j.gone[e.key] = true
	}
	return e.key
}

// report says once that the journal is not what it should be. The mutex is
// held.
func (j *Journal) report(err error) { j.reportAs(incomplete, err) }

func (j *Journal) reportAs(what string, err error) {
	if !j.warned {
		j.warned = true
		j.config.Log(fmt.Sprintf("%s: %v", what, err))
	}
}

// reportLater is report for who does not hold the mutex, and may have no error.
func (j *Journal) reportLater(err error) {
	if err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.report(err)
	}
}

// putBehind notes an entry of a dead owner whose reference an entry of this owner has, too. The mutex is held.
func (j *Journal) putBehind(e *kept) {
	all := j.behind[e.ReferenceID]
	if !slices.ContainsFunc(all, func(o *kept) bool { return o.key == e.key }) {
		j.behind[e.ReferenceID] = append(all, e)
	}
}

// dropBehind lets go of the entries behind one of this reference, if unanswered is true only of those without an answer, and returns their
// keys, which are to be removed. The mutex is held.
func (j *Journal) dropBehind(reference string, unanswered bool) (keys []string) {
	for _, e := range j.behind[reference] {
		if e.Answer == nil || !unanswered {
			j.gone[e.key] = true
			keys = append(keys, e.key)
		}
	}
	delete(j.behind, reference)
	return keys
}

// Remove removes the entry of that reference, if there is one, and what dead owners have left of the reference without an
// answer: the request of the entry was processed, or may have been, and took the place of theirs.
func (j *Journal) Remove(reference string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e := j.entries[reference]; e != nil {
		j.queue.add(nil, append(j.dropBehind(reference, true), j.drop(e)), nil)
	}
}

// Withdraw removes the entry of a request that has come to nothing. What dead owners have left of its reference
// is found by the next TakeOver.
func (j *Journal) Withdraw(reference string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e := j.entries[reference]; e != nil {
		delete(j.behind, reference)
		j.queue.add(nil, []string{j.drop(e)}, nil)
	}
}

// SaveSession writes what it takes to go on with a session, behind all that
// was written and removed before, and calls done when that is safe, with the error if it could not be; it may be nil.
func (j *Journal) SaveSession(session json.RawMessage, done func(error)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.session = session
	j.saveSession(done)
}

func (j *Journal) saveSession(done func(error)) {
	r := record{Version: version, Time: time.Now().UnixMilli(), Session: j.session}
	text, err := r.encode()
	if err != nil {
		j.report(err)
		if done != nil {
			done(err)
		}
		return
	}
	remove := j.left // only now, that another has taken its place
	j.left = nil
	put := map[string]string{key(j.config.Scope, j.config.Owner, sessionKey): text}
	j.adopt(put, &remove)
	j.queue.add(put, remove, func(err error) {
		j.reportLater(err)
		if done != nil {
			done(err)
		}
	})
	j.stopRefresh()
	j.refresh = time.AfterFunc(refreshEvery, func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		if j.session != nil {
			j.saveSession(nil)
		}
	})
}

func (j *Journal) stopRefresh() {
	if j.refresh != nil {
		j.refresh.Stop()
	}
}

// adopt moves what was taken over to this owner: its session is now the one
// that may bring their answers. What it adds is for one write, so that no entry is removed
// whose copy is not there. The mutex is held.
func (j *Journal) adopt(put map[string]string, remove *[]string) {
	for _, e := range j.entries {
		own := j.ownKey(e.ReferenceID)
		if e.key == own {
			continue
		}
		if text, err := e.encode(); err == nil {
			put[own] = text
			*remove = append(*remove, e.key)
			j.gone[e.key] = true
			e.key = own
		}
	}
}

// EndSession says that the session is no more.
func (j *Journal) EndSession() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.queue.add(nil, append(j.left, key(j.config.Scope, j.config.Owner, sessionKey)), nil)
	j.left, j.session = nil, nil
	j.stopRefresh()
}

// Forget removes every entry, and takes over first what owners have left that have died
// since this journal was opened. An error says that some may still be in the store.
func (j *Journal) Forget(ctx context.Context) error {
	_, err := j.takeOverNow(ctx)
	j.mu.Lock()
	var keys []string
	for _, e := range j.entries {
		keys = append(keys, j.drop(e))
	}
	for reference := range j.behind {
		keys = append(keys, j.dropBehind(reference, false)...)
	}
	j.queue.add(nil, keys, nil)
	j.mu.Unlock()
	return errors.Join(err, j.Written(ctx))
}

// Idle reports whether all that was asked for is written, or could not be.
func (j *Journal) Idle() bool { return j.queue.idle() }

// Hangs reports whether the store has let the last write wait until it was given up: then nobody is to wait for
// the next one.
func (j *Journal) Hangs() bool {
	j.queue.mu.Lock()
	defer j.queue.mu.Unlock()
	return j.queue.hangs
}

// Written waits until all that was asked for is written, or cannot be, or ctx is
// done. An error says that it is not.
func (j *Journal) Written(ctx context.Context) error {
	written := make(chan error, 1)
	j.queue.add(nil, nil, func(err error) { written <- err })
	select {
	case err := <-written:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close waits until all is written, or ctx is done, and gives the locks up:
// what is left is for the next owner.
func (j *Journal) Close(ctx context.Context) {
	j.taking <- struct{}{}
	j.closed = true
	<-j.taking
	_ = j.Written(ctx)
	j.queue.close()
	j.mu.Lock()
	j.stopRefresh()
	j.mu.Unlock()
	if j.config.Store != nil {
		j.config.Locks.Release()
		j.config.Store.Close()
	}
}
