//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"gws-outbound/internal/interop"
	"gws-outbound/internal/outbound"
)

// reportFile is written by hand but for its tables, which stand between marks:
//
//	<!-- table memory -->
//	...
//	<!-- end -->
const reportFile = "README.md"

var tableMark = regexp.MustCompile(`(?s)<!-- table (\w+) -->\n.*?<!-- end -->`)

// writeReport draws the pictures of the results in dir, and renews the tables of
// its report.
func writeReport(dir string) error {
	results, err := readResults(filepath.Join(dir, resultsFile))
	if err != nil {
		return fmt.Errorf("read the results: %w; load -all measures them", err)
	}
	if len(results) == 0 {
		return errors.New("there are no results")
	}
	for name, p := range pictures(results) {
		if err := os.WriteFile(filepath.Join(dir, name+".svg"), []byte(p.svg()), 0o644); err != nil {
			return err
		}
	}
	file := filepath.Join(dir, reportFile)
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err = renew(text, tables(results))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, text, 0o644)
}

// renew puts tables in the place of those of the same names.
func renew(text []byte, tables map[string]string) ([]byte, error) {
	var err error
	out := tableMark.ReplaceAllFunc(text, func(old []byte) []byte {
		name := string(tableMark.FindSubmatch(old)[1])
		table, ok := tables[name]
		if !ok {
			err = fmt.Errorf("there is no table %q", name)
			return old
		}
		return fmt.Appendf(nil, "<!-- table %s -->\n%s<!-- end -->", name, table)
	})
	return out, err
}

// table is one in Markdown; the first row is its head.
func table(rows ...[]string) string {
	var b strings.Builder
	for i, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			b.WriteString("|" + strings.Repeat("---|", len(row)) + "\n")
		}
	}
	return b.String()
}

// numbers are those of a row.
func numbers(format string, values ...float64) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprintf(format, v)
		if v >= 1000 {
			out[i] = grouped(v)
		}
	}
	return out
}

func tables(results []*Result) map[string]string {
	connect := [][]string{{"server", "transport", "agents", "all connected after, s", "agents/s", "p50, ms", "p99, ms", "CPU of one: client, ms", "server, ms"}}
	memory := [][]string{{"server", "transport", "agents", "client heap, KB", "stacks, KB", "goroutines", "client RSS, KB", "server RSS, KB", "server live heap, KB"}}
	steady := [][]string{{"server", "transport", "agents", "idle CPU: client, %", "server, %", "completions/s", "p50, ms", "p99, ms", "CPU of one: client, ms", "server, ms"}}
	restart := [][]string{{"server", "transport", "agents", "jitter", "server up after, s", "half back, s (foreseen)", "99 %, s (foreseen)", "all, s", "most handshakes in a second", "most requests in a second", "requests per agent"}}
	machines := [][]string{{"server", "transport", "agents", "date", "processor", "memory, GB", "Go", "load average before"}}
	for _, r := range results {
		n := float64(r.Agents)
		who := []string{r.Server, r.Transport, grouped(n)}
		row := func(cells ...[]string) []string { return slices.Concat(append([][]string{who}, cells...)...) }
		connect = append(connect, row(
			numbers("%.2f", r.Connect.Seconds), numbers("%.0f", n/r.Connect.Seconds, r.Connect.P50, r.Connect.P99),
			numbers("%.2f", 1000*r.Connect.ClientCPU/n, 1000*r.Connect.ServerCPU/n)))
		heap := "-"
		if r.Memory.ServerHeap > 0 {
			heap = numbers("%.1f", r.Memory.ServerHeap/n/1024)[0]
		}
		memory = append(memory, row(
			numbers("%.1f", r.Memory.ClientHeap/n/1024, r.Memory.ClientStack/n/1024, float64(r.Memory.Goroutines)/n,
				r.Memory.ClientRSS/n/1024, r.Memory.ServerRSS/n/1024), []string{heap}))
		steady = append(steady, row(
			numbers("%.1f", 100*r.Idle.ClientCPU/r.Idle.Seconds, 100*r.Idle.ServerCPU/r.Idle.Seconds),
			numbers("%.0f", r.Steady.PerSecond), numbers("%.1f", r.Steady.P50, r.Steady.P99),
			numbers("%.2f", 1000*r.Steady.ClientCPU, 1000*r.Steady.ServerCPU)))
		for _, s := range r.Restarts {
			jitter := "full"
			if !s.Jitter {
				jitter = "none"
			}
			restart = append(restart, row([]string{jitter}, numbers("%.1f", s.Up), s.withForeseen(r.Server, r.Transport), numbers("%.1f", s.All),
				numbers("%.0f", float64(s.perSecond(s.Handshakes)), float64(s.perSecond(s.Requests))),
				numbers("%.1f", float64(total(s.Requests))/n)))
		}
		machines = append(machines, row([]string{r.Date, fmt.Sprintf("%d cores, %s", r.Machine.CPUs, r.Machine.Model)},
			numbers("%.0f", float64(r.Machine.MemoryMB)/1024), []string{r.Machine.Go}, numbers("%.1f", r.Machine.LoadBefore)))
	}
	out := map[string]string{
		"connect": table(connect...), "memory": table(memory...), "steady": table(steady...),
		"restart": table(restart...), "machines": table(machines...),
	}
	if basis := largest(results, string(interop.Jetty9)); basis != nil {
		out["million"], out["nodes"] = onPaper(basis)
	}
	out["outages"] = outages(largest(results, string(interop.Jetty9)))
	return out
}

