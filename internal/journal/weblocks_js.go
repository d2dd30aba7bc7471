package journal

import (
	"context"
	"sync"

	"gws-outbound/internal/jsbridge"
)

// WebLocks are [Locks] of the origin's pages and Workers.
type WebLocks struct {
	locks jsbridge.Locks

	mu    sync.Mutex
	frees []func() // each gives one up
}

// NewWebLocks returns the locks of the origin. The error is [ErrUnavailable]:
// browsers have them in secure contexts only.
func NewWebLocks() (*WebLocks, error) {
	locks, ok := jsbridge.NewLocks()
	if !ok {
		return nil, ErrUnavailable
	}
	return &WebLocks{locks: locks}, nil
}

// Hold asks for the lock in a way that does not wait for it.
func (l *WebLocks) Hold(ctx context.Context, name string) (bool, error) {
	granted, refused := make(chan bool, 1), make(chan error, 1)
	free, err := l.locks.Request(name, false, func(held bool) { granted <- held }, func(err error) { refused <- err })
	if err != nil {
		return false, err
	}
	select {
	case held := <-granted:
		if held {
			l.mu.Lock()
			l.frees = append(l.frees, free)
			l.mu.Unlock()
		}
		return held, nil
	case err := <-refused: // as in a document without an origin
		return false, err
	case <-ctx.Done():
		free() // should it be granted still
		return false, ctx.Err()
	}
}

// Release gives up all that were taken here.
func (l *WebLocks) Release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, free := range l.frees {
		free()
	}
	l.frees = nil
}
