//go:build js && wasm

package main

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/jsbridge"
	"gws-outbound/internal/jsontext"
	"gws-outbound/internal/outbound"
	"gws-outbound/internal/wire"
)

// job is the part of a call that may wait; its result settles the Promise that
// JavaScript has got.
type job func() (safejs.Value, error)

// export makes a JavaScript function that returns a Promise. begin runs on
// the event loop, before the caller goes on and may change what it has
// passed; it must not wait. The job that it returns runs on a goroutine. What
// either panics with becomes a rejection.
func export(begin func(args arguments) job) (safejs.Func, error) {
	return safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		work, wrong := jsbridge.Try(func() (job, error) { return begin(args), nil })
		if wrong != nil {
			work = func() (safejs.Value, error) { return safejs.Undefined(), wrong }
		}
		promise, err := jsbridge.Go(work, errorOf)
		if err != nil {
			return nil // a page without Promise
		}
		return promise
	})
}

// arguments are those of a call. One that was not passed is undefined.
type arguments []safejs.Value

func (a arguments) at(i int) safejs.Value {
	if i < len(a) {
		return a[i]
	}
	return safejs.Undefined()
}

// client is the number of a client, which every method has bound.
func (a arguments) client() int {
	n, _ := a.at(0).Int()
	return n
}

// value makes a job of a call that comes to JSON, or to nothing.
func value(wait func() (*wire.Resolved, error)) job {
	return func() (safejs.Value, error) {
		m, err := wait()
		if err != nil || m.Value == nil {
			return safejs.Undefined(), err
		}
		return valueOf(m.Value)
	}
}

// valueOf makes a value of JSON as the loader gets it: integers that no number holds are strings of their digits.
func valueOf(data json.RawMessage) (safejs.Value, error) {
	return jsbridge.ParseJSON(jsontext.Exact(jsontext.Value(data)))
}

// readOptions reads options. A signal and headers are not text: they stay here.
func readOptions(v safejs.Value) (options any, signal, headers safejs.Value) {
	signal, headers = safejs.Undefined(), safejs.Undefined()
	given := readGiven(v)
	if given == gws.Foreign("undefined") {
		given = map[string]any{}
	}
	fields, ok := given.(map[string]any)
	if many, too := given.(wire.TooMany); too {
		fields, ok = many.Fields, true
	}
	if !ok {
		return given, signal, headers
	}
	if fields["signal"] != nil {
		if s, err := jsbridge.Get(v, "signal"); err == nil && jsbridge.IsAbortSignal(s) {
			signal = s
			delete(fields, "signal")
		}
	}
	if _, unreadable := fields["headers"].(wire.Unreadable); fields["headers"] != nil && !unreadable {
		if h, err := jsbridge.Get(v, "headers"); err == nil {
			headers = h
			delete(fields, "headers")
		}
	}
	return given, signal, headers
}

// withOrigin puts the page's own origin for a base URL.
func withOrigin(options any) any {
	fields, ok := options.(map[string]any)
	if !ok || fields["baseUrl"] != nil {
		return options
	}
	location, err := safejs.Global().Get("location")
	if err != nil || location.IsUndefined() {
		return options
	}
	if origin, err := location.Get("origin"); err == nil {
		fields["baseUrl"], _ = origin.String()
	}
	return options
}

// tellCookies tells the core of the cookies that the page sees, so that no text repeats them.
func (b *bare) tellCookies() {
	document, err := safejs.Global().Get("document")
	if err != nil || document.Type() != safejs.TypeObject {
		return
	}
	if cookies, err := document.Get("cookie"); err == nil && cookies.Type() == safejs.TypeString {
		text, _ := cookies.String()
		b.port.Take(&wire.Cookies{Cookies: text})
	}
}

// askHeaders asks the function of a client for headers, and answers the core.
func (b *bare) askHeaders(m *wire.AskHeaders) {
	answer := &wire.HeadersAnswer{ID: m.ID}
	if c := b.clients[m.Client]; c != nil {
		fields, err := callHeaders(c.headers)
		if err != nil {
			answer.Failed = err.Error()
			b.thrown.question, b.thrown.value = m.ID, safejs.Undefined()
			if thrown, ok := errors.AsType[*jsbridge.Thrown](err); ok {
				b.thrown.value = thrown.Value
			}
		}
		answer.Fields = fields
	}
	b.port.Take(answer)
}

func callHeaders(function safejs.Value) (map[string]string, error) {
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
	value, err := jsbridge.Await(context.Background(), promise)
	if err != nil || jsbridge.IsNullish(value) {
		return nil, err
	}
	return readHeaders(value)
}

// readHeaders lets the browser check and read the fields. What it says of a wrong one may quote it, and is not passed on.
func readHeaders(init safejs.Value) (map[string]string, error) {
	constructor, err := safejs.Global().Get("Headers")
	if err != nil {
		return nil, jsbridge.AsThrown(err)
	}
	headers, err := constructor.New(init)
	if err != nil {
		err = jsbridge.AsThrown(err)
		if thrown, ok := errors.AsType[*jsbridge.Thrown](err); ok {
			if name, _ := thrown.NameAndMessage(); name == "TypeError" {
				err = errors.New("TypeError: a name or a value is none that a header can have")
			}
		}
		return nil, err
	}
	return jsbridge.Entries(headers)
}

// bareError is what a call has failed with.
type bareError struct {
	init  wire.Error
	cause safejs.Value
}

func (e *bareError) Error() string { return e.init.Message }

// codeOf returns the code of what a call has failed with; "" for all else.
func codeOf(err error) outbound.Code {
	if e, ok := errors.AsType[*bareError](err); ok {
		return outbound.Code(e.init.Code)
	}
	return ""
}

// errorOf makes a JavaScript Error with the properties of an OutboundError.
func errorOf(err error) safejs.Value {
	e, ok := errors.AsType[*bareError](err)
	if !ok { // a panic, or a page without what a browser has
		e = &bareError{wire.Error{Code: string(outbound.ModuleExited), Message: err.Error(), Delivery: gws.Unknown}, safejs.Undefined()}
	}
	name := "OutboundError"
	if e.init.Code == string(outbound.Aborted) {
		name = "AbortError"
	}
	made, makeErr := jsbridge.NewError(name, e.init.Message, properties(e))
	if makeErr != nil {
		return safejs.Undefined()
	}
	return made
}

func properties(e *bareError) map[string]any {
	d := map[string]any{"code": e.init.Code, "delivery": string(e.init.Delivery)}
	if !e.cause.IsUndefined() {
		d["cause"] = e.cause
	}
	if e.init.ReferenceID != "" {
		d["referenceId"] = e.init.ReferenceID
	}
	if e.init.HTTPStatus != 0 {
		d["httpStatus"] = e.init.HTTPStatus
	}
	if e.init.StatusCode != 0 {
		d["statusCode"], d["statusMessage"] = e.init.StatusCode, e.init.StatusMessage
	}
	if e.init.Event != nil {
		if event, err := valueOf(e.init.Event); err == nil {
			d["event"] = event
		}
	}
	if len(e.init.Problems) > 0 {
		problems := make([]any, len(e.init.Problems))
		for i, p := range e.init.Problems {
			problems[i] = map[string]any{"field": p.Field, "message": p.Message}
		}
		d["problems"] = problems
	}
	return d
}