// withForeseen are the times until half and 99 % of the agents were back, each
// with what the backoff alone foresees.
func (r Restart) withForeseen(server, transport string) []string {
	shares := comingBack(time.Duration(r.Up*float64(time.Second)), forgets(server, transport), r.Jitter)
	return []string{
		fmt.Sprintf("%.1f (%.1f)", r.Half, until(shares, 0.5)),
		fmt.Sprintf("%.1f (%.1f)", r.Most, until(shares, 0.99)),
	}
}

// largest is the result with the most agents over WebSockets on a server; nil
// if there is none.
func largest(results []*Result, server string) (found *Result) {
	for _, r := range results {
		if r.Server == server && r.Transport == outbound.WebSocket && (found == nil || r.Agents > found.Agents) {
			found = r
		}
	}
	return found
}

// forgets reports whether a server refuses the cookies of the one before it;
// see comingBack. CometD itself asks for none, and over long-polling a refusal
// says what it is.
func forgets(server, transport string) bool {
	return server == simulator && transport == outbound.WebSocket
}

// pictures are the plots by name.
func pictures(results []*Result) map[string]plot {
	out := map[string]plot{"million": millionPlot()}
	var memory, connectCPU, completionCPU []line
	for _, server := range []string{simulator, string(interop.Jetty9)} {
		of := func(value func(*Result) float64) (points []point) {
			for _, r := range results {
				if r.Server == server && r.Transport == outbound.WebSocket {
					points = append(points, point{float64(r.Agents), value(r)})
				}
			}
			return points
		}
		if server == simulator {
			memory = append(memory, line{"client heap and stacks", "dots", of(func(r *Result) float64 {
				return (r.Memory.ClientHeap + r.Memory.ClientStack) / float64(r.Agents) / 1024
			})})
		} else {
			memory = append(memory, line{server + " live heap", "dots", of(func(r *Result) float64 { return r.Memory.ServerHeap / float64(r.Agents) / 1024 })})
		}
		connectCPU = append(connectCPU, line{server, "dots", of(func(r *Result) float64 { return 1000 * r.Connect.ServerCPU / float64(r.Agents) })})
		completionCPU = append(completionCPU, line{server, "dots", of(func(r *Result) float64 { return 1000 * r.Steady.ServerCPU })})
		if r := largest(results, server); r != nil && len(r.Restarts) > 0 {
			out["restart-"+server] = restartPlot(r)
		}
	}
	out["cost"] = plot{
		title: "What one agent costs, by the number of agents", xLabel: "agents", logX: true,
		panels: []panel{
			{title: "Memory", yLabel: "KB an agent", lines: memory},
			{title: "The server's CPU: one agent connects", yLabel: "ms", lines: connectCPU},
			{title: "The server's CPU: one completion", yLabel: "ms", lines: completionCPU},
		},
	}
	return out
}

// restartPlot shows the restarts of a result, measured and foreseen.
func restartPlot(r *Result) plot {
	p := plot{
		title:  fmt.Sprintf("%s agents come back: %s, restarted", grouped(float64(r.Agents)), r.Server),
		xLabel: "seconds since the server was killed",
	}
	const longest = 60 // seconds
	for _, s := range r.Restarts {
		title := "With full jitter"
		if !s.Jitter {
			title = "Without jitter"
		}
		perSecond := 1000 / float64(s.BucketMS)
		measured := line{name: "measured", style: "bars"}
		for i, n := range s.Handshakes {
			if x := float64(i) / perSecond; x <= longest {
				measured.points = append(measured.points, point{x, float64(n) * perSecond})
			}
		}
		foreseen := line{name: "foreseen from the backoff", style: "line"}
		shares := comingBack(time.Duration(s.Up*float64(time.Second)), forgets(r.Server, r.Transport), s.Jitter)
		for i, share := range shares {
			if x := (float64(i) + 0.5) / perSecond; s.Jitter && x <= longest {
				foreseen.points = append(foreseen.points, point{x, share * float64(r.Agents) * perSecond})
			}
		}
		lines := []line{measured}
		if s.Jitter {
			lines = append(lines, foreseen)
		}
		p.panels = append(p.panels, panel{title: title, yLabel: "handshakes a second", shade: s.Up, shaded: "server away", lines: lines})
	}
	return p
}
