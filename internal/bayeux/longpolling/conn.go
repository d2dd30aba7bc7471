package longpolling

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"gws-outbound/internal/bayeux"
)

// The channels whose messages travel in a way of their own.
const (
	metaHandshake  = "/meta/handshake"
	metaConnect    = "/meta/connect"
	metaDisconnect = "/meta/disconnect"
)

const (
	// maxWaiting is how many arrays of messages may wait to be sent.
	maxWaiting = 256

	// lingerTime is how long requests may go on after Close.
	lingerTime = 5 * time.Second
)

var (
	errReplaced  = errors.New("a newer connect took the place of this one")
	errCanceled  = errors.New("the request was given up")
	errQueueFull = errors.New("too much waits for the server to answer")
	errClosed    = errors.New("the connection was closed")
)

// conn keeps the two requests going. The sink is called with the mutex held, so
// that what it hears is in order, and ends with Close.
type conn struct {
	o    Options
	sink bayeux.Sink

	mu       sync.Mutex
	connects lane // for /meta/connect, which the server holds
	others   lane
	closed   bool
}

// lane has at most one request under way.
type lane struct {
	request *request           // nil if none is under way
	waiting [][]bayeux.Message // our own copies of arrays for the next requests; none is empty
}

// request is one under way.
type request struct {
	messages []bayeux.Message
	abort    context.CancelCauseFunc
}

// Send sends messages, or lets them wait for the request before them to end. A
// connect takes the place of an older one.
func (c *conn) Send(messages []bayeux.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	var others []bayeux.Message
	for _, m := range messages {
		switch m.Channel {
		case metaConnect:
			c.replaceConnect(m)
		case metaHandshake:
			c.enqueue([]bayeux.Message{m})
		default:
			others = append(others, m)
		}
	}
	if len(others) > 0 {
		c.enqueue(others)
	}
	c.proceed(&c.connects)
	c.proceed(&c.others)
}

func (c *conn) replaceConnect(m bayeux.Message) {
	for _, older := range c.connects.waiting {
		c.sink.Fail(older, errReplaced)
	}
	c.connects.waiting = [][]bayeux.Message{{m}}
	if c.connects.request != nil {
		c.connects.request.abort(errReplaced)
	}
}

func (c *conn) enqueue(messages []bayeux.Message) {
	if len(c.others.waiting) >= maxWaiting {
		c.sink.Fail(messages, errQueueFull)
		return
	}
	c.others.waiting = append(c.others.waiting, messages)
}

// proceed begins the lane's next request, unless one is under way or nothing
// waits. To be called with the mutex held.
func (c *conn) proceed(l *lane) {
	if l.request != nil || len(l.waiting) == 0 {
		return
	}
	ctx, abort := context.WithCancelCause(context.Background())
	r := &request{l.take(), abort}
	l.request = r
	go c.run(ctx, l, r)
}

// take takes from what waits as much as one request may carry: a handshake
// alone, anything else together.
func (l *lane) take() []bayeux.Message {
	n := 1
	for n < len(l.waiting) && !isHandshake(l.waiting[0]) && !isHandshake(l.waiting[n]) {
		n++
	}
	batch := slices.Concat(l.waiting[:n]...)
	l.waiting = slices.Delete(l.waiting, 0, n)
	return batch
}

func isHandshake(messages []bayeux.Message) bool { return messages[0].Channel == metaHandshake }

// run makes a request and reports what came of it. An answer that arrived in
// spite of an abort is as good as any.
func (c *conn) run(ctx context.Context, l *lane, r *request) {
	frame, err := post(ctx, c.o, r.messages, func() { c.arriving(ctx, l, r) })
	c.mu.Lock()
	defer c.mu.Unlock()
	r.abort(nil)
	l.request = nil
	if !c.closed {
		if err == nil {
			c.sink.Receive(frame)
			err = &UnansweredError{len(frame), bayeux.Quote(frame)} // the sink knows which that is true of
		}
		c.sink.Fail(r.messages, err)
	}
	c.proceed(l)
}

// arriving says that the reply is, unless the request was given up, or is over.
func (c *conn) arriving(ctx context.Context, l *lane, r *request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.request == r && ctx.Err() == nil && !c.closed {
		c.sink.Progress(r.messages)
	}
}

// Cancel aborts the request that carries the message with this id. If the
// message still waits to be sent, it is dropped, and fails alone.
func (c *conn) Cancel(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	this := func(m bayeux.Message) bool { return string(m.ID) == id }
	for _, l := range []*lane{&c.connects, &c.others} {
		if l.request != nil && slices.ContainsFunc(l.request.messages, this) {
			l.request.abort(errCanceled)
			return
		}
		for i, messages := range l.waiting {
			k := slices.IndexFunc(messages, this)
			if k < 0 {
				continue
			}
			c.sink.Fail([]bayeux.Message{messages[k]}, errCanceled)
			l.waiting[i] = slices.Delete(messages, k, k+1)
			if len(l.waiting[i]) == 0 {
				l.waiting = slices.Delete(l.waiting, i, i+1)
			}
			return
		}
	}
}

// Close aborts the connect that is held. A request that carries anything else, and a /meta/disconnect that waits for it to end,
// have 5 s to reach the server. What else waits is dropped: whoever goes on with the session sends it again, and it may be with
// another agent's cookie that it would leave now.
func (c *conn) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.closed = true
	c.connects.giveUp()
	c.others.keepDisconnect()
	time.AfterFunc(lingerTime, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.others.giveUp()
	})
}

// keepDisconnect drops what waits but for a /meta/disconnect.
func (l *lane) keepDisconnect() {
	all := slices.Concat(l.waiting...)
	l.waiting = nil
	if i := slices.IndexFunc(all, isDisconnect); i >= 0 {
		l.waiting = [][]bayeux.Message{{all[i]}}
	}
}

// giveUp ends a lane after Close.
func (l *lane) giveUp() {
	l.waiting = nil
	if l.request != nil {
		l.request.abort(errClosed)
	}
}
