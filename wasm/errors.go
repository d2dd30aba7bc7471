//go:build js && wasm

package main

import (
	"errors"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/jsbridge"
	"gws-outbound/internal/outbound"
)

// describe turns an error into the properties of an OutboundError.
func describe(err error) map[string]any {
	e, ok := errors.AsType[*outbound.Error](err)
	if !ok { // a panic, or a page without what a browser has
		e = &outbound.Error{Code: outbound.ModuleExited, Message: err.Error(), Delivery: gws.Unknown, Err: err}
	}
	d := map[string]any{
		"code":     string(e.Code),
		"message":  e.Message,
		"delivery": string(e.Delivery),
	}
	if thrown, ok := errors.AsType[*jsbridge.Thrown](err); ok {
		d["cause"] = thrown.Value
	}
	if e.ReferenceID != "" {
		d["referenceId"] = e.ReferenceID
	}
	if e.HTTPStatus != 0 {
		d["httpStatus"] = e.HTTPStatus
	}
	if e.StatusCode != 0 {
		d["statusCode"] = e.StatusCode
		d["statusMessage"] = e.StatusMsg
	}
	if e.Event != nil {
		if event, err := valueFor(e.Event); err == nil {
			d["event"] = event
		}
	}
	if len(e.Problems) > 0 {
		problems := make([]any, len(e.Problems))
		for i, p := range e.Problems {
			problems[i] = map[string]any{"field": p.Field, "message": p.Message}
		}
		d["problems"] = problems
	}
	return d
}

// hostedError makes errors by the loader's own class.
func hostedError(host safejs.Value) func(error) safejs.Value {
	return func(err error) safejs.Value {
		e, callErr := host.Call("makeError", describe(err))
		if callErr != nil {
			return bareError(err)
		}
		return e
	}
}

// bareError makes an Error with the properties of an OutboundError.
func bareError(err error) safejs.Value {
	properties := describe(err)
	name, message := "OutboundError", properties["message"].(string)
	if properties["code"] == string(outbound.Aborted) {
		name = "AbortError"
	}
	delete(properties, "message")
	e, makeErr := jsbridge.NewError(name, message, properties)
	if makeErr != nil {
		return safejs.Undefined()
	}
	return e
}
