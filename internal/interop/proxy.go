//go:build !js

package interop

import (
	"encoding/json"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// proxy passes TCP connections on to a server, so that they can be broken in
// ways that a server would not break them, and as slowly as its line is.
type proxy struct {
	listener net.Listener
	line     line

	mu       sync.Mutex
	backend  string // address of the server
	refusing bool
	sockets  socketsArgs
	counts   countsResult
	loss     loss
	links    map[*link]struct{}
}

// countsResult has what there was since the start of a proxy.
type countsResult struct {
	Connections int `json:"connections"`
	Requests    int `json:"requests"`
	Sockets     int `json:"sockets"` // asked for
	Aborted     int `json:"aborted"` // requests whose client left before it had all of the answer
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
	// The client's system has it that the connection is made. What comes of it, good
	// or bad, is a round trip away.
	time.Sleep(p.line.delay())
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
	l := &link{proxy: p, client: client, server: server.(*net.TCPConn)}
	p.mu.Lock()
	p.links[l] = struct{}{}
	p.counts.Connections++
	p.mu.Unlock()

	var pumps sync.WaitGroup
	pumps.Go(l.pumpUp)
	pumps.Go(l.pumpDown)
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

// call does what a verb says, if it is one of the proxy's.
func (p *proxy) call(verb string, in []byte) (out []byte, known bool, err error) {
	result, err := func() (any, error) {
		switch verb {
		case "cut":
			return p.cut(), nil
		case "connections":
			return p.count(), nil
		case "counts":
			return p.counted(), nil
		case "stall":
			p.stall()
			return struct{}{}, nil
		case "refuse":
			return do(in, p.refuse)
		case "line":
			return do(in, p.setLine)
		case "sockets":
			return do(in, p.setSockets)
		case "lose":
			var args loseArgs
			err := json.Unmarshal(in, &args)
			if err != nil {
				return nil, err
			}
			return p.lose(args.Percent, args.Seed), nil
		}
		return nil, nil
	}()
	if err != nil || result == nil {
		return nil, err != nil, err
	}
	out, err = json.Marshal(result)
	return out, true, err
}

// do calls what sets something.
func do[T any](in []byte, set func(T)) (any, error) {
	var args T
	if err := json.Unmarshal(in, &args); err != nil {
		return nil, err
	}
	set(args)
	return struct{}{}, nil
}

// cut resets every connection, the half-open ones too, and returns how many
// there were.
func (p *proxy) cut() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	cut := len(p.links)
	for l := range p.links {
		l.sever()
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

// counted returns what there was since the start.
func (p *proxy) counted() countsResult {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts
}

// asked counts a request.
func (p *proxy) asked() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Requests++
}

// aborted counts a request whose client did not wait for all of the answer.
func (p *proxy) aborted() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Aborted++
}

// upgraded counts a WebSocket that was asked for, and returns what is to become
// of it.
func (p *proxy) upgraded() socketsArgs {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Sockets++
	return p.sockets
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

func (p *proxy) setLine(line lineArgs) {
	p.line.set(line.Rate, time.Duration(line.RoundTripMS)*time.Millisecond)
}

// setSockets says what becomes of the WebSockets asked for from now on.
func (p *proxy) setSockets(sockets socketsArgs) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sockets = sockets
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

// reset closes c such that its peer sees an error, not an end.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}
