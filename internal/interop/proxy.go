//go:build !js

package interop

import (
	"io"
	"math/rand/v2"
	"net"
	"sync"
)

// proxy passes TCP connections on to a server, so that they can be broken in
// ways that a server would not break them.
type proxy struct {
	listener net.Listener

	mu       sync.Mutex
	backend  string // address of the server
	refusing bool
	loss     loss
	links    map[*link]struct{}
}

func newProxy(backend string) (*proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: listener, backend: backend, links: map[*link]struct{}{}}
	go p.accept()
	return p, nil
}

func (p *proxy) url() string { return "http://" + p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		go p.serve(client.(*net.TCPConn))
	}
}

// serve passes a connection on until one of its ends breaks it.
func (p *proxy) serve(client *net.TCPConn) {
	p.mu.Lock()
	backend, refusing := p.backend, p.refusing
	p.mu.Unlock()
	if refusing {
		reset(client)
		return
	}
	server, err := net.Dial("tcp", backend)
	if err != nil {
		reset(client)
		return
	}
	l := &link{client: client, server: server.(*net.TCPConn)}
	p.mu.Lock()
	p.links[l] = struct{}{}
	p.mu.Unlock()

	var pumps sync.WaitGroup
	pumps.Go(func() { l.pump(l.server, l.client, p.loses) })
	pumps.Go(func() { l.pump(l.client, l.server, p.loses) })
	pumps.Wait()
	if l.isStalled() {
		return // until it is cut
	}
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
	client.Close()
	server.Close()
}

// cut resets every connection, the half-open ones too, and returns how many
// there were.
func (p *proxy) cut() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	cut := len(p.links)
	for l := range p.links {
		l.reset()
	}
	clear(p.links)
	return cut
}

// count returns how many connections there are.
func (p *proxy) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links)
}

func (p *proxy) stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.stall()
	}
}

func (p *proxy) refuse(refusing bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusing = refusing
}

// loss says how often what goes through is lost, and its connection with it.
type loss struct {
	percent int
	random  *rand.Rand
	cuts    int
}

// lose has so many of a hundred frames lost from now on, and returns how many
// connections were cut for that before.
func (p *proxy) lose(percent int, seed uint64) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	cuts := p.loss.cuts
	p.loss = loss{percent: percent, random: rand.New(rand.NewPCG(seed, 0))}
	return cuts
}

// loses reports whether what has just come is to be lost.
func (p *proxy) loses() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.loss.percent == 0 || p.loss.random.IntN(100) >= p.loss.percent {
		return false
	}
	p.loss.cuts++
	return true
}

func (p *proxy) redirect(backend string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.backend = backend
}

func (p *proxy) close() {
	p.refuse(true)
	p.listener.Close()
	p.cut()
}

// link is a connection: both its halves.
type link struct {
	client, server *net.TCPConn

	mu      sync.Mutex
	stalled bool
}

// pump copies until the source ends, or the link stalls or breaks.
func (l *link) pump(to, from *net.TCPConn, loses func() bool) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if l.isStalled() {
			return // what was read is lost
		}
		if n > 0 {
			if loses() {
				l.reset()
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				l.reset()
				return
			}
		}
		switch err {
		case nil:
		case io.EOF:
			_ = to.CloseWrite()
			return
		default:
			l.reset()
			return
		}
	}
}

func (l *link) stall() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stalled = true
}

func (l *link) isStalled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stalled
}

func (l *link) reset() {
	reset(l.client)
	reset(l.server)
}

// reset closes c such that its peer sees an error, not an end.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}
