package journal

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
)

// queue writes to a store, in order. What comes while it writes goes into one
// write: so many completions at once cost few.
type queue struct {
	mu      sync.Mutex
	store   Store // nil: nothing is written
	put     map[string]string
	remove  map[string]bool
	told    []func(error)   // when what was added is written, in order
	behind  map[string]bool // what could not be removed, for the next write
	writing bool
	closed  bool
}

func newQueue(store Store) *queue {
	return &queue{store: store, put: map[string]string{}, remove: map[string]bool{}, behind: map[string]bool{}}
}

var errClosed = errors.New("it is closed")

// add has the texts put and the keys removed, and calls done, which may be nil,
// on a goroutine of the queue's when that is safe.
func (q *queue) add(put map[string]string, remove []string, done func(error)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		if done != nil {
			go done(errClosed)
		}
		return
	}
	for _, k := range remove {
		delete(q.put, k)
		q.remove[k] = true
	}
	for k, text := range put {
		delete(q.remove, k)
		q.put[k] = text
	}
	if done != nil {
		q.told = append(q.told, done)
	}
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
}

// idle reports whether there is nothing to be written.
func (q *queue) idle() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.writing
}

// work writes until there is nothing more to be written.
func (q *queue) work() {
	for {
		q.mu.Lock()
		if len(q.put) == 0 && len(q.remove) == 0 && len(q.told) == 0 {
			q.writing = false
			q.mu.Unlock()
			return
		}
		store, put, told := q.store, q.put, q.told
		for k := range q.behind {
			if _, again := put[k]; !again {
				q.remove[k] = true
			}
		}
		remove := slices.Sorted(maps.Keys(q.remove))
		q.put, q.remove, q.told, q.behind = map[string]string{}, map[string]bool{}, nil, map[string]bool{}
		q.mu.Unlock()

		var err error
		if store != nil && len(put)+len(remove) > 0 {
			err = write(store, put, remove)
		}
		if err != nil {
			q.fallBehind(remove)
		}
		for _, f := range told {
			f(err)
		}
	}
}

func write(store Store, put map[string]string, remove []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), writeLimit)
	defer cancel()
	return store.Write(ctx, put, remove)
}

// fallBehind keeps what could not be removed for the next write: what stays
// would be taken for unsettled.
func (q *queue) fallBehind(keys []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, k := range keys {
		if len(q.behind) < MaxEntries {
			q.behind[k] = true
		}
	}
}
