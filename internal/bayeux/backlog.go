package bayeux

import (
	"sync"

	"gws-outbound/internal/fmt"
)

const (
	// DefaultMaxMessageSize is [Options.MaxMessageSize] where that is zero.
	DefaultMaxMessageSize = 16 << 20

	// minBacklog is how many bytes of frames may wait to be handled at least, each
	// with frameCost on top. Frames are handled much faster than a network brings
	// them, unless it is the server's aim to fill the memory.
	minBacklog = 32 << 20
	frameCost  = 128
)

// maxBacklog is how many bytes of frames may wait where one may have limit: two
// such frames at least.
func maxBacklog(limit int) int { return max(minBacklog, 2*(limit+frameCost)) }

// maxMessageSize is the option of that name, or its default.
func (o *Options) maxMessageSize() int {
	if o.MaxMessageSize > 0 {
		return o.MaxMessageSize
	}
	return DefaultMaxMessageSize
}

// TooLargeError is a frame, or an answer over HTTP, with more bytes than the
// client takes. The server would send it again to the same session, so that
// this is of no more use.
type TooLargeError struct {
	Limit int // bytes; the option MaxMessageSize
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the server sent more than %d bytes of messages at once: the option maxMessageSize lets more through", e.Limit)
}

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

// add counts a frame, which may have limit bytes, and reports whether it is to be
// handled. The error says why the connection is to be given up; it comes once.
func (b *backlog) add(frame []byte, limit int) (ok bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.ended:
		return false, nil
	case len(frame) > limit:
		err = &TooLargeError{Limit: limit}
	case b.bytes+len(frame)+frameCost > maxBacklog(limit):
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
