//go:build !js

package interop

import (
	"fmt"
	"net"
	"strconv"
)

// door is one more proxy in front of a server, with a line of its own.
type door struct {
	proxy  *proxy
	behind func(verb string, in []byte) ([]byte, error) // does the verbs that are not the proxy's
}

func newDoor(address string, behind func(verb string, in []byte) ([]byte, error)) (*door, error) {
	proxy, err := newProxy(address)
	if err != nil {
		return nil, err
	}
	return &door{proxy: proxy, behind: behind}, nil
}

// open makes one more way to the server.
func (h *host) open() (*door, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.process == nil {
		return nil, errClosed
	}
	d, err := newDoor(h.process.address, h.call)
	if err != nil {
		return nil, err
	}
	h.doors = append(h.doors, d)
	return d, nil
}

// doorTo makes a way to what another program of this machine serves, such as the
// pages that are to come over a line as well. It has the proxy's verbs only.
func doorTo(port int) (*door, error) {
	const most = 1<<16 - 1
	if port < 1 || port > most {
		return nil, fmt.Errorf("the port must be from 1 to %d, got %d", most, port)
	}
	return newDoor(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), func(verb string, _ []byte) ([]byte, error) {
		return nil, fmt.Errorf("a proxy has no verb %q", verb)
	})
}

// call does what a verb says: to this proxy, or to the server.
func (d *door) call(verb string, in []byte) ([]byte, error) {
	if verb == "close" {
		d.close()
		return nil, nil
	}
	if out, known, err := d.proxy.call(verb, in); known {
		return out, err
	}
	return d.behind(verb, in)
}

func (d *door) url() string { return d.proxy.url() }

func (d *door) close() { d.proxy.close() }
