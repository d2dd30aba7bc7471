package core

import (
	"sync"
	"time"

	"gws-outbound/internal/wire"
)

const (
	// mostTogether is how many messages go in one text: more would take a page's thread too long.
	mostTogether = 100
	// soon is how long what is known of a call may wait for a message that goes anyway, most often the
	// end of the call.
	soon = 50 * time.Millisecond
)

// outbox is what is to be sent to a page, in order.
type outbox struct {
	send func([]wire.ToPage)

	mu      sync.Mutex
	waiting []wire.ToPage
	sending bool
	planned bool // the goroutine that sends what came together is on its way
	timed   bool // the timer runs
}

// now sends a message, behind those that wait.
func (o *outbox) now(m wire.ToPage) {
	o.mu.Lock()
	o.waiting = append(o.waiting, m)
	o.mu.Unlock()
	o.flush()
}

// event sends an event together with others. Where it is the one before it, for another subscription, it
// goes to both in one message.
func (o *outbox) event(m *wire.Event) {
	o.mu.Lock()
	if n := len(o.waiting); n > 0 {
		last, ok := o.waiting[n-1].(*wire.Event)
		if ok && last.Client == m.Client && same(last.Data, m.Data) {
			last.Subscriptions = append(last.Subscriptions, m.Subscriptions...)
			o.mu.Unlock()
			return
		}
	}
	o.mu.Unlock()
	o.together(m)
}

// same reports whether two texts are one in memory, which waits to be sent.
func same(a, b []byte) bool { return len(a) > 0 && len(a) == len(b) && &a[0] == &b[0] }

// together sends a message with those that come in the same turn, such as the events of one frame.
func (o *outbox) together(m wire.ToPage) {
	o.mu.Lock()
	o.waiting = append(o.waiting, m)
	full, plan := len(o.waiting) >= mostTogether, !o.planned
	o.planned = true
	o.mu.Unlock()
	if full {
		o.flush()
	}
	if plan {
		go func() {
			o.mu.Lock()
			o.planned = false
			o.mu.Unlock()
			o.flush()
		}()
	}
}

// later sends a message with the next one, or soon.
func (o *outbox) later(m wire.ToPage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = append(o.waiting, m)
	if o.timed {
		return
	}
	o.timed = true
	time.AfterFunc(soon, func() {
		o.mu.Lock()
		o.timed = false
		o.mu.Unlock()
		o.flush()
	})
}

// flush sends what waits. The page may send messages of its own before send returns: what
// they lead to goes behind.
func (o *outbox) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sending {
		return // whoever sends takes it along
	}
	o.sending = true
	for len(o.waiting) > 0 {
		batch := o.waiting
		o.waiting = nil
		o.mu.Unlock()
		o.send(batch)
		o.mu.Lock()
	}
	o.sending = false
}
