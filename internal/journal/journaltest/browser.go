// Package journaltest has what a journal is kept in, for tests: a browser
// whose pages can be killed.
package journaltest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// Browser keeps what its pages write.
type Browser struct {
	mu    sync.Mutex
	texts map[string]string
	locks map[string]*Page
	slow  time.Duration
	fails error
	full  error
	hook  func(*Page, Step) error
	last  chan struct{} // closed when the last transaction has ended; nil before the first
	wiped int           // times that it was cleared
}

// Step is a part of an access to the store.
type Step int

// The steps: a read has the first two, a write all the others besides the first.
const (
	Opening Step = iota // the transaction begins
	Getting
	Deleting
	Putting
	Committing // all is asked for
	Committed  // it is safe, and its page does not know it yet
)

// OnStep has f called before each step of each access from now on, one transaction after the other, as
// browsers do them; nil ends that. A transaction may be held up by f: it goes on then, as in a browser, though whoever has
// asked for it may have given up. With an error it is undone, unless it is committed.
func (b *Browser) OnStep(f func(*Page, Step) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hook = f
}

// NewBrowser returns a browser that keeps nothing yet.
func NewBrowser() *Browser {
	return &Browser{texts: map[string]string{}, locks: map[string]*Page{}}
}

// Texts returns what is kept.
func (b *Browser) Texts() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.texts)
}

// Set puts texts as a page would.
func (b *Browser) Set(texts map[string]string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	maps.Copy(b.texts, texts)
}

// Clear removes all that is kept, as a user can who clears the data of the site. It undoes the transaction that
// is under way.
func (b *Browser) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.texts)
	b.wiped++
}

// Fail has every access fail from now on; nil ends that.
func (b *Browser) Fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fails = err
}

// FailWrites has every write fail from now on, as where the disk is full; nil ends that.
func (b *Browser) FailWrites(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.full = err
}

// Slow has every access wait so long from now on, until it begins, in their order. One that is given up meanwhile is not made.
func (b *Browser) Slow(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.slow = d
}

// Page returns a page, in which one journal can be.
func (b *Browser) Page() *Page { return &Page{b: b} }

// Page is a page of a browser: the Store and the Locks of one journal.
type Page struct {
	b      *Browser
	killed bool
}

var (
	errKilled  = errors.New("the page was killed")
	errCleared = errors.New("the data of the site were cleared")
)

// Kill ends the page: what it was writing is not written, and its locks are
// free.
func (p *Page) Kill() {
	p.b.mu.Lock()
	p.killed = true
	p.b.mu.Unlock()
	p.Release()
}

// Load is [journal.Store]'s.
func (p *Page) Load(ctx context.Context) (texts map[string]string, err error) {
	found := make(chan map[string]string, 1)
	err = p.transact(ctx, func(t *transaction) error {
		if err := t.step(Getting); err != nil {
			return err
		}
		p.b.mu.Lock()
		defer p.b.mu.Unlock()
		found <- maps.Clone(p.b.texts)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return <-found, nil
}

// Write is [journal.Store]'s.
func (p *Page) Write(ctx context.Context, put map[string]string, remove []string) error {
	put, remove = maps.Clone(put), slices.Clone(remove) // it may outlast the call
	return p.transact(ctx, func(t *transaction) error {
		for range remove {
			if err := t.step(Deleting); err != nil {
				return err
			}
		}
		for range put {
			if err := t.step(Putting); err != nil {
				return err
			}
		}
		if err := t.step(Committing); err != nil {
			return err
		}
		if err := t.commit(put, remove); err != nil {
			return err
		}
		_ = t.step(Committed)
		return nil
	})
}

// transaction is an access of a page.
type transaction struct {
	p     *Page
	wiped int // times that the store had been cleared when it began
}

// transact makes an access when those before it have ended, and waits until it is made or ctx is done.
func (p *Page) transact(ctx context.Context, f func(*transaction) error) error {
	t := &transaction{p: p}
	ended, over := make(chan error, 1), make(chan struct{})
	p.b.mu.Lock()
	before := p.b.last
	p.b.last = over
	slow := p.b.slow
	p.b.mu.Unlock()
	go func() {
		defer close(over)
		begins := true
		if slow > 0 { // a timer that is due at once can end the race detector's runtime
			select {
			case <-time.After(slow):
			case <-ctx.Done():
				begins = false
			}
		}
		if before != nil {
			<-before
		}
		if !begins {
			return
		}
		p.b.mu.Lock()
		t.wiped = p.b.wiped
		p.b.mu.Unlock()
		err := t.step(Opening)
		if err == nil {
			err = f(t)
		}
		ended <- err
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// step goes on with a step, if that can be.
func (t *transaction) step(s Step) error {
	b := t.p.b
	b.mu.Lock()
	hook := b.hook
	b.mu.Unlock()
	if hook != nil {
		if err := hook(t.p, s); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return t.state()
}

// state is why the transaction cannot go on. The mutex is held.
func (t *transaction) state() error {
	switch {
	case t.p.killed:
		return errKilled
	case t.wiped != t.p.b.wiped:
		return errCleared
	}
	return t.p.b.fails
}

func (t *transaction) commit(put map[string]string, remove []string) error {
	b := t.p.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := t.state(); err != nil {
		return err
	}
	if b.full != nil {
		return b.full
	}
	for _, k := range remove {
		delete(b.texts, k)
	}
	maps.Copy(b.texts, put)
	return nil
}

// Close is [journal.Store]'s.
func (p *Page) Close() {}

// Hold is [journal.Locks]'.
func (p *Page) Hold(_ context.Context, name string) (bool, error) {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	if p.b.locks[name] != nil {
		return false, nil
	}
	p.b.locks[name] = p
	return true, nil
}

// Release is [journal.Locks]'.
func (p *Page) Release() {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	maps.DeleteFunc(p.b.locks, func(_ string, holder *Page) bool { return holder == p })
}
