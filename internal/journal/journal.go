package journal

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"
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

	mu      sync.Mutex
	entries map[string]*kept // by reference
	left    []string         // keys of sessions that were taken over
	warned  bool
}

// kept is an entry, and the key that it is kept at.
type kept struct {
	Entry
	key string
}

const (
	// patience is how long a lock is waited for: that of a page which is being
	// reloaded may outlive it for a moment, that of its Worker above all.
	patience = 500 * time.Millisecond
	retry    = 25 * time.Millisecond

	// writeLimit is how long the store may take: whoever waits must not wait
	// for ever, and the server keeps a session for 10 s.
	writeLimit = 3 * time.Second
)

// Open opens a journal, and takes over what dead owners have left. Where that
// cannot be had, it says so to Log, and the journal is kept in memory alone.
func Open(ctx context.Context, c Config) (j *Journal, session json.RawMessage) {
	j = &Journal{config: c, entries: map[string]*kept{}, queue: newQueue(c.Store)}
	if c.Store == nil {
		return j, nil
	}
	limited, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	if held, err := c.Locks.Hold(limited, lockName(c.Owner)); err != nil || !held {
		j.fail(fmt.Errorf("its lock cannot be had: %v", err))
		return j, nil
	}
	all, err := c.Store.Load(limited)
	if err != nil {
		j.fail(err)
		return j, nil
	}
	return j, j.takeOver(limited, all, patience)
}

func lockName(owner string) string { return "gws-outbound journal " + owner }

// fail goes on without the store.
func (j *Journal) fail(err error) {
	j.config.Log(fmt.Sprintf("the journal cannot be kept, and a crash would leave nothing: %v", err))
	j.queue.abandon()
}

// left is what an owner has left.
type left struct {
	entries []*kept
	session record
	at      string // the key of the session
}

// takeOver takes over what those have left who are dead, and removes what
// nobody needs. For owners that may be about to die it waits so long.
func (j *Journal) takeOver(ctx context.Context, all map[string]string, wait time.Duration) (session json.RawMessage) {
	dead := j.dead(ctx, all, wait)
	if len(dead) > 0 {
		// They may have written until their end.
		var err error
		if all, err = j.config.Store.Load(ctx); err != nil {
			j.fail(err)
			return nil
		}
	}
	owners, useless := j.sort(all)
	j.mu.Lock()
	defer j.mu.Unlock()
	var newest int64
	for owner, l := range owners {
		if !dead[owner] {
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
			if other := j.entries[e.ReferenceID]; other != nil {
				if other.SentAt.After(e.SentAt) {
					other, e = e, other
				}
				useless = append(useless, other.key)
			}
			j.entries[e.ReferenceID] = e
		}
	}
	useless = append(useless, j.tooMany(MaxEntries)...)
	if session == nil {
		useless, j.left = append(useless, j.left...), nil
	}
	if len(useless) > 0 {
		j.queue.add(nil, useless, nil)
	}
	return session
}

// dead returns the owners who are dead, and takes their locks.
func (j *Journal) dead(ctx context.Context, all map[string]string, wait time.Duration) map[string]bool {
	dead := map[string]bool{}
	owners, _ := j.sort(all)
	for owner, l := range owners {
		// One that lives, and has nothing that anybody waits for, is not waited for.
		if len(l.entries) == 0 && j.alone(ctx, owner, 0) {
			dead[owner] = true
		}
	}
	deadline := time.Now().Add(wait)
	for owner, l := range owners {
		if len(l.entries) > 0 && j.alone(ctx, owner, time.Until(deadline)) {
			dead[owner] = true
		}
	}
	return dead
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
	slices.SortFunc(list, func(a, b Entry) int {
		return cmp.Or(a.SentAt.Compare(b.SentAt), cmp.Compare(a.ReferenceID, b.ReferenceID))
	})
	return list
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
	k := key(j.config.Scope, j.config.Owner, entryKey+e.ReferenceID)
	if old := j.entries[e.ReferenceID]; old != nil {
		k = old.key
	}
	remove := j.tooMany(MaxEntries - 1)
	j.entries[e.ReferenceID] = &kept{e, k}
	j.queue.add(map[string]string{k: text}, remove, func(err error) {
		if err != nil {
			j.mu.Lock()
			j.report(err)
			j.mu.Unlock()
		}
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
		delete(j.entries, oldest.ReferenceID)
		keys = append(keys, oldest.key)
	}
	return keys
}

// report says once that the journal is not what it should be. The mutex is
// held.
func (j *Journal) report(err error) {
	if !j.warned {
		j.warned = true
		j.config.Log(fmt.Sprintf("the journal is not complete: %v", err))
	}
}

// Remove removes the entry of that reference, if there is one.
func (j *Journal) Remove(reference string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e := j.entries[reference]; e != nil {
		delete(j.entries, reference)
		j.queue.add(nil, []string{e.key}, nil)
	}
}

// SaveSession writes what it takes to go on with a session, behind all that
// was written and removed before, and calls done when that is safe, with the error if it could not be.
func (j *Journal) SaveSession(session json.RawMessage, done func(error)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := record{Version: version, Time: time.Now().UnixMilli(), Session: session}
	text, err := r.encode()
	if err != nil {
		j.report(err)
		done(err)
		return
	}
	remove := j.left // only now, that another has taken its place
	j.left = nil
	put := map[string]string{key(j.config.Scope, j.config.Owner, sessionKey): text}
	j.adopt(func(from, to, text string) {
		put[to], remove = text, append(remove, from)
	})
	j.queue.add(put, remove, func(err error) {
		if err != nil {
			j.mu.Lock()
			j.report(err)
			j.mu.Unlock()
		}
		done(err)
	})
}

// adopt moves what was taken over to this owner: its session is now the one
// that may bring their answers. The mutex is held.
func (j *Journal) adopt(move func(from, to, text string)) {
	for _, e := range j.entries {
		own := key(j.config.Scope, j.config.Owner, entryKey+e.ReferenceID)
		if e.key == own {
			continue
		}
		if text, err := e.encode(); err == nil {
			move(e.key, own, text)
			e.key = own
		}
	}
}

// EndSession says that the session is no more.
func (j *Journal) EndSession() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.queue.add(nil, append(j.left, key(j.config.Scope, j.config.Owner, sessionKey)), nil)
	j.left = nil
}

// Forget removes every entry, and takes over first what owners have left that have died
// since this journal was opened.
func (j *Journal) Forget(ctx context.Context) {
	if j.config.Store != nil {
		if all, err := j.config.Store.Load(ctx); err == nil {
			j.takeOver(ctx, all, 0) // its own lock, and those it has taken over, it would wait for in vain
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	var keys []string
	for _, e := range j.entries {
		keys = append(keys, e.key)
	}
	clear(j.entries)
	j.queue.add(nil, keys, nil)
}

// Idle reports whether all that was asked for is written, or could not be.
func (j *Journal) Idle() bool { return j.queue.idle() }

// Written waits until all that was asked for is written, or cannot be, or ctx is
// done.
func (j *Journal) Written(ctx context.Context) {
	written := make(chan struct{})
	j.queue.add(nil, nil, func(error) { close(written) })
	select {
	case <-written:
	case <-ctx.Done():
	}
}

// Close waits until all is written, or ctx is done, and gives the locks up:
// what is left is for the next owner.
func (j *Journal) Close(ctx context.Context) {
	j.Written(ctx)
	j.queue.close()
	if j.config.Store != nil {
		j.config.Locks.Release()
		j.config.Store.Close()
	}
}
