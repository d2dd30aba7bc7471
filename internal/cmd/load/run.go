//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"time"
)

// plan is one measurement.
type plan struct {
	agents    int
	server    string
	transport string
	heapMB    int
	idle      time.Duration
	steady    time.Duration
	down      time.Duration
	patience  time.Duration
	profile   string    // folder; none if empty
	print     io.Writer // what goes on
}

const rounds = 3 // of completions

// measurement is one under way.
type measurement struct {
	plan
	began  time.Time
	target server
	fleet  *fleet
	result *Result
}

func (p plan) run(ctx context.Context) (*Result, error) {
	if p.agents < 1 {
		return nil, fmt.Errorf("%d agents: there must be one at least", p.agents)
	}
	if err := checkFiles(filesFor(p.agents, p.transport)); err != nil {
		return nil, err
	}
	m := &measurement{plan: p, began: time.Now(), result: &Result{
		Agents: p.agents, Server: p.server, Transport: p.transport, Date: today(), Machine: machine(),
	}}
	m.say("starting %s", p.server)
	var err error
	if m.target, err = launch(p.server, p.heapMB); err != nil {
		return nil, err
	}
	defer func() { m.target.Kill() }()
	m.fleet = newFleet(p.agents, m.target.URL(), p.transport)
	defer m.fleet.close()
	for _, step := range []func(context.Context) error{m.connect, m.watch, m.complete, m.restartTwice} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return m.result, nil
}

func (m *measurement) say(format string, args ...any) {
	fmt.Fprintf(m.print, "%6.1f s  %s\n", time.Since(m.began).Seconds(), fmt.Sprintf(format, args...))
}

// progress says how many agents are connected, every few seconds, until it is
// stopped.
func (m *measurement) progress() (stop func()) {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(5 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				m.say("%d of %d connected", m.fleet.connected.Load(), m.agents)
			}
		}
	}()
	return func() { close(done) }
}

// both is what client and server have used.
type both struct{ client, server usage }

func (m *measurement) usage() (b both, err error) {
	if b.client, err = usageOf(os.Getpid()); err == nil {
		b.server, err = usageOf(m.target.PID())
	}
	return b, err
}

// memory is what the process has after a collection.
func memory() (s runtime.MemStats) {
	debug.FreeOSMemory() // collects, too
	runtime.ReadMemStats(&s)
	return s
}

// liveHeap is how many bytes of the server's heap are alive; 0 if it is no JVM,
// which the signal that asks a JVM would end.
func (m *measurement) liveHeap() float64 {
	if m.server == simulator {
		return 0
	}
	return liveHeap(m.target.PID())
}

func (m *measurement) connect(ctx context.Context) error {
	heapBefore, before := m.liveHeap(), memory()
	goroutines := runtime.NumGoroutine()
	start, err := m.usage()
	if err != nil {
		return err
	}
	stopProfile, err := m.profileCPU("connect")
	if err != nil {
		return err
	}
	defer m.progress()()
	began := time.Now()
	took, err := m.fleet.openAll(ctx)
	stopProfile()
	if err != nil {
		return fmt.Errorf("connect the agents: %w", err)
	}
	slices.Sort(took)
	r := m.result
	r.Connect = Connect{Seconds: time.Since(began).Seconds(), P50: quantile(took, 0.5), P99: quantile(took, 0.99)}
	end, err := m.usage()
	if err != nil {
		return err
	}
	r.Connect.ClientCPU, r.Connect.ServerCPU = end.client.cpu-start.client.cpu, end.server.cpu-start.server.cpu
	m.say("all connected; memory")

	after := memory()
	if end, err = m.usage(); err != nil {
		return err
	}
	r.Memory = Memory{
		ClientHeap:   float64(after.HeapAlloc) - float64(before.HeapAlloc),
		ClientStack:  float64(after.StackInuse) - float64(before.StackInuse),
		ClientRSS:    end.client.rss - start.client.rss,
		ConnectBytes: float64(after.TotalAlloc - before.TotalAlloc),
		Goroutines:   runtime.NumGoroutine() - goroutines,
		ServerRSS:    end.server.rss - start.server.rss,
	}
	if heapBefore > 0 {
		r.Memory.ServerHeap = m.liveHeap() - heapBefore
	}
	return m.profileHeap()
}

// watch sees what the agents cost that do nothing.
func (m *measurement) watch(ctx context.Context) error {
	if err := pause(ctx, min(m.idle, 2*time.Second)); err != nil { // for collections to end
		return err
	}
	start, err := m.usage()
	if err != nil {
		return err
	}
	began := time.Now()
	m.say("idle for %v", m.idle)
	if err := pause(ctx, m.idle); err != nil {
		return err
	}
	end, err := m.usage()
	m.result.Idle = Idle{
		Seconds:   time.Since(began).Seconds(),
		ClientCPU: end.client.cpu - start.client.cpu,
		ServerCPU: end.server.cpu - start.server.cpu,
	}
	return err
}

