//go:build !js

package httpx

import (
	"io"
	"sync"
	"time"
)

// watched is a reader that reports what it has read.
type watched struct {
	io.Reader
	reporter *reporter
}

// pieceSize is how many bytes are read at a time. A body that is sent in chunks is
// read until a chunk ends or there is no more room: with as much room as the
// reader of a large body gives, nothing would be seen of it for seconds on a slow line.
const pieceSize = 1 << 10

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Reader.Read(b[:min(len(b), pieceSize)])
	if err == nil {
		w.reporter.more()
	}
	return n, err
}

// reporter calls a function a moment after something has come, unless the end comes first.
type reporter struct {
	mu     sync.Mutex
	timer  *time.Timer // nil while there is nothing to report
	report func()      // nil when nobody listens
}

// newReporter returns the reporter of a response whose header has come.
func newReporter(report func()) *reporter {
	r := &reporter{report: report}
	r.more()
	return r
}

// more says that something has come, and that there may be more.
func (r *reporter) more() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timer != nil || r.report == nil {
		return
	}
	r.timer = time.AfterFunc(moment, func() {
		r.mu.Lock()
		r.timer = nil
		report := r.report
		r.mu.Unlock()
		if report != nil {
			report()
		}
	})
}

// stop says that the end has come.
func (r *reporter) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report = nil
	if r.timer != nil {
		r.timer.Stop()
	}
}
