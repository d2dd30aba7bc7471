//go:build !js

package interop

import (
	"bytes"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// bufferSize is how much is read from a connection at a time, in bytes.
const bufferSize = 32 << 10

// link is a connection through a proxy: both its halves.
type link struct {
	proxy          *proxy
	client, server *net.TCPConn

	mu       sync.Mutex
	stalled  bool
	broken   bool        // by the proxy, or by the server
	asked    bool        // the client, and the server has not begun to answer
	coming   int         // bytes of the server's that are on the line
	isSocket bool        // a WebSocket was asked for
	socket   socketsArgs // what is to become of that
	answers  int         // of the server
}

// parcel is a piece on its way.
type parcel struct {
	bytes   []byte
	arrival time.Time
}

// pumpUp passes on what the client sends, until it ends.
func (l *link) pumpUp() {
	first := true
	on := l.open(&l.proxy.line.up, l.server, func(int) {})
	err := l.read(l.client, func(read []byte) (proceed bool) {
		if first && isUpgrade(read) {
			l.upgrade()
		}
		first = false
		l.ask()
		if l.isStalled() {
			return false
		}
		on.send(read)
		return true
	})
	if l.abandoned(err) {
		l.proxy.aborted()
	}
	l.end(l.client, on, err)
}

// pumpDown passes on what the server sends, until it ends.
func (l *link) pumpDown() {
	on := l.open(&l.proxy.line.down, l.client, l.arrived)
	err := l.read(l.server, func(read []byte) (proceed bool) {
		l.answer(len(read))
		if l.dies() {
			on.send(policyViolation)
			on.close(true)
			reset(l.server)
			return false
		}
		on.send(read)
		return true
	})
	l.end(l.server, on, err)
}

// policyViolation is a WebSocket's frame that closes it with the code 1008.
var policyViolation = []byte{0x88, 2, 1008 >> 8, 1008 & 0xff}

// isUpgrade reports whether a request asks for a WebSocket.
func isUpgrade(request []byte) bool {
	return bytes.Contains(bytes.ToLower(request), []byte("\r\nupgrade: websocket\r\n"))
}

// read hands over what comes, until the source ends, the link stalls, or take
// has enough, which is no error.
func (l *link) read(from *net.TCPConn, take func([]byte) (proceed bool)) error {
	buffer := make([]byte, bufferSize)
	for {
		n, err := from.Read(buffer)
		if l.isStalled() {
			return nil // what was read is lost
		}
		if n > 0 {
			if l.proxy.loses() {
				l.sever()
				return nil
			}
			if !take(buffer[:n]) {
				return nil
			}
		}
		if err != nil {
			return err
		}
	}
}

// end ends a pump that reads from this half, which gave this error.
func (l *link) end(from *net.TCPConn, on *way, err error) {
	switch {
	case err == nil: // it was dealt with
		on.close(false)
	case err == io.EOF:
		on.close(true)
	default:
		l.failed(from)
		on.close(false)
	}
	<-on.done
}

// failed resets a link of which one half has broken.
func (l *link) failed(half *net.TCPConn) {
	if half == l.server {
		l.sever()
		return
	}
	reset(l.client)
	reset(l.server)
}

// sever resets a link, which is not the client's doing.
func (l *link) sever() {
	l.mu.Lock()
	l.broken = true
	l.mu.Unlock()
	reset(l.client)
	reset(l.server)
}

// way is one direction of a link.
type way struct {
	link    *link
	lane    *lane
	to      *net.TCPConn
	arrived func(n int)
	parcels chan parcel
	closing sync.Once
	polite  bool // tell the far end that no more will come
	done    chan struct{}
}

// open starts what delivers the parcels of a direction when they have arrived.
func (l *link) open(on *lane, to *net.TCPConn, arrived func(n int)) *way {
	const inTransit = 4096 // parcels at most: a line that carries many holds the source up
	w := &way{link: l, lane: on, to: to, arrived: arrived, parcels: make(chan parcel, inTransit), done: make(chan struct{})}
	go w.deliver()
	return w
}

// send puts bytes on the line, piece by piece.
func (w *way) send(b []byte) {
	line := &w.link.proxy.line
	ready := time.Now()
	for piece := range slices.Chunk(bytes.Clone(b), line.pieces()) {
		left, arrival := line.pass(w.lane, len(piece), ready)
		w.parcels <- parcel{piece, arrival}
		ready = left
	}
}

// close says that no more is sent.
func (w *way) close(polite bool) {
	w.closing.Do(func() {
		w.polite = polite
		close(w.parcels)
	})
}

func (w *way) deliver() {
	defer close(w.done)
	for p := range w.parcels {
		time.Sleep(time.Until(p.arrival))
		if w.link.isStalled() {
			continue // lost
		}
		w.arrived(len(p.bytes)) // the client may end the connection as soon as it has them
		if _, err := w.to.Write(p.bytes); err != nil {
			w.link.failed(w.to)
		}
	}
	if w.polite {
		_ = w.to.CloseWrite() // fails if it has broken
	}
}

func (l *link) stall() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stalled = true
}

func (l *link) isStalled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stalled
}

// upgrade learns what is to become of a WebSocket.
func (l *link) upgrade() {
	socket := l.proxy.upgraded()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isSocket = true
	l.socket = socket
	l.stalled = socket.Fate == swallowed
}

func (l *link) ask() {
	l.mu.Lock()
	again := l.asked
	l.asked = true
	l.mu.Unlock()
	if !again {
		l.proxy.asked()
	}
}

func (l *link) answer(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = false
	l.coming += n
	l.answers++
}

func (l *link) arrived(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.coming -= n
}

// dies reports whether the WebSocket is to be closed in place of what has just
// come. The first that comes is the answer to the upgrade.
func (l *link) dies() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.socket.Fate == dying && l.answers > 1+l.socket.After
}

// abandoned reports whether the client has ended the connection, with this
// error or in good order, before it had all of an answer.
func (l *link) abandoned(err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return err != nil && !l.broken && !l.isSocket && (l.asked || l.coming > 0)
}
