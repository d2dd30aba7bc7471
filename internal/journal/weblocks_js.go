package journal

import (
	"context"
	"sync"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/jsbridge"
)

// WebLocks are [Locks] of the origin's pages and Workers: the browser frees
// them when the page or Worker is gone, whatever ended it.
type WebLocks struct {
	manager safejs.Value // navigator.locks

	mu    sync.Mutex
	frees []safejs.Value // each a function that gives one up
}

// NewWebLocks returns the locks of the origin. The error is [ErrUnavailable]:
// browsers have them in secure contexts only.
func NewWebLocks() (*WebLocks, error) {
	navigator, err := jsbridge.Get(safejs.Global(), "navigator")
	if err != nil || jsbridge.TypeOf(navigator) != "object" {
		return nil, ErrUnavailable
	}
	manager, err := jsbridge.Get(navigator, "locks")
	if err != nil || jsbridge.TypeOf(manager) != "object" {
		return nil, ErrUnavailable
	}
	return &WebLocks{manager: manager}, nil
}

// Hold asks for the lock in a way that does not wait for it.
func (l *WebLocks) Hold(ctx context.Context, name string) (bool, error) {
	constructor, err := safejs.Global().Get("Promise")
	if err != nil {
		return false, err
	}
	// The lock is held until the Promise settles that the callback returns.
	var free safejs.Value
	executor, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		free = args[0]
		return nil
	})
	if err != nil {
		return false, err
	}
	defer executor.Release()
	holding, err := constructor.New(executor)
	if err != nil {
		return false, err
	}
	granted := make(chan bool, 1)
	callback, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		held := len(args) > 0 && !args[0].IsNull()
		granted <- held
		if !held {
			return nil
		}
		return holding
	})
	if err != nil {
		return false, err
	}
	promise, err := l.manager.Call("request", name, map[string]any{"ifAvailable": true}, callback)
	if err != nil {
		callback.Release()
		return false, jsbridge.AsThrown(err)
	}
	refused := make(chan error, 1)
	go func() { // until the lock is given up
		_, err := jsbridge.Await(context.Background(), promise)
		callback.Release()
		refused <- err
	}()
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
		_, _ = free.Invoke() // should it be granted still
		return false, ctx.Err()
	}
}

// Release gives up all that were taken here.
func (l *WebLocks) Release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, free := range l.frees {
		_, _ = free.Invoke()
	}
	l.frees = nil
}
