package journal

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// queue writes to a store, in order. What comes while it writes goes into one
// write: so many completions at once cost few. A write that fails is made again, whole,
// together with what has come since: nothing is removed of which the copy is not written.
type queue struct {
	mu      sync.Mutex
	store   Store // nil: nothing is written
	next    batch // what the next write has
	done    []func(error)
	writing bool
	closed  bool
	hangs   bool // the last write was given up: see [Journal.Hangs]

	again *time.Timer   // makes the next write where nothing else asks for one; nil if the last has not failed
	pause time.Duration // before that
}

// batch is one write.
type batch struct {
	put    map[string]string
	remove map[string]bool
}

func newBatch() batch { return batch{map[string]string{}, map[string]bool{}} }

// add adds what comes after.
func (b *batch) add(put map[string]string, remove []string) {
	for _, k := range remove {
		delete(b.put, k)
		b.remove[k] = true
	}
	for k, text := range put {
		delete(b.remove, k)
		b.put[k] = text
	}
}

func (b *batch) empty() bool { return len(b.put) == 0 && len(b.remove) == 0 }

// The pauses before a write that has failed is made again.
const (
	firstPause = time.Second
	mostPause  = time.Minute
)

func newQueue(store Store) *queue { return &queue{store: store, next: newBatch()} }

var errClosed = errors.New("it is closed")

// add has the texts put and the keys removed, and calls done, which may be nil,
// on a goroutine of the queue's when that is safe, and all that was added before.
func (q *queue) add(put map[string]string, remove []string, done func(error)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		if done != nil {
			go done(errClosed)
		}
		return
	}
	q.next.add(put, remove)
	if done != nil {
		q.done = append(q.done, done)
	}
	q.start()
}

// start has the next write made. The mutex is held.
func (q *queue) start() {
	if !q.writing {
		q.writing = true
		go q.work()
	}
}

// abandon writes nothing from now on.
func (q *queue) abandon() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.store = nil
}

// close takes nothing from now on.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	if q.again != nil {
		q.again.Stop()
	}
}

// idle reports whether there is nothing to be written, or it cannot be, for now.
func (q *queue) idle() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.writing
}

// work writes until there is nothing more to be written, or a write fails.
func (q *queue) work() {
	for q.write() {
	}
}

// write makes one write, and reports whether there is another to be made at once.
func (q *queue) write() bool {
	q.mu.Lock()
	store, b, done := q.store, q.next, q.done
	q.next, q.done = newBatch(), nil
	q.mu.Unlock()

	var err error
	if store != nil && !b.empty() {
		err = q.try(store, b)
	}
	q.mu.Lock()
	if err == nil {
		q.pause = 0
	} else {
		q.fail(b)
	}
	more := len(q.done) > 0 || err == nil && !q.next.empty()
	q.writing = more
	q.mu.Unlock()
	for _, f := range done {
		f(err)
	}
	return more
}

// try makes a write, and once more at once where it fails and there is time: browsers abort single transactions, and who
// waits goes on after an error, so that the server does not send again what would be lost.
func (q *queue) try(store Store, b batch) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), writeLimit)
	defer cancel()
	for range 2 {
		err = store.Write(ctx, b.put, slices.Sorted(maps.Keys(b.remove)))
		q.mu.Lock()
		q.hangs = errors.Is(err, context.DeadlineExceeded)
		q.mu.Unlock()
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	return err
}

// fail keeps what could not be written for the next write, which is made after a while if
// nothing else asks for one. The mutex is held.
func (q *queue) fail(b batch) {
	b.add(q.next.put, slices.Collect(maps.Keys(q.next.remove)))
	for k := range b.remove { // what was never written grows with each call
		if len(b.remove) <= MaxEntries {
			break
		}
		delete(b.remove, k)
	}
	q.next = b
	q.pause = min(max(2*q.pause, firstPause), mostPause)
	if q.again != nil {
		q.again.Stop()
	}
	if q.closed {
		return
	}
	q.again = time.AfterFunc(q.pause, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if !q.closed && !q.next.empty() {
			q.start()
		}
	})
}
