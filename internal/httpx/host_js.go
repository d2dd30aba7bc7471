package httpx

import (
	"context"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/jsbridge"
)

// host makes requests in place of [fetch], if there is one.
var host *hostRequests

// hostRequests are requests that JavaScript makes for this program, so that little has to cross.
// Its fields belong to the event loop and to goroutines, of which one runs at a time.
type hostRequests struct {
	request, abort safejs.Value
	last           int
	waiting        map[int]chan<- []safejs.Value // by the number of the request: what became of it
}

// Through has requests made from now on by functions of JavaScript's, as whatever loads the program
// may have them; see js/src/request.ts. What becomes of a request is to be told to answered.
func Through(request, abort safejs.Value) (answered safejs.Func, err error) {
	h := &hostRequests{request: request, abort: abort, waiting: map[int]chan<- []safejs.Value{}}
	host = h
	return safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		h.answered(args)
		return nil
	})
}

// What became of a request.
const (
	hostAnswered = iota // then: the status, whether it is a redirect, Headers, Uint8Array
	hostFailed          // then: what was thrown
	hostTooLarge
)

func (h *hostRequests) do(ctx context.Context, r *Request) (*Response, error) {
	var body any // no body is null
	if r.Body != nil {
		body = string(r.Body)
	}
	h.last++
	id, done := h.last, make(chan []safejs.Value, 1)
	h.waiting[id] = done
	how := r.Method + " " + string(r.credentials()) + " " + cache(r)
	if _, err := h.request.Invoke(id, how, r.URL, headerLines(r.Header), body, r.KeepAlive, r.limit()); err != nil {
		delete(h.waiting, id)
		return nil, err
	}
	select {
	case outcome := <-done:
		return hostAnswer(outcome)
	case <-ctx.Done():
		delete(h.waiting, id)
		_, _ = h.abort.Invoke(id)
		return nil, ctx.Err()
	}
}

// headerLines writes each field as two lines. No field has a line break: what callers give was
// checked by the browser, what servers give by package gws.
func headerLines(h Header) string {
	b := make([]byte, 0, 256)
	for name, value := range h {
		b = append(append(append(append(b, name...), '\n'), value...), '\n')
	}
	return string(b)
}

// answered takes the number of a request and what became of it. Nobody may wait for that any more.
func (h *hostRequests) answered(args []safejs.Value) {
	id, err := args[0].Int()
	done := h.waiting[id]
	if err != nil || done == nil {
		return
	}
	delete(h.waiting, id)
	done <- args[1:] // to be read there, whose stack has grown already
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
