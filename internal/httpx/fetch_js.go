package httpx

import (
	"context"
	"errors"
	"sync"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/jsbridge"
)

// Client is a [Doer] on the browser's fetch.
type Client struct{}

// New returns a Doer.
func New() *Client {
	policy() // it hears only of what is forbidden from now on
	return &Client{}
}

// Do makes a request. It must not be called on the event loop.
func (*Client) Do(ctx context.Context, r *Request) (*Response, error) {
	request := fetch
	if host != nil {
		request = host.do
	}
	resp, err := request(ctx, r)
	switch {
	case err == nil:
		resp.decode()
		return resp, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, ErrTooLarge):
		return nil, ErrTooLarge
	default:
		e := &NetworkError{Method: r.Method, URL: withoutQuery(r.URL), Err: jsbridge.AsThrown(err)}
		if !r.Header.fits() {
			e.Cause, e.words = UnfitHeader, "a header field has a name or a value that the browser does not take"
		}
		e.noteCutOff()
		return nil, e
	}
}

// abortController is the constructor, which nobody replaces as they may replace fetch.
var abortController = sync.OnceValues(func() (safejs.Value, error) { return safejs.Global().Get("AbortController") })

// Each value that crosses between Go and JavaScript takes about as long as a few hundred
// operations within either, and each promise that is waited for takes many of
// them: hence what is done here in one go, where more would be plainer.
func fetch(ctx context.Context, r *Request) (*Response, error) {
	function, err := safejs.Global().Get("fetch")
	if err != nil {
		return nil, err
	}
	constructor, err := abortController()
	if err != nil {
		return nil, err
	}
	controller, err := constructor.New()
	if err != nil {
		return nil, err
	}
	abort := func() { _, _ = controller.Call("abort") }
	defer context.AfterFunc(ctx, abort)()
	signal, err := controller.Get("signal")
	if err != nil {
		return nil, err
	}
	init, err := fetchInit(r, signal)
	if err != nil {
		return nil, err
	}
	promise, err := function.Invoke(r.URL, init)
	if err != nil {
		return nil, err
	}
	response, err := jsbridge.Await(ctx, promise)
	if err != nil {
		return nil, err
	}
	resp, err := describe(response)
	if err != nil {
		return nil, fmt.Errorf("reading the response: %w", err)
	}
	if resp.Body, err = readBody(ctx, response, r); err != nil {
		abort() // what is still to come is not wanted
		return nil, &cutOff{jsbridge.AsThrown(err)}
	}
	return resp, nil
}

// fetchInit is fetch's second argument. What else the text of a request has, fetch leaves alone.
func fetchInit(r *Request, signal safejs.Value) (safejs.Value, error) {
	init, err := jsbridge.ParseJSON([]byte(requestText(r)))
	if err != nil {
		return safejs.Undefined(), err
	}
	if err := init.Set("redirect", "manual"); err != nil {
		return safejs.Undefined(), err
	}
	return init, init.Set("signal", signal)
}

func (r *Request) credentials() Credentials {
	if r.Credentials == "" {
		return Include
	}
	return r.Credentials
}

// cache is how the browser's caches are to be used.
func cache(r *Request) string {
	// No cache answers a POST; and asked to leave caches alone, Chromium leaves its cache of
	// preflights alone as well, so that each POST to another origin would cost two requests.
	if r.Method == "POST" {
		return "default"
	}
	return "no-store"
}

// describe reads all of a response but its body.
func describe(response safejs.Value) (*Response, error) {
	status, err := jsbridge.Get(response, "status")
	if err != nil {
		return nil, err
	}
	code, err := status.Int()
	if err != nil {
		return nil, err
	}
	typ, err := jsbridge.Get(response, "type")
	if err != nil {
		return nil, err
	}
	kind, err := typ.String()
	if err != nil {
		return nil, err
	}
	headers, err := jsbridge.Get(response, "headers")
	if err != nil {
		return nil, err
	}
	return &Response{Status: code, Redirected: kind == "opaqueredirect", Header: fields{headers}}, nil
}

// fields are a browser's Headers: few are ever asked for.
type fields struct{ headers safejs.Value }

// Get returns "" where the browser has no such field, or does not show it.
func (f fields) Get(name string) string {
	value, err := f.headers.Call("get", name)
	if err != nil || value.IsNull() {
		return ""
	}
	text, _ := value.String()
	return text
}

// readBody reads chunk by chunk, so that a body over the limit is not held.
func readBody(ctx context.Context, response safejs.Value, r *Request) ([]byte, error) {
	stream, err := jsbridge.Get(response, "body")
	if err != nil {
		return nil, err
	}
	if stream.IsNull() || stream.IsUndefined() {
		return nil, nil
	}
	if err := finishRequest(response); err != nil {
		return nil, err
	}
	if stream, err = jsbridge.Get(response, "body"); err != nil { // cloned, it has another one
		return nil, err
	}
	reader, err := stream.Call("getReader")
	if err != nil {
		return nil, err
	}
	var body []byte
	for {
		// A short body is one chunk: that and the end are asked for together.
		first, err := reader.Call("read")
		if err != nil {
			return nil, err
		}
		second, err := reader.Call("read")
		if err != nil {
			return nil, err
		}
		chunks, err := awaitReads(ctx, first, second, r.OnProgress)
		if err != nil {
			return nil, err
		}
		for _, chunk := range chunks {
			done, err := jsbridge.Get(chunk, "done")
			if err != nil {
				return nil, err
			}
			if end, err := done.Truthy(); err != nil || end {
				return body, err
			}
			value, err := jsbridge.Get(chunk, "value")
			if err != nil {
				return nil, err
			}
			size, err := value.Length()
			if err != nil {
				return nil, err
			}
			if int64(len(body)+size) > r.limit() {
				return nil, ErrTooLarge
			}
			body = append(body, make([]byte, size)...)
			if _, err := safejs.CopyBytesToGo(body[len(body)-size:], value); err != nil {
				return nil, err
			}
		}
	}
}

// finishRequest has Chromium take the request for what it is once its body is read: see js/src/request.ts.
func finishRequest(response safejs.Value) error {
	clone, err := response.Call("clone")
	if err != nil {
		return err
	}
	stream, err := jsbridge.Get(clone, "body")
	if err != nil {
		return err
	}
	canceled, err := stream.Call("cancel")
	if err != nil {
		return err
	}
	// It is aborted with the other one, which is no error to be reported. What takes it does nothing.
	ignore, err := safejs.Global().Get("Boolean")
	if err != nil {
		return err
	}
	_, err = canceled.Call("catch", ignore)
	return err
}

// awaitReads waits for what two reads bring. Where that takes longer than a moment, it reports that
// the response is arriving: that the header has come, and, with the first read, a piece.
func awaitReads(ctx context.Context, first, second safejs.Value, report func()) ([]safejs.Value, error) {
	if report == nil {
		return jsbridge.AwaitAll(ctx, first, second)
	}
	quick, cancel := context.WithTimeout(ctx, moment)
	defer cancel()
	chunks, err := jsbridge.AwaitAll(quick, first, second)
	if err == nil || quick.Err() == nil || ctx.Err() != nil {
		return chunks, err
	}
	chunks = make([]safejs.Value, 2)
	for i, read := range []safejs.Value{first, second} {
		report()
		if chunks[i], err = jsbridge.Await(ctx, read); err != nil {
			return nil, err
		}
	}
	return chunks, nil
}