func (m *measurement) complete(ctx context.Context) error {
	all := make([]Steady, rounds)
	for i := range all {
		m.say("completions for %v, round %d of %d", m.steady, i+1, rounds)
		start, err := m.usage()
		if err != nil {
			return err
		}
		began := time.Now()
		took, err := m.fleet.completeAll(ctx, m.steady)
		if err != nil {
			return fmt.Errorf("complete records: %w", err)
		}
		seconds, n := time.Since(began).Seconds(), float64(len(took))
		end, err := m.usage()
		if err != nil {
			return err
		}
		all[i] = Steady{
			PerSecond: n / seconds, P50: quantile(took, 0.5), P99: quantile(took, 0.99),
			ClientCPU: (end.client.cpu - start.client.cpu) / n, ServerCPU: (end.server.cpu - start.server.cpu) / n,
		}
	}
	slices.SortFunc(all, func(a, b Steady) int { return int(a.PerSecond - b.PerSecond) })
	m.result.Steady = all[rounds/2]
	return nil
}

// restartTwice restarts the server with jitter and without, and sees that every
// agent completes a record after that.
func (m *measurement) restartTwice(ctx context.Context) error {
	for i, jitter := range []bool{true, false} {
		if i > 0 {
			// A connection must have worked for 10 s for its failures to be forgotten.
			if err := pause(ctx, 11*time.Second); err != nil {
				return err
			}
		}
		r, err := m.restart(ctx, jitter)
		if err != nil {
			return err
		}
		m.result.Restarts = append(m.result.Restarts, *r)
		m.say("each completes a record")
		if _, err := m.fleet.completeAll(ctx, 0); err != nil {
			return fmt.Errorf("complete records after the restart: %w", err)
		}
	}
	return nil
}

func (m *measurement) restart(ctx context.Context, jitter bool) (*Restart, error) {
	m.fleet.unjittered.Store(!jitter)
	s := newSeries()
	m.fleet.series.Store(s)
	defer m.fleet.series.Store(nil)
	start, err := usageOf(os.Getpid())
	if err != nil {
		return nil, err
	}
	stopProfile, err := m.profileCPU(fmt.Sprintf("restart-jitter-%v", jitter))
	if err != nil {
		return nil, err
	}
	defer stopProfile()
	m.target.Kill()
	m.say("server killed (jitter: %v)", jitter)
	if err := pause(ctx, m.down); err != nil {
		return nil, err
	}
	if err := m.target.Restart(); err != nil {
		return nil, err
	}
	up := time.Since(s.begin).Seconds()
	m.say("server up")
	defer m.progress()()
	for m.fleet.connected.Load() < int64(m.agents) || s.handshakes.sum() < m.agents {
		if time.Since(s.begin) > m.patience {
			return nil, fmt.Errorf("only %d of %d agents are back %v after the restart: give them more by -patience",
				m.fleet.connected.Load(), m.agents, m.patience)
		}
		if err := pause(ctx, bucket/5); err != nil {
			return nil, err
		}
	}
	took := time.Since(s.begin)
	now, err := m.usage()
	if err != nil {
		return nil, err
	}
	r := &Restart{
		Jitter: jitter, Up: up, All: took.Seconds(),
		ClientCPU: now.client.cpu - start.cpu, ServerCPU: now.server.cpu, BucketMS: int(bucket.Milliseconds()),
		Requests: s.requests.list(took), Handshakes: s.handshakes.list(took), Back: s.back.list(took),
	}
	r.Half, r.Most = r.when((m.agents+1)/2), r.when((99*m.agents+99)/100)
	m.say("all back")
	return r, nil
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// quantile of sorted times, in milliseconds.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[int(q*float64(len(sorted)-1))]) / float64(time.Millisecond)
}

// profileCPU profiles the agents' process until it is stopped.
func (m *measurement) profileCPU(name string) (stop func(), err error) {
	if m.profile == "" {
		return func() {}, nil
	}
	file, err := os.Create(filepath.Join(m.profile, name+".pprof"))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		file.Close()
	}, nil
}

func (m *measurement) profileHeap() error {
	if m.profile == "" {
		return nil
	}
	file, err := os.Create(filepath.Join(m.profile, "heap.pprof"))
	if err != nil {
		return err
	}
	defer file.Close()
	return pprof.WriteHeapProfile(file)
}
