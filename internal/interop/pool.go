//go:build !js

package interop

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Pool starts servers for programs that cannot, as tests in a browser cannot.
// It serves POST /interop-new, and POST /interop/{id}/{verb} with the verbs of
// [Server.Control] and those of its methods: cut, stall, refuse, line, sockets,
// lose, restart and close; connections, which gives their number; and door, which
// answers as interop-new does, with one more proxy in front of the same server.
// POST /interop-door with {"port": 1234} answers so too, with a proxy in front of
// what listens at that port of this machine. The zero value is ready.
type Pool struct {
	mu     sync.Mutex
	hosts  map[string]judge
	made   int
	closed bool
}

// judge is a server behind a proxy of its own: a host or a door.
type judge interface {
	call(verb string, in []byte) ([]byte, error)
	url() string
	close()
}

// ServeHTTP answers with JSON: an error is {"error": "..."}. Only pages of this
// machine are let in, since the content type makes a browser ask first.
func (p *Pool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); strings.HasPrefix(origin, "http://127.0.0.1:") {
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Methods", "POST")
		header.Set("Access-Control-Allow-Headers", "Content-Type")
	}
	if r.Method == http.MethodOptions {
		return
	}
	body, err := p.serve(w, r)
	header.Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		body, _ = json.Marshal(errorResult{err.Error()}) // a string always marshals
	}
	if len(body) == 0 {
		body = []byte("{}")
	}
	_, _ = w.Write(body) // fails if the page has gone
}

func (p *Pool) serve(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Method != http.MethodPost {
		return nil, errors.New("use POST")
	}
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return nil, errors.New("the Content-Type must be application/json")
	}
	const most = 1 << 20
	in, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		return nil, err
	}
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case len(path) == 1 && path[0] == "interop-new":
		return p.start(in)
	case len(path) == 1 && path[0] == "interop-door":
		return p.open(in)
	case len(path) == 3 && path[0] == "interop":
		return p.call(path[1], path[2], in)
	}
	return nil, errors.New("nothing here: " + r.URL.Path)
}

func (p *Pool) start(in []byte) ([]byte, error) {
	var args newArgs
	if err := json.Unmarshal(in, &args); err != nil {
		return nil, err
	}
	h, err := newHost(args.Kind, args.Options)
	if err != nil {
		return nil, err
	}
	return p.add(h)
}

func (p *Pool) open(in []byte) ([]byte, error) {
	var args struct {
		Port int `json:"port"` // of what listens on this machine
	}
	if err := json.Unmarshal(in, &args); err != nil {
		return nil, err
	}
	d, err := doorTo(args.Port)
	if err != nil {
		return nil, err
	}
	return p.add(d)
}

func (p *Pool) add(j judge) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		j.close()
		return nil, errors.New("the pool is closed")
	}
	if p.hosts == nil {
		p.hosts = map[string]judge{}
	}
	p.made++
	id := strconv.Itoa(p.made)
	p.hosts[id] = j
	return json.Marshal(newResult{ID: id, URL: j.url()})
}

func (p *Pool) call(id, verb string, in []byte) ([]byte, error) {
	p.mu.Lock()
	h := p.hosts[id]
	if verb == "close" {
		delete(p.hosts, id)
	}
	p.mu.Unlock()
	if h == nil {
		return nil, errors.New("there is no server " + id)
	}
	if host, ok := h.(*host); ok && verb == "door" {
		d, err := host.open()
		if err != nil {
			return nil, err
		}
		return p.add(d)
	}
	return h.call(verb, in)
}

// Close ends all servers of the pool.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, h := range p.hosts {
		h.close()
	}
	p.hosts = nil
}
