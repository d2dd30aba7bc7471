//go:build js && wasm

package main

import (
	"sync"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/journal"
)

// database is the origin's, for all clients. It stays open between them: each opening leaves a listener in the
// library that nothing takes off again.
var database = sync.OnceValues(journal.NewIndexedDB)

// openDatabase is a client's share in it.
type openDatabase struct{ *journal.IndexedDB }

func (openDatabase) Close() {}

// openJournal opens the database and the locks of the origin.
func openJournal() (journal.Store, journal.Locks, error) {
	locks, err := journal.NewWebLocks()
	if err != nil {
		return nil, nil, fmt.Errorf("navigator.locks: %w", err)
	}
	store, err := database()
	if err != nil {
		return nil, nil, fmt.Errorf("indexedDB: %w", err)
	}
	return openDatabase{store}, locks, nil
}
