package outbound

import (
	"errors"
	"runtime"
	"strings"

	"gws-outbound/internal/gws"
)

const (
	offline = "the browser is offline"

	// noSessionWithoutHeaders is for a function that nobody can make answer: the server was not even asked.
	noSessionWithoutHeaders = "no session in time: the function that is the option headers has not answered, nor has a Promise that it returned settled"

	// sixConnections is what browsers do to tabs over HTTP/1.1, and never say.
	sixConnections = "over HTTP/1.1 a browser has at most six connections to a server, and each request that is held takes one:" +
		" with many tabs open, that is a likely cause"
)

// explain adds to an error for want of an answer what the browser knows of the cause.
func (c *Client) explain(e *Error) *Error {
	switch e.Code {
	case NetworkError, RequestTimeout, AckTimeout, ConnectFailed:
	default:
		return e
	}
	if e.Code == ConnectFailed && c.rest.AwaitsHeaders() {
		e.Message = noSessionWithoutHeaders
		return e
	}
	if !c.online() {
		if !strings.Contains(e.Message, offline) { // the session's own reason may say it
			e.Message += "; " + offline
		}
		return e
	}
	if status, _ := c.session.Watch(); runtime.GOOS == "js" && status.Transport == LongPolling && noAnswerInTime(e) {
		e.Message += "; " + sixConnections
	}
	return e
}

// noAnswerInTime reports whether a request was sent, or queued by the browser, and not answered.
func noAnswerInTime(e *Error) bool {
	_, late := errors.AsType[*gws.TimeoutError](e)
	return late || e.Code == RequestTimeout
}
