//go:build js && wasm

package main

import (
	"github.com/hack-pad/safejs"

	"gws-outbound/internal/core"
	"gws-outbound/internal/httpx"
	"gws-outbound/internal/wire"
)

// hosted is a program that the loader has started. It has ports to pages by the loader's numbers; of a call,
// one text crosses on the way in, and one on the way out. See js/src/instantiate.ts.
type hosted struct {
	core  *core.Core
	send  safejs.Value
	ports map[int]*core.Port
}

// startHosted gives the loader what takes messages, and has it make the HTTP requests.
func startHosted(host safejs.Value, c *core.Core) error {
	send, err := host.Get("send")
	if err != nil {
		return err
	}
	h := &hosted{core: c, send: send, ports: map[int]*core.Port{}}
	request, err := host.Get("request")
	if err != nil {
		return err
	}
	abort, err := host.Get("abortRequest")
	if err != nil {
		return err
	}
	answered, progress, err := httpx.Through(request, abort)
	if err != nil {
		return err
	}
	receive, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		h.receive(args)
		return nil
	})
	if err != nil {
		return err
	}
	_, err = host.Call("ready", map[string]any{"receive": receive, "answered": answered, "progress": progress})
	return err
}

// receive takes the number of a port, and the text of a message.
func (h *hosted) receive(args []safejs.Value) {
	number, err := args[0].Int()
	if err != nil {
		return
	}
	text, err := args[1].String()
	if err != nil {
		return
	}
	port := h.ports[number]
	if port == nil {
		port = h.core.NewPort(func(messages []wire.ToPage) {
			_, _ = h.send.Invoke(number, string(wire.Append(make([]byte, 0, 1024), messages)))
		})
		h.ports[number] = port
	}
	m, err := wire.Read([]byte(text))
	if err != nil {
		return
	}
	port.Take(m)
	if _, gone := m.(*wire.Gone); gone {
		delete(h.ports, number)
	}
}
