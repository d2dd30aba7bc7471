package outbound

import (
	"context"
	"encoding/json"
	"errors"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/deadline"
	"gws-outbound/internal/fmt"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/stack"
)

// grace is how long an answer is still waited for on a session that works, once
// the POST has failed in a way that leaves open whether it was processed.
const grace = 2 * time.Second

// CallOptions are those of one call.
type CallOptions struct {
	AckTimeout             time.Duration // the client's if zero
	AllowUnknownCallResult bool          // besides the client's option

	// OnProgress is called with each change of what is known about delivery, so that the caller knows it
	// should this program end. It may be nil.
	OnProgress func(d gws.Delivery)
}

// Call sends the request that fields describe, by the name of the method of the JavaScript client, and
// returns what it came to, as JSON: by its row of the table the data of the acknowledgement as the
// server sent them, a record or null, or a list of records. It ends with the first of these: the
// answer, another event with its reference, a refusal, a deadline, the end of ctx, the end of
// the client. An error is an *[Error].
func (c *Client) Call(ctx context.Context, method string, fields gws.Fields, opts CallOptions) (json.RawMessage, error) {
	op, err := c.begin(method, fields, opts)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	result, failed := c.perform(ctx, op, opts)
	if c.opts.traces() {
		what := "resolved"
		if failed != nil {
			what = string(failed.Code) + ", delivery " + string(failed.Delivery)
		}
		c.traceCall(method, op.request.ReferenceID, what, began)
	}
	if failed != nil {
		failed.ReferenceID = op.request.ReferenceID
		failed = c.explain(failed)
	}
	c.waiting.end(op, failed)
	if failed != nil {
		return nil, failed
	}
	return result, nil
}

// begin checks the request and registers it.
func (c *Client) begin(method string, fields gws.Fields, opts CallOptions) (*operation, error) {
	request, problems := gws.ParseRequest(method, fields, opts.AllowUnknownCallResult || c.opts.AllowUnknownCallResult || c.sentBefore(fields))
	inFlight := gws.Problem{Field: "referenceId", Message: "a request with this reference is in flight; leave it out to have one made"}
	if reference, ok := fields["referenceId"].(string); ok && c.waiting.has(reference) {
		problems = append(problems, inFlight)
	}
	if len(problems) > 0 {
		return nil, invalid("wrong request, nothing was sent", problems)
	}
	if request.ReferenceID == "" {
		request.ReferenceID = gws.NewReferenceID()
	}
	op, added := c.waiting.add(request, c.recovery)
	if !added {
		return nil, invalid("wrong request, nothing was sent", []gws.Problem{inFlight})
	}
	return op, nil
}

// sentBefore reports whether an unsettled call had this callResult, so that it may be sent again.
func (c *Client) sentBefore(fields gws.Fields) bool {
	reference, _ := fields["referenceId"].(string)
	callResult, _ := fields["callResult"].(string)
	return callResult != "" && c.recovery.Knows(reference, callResult)
}

// delivery is what is known about a POST, while it is under way.
type delivery struct {
	value    atomic.Value // gws.Delivery
	progress func(gws.Delivery)
}

func (d *delivery) set(v gws.Delivery) {
	d.value.Store(v)
	d.progress(v)
}

func (d *delivery) get() gws.Delivery { return d.value.Load().(gws.Delivery) }

