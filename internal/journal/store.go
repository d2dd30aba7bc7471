package journal

import (
	"context"
	"time"
)

// Store keeps texts by their key, for all clients of an origin. Its methods
// may be called from several goroutines.
type Store interface {
	// Load returns all that is kept. What is no text is left out.
	Load(ctx context.Context) (map[string]string, error)

	// Write puts and deletes, all or nothing, and returns when a crash of the
	// page cannot undo it any more.
	Write(ctx context.Context, put map[string]string, remove []string) error

	// Close lets go of what the store holds open.
	Close()
}

// Locks are held as long as whoever took them lives, whatever ends it.
type Locks interface {
	// Hold takes the lock of that name unless somebody has it, and reports
	// whether it did. It is given up by Release.
	Hold(ctx context.Context, name string) (bool, error)

	// Release gives up all locks that were taken here.
	Release()
}

// Bounds of what is kept.
const (
	MaxAge     = 7 * 24 * time.Hour // of an entry, from when its request was sent
	MaxEntries = 1000               // of one owner, with what it has taken over; the oldest go first
	MaxEntry   = 64 << 10           // bytes of an entry, or of a session, in JSON
)
