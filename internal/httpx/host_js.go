package httpx

import (
	"context"
	"strconv"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/jsbridge"
	"gws-outbound/internal/jsontext"
)

// host makes requests in place of [fetch], if there is one.
var host *hostRequests

// hostRequests are requests that JavaScript makes for this program, so that little has to cross: the request
// as text. The answer is no text: its body is bytes in whatever charset its header says, up to 16 MiB of
// them, which cross as they are; and of its header, which stays where it is, hardly a field is ever asked for. So
// requests do not go the way of the messages of package wire; nor do they have to, as whoever makes
// them runs beside the program, in a Worker or in the page.
// Its fields belong to the event loop and to goroutines, of which one runs at a time.
type hostRequests struct {
	request, abort safejs.Value
	last           int
	waiting        map[int]hostRequest // by their numbers
}

// hostRequest is one that is waited for.
type hostRequest struct {
	outcome  chan []safejs.Value // takes what became of it
	progress chan struct{}       // takes one piece of news; nil if nobody listens
}

// Through has requests made from now on by functions of JavaScript's, as whatever loads the program
// may have them; see js/src/request.ts. It is to call answered with what becomes of a request, and
// progress while its response is arriving.
func Through(request, abort safejs.Value) (answered, progress safejs.Func, err error) {
	h := &hostRequests{request: request, abort: abort, waiting: map[int]hostRequest{}}
	host = h
	listen := func(f func([]safejs.Value)) (safejs.Func, error) {
		return safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
			f(args)
			return nil
		})
	}
	if answered, err = listen(h.answered); err == nil {
		progress, err = listen(h.progress)
	}
	return answered, progress, err
}

// What became of a request, in place of a status, where it is not one: a redirect has 0.
const (
	hostFailed   = -1 // then: what was thrown
	hostTooLarge = -2
	hostCutOff   = -3 // then: what was thrown
)

func (h *hostRequests) do(ctx context.Context, r *Request) (*Response, error) {
	h.last++
	id, w := h.last, hostRequest{outcome: make(chan []safejs.Value, 1)}
	if r.OnProgress != nil {
		w.progress = make(chan struct{}, 1)
	}
	h.waiting[id] = w
	if _, err := h.request.Invoke(id, requestText(r)); err != nil {
		delete(h.waiting, id)
		return nil, err
	}
	for {
		select {
		case outcome := <-w.outcome:
			return hostAnswer(outcome)
		case <-w.progress:
			r.OnProgress()
		case <-ctx.Done():
			delete(h.waiting, id)
			_, _ = h.abort.Invoke(id)
			return nil, ctx.Err()
		}
	}
}

// requestText writes a request as JSON, so that one string crosses.
func requestText(r *Request) string {
	b := make([]byte, 0, 512+len(r.Body)+len(r.Body)/8)
	b = jsontext.AppendString(append(b, `{"method":`...), r.Method)
	b = jsontext.AppendString(append(b, `,"url":`...), r.URL)
	b = jsontext.AppendString(append(b, `,"credentials":`...), string(r.credentials()))
	b = jsontext.AppendString(append(b, `,"cache":`...), cache(r))
	b = strconv.AppendBool(append(b, `,"keepalive":`...), r.KeepAlive)
	b = strconv.AppendBool(append(b, `,"progress":`...), r.OnProgress != nil)
	b = strconv.AppendInt(append(b, `,"limit":`...), r.limit(), 10)
	b = append(b, `,"headers":[`...)
	first := true
	for name, value := range r.Header {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = jsontext.AppendString(append(b, '['), name)
		b = append(jsontext.AppendString(append(b, ','), value), ']')
	}
	b = append(b, `],"body":`...)
	if r.Body == nil {
		b = append(b, "null"...)
	} else {
		b = jsontext.AppendString(b, string(r.Body))
	}
	return string(append(b, '}'))
}

// answered takes the number of a request and what became of it. Nobody may wait for that any more.
func (h *hostRequests) answered(args []safejs.Value) {
	id, err := args[0].Int()
	w, waiting := h.waiting[id]
	if err != nil || !waiting {
		return
	}
	delete(h.waiting, id)
	w.outcome <- args[1:] // to be read there, whose stack has grown already
}

// progress takes the number of a request whose response is arriving.
func (h *hostRequests) progress(args []safejs.Value) {
	id, err := args[0].Int()
	if err != nil {
		return
	}
	select {
	case h.waiting[id].progress <- struct{}{}:
	default: // nobody listens, or there is news already
	}
}

func hostAnswer(args []safejs.Value) (*Response, error) {
	status, err := args[0].Int()
	switch {
	case err != nil:
		return nil, err
	case status == hostFailed:
		return nil, &jsbridge.Thrown{Value: args[1]}
	case status == hostCutOff:
		return nil, &cutOff{&jsbridge.Thrown{Value: args[1]}}
	case status == hostTooLarge:
		return nil, ErrTooLarge
	}
	size, err := args[2].Length()
	if err != nil {
		return nil, err
	}
	body := make([]byte, size)
	if size > 0 {
		_, err = safejs.CopyBytesToGo(body, args[2])
	}
	return &Response{Status: status, Redirected: status == 0, Header: fields{args[1]}, Body: body}, err
}
