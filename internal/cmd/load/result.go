//go:build linux

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// Result is what was measured with so many agents against one server. Bytes,
// CPU seconds and goroutines are those of all agents together, less what the
// process had before there were any.
type Result struct {
	Agents    int     `json:"agents"`
	Server    string  `json:"server"`
	Transport string  `json:"transport"`
	Date      string  `json:"date"`
	Machine   Machine `json:"machine"`

	Connect  Connect   `json:"connect"`
	Memory   Memory    `json:"memory"`
	Idle     Idle      `json:"idle"`
	Steady   Steady    `json:"steady"`
	Restarts []Restart `json:"restarts"`
}

// Machine is where it was measured.
type Machine struct {
	Model      string  `json:"model"`
	CPUs       int     `json:"cpus"`
	MemoryMB   int     `json:"memoryMB"`
	Go         string  `json:"go"`
	LoadBefore float64 `json:"loadBefore"` // average of the minute before, by whoever else uses the machine
}

// Connect is from nothing to all agents connected, 64 at a time.
type Connect struct {
	Seconds   float64 `json:"seconds"`
	P50       float64 `json:"p50"` // milliseconds of one
	P99       float64 `json:"p99"`
	ClientCPU float64 `json:"clientCPU"`
	ServerCPU float64 `json:"serverCPU"`
}

// Memory is what connected agents take that do nothing.
type Memory struct {
	ClientHeap   float64 `json:"clientHeap"`  // after a collection
	ClientStack  float64 `json:"clientStack"` // of goroutines
	ClientRSS    float64 `json:"clientRSS"`
	Goroutines   int     `json:"goroutines"`
	ConnectBytes float64 `json:"connectBytes"` // allocated by connecting, collected or not
	ServerRSS    float64 `json:"serverRSS"`
	ServerHeap   float64 `json:"serverHeap"` // of a JVM, after a full collection; 0 for others
}

// Idle is what agents cost that do nothing but hold their connects.
type Idle struct {
	Seconds   float64 `json:"seconds"`
	ClientCPU float64 `json:"clientCPU"`
	ServerCPU float64 `json:"serverCPU"`
}

// Steady is the median of three rounds of completions, 64 at a time.
type Steady struct {
	PerSecond float64 `json:"perSecond"`
	P50       float64 `json:"p50"` // milliseconds
	P99       float64 `json:"p99"`
	ClientCPU float64 `json:"clientCPU"` // of one completion
	ServerCPU float64 `json:"serverCPU"`
}

// Restart is what follows when the server is killed, and started again after a
// while. The counts are those of intervals of BucketMS from the kill on.
type Restart struct {
	Jitter     bool    `json:"jitter"`
	Up         float64 `json:"up"`   // seconds from the kill until the server listened again
	Half       float64 `json:"half"` // until half of the agents were connected
	Most       float64 `json:"most"` // 99 %
	All        float64 `json:"all"`
	ClientCPU  float64 `json:"clientCPU"`
	ServerCPU  float64 `json:"serverCPU"` // of the new process, its start included
	BucketMS   int     `json:"bucketMS"`
	Requests   []int   `json:"requests"`   // HTTP requests, of which a dial of a WebSocket is one
	Handshakes []int   `json:"handshakes"` // that succeeded
	Back       []int   `json:"back"`       // agents that were connected again
}

// perSecond is the most of a second, by counts in buckets.
func (r Restart) perSecond(counts []int) int { return mostWithin(1000/r.BucketMS, counts) }

// when is how many seconds it took until so many were back.
func (r Restart) when(n int) float64 {
	sum := 0
	for i, back := range r.Back {
		if sum += back; sum >= n {
			return min(float64((i+1)*r.BucketMS)/1000, r.All)
		}
	}
	return 0
}

func total(counts []int) (sum int) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

func (r *Result) print(w io.Writer) {
	n := float64(r.Agents)
	fmt.Fprintf(w, "%d agents, %s, %s\n", r.Agents, r.Server, r.Transport)
	line := func(what, format string, args ...any) {
		fmt.Fprintf(w, "  %-12s %s\n", what, fmt.Sprintf(format, args...))
	}
	line("connect", "%.1f s, %.0f/s, p50 %.0f ms, p99 %.0f ms; CPU of one: client %.2f ms, server %.2f ms",
		r.Connect.Seconds, n/r.Connect.Seconds, r.Connect.P50, r.Connect.P99, 1000*r.Connect.ClientCPU/n, 1000*r.Connect.ServerCPU/n)
	line("memory", "of one: client %.1f KB heap + %.1f KB stacks (RSS %.1f KB), %.1f goroutines; server RSS %.1f KB, heap %.1f KB; connecting allocates %.0f KB",
		r.Memory.ClientHeap/n/1024, r.Memory.ClientStack/n/1024, r.Memory.ClientRSS/n/1024, float64(r.Memory.Goroutines)/n,
		r.Memory.ServerRSS/n/1024, r.Memory.ServerHeap/n/1024, r.Memory.ConnectBytes/n/1024)
	line("idle", "CPU: client %.1f %%, server %.1f %%", 100*r.Idle.ClientCPU/r.Idle.Seconds, 100*r.Idle.ServerCPU/r.Idle.Seconds)
	line("completions", "%.0f/s, p50 %.1f ms, p99 %.1f ms; CPU of one: client %.2f ms, server %.2f ms",
		r.Steady.PerSecond, r.Steady.P50, r.Steady.P99, 1000*r.Steady.ClientCPU, 1000*r.Steady.ServerCPU)
	for _, s := range r.Restarts {
		line("restart", "jitter %v: up after %.1f s; half back after %.1f s, 99 %% after %.1f s, all after %.1f s; at most %d handshakes/s, %d requests/s; CPU: client %.1f s, server %.1f s",
			s.Jitter, s.Up, s.Half, s.Most, s.All, s.perSecond(s.Handshakes), s.perSecond(s.Requests), s.ClientCPU, s.ServerCPU)
	}
}

func readResults(file string) ([]*Result, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var results []*Result
	if err := json.Unmarshal(text, &results); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return results, nil
}

// addResult puts r into a file, in place of the one of the same kind.
func addResult(file string, r *Result) error {
	results, err := readResults(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	results = slices.DeleteFunc(results, func(old *Result) bool {
		return old.Agents == r.Agents && old.Server == r.Server && old.Transport == r.Transport
	})
	results = append(results, r)
	slices.SortFunc(results, func(a, b *Result) int {
		return cmp.Or(-cmp.Compare(a.Server, b.Server), -cmp.Compare(a.Transport, b.Transport), cmp.Compare(a.Agents, b.Agents))
	})
	// One result a line: to be compared, and left alone by formatters.
	var out bytes.Buffer
	for i, r := range results {
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		out.WriteString([]string{",\n", "[\n"}[min(1-min(i, 1), 1)])
		out.Write(line)
	}
	out.WriteString("\n]\n")
	return os.WriteFile(file, out.Bytes(), 0o644)
}

func today() string { return time.Now().UTC().Format("2006-01-02") }
