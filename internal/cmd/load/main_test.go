//go:build linux

package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/outbound"
)

// TestMain lets this program be the simulator, too, as the command does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == simulatorVerb {
		if err := serveSimulator(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const agents = 20

// What is measured is not tested; that all agents connect, complete records,
// and come back twice, the run says itself.
func TestRun(t *testing.T) {
	for _, transport := range []string{outbound.WebSocket, outbound.LongPolling} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			r, err := plan{
				agents: agents, server: simulator, transport: transport,
				idle: time.Millisecond, steady: 50 * time.Millisecond, down: 10 * time.Millisecond, patience: 2 * time.Minute,
				profile: profiles(t, transport), print: io.Discard,
			}.run(t.Context())
			require.NoError(t, err)
			require.Positive(t, r.Connect.Seconds)
			require.Positive(t, r.Memory.ServerRSS)
			require.GreaterOrEqual(t, r.Memory.Goroutines, agents)
			require.Positive(t, r.Steady.PerSecond)
			require.Len(t, r.Restarts, 2)
			for i, jitter := range []bool{true, false} {
				s := r.Restarts[i]
				require.Equal(t, jitter, s.Jitter)
				require.Equal(t, agents, total(s.Handshakes), "each has a new session")
				require.Equal(t, agents, total(s.Back))
				require.GreaterOrEqual(t, total(s.Requests), 2*agents, "each has signed in and dialled")
				require.LessOrEqual(t, s.Half, s.Most)
				require.LessOrEqual(t, s.Most, s.All)
				require.LessOrEqual(t, s.perSecond(s.Handshakes), agents)
			}
			require.NotContains(t, report(r), "NaN")
		})
	}
}

// profiles is a folder for the one run that may profile: a process does so
// once at a time.
func profiles(t *testing.T, transport string) string {
	if transport != outbound.WebSocket {
		return ""
	}
	dir := t.TempDir()
	t.Cleanup(func() {
		for _, name := range []string{"connect", "heap", "restart-jitter-true", "restart-jitter-false"} {
			info, err := os.Stat(filepath.Join(dir, name+".pprof"))
			require.NoError(t, err)
			require.Positive(t, info.Size())
		}
	})
	return dir
}

func report(r *Result) string {
	var b strings.Builder
	r.print(&b)
	return b.String()
}

func TestAnAgentThatCannotCompleteIsNamed(t *testing.T) {
	s, err := launchSimulator()
	require.NoError(t, err)
	t.Cleanup(s.Kill)
	f := newFleet(2, s.URL(), outbound.WebSocket)
	defer f.close()
	_, err = f.openAll(t.Context())
	require.NoError(t, err)
	f.agents[1].client.Close()
	_, err = f.completeAll(t.Context(), 0)
	require.ErrorContains(t, err, "agent 1: ")
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for args, want := range map[string]string{
		"-n 0":                    "there must be one at least",
		"-n 100000000":            "ulimit -n ",
		"-n 1 -server faye":       "use simulator, cometd-9 or cometd-8",
		"extra":                   "options begin with a dash",
		"-report -dir /not/there": "load -all measures them",
	} {
		err := command(t.Context(), strings.Fields(args))
		require.ErrorContains(t, err, want, args)
	}
}

func TestResultsOfAKindAreReplaced(t *testing.T) {
	file := filepath.Join(t.TempDir(), resultsFile)
	for _, r := range []*Result{
		{Agents: 100, Server: "a", Transport: "x", Date: "old"},
		{Agents: 10, Server: "a", Transport: "x"},
		{Agents: 100, Server: "a", Transport: "x", Date: "new"},
		{Agents: 100, Server: "b", Transport: "x"},
	} {
		require.NoError(t, addResult(file, r))
	}
	got, err := readResults(file)
	require.NoError(t, err)
	require.Len(t, got, 3)
	require.Equal(t, []string{"b", "a", "a"}, []string{got[0].Server, got[1].Server, got[2].Server})
	require.Equal(t, "new", got[2].Date)
	require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
	require.Error(t, addResult(file, got[0]), "what cannot be read is not written over")
}

// The results of the repository make its report as it is.
func TestReport(t *testing.T) {
	from := filepath.Join("..", "..", "..", "web", "scale")
	dir := t.TempDir()
	for _, name := range []string{resultsFile, reportFile} {
		text, err := os.ReadFile(filepath.Join(from, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	require.NoError(t, writeReport(dir))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 2+4)
	for _, file := range files {
		got, err := os.ReadFile(filepath.Join(dir, file.Name()))
		require.NoError(t, err)
		want, err := os.ReadFile(filepath.Join(from, file.Name()))
		require.NoError(t, err)
		require.True(t, string(want) == string(got), "%s is not what the results make: run make load-report", file.Name())
		require.NotContains(t, string(got), "NaN")
		if strings.HasSuffix(file.Name(), ".svg") {
			wellFormed(t, string(got))
		}
	}
	_, err = renew([]byte("<!-- table nothing -->\n<!-- end -->"), nil)
	require.ErrorContains(t, err, `no table "nothing"`)
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		if element, ok := token.(xml.StartElement); ok {
			for _, a := range element.Attr {
				require.NotContains(t, a.Value, "NaN")
				require.NotContains(t, a.Value, "Inf")
			}
		}
	}
}

func TestPlotsOfLittle(t *testing.T) {
	for name, lines := range map[string][]line{
		"none":      nil,
		"empty":     {{name: "a & <b>", style: "dots"}},
		"one":       {{name: "a", style: "bars", points: []point{{1, 1}}}, {name: "b", style: "line", points: []point{{1, 0}}}},
		"all zero":  {{name: "a", style: "bars", points: []point{{1, 0}, {2, 0}}}},
		"very much": {{name: "a", style: "dots", points: []point{{1, 1e9}, {1e6, 3}}}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, logX := range []bool{false, true} {
				wellFormed(t, plot{title: "<t>", logX: logX, panels: []panel{{title: "&", shade: 1, shaded: "away", lines: lines}}}.svg())
			}
		})
	}
}

func TestTicks(t *testing.T) {
	require.Equal(t, []float64{0, 20, 40, 60}, ticks(60, 4))
	require.Equal(t, []float64{0, 10, 20}, ticks(25, 4))
	require.Equal(t, []float64{0, 2000, 4000, 6000}, ticks(7442, 4))
	require.Equal(t, "1,234,567", grouped(1234567))
	require.Equal(t, "-1,234", grouped(-1234))
	require.Equal(t, "999", grouped(999))
}

func TestForeseen(t *testing.T) {
	without := comingBack(5*time.Second, false, false)
	require.InDelta(t, 1, busiest(without), 1e-9, "all in the same second")
	require.InDelta(t, 7.25, until(without, 1), 1e-9, "after 1 + 2 + 4 s")
	require.InDelta(t, 15.25, until(comingBack(5*time.Second, true, false), 1), 1e-9, "and 8 s more, where it is refused once")
	require.InDelta(t, 1+2+4+8+16+32+60+60+0.25, until(comingBack(150*time.Second, false, false), 1), 1e-9, "a minute at most")
	with := comingBack(5*time.Second, false, true)
	require.Less(t, busiest(with), 0.3)
	require.Greater(t, until(with, 0.99), 15.0)
	sum := 0.0
	for _, share := range with {
		sum += share
	}
	require.InDelta(t, 1, sum, 1e-9)
}
