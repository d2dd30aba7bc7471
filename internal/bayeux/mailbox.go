package bayeux

import (
	"context"
	"sync"
)

// mailbox is a queue of work for one goroutine. Putting never blocks: a
// transport's reader must not wait for what it reads to be handled, since a
// browser drops frames that were not read when the socket closed. What a server
// can fill it with is bounded by [backlog].
type mailbox struct {
	mu     sync.Mutex
	work   []func()
	closed bool
	ready  chan struct{} // holds one element while there is work
}

func newMailbox() *mailbox { return &mailbox{ready: make(chan struct{}, 1)} }

// put adds f to the work, and reports whether it will be done: not so once the
// mailbox is closed.
func (b *mailbox) put(f func()) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.work = append(b.work, f)
	select {
	case b.ready <- struct{}{}:
	default:
	}
	return true
}

// take empties the mailbox.
func (b *mailbox) take() []func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	work := b.work
	b.work = nil
	return work
}

// close empties the mailbox and lets nothing in any more.
func (b *mailbox) close() []func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	work := b.work
	b.work = nil
	return work
}

// run does the work until ctx is done, or a piece of it panics; then what is left is done, and nothing is let in any more.
// What a piece panics with is given to panicked, while the panic's stack is there.
func (b *mailbox) run(ctx context.Context, panicked func(any)) {
	do := func(work func()) {
		defer func() {
			if p := recover(); p != nil {
				panicked(p)
			}
		}()
		work()
	}
	do(func() {
		for ctx.Err() == nil {
			<-b.ready
			for _, f := range b.take() {
				f()
			}
		}
	})
	for _, f := range b.close() {
		do(f)
	}
}
