package outbound

import (
	"context"
	"encoding/json"
	"errors"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/outbound/recovery"
)

// newRecovery returns what the client does so that its calls outlive it.
func (c *Client) newRecovery() recovery.Recovery {
	if c.opts.Journal == nil {
		return recovery.None{}
	}
	return recovery.New(recovery.Config{
		Open: c.opts.Journal, Server: c.opts.BaseURL + c.opts.CometdPath,
		ConfirmsDelivery: c.opts.ConfirmsDelivery, AnswerTimeout: c.opts.AckTimeout, NoSession: c.opts.Adopted != nil,
	}, recoveryHost{c})
}

// recoveryHost is a client as recovery knows it.
type recoveryHost struct{ *Client }

func (h recoveryHost) SignIn(ctx context.Context) error { return h.rest.SignIn(ctx) }
func (h recoveryHost) Agent() string                    { return h.rest.User() }
func (h recoveryHost) AgentChanged() bool               { return h.rest.AgentChanged() }
func (h recoveryHost) AddWaiters(n int)                 { h.session.AddWaiters(n) }
func (h recoveryHost) Warn(problem string)              { h.logf(bayeux.Warn, "%s", problem) }
func (h recoveryHost) Dismiss(e *recovery.Earlier)      { h.waiting.removeEarlier(e) }

func (h recoveryHost) Await(calls []*recovery.Earlier) {
	for _, e := range calls {
		h.waiting.addEarlier(e)
	}
}

// Unsettled is a call that a client before this one has left without an end.
type Unsettled = recovery.Unsettled

// Unsettled returns the calls that clients before this one, of the same agent
// at the same server, have left without an end, and whose end nobody knows
// of yet, oldest first. It looks each time for what clients have left that are no more. Without
// the option Journal there are none, nor once another agent has signed in.
func (c *Client) Unsettled(ctx context.Context) []Unsettled { return c.recovery.Unsettled(ctx) }

// Settled waits for the end of an unsettled call, and returns it as [Client.Call]
// would: the late answer; what a call with its reference came to, which has taken its place; or
// an error where it was forgotten, or the client ends first.
func (c *Client) Settled(ctx context.Context, reference string) (json.RawMessage, error) {
	e, ok := c.recovery.Find(reference)
	if !ok {
		return nil, invalid("wrong request", []gws.Problem{{Field: "referenceId", Message: "no unsettled call has this reference"}})
	}
	if c.rest.AgentChanged() {
		failed := agentChangedError(e.Delivery())
		failed.ReferenceID = reference
		return nil, failed
	}
	fail := func(failed *Error) (json.RawMessage, error) {
		select {
		case <-e.Done(): // it has come to its end at the same time
			return result(e)
		default:
			failed.ReferenceID = reference
			return nil, failed
		}
	}
	for {
		status, changed := c.session.Watch()
		if status.State == bayeux.Closed {
			return fail(sessionError(status.Reason, e.Delivery()))
		}
		select {
		case <-e.Done():
			return result(e)
		case <-changed:
		case <-c.closing:
			return fail(ClosedError(e.Delivery()))
		case <-ctx.Done():
			return fail(AbortedError(ctx, e.Delivery()))
		}
	}
}

// result returns what an unsettled call has come to, which goes off the list.
func result(e *recovery.Earlier) (json.RawMessage, error) {
	event, err := e.HandOver()
	var failed *Error
	switch {
	case errors.Is(err, recovery.ErrForgotten):
		failed = &Error{Code: Closed, Delivery: e.Delivery(), Message: err.Error()}
	case err != nil:
		return nil, err // of a call of this client
	default:
		var data json.RawMessage
		if data, failed = newOperation(e.Request()).result(answerOf(event)); failed == nil {
			return data, nil
		}
	}
	failed.ReferenceID = e.Request().ReferenceID
	return nil, failed
}

// Delivered says that the caller knows what a call, or an unsettled call, of that
// reference has come to. It is needed with the option ConfirmsDelivery.
func (c *Client) Delivered(reference string) { c.recovery.Delivered(reference) }

// CallerGone says that nobody is left who could get what the call of that reference has come to, which has ended here. What
// GWS may have done of it is unsettled from then on, as a call of an earlier client.
func (c *Client) CallerGone(reference string) { c.recovery.CallerGone(reference) }

// Forget takes an unsettled call off the list and out of the journal. Whoever
// waits for it gets an error with the code Closed. A reference that no unsettled call has is
// ignored. Once another agent has signed in, nothing is removed, and the error has the code AgentChanged. Where the store cannot be written, Forget returns an *[Error] with the code Closed;
// the client tries on, and so does Forget if it is called again.
func (c *Client) Forget(ctx context.Context, reference string) error {
	err := c.recovery.Forget(ctx, reference)
	if err == nil {
		return nil
	}
	failed := agentChangedError(gws.NotSent)
	if !c.rest.AgentChanged() {
		failed = stillKept("the call is off the list of this client, but it could not be removed from the journal, and a later client may list it", err)
	}
	failed.ReferenceID = reference
	if e, ok := c.recovery.Find(reference); ok {
		failed.Delivery = e.Delivery()
	}
	return failed
}

// stillKept is the error for what could not be removed from the journal.
func stillKept(what string, err error) *Error {
	reason := err.Error()
	if errors.Is(err, context.DeadlineExceeded) {
		reason = "the browser's storage does not answer"
	}
	return &Error{Code: Closed, Delivery: gws.NotSent, Message: what + ": " + reason, Err: err}
}
