// Package journaltest has what a journal is kept in, for tests: a browser
// whose pages can be killed.
package journaltest

import (
	"context"
	"errors"
	"maps"
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

// Clear removes all that is kept, as a user can who clears the data of the site.
func (b *Browser) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.texts)
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

// Slow has every access take so long from now on.
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

var errKilled = errors.New("the page was killed")

// Kill ends the page: what it was writing is not written, and its locks are
// free.
func (p *Page) Kill() {
	p.b.mu.Lock()
	p.killed = true
	p.b.mu.Unlock()
	p.Release()
}

// Load is [journal.Store]'s.
func (p *Page) Load(ctx context.Context) (map[string]string, error) {
	if err := p.wait(ctx); err != nil {
		return nil, err
	}
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	if p.b.fails != nil {
		return nil, p.b.fails
	}
	return maps.Clone(p.b.texts), nil
}

// Write is [journal.Store]'s.
func (p *Page) Write(ctx context.Context, put map[string]string, remove []string) error {
	if err := p.wait(ctx); err != nil {
		return err
	}
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	switch {
	case p.killed:
		return errKilled
	case p.b.fails != nil:
		return p.b.fails
	case p.b.full != nil:
		return p.b.full
	}
	for _, k := range remove {
		delete(p.b.texts, k)
	}
	maps.Copy(p.b.texts, put)
	return nil
}

// wait lets pass the time that an access takes.
func (p *Page) wait(ctx context.Context) error {
	p.b.mu.Lock()
	slow := p.b.slow
	p.b.mu.Unlock()
	if slow == 0 {
		return nil
	}
	select {
	case <-time.After(slow):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
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
