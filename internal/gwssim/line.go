//go:build !js

package gwssim

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// line is what all connections of a simulator share on their way to the client.
type line struct {
	mu        sync.Mutex
	rate      int           // bytes a second; no bound if 0
	roundTrip time.Duration // by which all that the server writes is late
	free      time.Time     // when what has been taken so far has left
}

// packet is how many bytes of one connection travel before those of others.
const packet = 1500

func (l *line) set(b Behavior) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rate, l.roundTrip = b.BytesPerSecond, milliseconds(b.RoundTripMS)
}

func (l *line) is() (slow bool, late time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rate > 0 || l.roundTrip > 0, l.roundTrip
}

// take takes the line for so many bytes, and returns how long they travel from now on.
func (l *line) take(bytes int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rate == 0 {
		return 0
	}
	const late = 100 * time.Millisecond // that timers may be, without the line getting slower
	now := time.Now()
	if l.free.Before(now.Add(-late)) {
		l.free = now
	}
	l.free = l.free.Add(time.Duration(bytes) * time.Second / time.Duration(l.rate))
	return l.free.Sub(now)
}

// lineListener has all that it accepts travel over the simulator's line.
type lineListener struct {
	net.Listener
	s *Sim
}

func (l lineListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &lineConn{Conn: conn, s: l.s}, nil
}

// connKey is that of the connection in the context of a request.
type connKey struct{}

func withConn(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, conn)
}

// besideTheLine has the answers on the connection of this request come at once.
func besideTheLine(r *http.Request) {
	if conn, ok := r.Context().Value(connKey{}).(*lineConn); ok {
		conn.mu.Lock()
		conn.beside = true
		conn.mu.Unlock()
	}
}

// lineConn is a connection whose writes arrive as the line allows. They do not wait for that.
type lineConn struct {
	net.Conn
	s *Sim

	mu     sync.Mutex
	queue  []written // nil unless something is under way
	closed bool      // once the queue is empty, the connection is to be closed
	beside bool      // it does not travel over the line
	cut    bool      // what is under way is lost
}

type written struct {
	bytes []byte
	due   time.Time // not before
}

func (c *lineConn) Write(b []byte) (int, error) {
	slow, late := c.s.line.is()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return 0, net.ErrClosed
	case c.queue != nil:
		c.queue = append(c.queue, written{append([]byte(nil), b...), time.Now().Add(late)})
	case slow && !c.beside:
		c.queue = []written{{append([]byte(nil), b...), time.Now().Add(late)}}
		c.s.busy.Go(c.drain)
	default:
		return c.Conn.Write(b)
	}
	return len(b), nil
}

// drain lets the queue travel.
func (c *lineConn) drain() {
	for {
		c.mu.Lock()
		if len(c.queue) == 0 || c.cut {
			c.queue = nil
			if c.closed {
				_ = c.Conn.Close()
			}
			c.mu.Unlock()
			return
		}
		next := c.queue[0]
		piece := next.bytes[:min(packet, len(next.bytes))]
		if c.queue[0].bytes = next.bytes[len(piece):]; len(c.queue[0].bytes) == 0 {
			c.queue = c.queue[1:]
		}
		c.mu.Unlock()
		ok := c.s.pause(c.s.ctx, time.Until(next.due)) && c.s.pause(c.s.ctx, c.s.line.take(len(piece)))
		c.mu.Lock()
		if c.cut = c.cut || !ok; !c.cut {
			if _, err := c.Conn.Write(piece); err != nil {
				c.cut = true
			}
		}
		c.mu.Unlock()
	}
}

// Close closes the connection when what is under way has arrived.
func (c *lineConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queue == nil || c.cut {
		c.closed = true
		return c.Conn.Close()
	}
	if !c.closed {
		c.closed = true
		_ = c.SetReadDeadline(time.Now())
	}
	return nil
}

// SetLinger has Close lose what is under way, and reset the connection.
func (c *lineConn) SetLinger(seconds int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = true
	return c.Conn.(*net.TCPConn).SetLinger(seconds)
}
