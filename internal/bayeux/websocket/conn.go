//lint:file-ignore SA1019 the comment of the package internal/bayeux/websocket says why this library is here

package websocket

import (
	"context"
	"errors"
	"sync"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/fmt"
)

// maxQueue is how many arrays of messages may wait to be sent.
const maxQueue = 256

// Open dials the server.
func (t *Transport) Open(ctx context.Context, sink bayeux.Sink) (bayeux.Conn, error) {
	s, err := t.dial(ctx, t.url)
	if err != nil {
		return nil, err
	}
	s.conn.SetReadLimit(-1) // the library's error does not differ from others: see read
	c := &conn{socket: s, limit: t.limit, sink: sink, out: make(chan []bayeux.Message, maxQueue), closing: make(chan struct{})}
	go c.read()
	go c.write()
	return c, nil
}

// conn is an open socket.
type conn struct {
	socket  *socket
	limit   int // bytes of a frame
	sink    bayeux.Sink
	out     chan []bayeux.Message
	closing chan struct{}
	once    sync.Once
}

// read does nothing but read and pass on, since a browser's frames that were
// not read when the socket closed are lost. It is not to be cancelled: that
// would leave the socket open.
func (c *conn) read() {
	for {
		frame, err := c.socket.read(c.limit)
		if err != nil {
			c.lose(c.socket.why(err))
			return
		}
		select {
		case <-c.closing:
			// Somebody is still sending after our close.
		default:
			c.sink.Receive(frame)
		}
	}
}

// write sends what is queued, in order, and closes the socket when that is
// done and no more may come.
func (c *conn) write() {
	for {
		select {
		case messages := <-c.out:
			if !c.writeFrame(messages) {
				return
			}
		case <-c.closing:
			for {
				select {
				case messages := <-c.out:
					if !c.writeFrame(messages) {
						return
					}
				default:
					c.socket.close()
					return
				}
			}
		}
	}
}

// writeFrame reports whether more can be written.
func (c *conn) writeFrame(messages []bayeux.Message) bool {
	frame, err := bayeux.Encode(messages)
	if err == nil {
		err = c.socket.write(frame)
	}
	if err != nil {
		c.socket.close()
		c.lose(fmt.Errorf("sending: %w", c.socket.why(err)))
	}
	return err == nil
}

var errQueueFull = errors.New("the connection does not take what is to be sent")

// Send queues messages to be sent as one frame.
func (c *conn) Send(messages []bayeux.Message) {
	select {
	case c.out <- messages:
	default:
		c.lose(errQueueFull)
	}
}

// Cancel does nothing: a socket has no requests.
func (c *conn) Cancel(string) {}

// Close closes the socket once what is queued has been sent; it does not wait
// for that.
func (c *conn) Close() { c.end(nil) }

// lose reports the end of the connection, unless it was our own.
func (c *conn) lose(err error) { c.end(func() { c.sink.Lose(err) }) }

func (c *conn) end(report func()) {
	c.once.Do(func() {
		close(c.closing)
		if report != nil {
			report()
		}
	})
}
