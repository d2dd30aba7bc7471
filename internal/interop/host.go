//go:build !js

package interop

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// host is a server and its proxy in this program.
type host struct {
	command []string
	proxy   *proxy

	mu      sync.Mutex
	process *process // nil once it is closed
	doors   []*door
}

var errClosed = errors.New("the server is closed")

func start(kind Kind, options Options) (*Server, error) {
	h, err := newHost(kind, options)
	if err != nil {
		return nil, err
	}
	return &Server{URL: h.proxy.url(), call: h.call}, nil
}

func newHost(kind Kind, options Options) (*host, error) {
	command, err := build(kind)
	if err != nil {
		return nil, fmt.Errorf("build it: %w", err)
	}
	if options.NoAck {
		command = append(command, "--ack=false")
	}
	if options.TimeoutMS > 0 {
		command = append(command, "--timeout="+strconv.Itoa(options.TimeoutMS))
	}
	if options.MaxIntervalMS > 0 {
		command = append(command, "--max-interval="+strconv.Itoa(options.MaxIntervalMS))
	}
	if options.Agents {
		if kind != Jetty9 && kind != Jetty8 {
			return nil, fmt.Errorf("only %s and %s tell agents apart", Jetty9, Jetty8)
		}
		command = append(command, "--agents=true")
	}
	if options.OneHeld {
		if !slices.Contains([]Kind{Jetty9, Jetty8, Jetty31}, kind) {
			return nil, errors.New("CometD on Jetty alone holds one connect per browser")
		}
		command = append(command, "--max-sessions-per-browser=1")
	}
	process, err := run(command)
	if err != nil {
		return nil, fmt.Errorf("run it: %w", err)
	}
	proxy, err := newProxy(process.address)
	if err != nil {
		process.kill()
		return nil, fmt.Errorf("start the proxy: %w", err)
	}
	return &host{command: command, proxy: proxy, process: process}, nil
}

// call does what a verb says: here, or by asking the server.
func (h *host) call(verb string, in []byte) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.process == nil {
		return nil, errClosed
	}
	switch verb {
	case "restart":
		return nil, h.restart()
	case "close":
		h.end()
		return nil, nil
	}
	if out, known, err := h.proxy.call(verb, in); known {
		return out, err
	}
	return h.control(verb, in)
}

func (h *host) url() string { return h.proxy.url() }

func (h *host) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.process != nil {
		h.end()
	}
}

// end ends the server and its proxy. The caller holds the mutex.
func (h *host) end() {
	h.proxy.close()
	for _, d := range h.doors {
		d.proxy.close()
	}
	h.process.kill()
	h.process = nil
}

func (h *host) restart() error {
	h.process.kill()
	process, err := run(h.command)
	if err != nil {
		h.end()
		return err
	}
	h.process = process
	h.proxy.redirect(process.address)
	for _, d := range h.doors {
		d.proxy.redirect(process.address)
	}
	return nil
}

// control asks the server itself, past the proxy.
func (h *host) control(verb string, in []byte) ([]byte, error) {
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Post("http://"+h.process.address+"/control/"+verb, "application/json", bytes.NewReader(in))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	const most = 1 << 20
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d: %s", resp.StatusCode, body)
	}
	return body, nil
}
