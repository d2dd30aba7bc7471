//go:build js && wasm

package main

import (
	"context"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/httpx"
	"gws-outbound/internal/jsbridge"
	"gws-outbound/internal/outbound"
)

// readHeaders reads the option headers: what the Headers constructor takes, or
// a function that returns that or a Promise of it.
func readHeaders(o *object, opts *outbound.Options) {
	given, ok := o.get("headers", "")
	if !ok {
		return
	}
	v, err := safejs.ValueOf(given)
	if value, ok := given.(safejs.Value); ok {
		v, err = value, nil
	}
	if err != nil {
		o.problem("headers", err.Error())
		return
	}
	if jsbridge.TypeOf(v) == "function" {
		opts.HeadersDynamic = true
		opts.Headers = func(ctx context.Context, _ bool) (httpx.Header, error) { return askHeaders(ctx, v) }
		return
	}
	fixed, err := normalize(v)
	if err != nil {
		o.problem("headers", err.Error())
		return
	}
	opts.Headers = func(context.Context, bool) (httpx.Header, error) { return fixed, nil }
}

func askHeaders(ctx context.Context, function safejs.Value) (httpx.Header, error) {
	result, err := function.Invoke()
	if err != nil {
		return nil, jsbridge.AsThrown(err)
	}
	constructor, err := safejs.Global().Get("Promise")
	if err != nil {
		return nil, jsbridge.AsThrown(err)
	}
	promise, err := constructor.Call("resolve", result)
	if err != nil {
		return nil, jsbridge.AsThrown(err)
	}
	value, err := jsbridge.Await(ctx, promise)
	if err != nil {
		return nil, err
	}
	if jsbridge.IsNullish(value) {
		return nil, nil
	}
	return normalize(value)
}

// normalize lets the browser check and read the fields.
func normalize(init safejs.Value) (httpx.Header, error) {
	constructor, err := safejs.Global().Get("Headers")
	if err != nil {
		return nil, jsbridge.AsThrown(err)
	}
	headers, err := constructor.New(init)
	if err != nil {
		return nil, jsbridge.AsThrown(err)
	}
	return jsbridge.Entries(headers)
}
