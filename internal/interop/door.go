//go:build !js

package interop

// door is one more proxy in front of a server, with a line of its own.
type door struct {
	host  *host
	proxy *proxy
}

// open makes one more way to the server.
func (h *host) open() (*door, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.process == nil {
		return nil, errClosed
	}
	proxy, err := newProxy(h.process.address)
	if err != nil {
		return nil, err
	}
	d := &door{host: h, proxy: proxy}
	h.doors = append(h.doors, d)
	return d, nil
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
	return d.host.call(verb, in)
}

func (d *door) url() string { return d.proxy.url() }

func (d *door) close() { d.proxy.close() }
