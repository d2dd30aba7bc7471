//go:build slim

package websocket

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/jsbridge"
)

// dialer is what the platform needs to dial: nothing, a browser signs in by
// its cookies.
type dialer struct{}

// Open dials the server.
func (t *Transport) Open(ctx context.Context, sink bayeux.Sink) (bayeux.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, late(err)
	}
	c, err := t.dial(t.url, t.limit, sink)
	if err != nil {
		return nil, err
	}
	select {
	case err := <-c.dialed:
		if err != nil {
			return nil, err
		}
		return c, nil
	case <-ctx.Done():
		c.Close() // ends the dial, too
		return nil, late(ctx.Err())
	}
}

func late(err error) error { return fmt.Errorf("the server has not answered in time: %w", err) }

// conn is the browser's WebSocket. What the browser says of it goes straight to
// the sink, on the event loop: the sink does not block.
type conn struct {
	socket   safejs.Value
	limit    int // bytes of a frame
	sink     bayeux.Sink
	handlers map[string]safejs.Func // by the socket's property
	dialed   chan error             // takes what came of the dial, once

	mu    sync.Mutex // never held while anything waits
	open  bool
	ended bool
}

// dial makes the browser's socket, and returns before that is open. An error
// event has no handler, for it says nothing, and a close event follows.
func (dialer) dial(url string, limit int, sink bayeux.Sink) (*conn, error) {
	constructor, err := safejs.Global().Get("WebSocket")
	if err != nil || constructor.Type() != safejs.TypeFunction {
		return nil, errors.New("there is no WebSocket here")
	}
	socket, err := constructor.New(url)
	if err != nil {
		return nil, fmt.Errorf("making a WebSocket: %w", jsbridge.AsThrown(err))
	}
	c := &conn{socket: socket, limit: limit, sink: sink, handlers: map[string]safejs.Func{}, dialed: make(chan error, 1)}
	err = socket.Set("binaryType", "arraybuffer")
	for property, handle := range map[string]func(event safejs.Value){
		"onopen":    c.opened,
		"onmessage": c.received,
		"onclose":   c.closed,
	} {
		if err == nil {
			err = c.listen(property, handle)
		}
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("making a WebSocket: %w", jsbridge.AsThrown(err))
	}
	return c, nil
}

func (c *conn) listen(property string, handle func(event safejs.Value)) error {
	f, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		handle(args[0])
		return nil
	})
	if err != nil {
		return err
	}
	c.handlers[property] = f
	return c.socket.Set(property, f)
}

func (c *conn) opened(safejs.Value) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = true
	c.dialed <- nil
}

func (c *conn) received(event safejs.Value) {
	frame, err := content(event, c.limit)
	if err != nil {
		c.fail(fmt.Errorf("receiving: %w", jsbridge.AsThrown(err)))
		return
	}
	c.sink.Receive(frame)
}

func (c *conn) closed(event safejs.Value) {
	code, _ := event.Get("code")
	number, _ := code.Int()
	reason, _ := event.Get("reason")
	text, _ := reason.String()
	c.lose(errors.New(closeReason(number, text)))
}

// content is what a message event brings: text, or an ArrayBuffer. More than a
// frame may have is left where it is: the program's memory never shrinks again.
func content(event safejs.Value, limit int) ([]byte, error) {
	data, err := event.Get("data")
	if err != nil {
		return nil, err
	}
	if data.Type() == safejs.TypeString {
		object, err := safejs.Global().Get("Object")
		if err != nil {
			return nil, err
		}
		boxed, err := object.Invoke(data) // syscall/js asks only objects for their length
		if err != nil {
			return nil, err
		}
		if _, err := length(boxed, limit); err != nil { // in UTF-16, so that UTF-8 has no less
			return nil, err
		}
		text, err := data.String()
		if err == nil && len(text) > limit {
			err = &bayeux.TooLargeError{Limit: limit}
		}
		return []byte(text), err
	}
	array, err := safejs.Global().Get("Uint8Array")
	if err != nil {
		return nil, err
	}
	if data, err = array.New(data); err != nil {
		return nil, err
	}
	n, err := length(data, limit)
	if err != nil {
		return nil, err
	}
	frame := make([]byte, n)
	_, err = safejs.CopyBytesToGo(frame, data)
	return frame, err
}

// length is that of something with a length, which must not be over the limit.
func length(object safejs.Value, limit int) (int, error) {
	n, err := object.Length()
	if err == nil && n > limit {
		err = &bayeux.TooLargeError{Limit: limit}
	}
	return n, err
}

// Send gives the browser messages to be sent as one frame.
func (c *conn) Send(messages []bayeux.Message) {
	if c.isEnded() {
		return
	}
	frame, err := bayeux.Encode(messages)
	if err == nil {
		_, err = c.socket.Call("send", string(frame))
	}
	if err != nil {
		c.fail(fmt.Errorf("sending: %w", jsbridge.AsThrown(err)))
	}
}

// Cancel does nothing: a socket has no requests.
func (c *conn) Cancel(string) {}

// Close closes the socket, opening or open. The browser first sends what it
// has been given, and does not wait for the peer's consent.
func (c *conn) Close() {
	c.end()
	c.shut()
}

// fail gives up a connection that is of no more use.
func (c *conn) fail(err error) {
	c.lose(err)
	c.shut()
}

func (c *conn) shut() { _, _ = c.socket.Call("close", 1000) }

// lose reports the end of the connection, unless it was our own.
func (c *conn) lose(err error) {
	switch first, open := c.end(); {
	case !first:
	case open:
		c.sink.Lose(err)
	default:
		c.dialed <- err
	}
}

// end lets no more events through, and reports whether it was the first to,
// and whether the socket had been open.
func (c *conn) end() (first, open bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return false, c.open
	}
	c.ended = true
	for property, f := range c.handlers {
		_ = c.socket.Set(property, safejs.Null()) // what was settable a while ago
		f.Release()
	}
	return true, c.open
}

func (c *conn) isEnded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}
