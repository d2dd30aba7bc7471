//go:build !js

package bayeux

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the table of transitions into ARCHITECTURE.md")

// phaseTable is the table of transitions in Markdown.
func phaseTable() string {
	names := func(phases []phase) string {
		var list []string
		for _, p := range phases {
			list = append(list, string(p))
		}
		return strings.Join(list, ", ")
	}
	var b strings.Builder
	b.WriteString("| from | on | to | what is done |\n|---|---|---|---|\n")
	for _, t := range transitions {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", names(t.from), t.on, t.to, t.does)
	}
	return b.String()
}

func TestTransitions_AreThoseOfTheArchitecture(t *testing.T) {
	const file, begin, end = "../../ARCHITECTURE.md", "<!-- transitions -->\n", "<!-- end of transitions -->"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(text), begin)
	require.True(t, found)
	table, after, found := strings.Cut(rest, end)
	require.True(t, found)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(before+begin+phaseTable()+end+after), 0o644))
		return
	}
	require.Equal(t, phaseTable(), table, "go test ./internal/bayeux -run Transitions -update writes it")
}

func TestTransitions_ReachEachPhaseAndEndInTheLast(t *testing.T) {
	reached := []phase{fresh}
	for range transitions {
		for _, tr := range transitions {
			if slices.ContainsFunc(tr.from, func(p phase) bool { return slices.Contains(reached, p) }) && !slices.Contains(reached, tr.to) {
				reached = append(reached, tr.to)
			}
		}
	}
	require.ElementsMatch(t, slices.Concat(alive, []phase{leaving, ended}), reached)
	for _, tr := range transitions {
		require.NotContains(t, tr.from, ended)
	}
}

func TestEnter_WhereThereIsNoWayPanics(t *testing.T) {
	c := &Client{attempts: attempts{phase: waiting}}
	require.Panics(t, func() { c.enter(connected) })
	require.NotPanics(t, func() { c.enter(opening) })
}
