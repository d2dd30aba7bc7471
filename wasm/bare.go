//go:build js && wasm

package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/jsbridge"
	"gws-outbound/internal/outbound"
)

// startBare sets globalThis.gwsOutbound, with createClient and CallResult, and
// globalThis.completeRecord, which completes a record over the client that
// createClient has made last, or over one with the default options that the first call
// makes.
func startBare() error {
	m, err := newModule(bareError)
	if err != nil {
		return err
	}
	b := &bare{module: m, settling: map[settling]safejs.Value{}}
	if err := watchForWaking(b.wakeAll); err != nil {
		return err
	}
	if b.ignore, err = safejs.FuncOf(func(safejs.Value, []safejs.Value) any { return nil }); err != nil {
		return err
	}
	if b.list, err = b.ofClient(b.unsettled); err != nil {
		return err
	}
	for name, begin := range map[string]func(arguments) (job, error){"call": b.callMethod, "close": b.closeClient} {
		method, err := export(bareError, begin)
		if err != nil {
			return err
		}
		b.methods[name] = method
	}
	create, err := export(bareError, b.createClient)
	if err != nil {
		return err
	}
	complete, err := export(bareError, b.completeRecord)
	if err != nil {
		return err
	}
	codes := map[string]any{}
	for _, r := range gws.CallResults() {
		codes[r.Name] = r.Code
	}
	global := safejs.Global()
	if err := global.Set("gwsOutbound", map[string]any{"createClient": create, "CallResult": codes}); err != nil {
		return err
	}
	return global.Set("completeRecord", complete)
}

type bare struct {
	*module
	current int         // the number of the client that completeRecord uses; 0 if there is none
	opening *opening    // of that client, nil if none is under way
	list    safejs.Func // lists the unsettled calls of a client

	settling map[settling]safejs.Value // promises of those that were listed
	ignore   safejs.Func
}

// opening is an attempt to make a client.
type opening struct {
	done chan struct{}
	err  error // to be read after done
}

func (b *bare) createClient(args arguments) (job, error) {
	opts, problems := readClientOptions(args.at(0))
	if len(problems) > 0 {
		return nil, outbound.InvalidOptions(problems)
	}
	return withSignal(opts.signal, func(ctx context.Context) (safejs.Value, error) { return b.newClient(ctx, opts) })
}

// newClient makes a client that is an EventTarget, with the properties state
// and transport, and makes it the current one.
func (b *bare) newClient(ctx context.Context, opts clientOptions) (safejs.Value, error) {
	constructor, err := safejs.Global().Get("EventTarget")
	if err != nil {
		return safejs.Undefined(), err
	}
	target, err := constructor.New()
	if err != nil {
		return safejs.Undefined(), err
	}
	id, err := b.open(ctx, opts, events{
		status: func(detail map[string]any) {
			_ = target.Set("state", detail["state"])
			_ = target.Set("transport", detail["transport"])
			_ = jsbridge.Dispatch(target, "statechange", detail)
		},
		notification: func(channel string, data json.RawMessage) {
			if value, err := valueFor(data); err == nil {
				_ = jsbridge.Dispatch(target, "notification", map[string]any{"channel": channel, "data": value})
			}
		},
		wanted: func() bool { return true },
	})
	if err != nil {
		return safejs.Undefined(), err
	}
	b.current = id
	return target, b.addMethods(target, id)
}

func (b *bare) addMethods(target safejs.Value, id int) error {
	for _, name := range gws.Methods() {
		if err := addMethod(target, name, b.methods["call"], id, name); err != nil {
			return err
		}
	}
	for _, name := range []string{"close", "forget"} {
		if err := addMethod(target, name, b.methods[name], id); err != nil {
			return err
		}
	}
	return addMethod(target, "unsettled", b.list, id)
}

// settling is an unsettled call that was listed.
type settling struct {
	client    *outbound.Client
	reference string
}

