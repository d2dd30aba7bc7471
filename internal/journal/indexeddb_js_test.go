package journal_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hack-pad/go-indexeddb/idb"
	"github.com/hack-pad/safejs"
	"github.com/stretchr/testify/require"

	"gws-outbound/internal/journal"
	"gws-outbound/internal/jsbridge"
)

// store opens the database of the tests' origin, empty.
func store(t *testing.T) *journal.IndexedDB {
	t.Helper()
	s, err := journal.NewIndexedDB()
	require.NoError(t, err)
	all, err := s.Load(t.Context())
	require.NoError(t, err)
	var keys []string
	for k := range all {
		keys = append(keys, k)
	}
	require.NoError(t, s.Write(t.Context(), nil, keys))
	t.Cleanup(s.Close)
	return s
}

func TestIndexedDBKeepsTexts(t *testing.T) {
	s := store(t)
	require.NoError(t, s.Write(t.Context(), map[string]string{"a": "1", "b/ü": "zwei 😀"}, nil))
	require.NoError(t, s.Write(t.Context(), map[string]string{"c": "3", "a": "one"}, []string{"b/ü", "nothing"}))
	other, err := journal.NewIndexedDB()
	require.NoError(t, err)
	defer other.Close()
	all, err := other.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]string{"a": "one", "c": "3"}, all)
}

func TestIndexedDBWriteIsAllOrNothing(t *testing.T) {
	s := store(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, s.Write(ctx, map[string]string{"a": "1"}, nil), "who has no time gets an error")
}

// raw does something with the database that this program would not do.
func raw(t *testing.T, do func(*idb.ObjectStore) error) {
	t.Helper()
	request, err := idb.Global().Open(t.Context(), "gws-outbound", 1, nil)
	require.NoError(t, err)
	db, err := request.Await(t.Context())
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	tx, err := db.Transaction(idb.TransactionReadWrite, "journal")
	require.NoError(t, err)
	objects, err := tx.ObjectStore("journal")
	require.NoError(t, err)
	require.NoError(t, do(objects))
	require.NoError(t, tx.Await(t.Context()))
}

func TestIndexedDBWithForeignValues(t *testing.T) {
	s := store(t)
	require.NoError(t, s.Write(t.Context(), map[string]string{"good": "1"}, nil))
	for i, pair := range [][2]any{
		{"object", map[string]any{"x": 1}}, {7, "a number for a key"}, {"null", nil},
		{"long", strings.Repeat("x", journal.MaxEntry+1)},
	} {
		raw(t, func(objects *idb.ObjectStore) error {
			key, err := safejs.ValueOf(pair[0])
			require.NoError(t, err, i)
			value, err := safejs.ValueOf(pair[1])
			require.NoError(t, err, i)
			_, err = objects.PutKey(safejs.Unsafe(key), safejs.Unsafe(value))
			return err
		})
	}
	all, err := s.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]string{"good": "1"}, all)
	raw(t, func(objects *idb.ObjectStore) error {
		_, err := objects.Clear()
		return err
	})
}

// Somebody clears the data of the site while it is open.
func TestIndexedDBIsDeletedMeanwhile(t *testing.T) {
	s := store(t)
	require.NoError(t, s.Write(t.Context(), map[string]string{"a": "1"}, nil))
	request, err := idb.Global().DeleteDatabase("gws-outbound")
	require.NoError(t, err)
	require.NoError(t, request.Await(t.Context()), "it does not stand in the way")
	require.NoError(t, s.Write(t.Context(), map[string]string{"b": "2"}, nil))
	all, err := s.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]string{"b": "2"}, all)
}

// Somebody deletes the database, and a page that hangs has it open: it is made again only once the reader has given up.
func TestIndexedDBThatIsThereTooLate(t *testing.T) {
	store(t).Close()
	constructor, err := safejs.Global().Get("Function")
	require.NoError(t, err)
	open, err := constructor.New(`return new Promise((opened) => {
		const request = indexedDB.open("gws-outbound", 1);
		request.onsuccess = () => opened(request.result);
	})`)
	require.NoError(t, err)
	promise, err := open.Invoke()
	require.NoError(t, err)
	hanging, err := jsbridge.Await(t.Context(), promise)
	require.NoError(t, err)
	deleted, err := idb.Global().DeleteDatabase("gws-outbound")
	require.NoError(t, err)
	s, err := journal.NewIndexedDB()
	require.NoError(t, err)
	defer s.Close()
	limited, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // it cannot be there before
	defer cancel()
	_, err = s.Load(limited)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	_, err = hanging.Call("close")
	require.NoError(t, err)
	require.NoError(t, deleted.Await(t.Context()))
	require.NoError(t, s.Write(t.Context(), map[string]string{"a": "1"}, nil))
	all, err := s.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]string{"a": "1"}, all)
	request, err := idb.Global().DeleteDatabase("gws-outbound")
	require.NoError(t, err)
	require.NoError(t, request.Await(t.Context()), "it does not stand in the way")
}

