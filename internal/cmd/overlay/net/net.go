// Package net has the names of net that nhooyr.io/websocket uses in a browser.
// The module is built with it in place of net.
package net

import (
	"errors"
	"time"
)

// ErrClosed is the error of a call on a connection that is closed.
var ErrClosed = errors.New("use of closed network connection")

// Addr is an end of a connection.
type Addr interface {
	Network() string
	String() string
}

// Conn is what NetConn makes of a WebSocket; the module does not call it.
type Conn interface {
	Read(b []byte) (int, error)
	Write(b []byte) (int, error)
	Close() error
	LocalAddr() Addr
	RemoteAddr() Addr
	SetDeadline(t time.Time) error
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
}