// unsettled lists the calls that clients before this one have left, each with a Promise of its
// end.
func (b *bare) unsettled(arguments) (func(*outbound.Client) (safejs.Value, error), error) {
	return func(c *outbound.Client) (safejs.Value, error) {
		list := []any{}
		for _, u := range c.Unsettled(context.Background()) {
			sentAt, err := newDate(u.SentAt)
			if err != nil {
				return safejs.Undefined(), err
			}
			until, err := newDate(u.AnswerableUntil)
			if err != nil {
				return safejs.Undefined(), err
			}
			promise, err := b.settled(settling{c, u.ReferenceID})
			if err != nil {
				return safejs.Undefined(), err
			}
			call := describeUnsettled(u)
			call["sentAt"], call["answerableUntil"], call["settled"] = safejs.Unsafe(sentAt), safejs.Unsafe(until), safejs.Unsafe(promise)
			list = append(list, call)
		}
		return safejs.ValueOf(list)
	}, nil
}

// newDate returns a Date, or null for no time.
func newDate(t time.Time) (safejs.Value, error) {
	if t.IsZero() {
		return safejs.Null(), nil
	}
	date, err := safejs.Global().Get("Date")
	if err != nil {
		return safejs.Undefined(), err
	}
	return date.New(t.UnixMilli())
}

// settled returns the Promise of a call, which is there once until it settles. Who ignores it is not
// told of a rejection that nobody handles.
func (b *bare) settled(s settling) (safejs.Value, error) {
	if promise, ok := b.settling[s]; ok {
		return promise, nil
	}
	promise, err := jsbridge.Go(func() (safejs.Value, error) {
		defer delete(b.settling, s)
		return waitSettled(s.client, s.reference)
	}, b.reject)
	if err == nil {
		_, err = promise.Call("catch", b.ignore)
	}
	if err == nil {
		b.settling[s] = promise
	}
	return promise, err
}

// callMethod takes a client's number, the name of a method, a request, and options.
func (b *bare) callMethod(args arguments) (job, error) {
	id, err := args.at(0).Int()
	if err != nil {
		return nil, err
	}
	method, err := args.at(1).String()
	if err != nil {
		return nil, err
	}
	return b.call(method, args.at(2), args.at(3), func(context.Context) (*outbound.Client, error) {
		if c := b.clients[id]; c != nil {
			return c, nil
		}
		return nil, outbound.ClosedError(gws.NotSent)
	})
}

func (b *bare) completeRecord(args arguments) (job, error) {
	return b.call("completeRecord", args.at(0), args.at(1), b.client)
}

// call performs an operation over a client.
func (b *bare) call(method string, request, options safejs.Value, client func(context.Context) (*outbound.Client, error)) (job, error) {
	fields, problems := readRequest(request)
	opts, signal, wrong := newObject("options", options).callOptions(method)
	if problems = append(problems, wrong...); len(problems) > 0 {
		return nil, outbound.InvalidOptions(problems)
	}
	return withSignal(signal, func(ctx context.Context) (safejs.Value, error) {
		c, err := client(ctx)
		if err != nil {
			return safejs.Undefined(), err
		}
		result, err := c.Call(ctx, method, fields, opts)
		if err != nil {
			return safejs.Undefined(), err
		}
		return valueFor(result)
	})
}

// client returns the current client, and makes one if there is none or it has
// ended. All who wait for one share an attempt, and its outcome.
func (b *bare) client(ctx context.Context) (*outbound.Client, error) {
	if c := b.clients[b.current]; c != nil && !c.Ended() {
		return c, nil
	}
	if b.opening == nil {
		o := &opening{done: make(chan struct{})}
		b.opening = o
		go func() {
			defer close(o.done)
			_, o.err = jsbridge.Try(b.openDefault)
			b.opening = nil
		}()
	}
	o := b.opening
	select {
	case <-o.done:
		return b.clients[b.current], o.err
	case <-ctx.Done():
		return nil, outbound.AbortedError(ctx, gws.NotSent)
	}
}

func (b *bare) openDefault() (safejs.Value, error) {
	opts, problems := readClientOptions(safejs.Undefined())
	if len(problems) > 0 {
		return safejs.Undefined(), outbound.InvalidOptions(problems)
	}
	return b.newClient(context.Background(), opts)
}
