package bayeux

import (
	"fmt"
	"sync"
)

const (
	// MaxFrame is how many bytes a frame may have. A connection on which more
	// comes is given up as broken; transports should not even read it.
	MaxFrame = 4 << 20

	// maxBacklog is how many bytes of frames may wait to be handled, each with
	// frameCost on top. Frames are handled much faster than a network brings
	// them, unless it is the server's aim to fill the memory.
	maxBacklog = 32 << 20
	frameCost  = 128
)

// backlog counts what a connection has brought and the loop has not handled
// yet. Over the bound the connection is given up as broken: what came before
// is still handled, and nothing of what comes after, above all no reply that
// would acknowledge what was dropped. So nothing is lost where acknowledged
// delivery was negotiated, since the server sends it again.
type backlog struct {
	mu    sync.Mutex
	bytes int
	ended bool
}

// add counts a frame, and reports whether it is to be handled. The error says
// why the connection is to be given up; it comes once.
func (b *backlog) add(frame []byte) (ok bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.ended:
		return false, nil
	case len(frame) > MaxFrame:
		err = &TooLargeError{len(frame), MaxFrame}
	case b.bytes+len(frame)+frameCost > maxBacklog:
		err = fmt.Errorf("the server sends faster than its messages can be handled: %d bytes wait", b.bytes)
	default:
		b.bytes += len(frame) + frameCost
		return true, nil
	}
	b.ended = true
	return false, err
}

func (b *backlog) done(frame []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bytes -= len(frame) + frameCost
}

// TooLargeError is a frame that is larger than what is taken.
type TooLargeError struct{ Size, Limit int } // in bytes

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("a frame of %d bytes, at most %d are taken", e.Size, e.Limit)
}
