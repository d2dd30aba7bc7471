package journal

import (
	"context"
	"errors"
	"sync"

	"github.com/hack-pad/go-indexeddb/idb"
	"github.com/hack-pad/safejs"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/jsbridge"
)

const (
	database    = "gws-outbound"
	dbVersion   = 1 // of the database; that of its texts is in each
	objectStore = "journal"

	// mostTexts is how many are read. There are as many only where somebody
	// else writes into the database.
	mostTexts = 10 * MaxEntries
)

// ErrUnavailable says that there is no such thing here: in a browser that is
// too old, or a page that may not have it.
var ErrUnavailable = errors.New("not available here")

// IndexedDB is a [Store] in a database of the origin's. It is safe from the
// crash of a page and of the browser; from that of the machine only once the
// system has written it, which browsers do not wait for unless they are asked
// to, at ten times the cost.
type IndexedDB struct {
	factory *idb.Factory
	opening chan struct{} // whose turn it is to open it

	mu sync.Mutex
	db *idb.Database // nil until it is opened
}

// NewIndexedDB returns the store of the origin, and opens nothing yet. The
// error is [ErrUnavailable].
func NewIndexedDB() (*IndexedDB, error) {
	// The property may be a getter that throws, as where cookies are blocked.
	v, err := jsbridge.Get(safejs.Global(), "indexedDB")
	if err != nil || jsbridge.TypeOf(v) != "object" {
		return nil, ErrUnavailable
	}
	factory, err := idb.WrapFactory(safejs.Unsafe(v))
	if err != nil {
		return nil, ErrUnavailable
	}
	return &IndexedDB{factory: factory, opening: make(chan struct{}, 1)}, nil
}

// Load returns all texts. Other values, and texts that are too long to be
// entries, are left out.
func (s *IndexedDB) Load(ctx context.Context) (map[string]string, error) {
	var texts map[string]string
	err := s.do(ctx, func(db *idb.Database) (err error) {
		texts, err = load(ctx, db)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading IndexedDB: %w", err)
	}
	return texts, nil
}

func load(ctx context.Context, db *idb.Database) (map[string]string, error) {
	_, store, err := begin(db, idb.TransactionReadOnly)
	if err != nil {
		return nil, err
	}
	cursor, err := store.OpenCursor(idb.CursorNext)
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	err = cursor.Iter(ctx, func(c *idb.CursorWithValue) error {
		key, err := c.Key()
		if err != nil {
			return err
		}
		value, err := c.Value()
		if err != nil {
			return err
		}
		if k, text, ok := readable(safejs.Safe(key), safejs.Safe(value)); ok {
			texts[k] = text
		}
		if len(texts) >= mostTexts {
			return idb.ErrCursorStopIter
		}
		return nil
	})
	if err == nil {
		err = ctx.Err() // which Iter does not tell
	}
	return texts, err
}

// readable returns a key and its text, if they can be such.
func readable(key, value safejs.Value) (k, text string, ok bool) {
	if key.Type() != safejs.TypeString || value.Type() != safejs.TypeString {
		return "", "", false
	}
	k, err := key.String()
	if err != nil {
		return "", "", false
	}
	text, err = value.String()
	return k, text, err == nil && len(text) <= MaxEntry
}

// Write puts and deletes in one transaction, and waits for its end.
func (s *IndexedDB) Write(ctx context.Context, put map[string]string, remove []string) error {
	err := s.do(ctx, func(db *idb.Database) error { return commit(ctx, db, put, remove) })
	if err != nil {
		return fmt.Errorf("writing to IndexedDB: %w", err)
	}
	return nil
}

// commit must not wait before all is asked for: the transaction would end.
func commit(ctx context.Context, db *idb.Database, put map[string]string, remove []string) error {
	tx, store, err := begin(db, idb.TransactionReadWrite)
	if err != nil {
		return err
	}
	ask := func() error {
		for _, key := range remove {
			k, err := safejs.ValueOf(key)
			if err != nil {
				return err
			}
			if _, err := store.Delete(safejs.Unsafe(k)); err != nil {
				return err
			}
		}
		for key, text := range put {
			k, err := safejs.ValueOf(key)
			if err != nil {
				return err
			}
			v, err := safejs.ValueOf(text)
			if err != nil {
				return err
			}
			if _, err := store.PutKey(safejs.Unsafe(k), safejs.Unsafe(v)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := ask(); err != nil {
		_ = tx.Abort()
		return err
	}
	// It commits by itself, once all has been done. Asked to commit sooner, WebKit's store answers nobody any more where
	// the Worker ends meanwhile, as with a reload: 22 of 174 did that, and none of 185 without it.
	ended := make(chan error, 1)
	// With a context that ends, Await may wait for ever.
	go func() { ended <- tx.Await(context.WithoutCancel(ctx)) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// do does what f does with the database. One that was closed meanwhile, by the
// browser or because somebody deletes it, is opened again.
func (s *IndexedDB) do(ctx context.Context, f func(*idb.Database) error) error {
	for again := false; ; again = true {
		db, err := s.open(ctx)
		if err != nil {
			return err
		}
		_, err = jsbridge.Try(func() (struct{}, error) { return struct{}{}, f(db) })
		if closed := (*closedError)(nil); again || !errors.As(err, &closed) {
			return jsbridge.AsThrown(err)
		}
		s.drop(db)
	}
}

// closedError is a transaction that could not even begin.
type closedError struct{ error }

func (e *closedError) Unwrap() error { return e.error }

// begin begins a transaction.
func begin(db *idb.Database, mode idb.TransactionMode) (*idb.Transaction, *idb.ObjectStore, error) {
	tx, err := db.Transaction(mode, objectStore)
	if err != nil {
		return nil, nil, &closedError{err}
	}
	store, err := tx.ObjectStore(objectStore)
	return tx, store, err
}

// open returns the database. The browser may take longer to open it than whoever waits, as while somebody deletes it: what is
// asked for then is the next one's.
func (s *IndexedDB) open(ctx context.Context) (*idb.Database, error) {
	late := func() (*idb.Database, error) {
		return nil, fmt.Errorf("opening the database: %w", ctx.Err())
	}
	select {
	case s.opening <- struct{}{}:
	case <-ctx.Done():
		return late()
	}
	s.mu.Lock()
	db := s.db
	s.mu.Unlock()
	if db != nil {
		<-s.opening
		return db, nil
	}
	var err error
	opened := make(chan struct{})
	go func() {
		defer func() { <-s.opening }()
		defer close(opened)
		db, err = s.openNow()
	}()
	select {
	case <-opened:
		return db, err
	case <-ctx.Done():
		return late()
	}
}

// openNow opens the database, however long that takes. Whoever stopped listening before it is there would leave one without
// its object store, for good.
func (s *IndexedDB) openNow() (*idb.Database, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var failed error
	db, err := jsbridge.Try(func() (*idb.Database, error) {
		request, err := s.factory.Open(ctx, database, dbVersion, func(db *idb.Database, _, _ uint) error {
			_, failed = db.CreateObjectStore(objectStore, idb.ObjectStoreOptions{})
			return nil // an error would end the program
		})
		if err != nil {
			return nil, err
		}
		return request.Await(ctx)
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", jsbridge.AsThrown(err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.db = db
	return db, nil
}

func (s *IndexedDB) drop(db *idb.Database) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == db {
		s.db = nil
	}
}

// Close closes the database. It is opened again if it is used again.
func (s *IndexedDB) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db != nil {
		_ = s.db.Close()
		s.db = nil
	}
}
