package bayeux

import (
	"errors"
	"strconv"
	"strings"

	"gws-outbound/internal/fmt"
)

// ErrClosed is the reason of a session that [Client.Close] ended.
var ErrClosed = errors.New("the client was closed")

// Refusal is what a server says in the error field of an unsuccessful reply,
// by convention "code:arguments:text".
type Refusal struct {
	Code int    // 0 if the text has none
	Text string // the field as it came, at most its first 200 characters
}

// parseRefusal reads an error field. Texts differ between servers and their
// versions, so that only the number is taken from it.
func parseRefusal(s text) Refusal {
	r := Refusal{Text: quote([]byte(s))}
	if r.Text == "" {
		r.Text = "no reason given"
	}
	code, _, found := strings.Cut(string(s), ":")
	if n, err := strconv.Atoi(code); found && err == nil && n > 0 {
		r.Code = n
	}
	return r
}

// unknownSession reports whether the refusal says that the session is gone:
// 402 by CometD, 401 by Faye. It is asked only where no advice says what to do.
func (r Refusal) unknownSession() bool { return r.Code == 402 || r.Code == 401 }

// HandshakeError is a handshake that the server refused.
type HandshakeError struct {
	Refusal
	Final bool // the server advised not to try again
}

func (e *HandshakeError) Error() string {
	return fmt.Sprintf("the server refused the handshake: %s", e.Text)
}

// SubscribeError is a subscription that the server refused.
type SubscribeError struct {
	Refusal
	Channel string
}

func (e *SubscribeError) Error() string {
	return fmt.Sprintf("the server refused the subscription to %s: %s", e.Channel, e.Text)
}

// SessionError is a connect that the server refused: the session is unknown to
// it, or it is in no state to go on.
type SessionError struct{ Refusal }

func (e *SessionError) Error() string {
	return fmt.Sprintf("the server refused to go on with the session: %s", e.Text)
}

// DisconnectedError is the end of a session by the server, for good.
type DisconnectedError struct{ Reason string }

func (e *DisconnectedError) Error() string {
	return "the server ended the session: " + e.Reason
}

// ConnectError is a session that could not be had in time. Unwrap gives the
// last failure.
type ConnectError struct{ Err error }

func (e *ConnectError) Error() string { return fmt.Sprintf("no session in time: %v", e.Err) }

// Unwrap returns the last failure.
func (e *ConnectError) Unwrap() error { return e.Err }

// LostError is a connection that broke, or that was given up because the
// server kept silent on it.
type LostError struct{ Err error }

func (e *LostError) Error() string { return fmt.Sprintf("the connection was lost: %v", e.Err) }

// Unwrap returns the cause.
func (e *LostError) Unwrap() error { return e.Err }

// OpenError is a connection that could not be opened.
type OpenError struct {
	Transport string
	Err       error
}

func (e *OpenError) Error() string { return fmt.Sprintf("cannot open %s: %v", e.Transport, e.Err) }

// Unwrap returns the cause.
func (e *OpenError) Unwrap() error { return e.Err }

// CookieError is a session that the server forgets, again and again, as soon
// as it is made. Over long-polling it knows a session by a cookie.
type CookieError struct{ Err error }

func (e *CookieError) Error() string {
	return fmt.Sprintf("%v; the server forgets every session at once: most likely the browser blocks its cookie BAYEUX_BROWSER (across sites it must be SameSite=None; Secure), or a load balancer sends requests of one session to several servers (it needs sticky sessions)", e.Err)
}

// Unwrap returns the server's refusal.
func (e *CookieError) Unwrap() error { return e.Err }

// InternalError is a fault of this program that it has survived.
type InternalError struct{ Value any }

func (e *InternalError) Error() string { return fmt.Sprintf("internal error: %v", e.Value) }
