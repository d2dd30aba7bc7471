package outbound

import (
	"context"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
)

// unansweredFor is how long a request that GWS has accepted may be without an answer until the server is asked who is
// signed in, where it has not checked that itself by a CSRF token: the answer may have gone to somebody else.
const unansweredFor = 2 * time.Second

// leastToVerify is how long the server has at least to say who is signed in, where the session took nearly all of its time.
const leastToVerify = 2 * time.Second

// agentChangedError is the error of a call over a client whose agent is no longer the one who is signed in.
func agentChangedError(d gws.Delivery) *Error { return restError(&gws.AgentChangedError{}, d) }

// agentChanged ends the session. What is pending ends with its reason.
func (c *Client) agentChanged(err error) {
	c.logf(bayeux.Warn, "%v: the client is closed, and nothing more is sent, or written to a journal", err)
	c.session.End(err)
}

// verifyAgent has the server say who is signed in, before a call of an earlier client is sent again: much may
// have happened since it was written down. Without an answer nothing is sent. It ends within the time for a session, which
// began then: whoever looks after the call from outside counts no other.
func (c *Client) verifyAgent(ctx context.Context, began time.Time) *Error {
	left := max(c.opts.ConnectTimeout-time.Since(began), leastToVerify).Round(time.Millisecond)
	limited, cancel := c.clock.WithTimeout(ctx, left, nil)
	defer cancel()
	defer context.AfterFunc(c.checks, cancel)()
	err := c.rest.SignIn(limited)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return AbortedError(ctx, gws.NotSent)
	case c.checks.Err() != nil:
		return ClosedError(gws.NotSent)
	case limited.Err() != nil:
		return restError(&gws.TimeoutError{Request: "GET " + gws.MePath, After: left}, gws.NotSent)
	default:
		return restError(err, gws.NotSent)
	}
}

// awaitPost waits for what comes of a POST that was on its way when another agent was noticed: it may have been refused
// for that very reason.
func (w *wait) awaitPost(ctx context.Context) {
	if w.returned {
		return
	}
	limit := w.c.clock.NewTimer(grace, nil)
	defer limit.Stop()
	select {
	case err := <-w.posted:
		w.result(err)
	case <-limit.C:
	case <-w.c.closing:
	case <-ctx.Done():
	}
}

// checkUnanswered has the server asked who is signed in, if the request stays without an answer.
func (w *wait) checkUnanswered() {
	if w.check == nil && !w.c.rest.Protected() {
		w.check = time.AfterFunc(min(unansweredFor, w.timeout/2), func() { w.c.rest.Check(w.c.checks) })
	}
}

func (w *wait) stopCheck() {
	if w.check != nil {
		w.check.Stop()
	}
}
