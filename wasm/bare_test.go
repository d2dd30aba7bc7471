//go:build js && wasm

package main

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hack-pad/safejs"
	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/core"
	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/jsbridge"
	"gws-outbound/internal/outbound"
)

func init() { runtime.MemProfileRate = 1 } // so that living counts each object

// living counts the objects that are alive after a collection, by the stack that made them.
func living() map[string]int64 {
	for range 3 { // values of JavaScript are given up by finalizers
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	n, _ := runtime.MemProfile(nil, false)
	records := make([]runtime.MemProfileRecord, n+1000)
	n, _ = runtime.MemProfile(records, false)
	counts := map[string]int64{}
	for _, r := range records[:n] {
		var stack strings.Builder
		for frames := runtime.CallersFrames(r.Stack()); ; {
			f, more := frames.Next()
			fmt.Fprintf(&stack, "%s:%d\n", f.Function, f.Line)
			if !more {
				break
			}
		}
		if s := stack.String(); !strings.Contains(s, "wasm.living") {
			counts[s] += r.InUseObjects()
		}
	}
	return counts
}

func begin(t *testing.T) *bare {
	t.Helper()
	b, err := newBare(core.New(core.Config{Journal: openJournal, Log: func(bayeux.Level, string) {}}))
	require.NoError(t, err)
	return b
}

// await awaits a Promise.
func await(t *testing.T, promise safejs.Value, err error) string {
	t.Helper()
	require.NoError(t, err)
	v, err := jsbridge.Await(t.Context(), promise)
	require.NoError(t, err)
	s, err := v.String()
	require.NoError(t, err)
	return s
}

const record = `{ recordHandle: 12, applicationId: 1, campaignName: "C", callingList: "L", devicePath: "/devices/d" }`

func TestBare_ClosedAndRefusedClientsLeaveNothing(t *testing.T) {
	b := begin(t)
	sim := gwssim.New(t)
	cycle := evaluate(t, `async (url, more) => {
		const headers = { Authorization: "Basic " + btoa("agent:secret") };
		try {
			const client = await gwsOutbound.createClient({ baseUrl: url, headers, ...more() });
			client.addEventListener("notification", () => {});
			await client.completeRecord(`+record+`, { signal: new AbortController().signal });
			if (more().journal) await client.unsettled();
			await client.close();
			return "closed";
		} catch ({ code }) {
			return code;
		}
	}`)
	const cycles = 5
	for _, kind := range []struct{ options, outcome string }{
		{`{}`, "closed"},
		{`{ transports: ["long-polling"], headers: () => ({ Authorization: "Basic " + btoa("agent:secret") }) }`, "closed"},
		{`{ journal: true, signal: new AbortController().signal }`, "closed"},
		{`{ headers: { Authorization: "Basic eDp5" } }`, "UNAUTHORIZED"},
		{`{ headers: () => { throw new Error("no") } }`, "CONNECT_FAILED"},
		{`{ odd: 1 }`, "INVALID_REQUEST"},
	} {
		more := evaluate(t, `() => (`+kind.options+`)`)
		turn := func() {
			promise, err := cycle.Invoke(sim.URL, more)
			require.Equal(t, kind.outcome, await(t, promise, err), kind.options)
		}
		turn() // what is made once
		before := living()
		for range cycles {
			turn()
		}
		kept := func() (list string) {
			for stack, n := range living() {
				if strings.Contains(stack, "internal/redact.") {
					continue // the last secrets are remembered, of which there are so many at most
				}
				if n-before[stack] >= cycles {
					list += fmt.Sprintf("%d more of\n%s\n", n-before[stack], stack)
				}
			}
			return list
		}
		left := kept()
		for range 40 { // timers and sockets that are closing end by and by
			if left == "" {
				break
			}
			time.Sleep(250 * time.Millisecond)
			left = kept()
		}
		require.Empty(t, left, kind.options)
		require.Empty(t, b.clients)
		require.Empty(t, b.calls)
		require.Nil(t, b.current)
	}
}

// What the server has ended can still say what is unsettled, and for whom it was; it is given up once the page has dropped it, and
// there is another one.
func TestBare_ClientThatTheServerEndedIsGivenUpWhenThePageDropsIt(t *testing.T) {
	evaluate(t, `globalThis.Registry = globalThis.FinalizationRegistry, globalThis.FinalizationRegistry = class {
		constructor(drop) { globalThis.drop = drop }
		register(target, number) { globalThis.number = number }
	}`)
	defer evaluate(t, `(() => { globalThis.FinalizationRegistry = globalThis.Registry })()`)
	b := begin(t)
	sim := gwssim.New(t)
	ended, err := evaluate(t, `async (url) => {
		const client = await gwsOutbound.createClient({ baseUrl: url, headers: { Authorization: "Basic " + btoa("agent:secret") } });
		globalThis.ended = new Promise((resolve) => client.addEventListener("statechange", ({ detail }) => detail.state === "closed" && resolve("ended")));
		return "connected";
	}`).Invoke(sim.URL)
	require.Equal(t, "connected", await(t, ended, err))
	require.NoError(t, sim.WaitConnected(t.Context(), 1))
	sim.Kick()
	ended, err = safejs.Global().Get("ended")
	require.Equal(t, "ended", await(t, ended, err))
	require.Eventually(t, func() bool { return b.current.closed }, 5*time.Second, time.Millisecond)
	require.Len(t, b.clients, 1)
	for _, c := range b.clients {
		require.True(t, c.target.IsUndefined())
	}
	evaluate(t, `drop(number)`)
	require.NoError(t, openOwn(t, b, sim, "agent"))
	require.Len(t, b.clients, 1)
	require.False(t, b.current.closed)
}

// openOwn makes a client as completeRecord does, but for credentials of its own.
func openOwn(t *testing.T, b *bare, sim *gwssim.Sim, user string) error {
	t.Helper()
	_, work := b.newClient(map[string]any{"baseUrl": sim.URL}, safejs.Undefined(),
		evaluate(t, `({ Authorization: "Basic " + btoa("`+user+`:secret") })`), true)
	_, err := work()
	return err
}

func TestBare_ClientOfCompleteRecordIsForTheAgentOfTheOneBefore(t *testing.T) {
	b := begin(t)
	sim := gwssim.New(t)
	require.NoError(t, openOwn(t, b, sim, "agent"))
	sim.Kick()
	require.Eventually(t, func() bool { return b.current.closed }, 5*time.Second, time.Millisecond)
	for range 2 {
		require.Equal(t, outbound.AgentChanged, codeOf(openOwn(t, b, sim, "agent2")))
	}
	require.NoError(t, openOwn(t, b, sim, "agent"))
	require.Len(t, b.clients, 1)
}

func TestBare_ClientOfCompleteRecordIsGivenUpWhenAnotherTakesItsPlace(t *testing.T) {
	b := begin(t)
	sim := gwssim.New(t)
	connect := func() {
		require.NoError(t, openOwn(t, b, sim, "agent"))
		require.NoError(t, sim.WaitConnected(t.Context(), 1))
		require.Len(t, b.clients, 1)
	}
	connect()
	sim.Kick()
	require.Eventually(t, func() bool { return b.current.closed }, 5*time.Second, time.Millisecond)
	require.Len(t, b.clients, 1, "it says why it has ended")
	connect()
}
