//go:build js && wasm

package main

import (
	"fmt"

	"gws-outbound/internal/journal"
)

// openJournal opens the database and the locks of the origin.
func openJournal() (journal.Store, journal.Locks, error) {
	locks, err := journal.NewWebLocks()
	if err != nil {
		return nil, nil, fmt.Errorf("navigator.locks: %w", err)
	}
	store, err := journal.NewIndexedDB()
	if err != nil {
		return nil, nil, fmt.Errorf("indexedDB: %w", err)
	}
	return store, locks, nil
}
