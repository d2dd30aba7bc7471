package httpx

import (
	"context"
	"errors"
	"fmt"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/jsbridge"
)

// Client is a [Doer] on the browser's fetch.
type Client struct{}

// New returns a Doer.
func New() *Client { return &Client{} }

// Do makes a request. It must not be called on the event loop.
func (*Client) Do(ctx context.Context, r *Request) (*Response, error) {
	resp, err := fetch(ctx, r)
	switch {
	case err == nil:
		return resp, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, ErrTooLarge):
		return nil, ErrTooLarge
	default:
		return nil, &NetworkError{Method: r.Method, URL: withoutQuery(r.URL), Err: jsbridge.AsThrown(err)}
	}
}

func fetch(ctx context.Context, r *Request) (*Response, error) {
	global := safejs.Global()
	function, err := global.Get("fetch")
	if err != nil {
		return nil, err
	}
	constructor, err := global.Get("AbortController")
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
	credentials := r.Credentials
	if credentials == "" {
		credentials = Include
	}
	header := make(map[string]any, len(r.Header))
	for name, value := range r.Header {
		header[name] = value
	}
	init := map[string]any{
		"method":      r.Method,
		"headers":     header,
		"credentials": string(credentials),
		"redirect":    "manual",
		"signal":      signal,
		"keepalive":   r.KeepAlive,
	}
	// No cache answers a POST; and asked to leave caches alone, Chromium leaves its cache of
	// preflights alone as well, so that each POST to another origin would cost two requests.
	if r.Method != "POST" {
		init["cache"] = "no-store"
	}
	if r.Body != nil {
		init["body"] = string(r.Body)
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
	if resp.Body, err = readBody(ctx, response, r.limit()); err != nil {
		abort() // what is still to come is not wanted
		return nil, fmt.Errorf("reading the response's body: %w", err)
	}
	return resp, nil
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
	fields, err := jsbridge.Entries(headers)
	if err != nil {
		return nil, err
	}
	return &Response{Status: code, Redirected: kind == "opaqueredirect", Header: fields}, nil
}

// readBody reads chunk by chunk, so that a body over the limit is not held.
func readBody(ctx context.Context, response safejs.Value, limit int64) ([]byte, error) {
	stream, err := jsbridge.Get(response, "body")
	if err != nil {
		return nil, err
	}
	if stream.IsNull() || stream.IsUndefined() {
		return nil, nil
	}
	reader, err := stream.Call("getReader")
	if err != nil {
		return nil, err
	}
	var body []byte
	for {
		promise, err := reader.Call("read")
		if err != nil {
			return nil, err
		}
		chunk, err := jsbridge.Await(ctx, promise)
		if err != nil {
			return nil, err
		}
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
		if int64(len(body)+size) > limit {
			return nil, ErrTooLarge
		}
		body = append(body, make([]byte, size)...)
		if _, err := safejs.CopyBytesToGo(body[len(body)-size:], value); err != nil {
			return nil, err
		}
	}
}
