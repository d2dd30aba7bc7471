//go:build !js

package core

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/wire"
)

func TestLog_GoesToThePageThatTakesIt(t *testing.T) {
	sim := gwssim.New(t)
	c := New(Config{Log: func(_ bayeux.Level, line string) { t.Errorf("on the console: %s", line) }})
	p := openPage(t, c)
	began := time.Now().UnixMilli()
	id := p.id()
	p.port.Take(&wire.CreateClient{ID: id, Client: 3, Log: true, Headers: wire.Headers{Fields: basic}, Options: map[string]any{"baseUrl": sim.URL, "logLevel": "debug"}})
	m := await(p, func(m *wire.Log) bool { return strings.HasPrefix(m.Message, "GET /api/v2/me: HTTP status 200, ") })
	require.Equal(t, 3, m.Client)
	require.Equal(t, "debug", m.Level)
	require.GreaterOrEqual(t, m.Time, began)
	require.LessOrEqual(t, m.Time, time.Now().UnixMilli())
	p.resolved(id)
	id = p.id()
	p.port.Take(&wire.Stats{ID: id, Client: 3})
	require.JSONEq(t, `{"posts":0,"events":0,"reconnects":0,"dropped":0,"lastRoundTrip":null,"medianRoundTrip":null}`, string(p.resolved(id)))
}

func TestLog_HasTheTimeOfDayAtDebugAlone(t *testing.T) {
	for level, want := range map[string]string{"debug": `^\d\d:\d\d:\d\d\.\d\d\d connecting over `, "info": ""} {
		sim := gwssim.New(t)
		lines := make(chan string, 1000)
		p := openPage(t, New(Config{Log: func(_ bayeux.Level, line string) { lines <- line }}))
		id := p.id()
		p.port.Take(&wire.CreateClient{ID: id, Client: 1, Headers: wire.Headers{Fields: basic}, Options: map[string]any{"baseUrl": sim.URL, "logLevel": level}})
		p.resolved(id)
		if want == "" {
			require.Empty(t, lines)
		} else {
			require.Regexp(t, want, <-lines)
		}
	}
}

// The console of a shared Worker is its pages': those print the lines that their own option log does not take.
func TestLog_OfASharedClientHasTheTimeOfDayForPagesThatPrintIt(t *testing.T) {
	sim := gwssim.New(t)
	c := New(Config{Log: func(_ bayeux.Level, line string) { t.Errorf("on the console: %s", line) }})
	prints, takes := openPage(t, c), openPage(t, c)
	takes.takesLog = true
	debug := map[string]any{"logLevel": "debug"}
	for _, p := range []*testPage{prints, takes} {
		p.resolved(p.sharing(1, sim, basic, debug))
		p.resolved(p.call(1, nil))
	}
	const line = "completeRecord, reference made: "
	const last = "GET /api/v2/me: HTTP status 200, "
	isLine := func(m *wire.Log) bool { return strings.Contains(m.Message, line) }
	require.Regexp(t, `^\d\d:\d\d:\d\d\.\d\d\d `+line, await(prints, isLine).Message)
	require.Regexp(t, "^"+line, await(takes, isLine).Message)
	require.Regexp(t, "^"+last, await(takes, func(m *wire.Log) bool { return strings.Contains(m.Message, last) }).Message)
}

func TestTimeOfDay(t *testing.T) {
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("east", 5*3600+1800), time.FixedZone("west", -9*3600)} {
		for _, at := range []time.Time{time.Date(2026, 1, 2, 0, 0, 0, 0, zone), time.Date(2026, 1, 2, 23, 59, 59, 999e6, zone), time.Date(2026, 1, 2, 12, 34, 56, 7e6, zone)} {
			require.Equal(t, at.Format("15:04:05.000"), timeOfDay(at))
		}
	}
}

func TestLog_ThatIsNoFunctionIsRefused(t *testing.T) {
	for _, given := range []any{true, "console", gws.Foreign("function")} {
		p := openPage(t, newCore())
		id := p.id()
		p.port.Take(&wire.CreateClient{ID: id, Client: 1, Options: map[string]any{"baseUrl": "http://localhost", "log": given}})
		require.Equal(t, "log", p.rejected(id).Problems[0].Field)
	}
}
