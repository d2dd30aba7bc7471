package outbound

import (
	"context"
	"encoding/json"
	"errors"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
)

// Code says what kind of error it is.
type Code string

// The codes of [Error].
const (
	InvalidRequest   Code = "INVALID_REQUEST"
	ConnectFailed    Code = "CONNECT_FAILED"
	HandshakeRefused Code = "HANDSHAKE_REFUSED"
	SubscribeRefused Code = "SUBSCRIBE_REFUSED"
	Disconnected     Code = "DISCONNECTED"
	Unauthorized     Code = "UNAUTHORIZED"
	AgentChanged     Code = "AGENT_CHANGED"
	APIError         Code = "API_ERROR"
	HTTPError        Code = "HTTP_ERROR"
	NetworkError     Code = "NETWORK_ERROR"
	RequestTimeout   Code = "REQUEST_TIMEOUT"
	RecordError      Code = "RECORD_ERROR"
	AckTimeout       Code = "ACK_TIMEOUT"
	Aborted          Code = "ABORTED"
	Closed           Code = "CLOSED"
	LoadFailed       Code = "LOAD_FAILED"   // the loader's, which has no program to run
	ModuleExited     Code = "MODULE_EXITED" // here: a fault of this program that it has survived
)

// Error is why a call, or the opening of a client, failed. Fields that
// do not apply are zero.
type Error struct {
	Code        Code
	Message     string
	Delivery    gws.Delivery // whether it is safe to try again
	ReferenceID string
	HTTPStatus  int
	StatusCode  int    // of GWS
	StatusMsg   string // of GWS, in the server's words
	Event       json.RawMessage
	Problems    []gws.Problem
	Err         error // the cause; may be nil
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// HeadersError is what the caller's own function for headers failed with.
type HeadersError struct{ Err error }

func (e *HeadersError) Error() string { return "the headers option failed: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *HeadersError) Unwrap() error { return e.Err }

// ErrLeft is the cause of a context whose caller has left the client, which others go on using.
var ErrLeft = errors.New("the caller uses the client no more")

// AbortedError is the error of a caller who gave up; its cause is the reason. For one who has left, the client was closed.
func AbortedError(ctx context.Context, d gws.Delivery) *Error {
	if context.Cause(ctx) == ErrLeft {
		return ClosedError(d)
	}
	return &Error{Code: Aborted, Delivery: d, Message: "aborted by the caller", Err: context.Cause(ctx)}
}

// restError is the error for what the REST session returned.
func restError(err error, d gws.Delivery) *Error {
	e := &Error{Message: err.Error(), Delivery: d, Err: err}
	// What a cause says of its own cause comes second: an UnauthorizedError
	// may be due to a timeout.
	if _, ok := errors.AsType[*gws.AgentChangedError](err); ok {
		e.Code = AgentChanged
	} else if _, ok := errors.AsType[*gws.UnauthorizedError](err); ok {
		e.Code, e.HTTPStatus = Unauthorized, 401
	} else if s, ok := errors.AsType[*gws.StatusError](err); ok {
		e.Code, e.HTTPStatus, e.StatusCode, e.StatusMsg = APIError, s.HTTPStatus, s.StatusCode, s.StatusMessage
	} else if s, ok := errors.AsType[*gws.HTTPError](err); ok {
		e.Code, e.HTTPStatus = HTTPError, s.Status
	} else if _, ok := errors.AsType[*gws.TimeoutError](err); ok {
		e.Code = RequestTimeout
	} else if isInternal(err) {
		e.Code = ModuleExited
	} else {
		e.Code = NetworkError
	}
	return e
}

// sessionError is the error for a session that is not to be had, or has ended
// for good.
func sessionError(err error, d gws.Delivery) *Error {
	e := &Error{Code: ConnectFailed, Message: err.Error(), Delivery: d, Err: err}
	if _, ok := errors.AsType[*bayeux.HandshakeError](err); ok {
		e.Code = HandshakeRefused
	} else if refused, ok := errors.AsType[*bayeux.SubscribeError](err); ok && refused.Code != 402 { // 402 refuses the session, which is unknown
		e.Code = SubscribeRefused
	} else if _, ok := errors.AsType[*bayeux.DisconnectedError](err); ok {
		e.Code = Disconnected
	} else if errors.Is(err, bayeux.ErrClosed) {
		e.Code = Closed
	} else if isInternal(err) {
		e.Code = ModuleExited
	} else if rest := signInError(err); rest != nil {
		if rest.Code == NetworkError || !final(err) { // it was tried until there was no time left, or there is no use in that
			rest.Code = ConnectFailed
		}
		rest.Delivery, rest.Message = d, err.Error()
		return rest
	}
	return e
}

// signInError is the error for err if that came from signing in, or nil.
func signInError(err error) *Error {
	e := restError(err, gws.NotSent)
	if _, network := errors.AsType[*httpx.NetworkError](err); e.Code == NetworkError && !network {
		return nil
	}
	return e
}

// isInternal reports whether err is a fault of this program.
func isInternal(err error) bool {
	_, session := errors.AsType[*bayeux.InternalError](err)
	_, rest := errors.AsType[*gws.InternalError](err)
	return session || rest
}

// final reports whether signing in failed in a way that trying again will not
// mend.
func final(err error) bool {
	if _, ok := errors.AsType[*HeadersError](err); ok {
		return true
	}
	switch e := restError(err, gws.NotSent); e.Code {
	case Unauthorized, AgentChanged, ModuleExited:
		return true
	case APIError, HTTPError:
		return e.HTTPStatus < 500 && e.HTTPStatus != 408 && e.HTTPStatus != 429 && !gws.MayHaveActed(e.StatusCode)
	}
	return false
}