func TestIndexedDBOfALaterVersion(t *testing.T) {
	store(t).Close()
	request, err := idb.Global().Open(t.Context(), "gws-outbound", 2, func(*idb.Database, uint, uint) error { return nil })
	require.NoError(t, err)
	db, err := request.Await(t.Context())
	require.NoError(t, err)
	s, err := journal.NewIndexedDB()
	require.NoError(t, err)
	_, err = s.Load(t.Context())
	require.ErrorIs(t, err, idb.NewDOMException("VersionError"))
	require.NoError(t, db.Close())
	deleted, err := idb.Global().DeleteDatabase("gws-outbound")
	require.NoError(t, err)
	require.NoError(t, deleted.Await(t.Context()))
}

// replace puts value in place of a property of the global object, until the
// test's end.
func replace(t *testing.T, name string, descriptor map[string]any) {
	t.Helper()
	object, err := safejs.Global().Get("Object")
	require.NoError(t, err)
	old, err := object.Call("getOwnPropertyDescriptor", safejs.Global(), name)
	require.NoError(t, err)
	_, err = object.Call("defineProperty", safejs.Global(), name, descriptor)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err = object.Call("defineProperty", safejs.Global(), name, old)
		require.NoError(t, err)
	})
}

func TestIndexedDBThatIsNotThere(t *testing.T) {
	constructor, err := safejs.Global().Get("Function")
	require.NoError(t, err)
	throws, err := constructor.New(`throw new DOMException("no", "SecurityError")`)
	require.NoError(t, err)
	for name, descriptor := range map[string]map[string]any{
		"missing":        {"value": nil, "configurable": true, "writable": true},
		"it may not be":  {"get": throws, "configurable": true},
		"something else": {"value": "x", "configurable": true, "writable": true},
	} {
		t.Run(name, func(t *testing.T) {
			replace(t, "indexedDB", descriptor)
			_, err := journal.NewIndexedDB()
			require.ErrorIs(t, err, journal.ErrUnavailable)
		})
	}
}

// A page where IndexedDB is there and open throws, or fails, as in some private
// windows.
func TestIndexedDBThatCannotBeOpened(t *testing.T) {
	constructor, err := safejs.Global().Get("Function")
	require.NoError(t, err)
	open, err := constructor.New(`throw new DOMException("not in private", "SecurityError")`)
	require.NoError(t, err)
	replace(t, "indexedDB", map[string]any{"value": map[string]any{"open": open}, "configurable": true, "writable": true})
	s, err := journal.NewIndexedDB()
	require.NoError(t, err)
	locks, err := journal.NewWebLocks()
	require.NoError(t, err)
	var log []string
	j, _ := journal.Open(t.Context(), journal.Config{Store: s, Locks: locks, Scope: "s", Owner: "o", Log: func(l string) { log = append(log, l) }})
	require.Len(t, log, 1)
	require.Contains(t, log[0], "not in private")
	safe := make(chan error, 1)
	j.Put(entry("a"), func(err error) { safe <- err })
	require.ErrorContains(t, <-safe, "not in private", "it is in memory alone, and tried again later")
	j.Close(t.Context())
}

func TestWebLocks(t *testing.T) {
	first, err := journal.NewWebLocks()
	require.NoError(t, err)
	second, err := journal.NewWebLocks()
	require.NoError(t, err)
	hold := func(l *journal.WebLocks, name string) bool {
		held, err := l.Hold(t.Context(), name)
		require.NoError(t, err)
		return held
	}
	require.True(t, hold(first, "a"))
	require.True(t, hold(first, "b"))
	require.False(t, hold(first, "a"), "not twice")
	require.False(t, hold(second, "a"))
	require.True(t, hold(second, "c"))
	first.Release()
	for !hold(second, "a") { // the browser takes a moment
		require.NoError(t, t.Context().Err())
	}
	require.False(t, hold(first, "c"))
	second.Release()
}

func TestJournalInIndexedDB(t *testing.T) {
	s := store(t)
	config := func(owner string) journal.Config {
		locks, err := journal.NewWebLocks()
		require.NoError(t, err)
		t.Cleanup(locks.Release)
		return journal.Config{Store: s, Locks: locks, Scope: "s", Owner: owner, Log: func(l string) { t.Error(l) }}
	}
	first, _ := journal.Open(t.Context(), config("1"))
	safe := make(chan error, 1)
	first.Put(entry("a"), func(err error) { safe <- err })
	require.NoError(t, <-safe)
	saved := make(chan struct{})
	first.SaveSession(json.RawMessage(`{"clientId":"c"}`), func(error) { close(saved) })
	<-saved
	second, session := journal.Open(t.Context(), config("2"))
	require.Empty(t, second.Entries())
	require.Nil(t, session)
	first.Close(t.Context())
	third, session := journal.Open(t.Context(), config("3"))
	require.Len(t, third.Entries(), 1)
	require.JSONEq(t, `{"clientId":"c"}`, string(session))
	require.WithinDuration(t, time.Now(), third.Entries()[0].SentAt, time.Minute)
	third.Forget(t.Context())
	third.EndSession()
	third.Close(t.Context())
	all, err := s.Load(t.Context())
	require.NoError(t, err)
	require.Empty(t, all)
}
