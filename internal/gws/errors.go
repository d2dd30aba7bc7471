package gws

import (
	"context"
	"time"

	"gws-outbound/internal/fmt"
)

// featureHint is added to refusals for lack of rights.
const featureHint = "; the usual cause is that the agent lacks the feature api-voice-outbound (errors.md#rights)"

// StatusError is an answer of GWS whose statusCode is not 0.
type StatusError struct {
	Request       string // method and path, such as "POST /api/v2/me/outbound-records/12"
	HTTPStatus    int
	StatusCode    int    // see [StatusMeaning]
	StatusMessage string // the server's words, at most 1024 characters; may be empty

	hint  string
	after time.Duration
}

// RetryAfter is how long the server wants to be left alone; 0 if it has not
// said so.
func (e *StatusError) RetryAfter() time.Duration { return e.after }

func (e *StatusError) Error() string {
	meaning := StatusMeaning(e.StatusCode)
	if meaning == "" {
		meaning = "not documented"
	}
	s := fmt.Sprintf("%s: status code %d (%s)", e.Request, e.StatusCode, meaning)
	if e.StatusMessage != "" {
		s += ": " + quote(e.StatusMessage, 200)
	}
	return s + e.hint
}

// HTTPError is an answer that is not one of GWS: another HTTP status, a
// redirect, or a body that is not what the API answers.
type HTTPError struct {
	Request string // method and path
	Status  int    // 0 where it is not known: a redirect in a browser, a body that is too large
	Reason  string // what came and, where known, why and what to do
	Err     error  // may be nil; httpx.ErrTooLarge
	Foreign bool   // something else than GWS has answered, though with a status of success

	after time.Duration
}

// RetryAfter is how long the server wants to be left alone; 0 if it has not
// said so.
func (e *HTTPError) RetryAfter() time.Duration { return e.after }

func (e *HTTPError) Error() string {
	if e.Status == 0 {
		return e.Request + ": " + e.Reason
	}
	return fmt.Sprintf("%s: HTTP %d: %s", e.Request, e.Status, e.Reason)
}

// Unwrap returns the cause, if there is one.
func (e *HTTPError) Unwrap() error { return e.Err }

// UnauthorizedError is HTTP 401, after new headers were asked for where
// that can help.
type UnauthorizedError struct {
	Request string // method and path; empty where new headers were asked for before any
	Again   bool   // the headers function was asked again
	Err     error  // why it gave nothing; may be nil
}

func (e *UnauthorizedError) Error() string {
	s := "HTTP 401: not signed in, or the credentials are not accepted"
	if e.Request != "" {
		s = e.Request + ": " + s
	}
	switch {
	case e.Err != nil:
		s += "; asking for new headers failed: " + e.Err.Error()
	case e.Again:
		s += ", nor are those of the new headers"
	}
	return s
}

// Unwrap returns the cause, if there is one.
func (e *UnauthorizedError) Unwrap() error { return e.Err }

// HeadersPendingError is a sign-in that nobody has waited for any longer while the caller's function for headers had not returned.
// Unwrap gives the error of the context.
type HeadersPendingError struct{ Err error }

func (e *HeadersPendingError) Error() string {
	return "signing in: the headers function has not answered: " + e.Err.Error()
}

// Unwrap returns the error of the context.
func (e *HeadersPendingError) Unwrap() error { return e.Err }

// TimeoutError is a step that took longer than [Config.RequestTimeout]. It is
// context.DeadlineExceeded for errors.Is.
type TimeoutError struct {
	Request string // method and path, or what else was waited for
	After   time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("%s: no answer within %v", e.Request, e.After)
}

// Unwrap returns context.DeadlineExceeded.
func (e *TimeoutError) Unwrap() error { return context.DeadlineExceeded }

// InternalError is a fault of this program that it has survived.
type InternalError struct{ Value any }

func (e *InternalError) Error() string { return fmt.Sprintf("internal error: %v", e.Value) }
