//lint:file-ignore SA1019 the comment of the package internal/bayeux/websocket says why this library is here

package websocket

import (
	"context"
	"errors"
	"sync"

	"github.com/hack-pad/safejs"
	"nhooyr.io/websocket"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/fmt"
	"gws-outbound/internal/httpx"
)

// dialer is what the platform needs to dial: nothing, a browser signs in by
// its cookies.
type dialer struct{}

// DialledAhead reports whether the Worker has dialled while it loaded the program: its constructor WebSocket says so.
func DialledAhead() bool {
	constructor, err := safejs.Global().Get("WebSocket")
	if err != nil {
		return false
	}
	ahead, err := constructor.Get("isAhead")
	if err != nil {
		return false
	}
	is, err := ahead.Bool()
	return err == nil && is
}

// socket is an open WebSocket: the library's connection, and the browser's
// object behind it.
type socket struct {
	conn *websocket.Conn
	*browserSocket
}

// browserSocket is the browser's WebSocket.
type browserSocket struct {
	object safejs.Value
	mu     sync.Mutex
	ended  string // what its close event said
}

// dial opens a socket. The library is not given ctx: it would leave the socket
// open when that is done.
func (dialer) dial(ctx context.Context, url string) (*socket, error) {
	type result struct {
		socket *socket
		err    error
	}
	made := make(chan *browserSocket, 1)
	done := make(chan result, 1)
	forbidden := make(chan error, 1)
	go func() {
		if err := httpx.AwaitForbidden(ctx, url); err != nil {
			forbidden <- err
		}
	}()
	go func() {
		var browser *browserSocket
		var refused error
		defer func() {
			// The library panics where the constructor has failed.
			if p := recover(); p != nil {
				if refused == nil {
					refused = fmt.Errorf("%v", p)
				}
				done <- result{err: fmt.Errorf("making a WebSocket: %w", refused)}
			}
		}()
		restore, err := capture(func(b *browserSocket, err error) {
			if browser, refused = b, err; err == nil {
				made <- b
			}
		})
		if err != nil {
			done <- result{err: err}
			return
		}
		defer restore()
		conn, _, err := websocket.Dial(context.Background(), url, nil)
		switch {
		case browser == nil:
			done <- result{err: errors.Join(refused, err)}
		case err != nil:
			done <- result{err: browser.why(err)}
		default:
			done <- result{socket: &socket{conn, browser}}
		}
	}()
	var err error
	select {
	case r := <-done:
		return r.socket, r.err
	case err = <-forbidden:
	case <-ctx.Done():
		err = fmt.Errorf("the server has not answered in time: %w", ctx.Err())
	}
	go func() {
		select {
		case browser := <-made:
			browser.close() // ends the dial, too
		case r := <-done:
			if r.socket != nil {
				r.socket.close()
			}
		}
	}()
	return nil, err
}

// capturing is held while the constructor is replaced.
var capturing sync.Mutex

// capture makes the next WebSocket that is constructed known to found, or the
// error of its constructor. The
// library keeps the browser's object to itself, so its constructor is replaced,
// for that one call: nothing else can run in between, as there is no other
// thread and nothing waits. What restore undoes is undone by the constructor
// itself; it is for the case that it was not called.
func capture(found func(*browserSocket, error)) (restore func(), err error) {
	capturing.Lock()
	global := safejs.Global()
	original, err := global.Get("WebSocket")
	if err != nil || original.Type() != safejs.TypeFunction {
		capturing.Unlock()
		return nil, errors.New("there is no WebSocket here")
	}
	var constructor safejs.Func
	var once sync.Once
	restore = func() {
		once.Do(func() {
			_ = global.Set("WebSocket", original) // it could be set before
			constructor.Release()
			capturing.Unlock()
		})
	}
	constructor, err = safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		restore()
		object, err := original.New(args[0], args[1])
		b := &browserSocket{object: object}
		if err == nil {
			err = b.listen()
		}
		found(b, err)
		if err != nil {
			return nil // the library trips over what is no WebSocket
		}
		return object
	})
	if err != nil {
		capturing.Unlock()
		return nil, fmt.Errorf("making a function for WebSocket: %w", err)
	}
	if err := global.Set("WebSocket", constructor); err != nil {
		restore()
		return nil, fmt.Errorf("WebSocket cannot be replaced here: %w", err)
	}
	return restore, nil
}

// listen notes what the close event says.
func (b *browserSocket) listen() error {
	var onClose safejs.Func
	onClose, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		onClose.Release()
		code, _ := args[0].Get("code")
		number, _ := code.Int()
		reason, _ := args[0].Get("reason")
		text, _ := reason.String()
		b.mu.Lock()
		b.ended = closeReason(number, text)
		b.mu.Unlock()
		return nil
	})
	if err != nil {
		return err
	}
	_, err = b.object.Call("addEventListener", "close", onClose, map[string]any{"once": true})
	return err
}

// close asks the browser to close the socket, opening or open. It does not
// wait: the browser gives the peer some seconds to agree.
func (b *browserSocket) close() {
	_, _ = b.object.Call("close", int(websocket.StatusNormalClosure))
}

// why puts the close event's words in place of an error that only says that
// the connection is closed.
func (b *browserSocket) why(err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended != "" {
		return errors.New(b.ended)
	}
	return err
}

// read reads a frame, which the browser has had whole before.
func (s *socket) read(limit int) ([]byte, error) {
	_, frame, err := s.conn.Read(context.Background())
	if err == nil && len(frame) > limit {
		return nil, &bayeux.TooLargeError{Limit: limit}
	}
	return frame, err
}

func (s *socket) write(frame []byte) error {
	return s.conn.Write(context.Background(), websocket.MessageText, frame)
}