// perform sends the request and waits for its end.
func (c *Client) perform(ctx context.Context, op *operation, opts CallOptions) (json.RawMessage, *Error) {
	known := &delivery{progress: func(d gws.Delivery) {
		if d == gws.Accepted {
			op.kept.Accepted()
		}
		if opts.OnProgress != nil {
			opts.OnProgress(d)
		}
	}}
	known.set(gws.NotSent)
	switch {
	case ctx.Err() != nil:
		return nil, AbortedError(ctx, gws.NotSent)
	case c.rest.AgentChanged():
		return nil, agentChangedError(gws.NotSent) // what the journal has is not theirs, either
	}
	if a, ok := op.answered(); ok {
		return op.result(a)
	}
	c.session.AddWaiters(1) // from here on, since a session that is put off has to be had soon
	defer c.session.AddWaiters(-1)
	began := time.Now()
	if err := c.ready(ctx); err != nil {
		return nil, err
	}
	if _, again := c.recovery.Find(op.request.ReferenceID); again {
		if err := c.verifyAgent(ctx, began); err != nil {
			return nil, err
		}
	}
	select {
	case <-op.kept.Begin():
	case <-c.closing:
		return nil, ClosedError(gws.NotSent)
	case <-ctx.Done():
		return nil, AbortedError(ctx, gws.NotSent)
	}
	if a, ok := op.answered(); ok {
		return op.result(a)
	}
	timeout := opts.AckTimeout
	if timeout == 0 {
		timeout = c.opts.AckTimeout
	}
	w := &wait{
		c: c, op: op, known: known, timeout: timeout,
		posted: make(chan error, 1), begun: op.begun, deadline: c.clock.NewTimer(timeout, c.wakeAndListen),
	}
	defer w.deadline.Stop()
	defer w.stopGrace()
	defer w.stopCheck()
	status, _ := c.session.Watch()
	w.session = status.Session

	var posting context.Context
	posting, w.cancel = context.WithCancel(context.Background())
	go w.post(posting)
	err := w.wait(ctx)
	select {
	case a := <-op.answer: // it wins over whatever came with it
		return op.result(a)
	default:
		return nil, err
	}
}

// wait is a call whose POST is under way.
type wait struct {
	c       *Client
	op      *operation
	known   *delivery
	session int // the number of the session in which the POST was sent
	timeout time.Duration

	leaving  sync.Mutex      // of one's leaving and one's giving up, the second knows of the first
	stopped  bool            // it is given up, and will not leave any more
	cancel   func()          // calls off the POST
	posted   chan error      // the result of the POST
	returned bool            // it was there
	begun    <-chan struct{} // closed with the first element of a list; nil from then on
	deadline *deadline.Timer
	grace    *deadline.Timer // runs while the session works after the POST has failed; nil otherwise
	alive    <-chan struct{} // closed when something was heard from the server after that
	heard    bool
	check    *time.Timer // until the server is asked who is signed in; nil if it need not be, or not yet
	failure  *Error      // of the POST, where it leaves open what has happened
}

// post sends the request. It runs on a goroutine of its own, so that a panic must not
// end the program.
func (w *wait) post(ctx context.Context) {
	stack.Reserve()
	defer func() {
		if p := recover(); p != nil {
			w.c.logf(bayeux.Warn, "internal error: %v\n%s", p, debug.Stack())
			w.posted <- &bayeux.InternalError{Value: p}
		}
	}()
	ended := w.c.session.NoteRequest()
	var left time.Time
	err := w.c.rest.Post(ctx, w.op.request.Path(), w.op.request.Body(), func(d gws.Delivery) bool {
		if d == gws.Rejected {
			w.refused()
			return true
		}
		left = time.Now()
		return w.leaves()
	})
	if err == nil {
		w.c.counted.answered(time.Since(left))
	}
	ended(err == nil)
	w.posted <- err
}

// leaves notes that the request is about to leave, and reports whether it may: not once the operation has been answered
// or given up.
func (w *wait) leaves() bool {
	w.leaving.Lock()
	defer w.leaving.Unlock()
	if w.stopped || !w.c.waiting.posting(w.op) {
		return false
	}
	w.known.set(gws.Unknown)
	w.c.counted.posts.Add(1)
	return true
}

// refused notes that the server has refused the request, which is sent again once that can help. Whoever gives up until then is told so.
func (w *wait) refused() {
	if w.known.value.CompareAndSwap(gws.Unknown, gws.Rejected) { // no answer has begun to come
		w.known.progress(gws.Rejected)
	}
}

