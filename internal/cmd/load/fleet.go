//go:build linux

package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
	"gws-outbound/internal/outbound"
)

const (
	// opening and completing are how many agents do that at a time.
	opening    = 64
	completing = 64

	// mostRequests is how many connections there may be beside the WebSockets.
	// In browsers each agent has its own; here they share, or a restart would
	// take twice the files.
	mostRequests = 5000
)

// fleet is all agents.
type fleet struct {
	url       string
	transport string
	http      http.RoundTripper
	agents    []*agent

	unjittered atomic.Bool  // the backoff is not random any more
	connected  atomic.Int64 // agents
	series     atomic.Pointer[series]
	next       atomic.Int64 // counts completions
}

// agent is one, with cookies of its own.
type agent struct {
	fleet  *fleet
	number int
	client *outbound.Client

	// These two belong to the loop of the agent's session.
	connected bool
	session   int
}

// filesFor is how many files n agents need.
func filesFor(n int, transport string) int {
	const spare = 200
	if transport == outbound.LongPolling {
		return 2*n + spare
	}
	return n + min(n, mostRequests) + spare
}

func newFleet(n int, url, transport string) *fleet {
	f := &fleet{url: url, transport: transport, agents: make([]*agent, n)}
	for i := range f.agents {
		f.agents[i] = &agent{fleet: f, number: i}
	}
	var dials atomic.Uint32
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		// One address has some 28,000 ports to go out from.
		const addresses = 8
		from := net.IPv4(127, 0, 0, byte(1+dials.Add(1)%addresses))
		return (&net.Dialer{LocalAddr: &net.TCPAddr{IP: from}}).DialContext(ctx, network, address)
	}
	sockets := &http.Transport{DialContext: dial, MaxIdleConnsPerHost: completing, IdleConnTimeout: time.Minute}
	requests := &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 4 * completing, IdleConnTimeout: time.Minute}
	if transport == outbound.LongPolling {
		requests.MaxIdleConnsPerHost = 2 * n
	} else {
		requests.MaxConnsPerHost = mostRequests
	}
	f.http = &router{f, sockets, requests}
	return f
}

// router counts requests, and keeps WebSockets apart from what has a bound.
type router struct {
	fleet             *fleet
	sockets, requests *http.Transport
}

func (r *router) RoundTrip(req *http.Request) (*http.Response, error) {
	if s := r.fleet.series.Load(); s != nil {
		s.add(s.requests)
	}
	if req.Header.Get("Upgrade") != "" {
		return r.sockets.RoundTrip(req)
	}
	return r.requests.RoundTrip(req)
}

// random is that of the backoff of all agents.
func (f *fleet) random() float64 {
	if f.unjittered.Load() {
		return 1
	}
	return rand.Float64()
}

// open opens an agent: sign-in, handshake, subscription, connect.
func (a *agent) open(ctx context.Context) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	login := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "agent%d:secret", a.number))
	a.client, err = outbound.OpenOver(ctx, outbound.Options{
		BaseURL: a.fleet.url, CometdPath: outbound.DefaultCometdPath, Transports: []string{a.fleet.transport},
		Headers: func(context.Context, bool) (httpx.Header, error) {
			return httpx.Header{"Authorization": "Basic " + login}, nil
		},
		CSRF:           true,
		ConnectTimeout: time.Minute, RequestTimeout: 30 * time.Second, AckTimeout: 30 * time.Second,
		OnStatus: a.status,
	}, &httpx.Client{HTTP: &http.Client{
		Transport:     a.fleet.http,
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, a.fleet.random)
	if err != nil {
		return fmt.Errorf("agent %d: %w", a.number, err)
	}
	return nil
}

// status follows the session of an agent.
func (a *agent) status(now bayeux.Status) {
	s := a.fleet.series.Load()
	if now.Session != a.session {
		a.session = now.Session
		if s != nil {
			s.add(s.handshakes)
		}
	}
	if connected := now.State == bayeux.Connected; connected != a.connected {
		a.connected = connected
		change := int64(1)
		if !connected {
			change = -1
		}
		a.fleet.connected.Add(change)
		if s != nil && connected {
			s.add(s.back)
		}
	}
}

// openAll opens every agent, and returns how long each took.
func (f *fleet) openAll(ctx context.Context) ([]time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	took := make([]time.Duration, len(f.agents))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(opening, len(f.agents)) {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(f.agents) || ctx.Err() != nil {
					return
				}
				start := time.Now()
				if err := f.agents[i].open(ctx); err != nil {
					cancel(err)
					return
				}
				took[i] = time.Since(start)
			}
		})
	}
	workers.Wait()
	return took, context.Cause(ctx)
}

// complete completes a record by one agent.
func (a *agent) complete(ctx context.Context) error {
	_, err := a.client.Call(ctx, "completeRecord", gws.Fields{
		"recordHandle": float64(a.fleet.next.Add(1)), "applicationId": float64(10),
		"campaignName": "Load", "callingList": "Load", "callResult": "Answer",
		"devicePath": fmt.Sprintf("/devices/load-%d", a.number),
	}, outbound.CallOptions{})
	if err != nil {
		return fmt.Errorf("agent %d: %w", a.number, err)
	}
	return nil
}

// completeAll has one agent after the other complete a record, some at a time,
// for so long, or, with 0, until each has done one. It returns how long each
// completion took.
func (f *fleet) completeAll(ctx context.Context, d time.Duration) ([]time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var took []time.Duration
	var next atomic.Int64
	begin := time.Now()
	var workers sync.WaitGroup
	for range min(completing, len(f.agents)) {
		workers.Go(func() {
			var mine []time.Duration
			defer func() {
				mu.Lock()
				defer mu.Unlock()
				took = append(took, mine...)
			}()
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if d == 0 && i >= len(f.agents) || d > 0 && time.Since(begin) >= d {
					return
				}
				start := time.Now()
				if err := f.agents[i%len(f.agents)].complete(ctx); err != nil {
					cancel(err)
					return
				}
				mine = append(mine, time.Since(start))
			}
		})
	}
	workers.Wait()
	slices.Sort(took)
	return took, context.Cause(ctx)
}

// close closes every agent.
func (f *fleet) close() {
	var workers sync.WaitGroup
	for _, a := range f.agents {
		if a.client != nil {
			workers.Go(a.client.Close)
		}
	}
	workers.Wait()
}
