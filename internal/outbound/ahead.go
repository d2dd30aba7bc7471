package outbound

import (
	"context"
	"sync/atomic"
	"time"

	"gws-outbound/internal/httpx"
)

// ahead is a Doer whose first request, to sign in, somebody else has sent: see [Options].Ahead. Whoever signs in waits
// for the answer as for any other, within the same time; where there is none of use, it is sent here.
type ahead struct {
	httpx.Doer
	answer func(context.Context) (*httpx.Response, time.Duration) // nil once it was asked for
	opts   *Options
	took   atomic.Int64 // ns, that the answer has taken; 0 if there was none of use
}

// doer returns what the requests of these options go over: doer, with the log where that is to have them, and with the answer that
// somebody else has asked for. Of that one, preparedIn says how long it took; it is nil if there is none.
func (opts *Options) doer(doer httpx.Doer) (_ httpx.Doer, preparedIn func() time.Duration) {
	if opts.traces() {
		doer = &traced{doer, opts}
	}
	if opts.Ahead == nil {
		return doer, nil
	}
	a := &ahead{Doer: doer, answer: opts.Ahead, opts: opts}
	return a, a.preparedIn
}

// preparedIn is how long the last sign-in has taken that somebody else has sent.
func (a *ahead) preparedIn() time.Duration { return time.Duration(a.took.Load()) }

// Do is httpx.Doer's. The first sign-in is over before there are others.
func (a *ahead) Do(ctx context.Context, r *httpx.Request) (*httpx.Response, error) {
	if a.answer != nil {
		answer := a.answer
		a.answer = nil
		if resp, took := answer(ctx); resp != nil {
			a.took.Store(int64(took))
			if a.opts.traces() {
				a.opts.traceRequest(r, resp, nil, took, "; the page had asked")
			}
			return resp, nil
		}
	}
	a.took.Store(0)
	return a.Doer.Do(ctx, r)
}
