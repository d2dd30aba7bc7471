package httpx

import (
	"context"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/jsbridge"
)

// hostRequest makes requests in place of [fetch], if there is one.
var hostRequest *safejs.Value

// Through has requests made from now on by a function of JavaScript's, so that
// little has to cross: what loads the program may have one; see js/src/request.ts.
func Through(request safejs.Value) { hostRequest = &request }

// The first argument of the function's callback.
const (
	hostAnswered = iota // then: the status, whether it is a redirect, Headers, Uint8Array
	hostFailed          // then: what was thrown
	hostTooLarge
)

func requestThrough(ctx context.Context, r *Request) (*Response, error) {
	init, err := initText(r)
	if err != nil {
		return nil, err
	}
	type result struct {
		resp *Response
		err  error
	}
	done := make(chan result, 1)
	var settle safejs.Func
	settle, err = safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		settle.Release()
		resp, err := hostAnswer(args)
		done <- result{resp, err}
		return nil
	})
	if err != nil {
		return nil, err
	}
	abort, err := hostRequest.Invoke(r.URL, init, r.limit(), settle)
	if err != nil {
		settle.Release()
		return nil, err
	}
	select {
	case got := <-done:
		return got.resp, got.err
	case <-ctx.Done():
		_, _ = abort.Invoke() // settles it, too
		return nil, ctx.Err()
	}
}

func hostAnswer(args []safejs.Value) (*Response, error) {
	switch outcome, err := args[0].Int(); {
	case err != nil:
		return nil, err
	case outcome == hostFailed:
		return nil, &jsbridge.Thrown{Value: args[1]}
	case outcome == hostTooLarge:
		return nil, ErrTooLarge
	}
	status, err := args[1].Int()
	if err != nil {
		return nil, err
	}
	redirected, err := args[2].Bool()
	if err != nil {
		return nil, err
	}
	size, err := args[4].Length()
	if err != nil {
		return nil, err
	}
	body := make([]byte, size)
	if size > 0 {
		_, err = safejs.CopyBytesToGo(body, args[4])
	}
	return &Response{Status: status, Redirected: redirected, Header: fields{args[3]}, Body: body}, err
}
