//go:build js && wasm

package main

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/gopool"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
	"gws-outbound/internal/jsbridge"
	"gws-outbound/internal/jsontext"
	"gws-outbound/internal/outbound"
)

// hosted is a program that the loader has started. What crosses on the path of each call is as
// little as can be: one text in, one out.
type hosted struct {
	*module
	resolved, rejected, known safejs.Value // functions of the loader's; see js/src/protocol.ts

	listening map[int]bool                    // to notifications, by the number of the client
	calls     map[int]*sync.WaitGroup         // that are under way, by the number of the client
	cancels   map[int]context.CancelCauseFunc // of those, by the number of the call
}

// startHosted gives the loader what the program exports: createClient, which
// takes the options and two functions for events. The loader watches the page,
// and tells the clients what happens to it.
func startHosted(host safejs.Value) error {
	reject := hostedError(host)
	m, err := newModule(reject)
	if err != nil {
		return err
	}
	watchForSleep(m.wakeAll)
	h := &hosted{module: m, listening: map[int]bool{}, cancels: map[int]context.CancelCauseFunc{}, calls: map[int]*sync.WaitGroup{}}
	var request, abortRequest safejs.Value
	for name, f := range map[string]*safejs.Value{
		"resolved": &h.resolved, "rejected": &h.rejected, "known": &h.known,
		"request": &request, "abortRequest": &abortRequest,
	} {
		if *f, err = host.Get(name); err != nil {
			return err
		}
	}
	answered, progress, err := httpx.Through(request, abortRequest)
	if err != nil {
		return err
	}
	for name, f := range map[string]func(args arguments){
		"call":      h.call,
		"abort":     h.abort,
		"listen":    h.notice(func(id int, _ *outbound.Client) { h.listening[id] = true }),
		"wake":      h.notice(func(_ int, c *outbound.Client) { c.Wake() }),
		"delivered": h.delivered,
		"leave":     h.notice(func(_ int, c *outbound.Client) { c.Leave() }),
	} {
		if m.methods[name], err = method(f); err != nil {
			return err
		}
	}
	if m.methods["close"], err = export(reject, h.close); err != nil {
		return err
	}
	create, err := export(reject, h.createClient)
	if err != nil {
		return err
	}
	_, err = host.Call("ready", map[string]any{"createClient": create, "answered": answered, "progress": progress})
	return err
}

// method makes a JavaScript function that returns nothing, at once.
func method(f func(args arguments)) (safejs.Func, error) {
	return safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		_, _ = jsbridge.Try(func() (struct{}, error) {
			f(args)
			return struct{}{}, nil
		})
		return nil
	})
}

func (h *hosted) createClient(args arguments) (job, error) {
	opts, problems := readClientOptions(args.at(0))
	if len(problems) > 0 {
		return nil, outbound.InvalidOptions(problems)
	}
	opts.ConfirmsDelivery = opts.Journal != nil
	hooks := args.at(1)
	return withSignal(opts.signal, func(ctx context.Context) (safejs.Value, error) {
		var id int // 0 until the client is made, when nobody listens yet
		id, err := h.open(ctx, opts, events{
			status:       func(detail map[string]any) { _, _ = hooks.Call("statechange", detail) },
			notification: func(channel string, data json.RawMessage) { _, _ = hooks.Call("notification", channel, textFor(data)) },
			wanted:       func() bool { return h.listening[id] },
		})
		if err != nil {
			return safejs.Undefined(), err
		}
		h.calls[id] = &sync.WaitGroup{}
		handle, err := safejs.ValueOf(map[string]any{})
		for name, f := range h.methods {
			if err == nil {
				err = addMethod(handle, name, f, id)
			}
		}
		return handle, err
	})
}

// callText is a call as js/src/call-text.ts writes it.
type callText struct {
	id               int
	method           string
	request, options fieldsText
}

var callNames = []string{"id", "method", "request", "options"}

func readCall(text []byte) (c callText) {
	var f [4]jsontext.Value
	jsontext.Value(text).Members(callNames, f[:])
	id, _ := f[0].Int()
	c.id = int(id)
	c.method, _ = f[1].Text()
	c.request, c.options = readFields(f[2]), readFields(f[3])
	return c
}

// call takes a client's number, the text of a call, and, if its signal has fired already, the reason.
func (h *hosted) call(args arguments) { gopool.Go(func() { h.settle(args) }) }

// settle performs the call, and tells the loader what came of it.
func (h *hosted) settle(args arguments) {
	client, _ := args.at(0).Int()
	text, _ := args.at(1).String()
	c := readCall([]byte(text))
	calls := h.calls[client]
	if calls == nil {
		h.fail(c.id, outbound.ClosedError(gws.NotSent))
		return
	}
	calls.Add(1)
	defer calls.Done()
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	if len(args) > 2 {
		cancel(&jsbridge.Thrown{Value: args[2]})
	}
	h.cancels[c.id] = cancel
	defer delete(h.cancels, c.id)
	result, err := jsbridge.Try(func() (json.RawMessage, error) { return h.perform(ctx, h.clients[client], &c) })
	if err != nil {
		h.fail(c.id, err)
		return
	}
	_, _ = h.resolved.Invoke(c.id, textFor(result))
}

func (h *hosted) fail(id int, err error) { _, _ = h.rejected.Invoke(id, h.reject(err)) }

func (h *hosted) perform(ctx context.Context, client *outbound.Client, c *callText) (json.RawMessage, error) {
	fields, problems := c.request.request()
	opts, _, wrong := c.options.object("options").callOptions(c.method)
	if problems = append(problems, wrong...); len(problems) > 0 {
		return nil, outbound.InvalidOptions(problems)
	}
	told := gws.NotSent
	opts.OnProgress = func(_ string, d gws.Delivery) {
		if d != told {
			told = d
			_, _ = h.known.Invoke(c.id, string(d))
		}
	}
	if client == nil {
		return nil, outbound.ClosedError(gws.NotSent)
	}
	return client.Call(ctx, c.method, fields, opts)
}

// abort takes a client's number, that of a call, and the reason. The call may have come to its end.
func (h *hosted) abort(args arguments) {
	id, _ := args.at(1).Int()
	if cancel := h.cancels[id]; cancel != nil {
		cancel(&jsbridge.Thrown{Value: args.at(2)})
	}
}

// close closes a client, and waits until its calls have been told of that.
func (h *hosted) close(args arguments) (job, error) {
	id, err := args.at(0).Int()
	if err != nil {
		return nil, err
	}
	end, err := h.closeClient(args)
	if err != nil {
		return nil, err
	}
	return func() (safejs.Value, error) {
		v, err := end()
		if calls := h.calls[id]; calls != nil {
			calls.Wait()
			delete(h.calls, id)
			delete(h.listening, id)
		}
		return v, err
	}, nil
}

// delivered takes a client's number, and the reference of a call whose caller knows what it has come to.
func (h *hosted) delivered(args arguments) {
	id, err := args.at(0).Int()
	reference, wrong := readReference(args.at(1))
	c := h.clients[id]
	if c == nil {
		c = h.closing[id] // which waits for this
	}
	if err == nil && wrong == nil && c != nil {
		c.Delivered(reference)
	}
}

// notice makes a method that tells a client something. A client that is closed is not told.
func (h *hosted) notice(f func(id int, c *outbound.Client)) func(args arguments) {
	return func(args arguments) {
		id, err := args.at(0).Int()
		if c := h.clients[id]; err == nil && c != nil {
			f(id, c)
		}
	}
}