// wait returns when the operation has been answered, which the caller sees for
// itself, or there is an error.
func (w *wait) wait(ctx context.Context) *Error {
	for {
		status, changed := w.c.session.Watch()
		if status.State == bayeux.Closed {
			if w.c.rest.AgentChanged() {
				w.awaitPost(ctx)
			}
			return sessionError(status.Reason, w.stop())
		}
		if runs := w.heard && status.State == bayeux.Connected; !runs {
			w.stopGrace()
		} else if w.grace == nil {
			w.grace = w.c.clock.NewTimer(grace, w.c.wakeAndListen)
		}
		var graceOver <-chan struct{}
		if w.grace != nil {
			graceOver = w.grace.C
		}
		select {
		case a := <-w.op.answer:
			w.op.answer <- a
			return nil
		case err := <-w.posted:
			if e := w.result(err); e != nil {
				return e
			}
		case <-w.deadline.C:
			return w.late(status)
		case <-graceOver:
			return w.failure
		case <-w.begun:
			w.accepted()
		case <-w.alive:
			w.heard, w.alive = true, nil
		case <-changed:
		case <-w.c.closing:
			return ClosedError(w.stop())
		case <-ctx.Done():
			return AbortedError(ctx, w.stop())
		}
	}
}

func (w *wait) stopGrace() {
	if w.grace != nil {
		w.grace.Stop()
		w.grace = nil
	}
}

// stop calls the POST off, and returns what is known then: a POST that has not left by now will not.
func (w *wait) stop() gws.Delivery {
	w.leaving.Lock()
	defer w.leaving.Unlock()
	w.stopped = true
	w.cancel()
	return w.known.get()
}

// result takes the result of the POST. An error is returned if it settles the
// matter.
func (w *wait) result(err error) *Error {
	w.returned = true
	d := gws.DeliveryOf(err)
	if d == gws.Unknown && w.known.get() == gws.Accepted {
		return nil // the answer has begun to come: that says more
	}
	w.known.set(d)
	w.checkUnanswered()
	if err == nil {
		return nil
	}
	e := restError(err, d)
	if d == gws.Unknown {
		// It may have been processed: then an answer will follow. What has cut
		// off the POST may have cut off the session as well, so that it must prove to live.
		w.failure = e
		w.alive = w.c.session.Alive()
		w.c.session.Wake()
		return nil
	}
	return e
}

// accepted notes that the answer has begun to come, so that GWS has taken the request,
// whatever became of the POST.
func (w *wait) accepted() {
	w.begun, w.failure, w.alive, w.heard = nil, nil, nil, false
	w.known.set(gws.Accepted)
}

// late is the error when the time for the answer is over.
func (w *wait) late(status bayeux.Status) *Error {
	d := w.stop()
	awaited := w.op.awaited()
	switch {
	case w.failure != nil:
		return w.failure
	case d == gws.Rejected:
		return &Error{Code: RequestTimeout, Delivery: d,
			Message: fmt.Sprintf("the server refused the request, and signing in again, to send it once more, was not over within %v", w.timeout)}
	case d == gws.NotSent:
		return &Error{Code: RequestTimeout, Delivery: d,
			Message: fmt.Sprintf("the request has not left within %v, since the server has not said yet who is signed in", w.timeout)}
	case d != gws.Accepted:
		return &Error{Code: RequestTimeout, Delivery: d,
			Message: fmt.Sprintf("neither an answer to the POST nor an %s within %v", awaited, w.timeout)}
	}
	e := &Error{Code: AckTimeout, Delivery: d,
		Message: fmt.Sprintf("GWS accepted the request, but no %s came within %v", awaited, w.timeout)}
	switch {
	case status.Session != w.session:
		e.Message += fmt.Sprintf("; the CometD session was lost meanwhile, and a new one has taken its place: an %s sent in between is lost (errors.md#session-lost)", awaited)
	case unknownSession(status.Reason):
		e.Message += fmt.Sprintf("; the CometD session was lost meanwhile (%v; errors.md#session-lost)", status.Reason)
	case status.State != bayeux.Connected:
		e.Message += "; the CometD session is not connected"
		if status.Reason != nil {
			e.Message += fmt.Sprintf(" (%v)", status.Reason)
		}
	default:
		e.Message += " (errors.md#ack-timeout)"
	}
	return e
}

// unknownSession reports whether the session was lost, and there is no new one yet.
func unknownSession(reason error) bool {
	_, lost := errors.AsType[*bayeux.SessionError](reason)
	return lost
}
