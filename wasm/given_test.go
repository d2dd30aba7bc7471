//go:build js && wasm

package main

import (
	"testing"
	"time"

	"github.com/hack-pad/safejs"
	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/jsbridge"
	"gws-outbound/internal/wire"
)

// evaluate evaluates an expression.
func evaluate(t *testing.T, expression string) safejs.Value {
	t.Helper()
	constructor, err := safejs.Global().Get("Function")
	require.NoError(t, err)
	f, err := constructor.New("return " + expression)
	require.NoError(t, err)
	v, err := f.Invoke()
	require.NoError(t, err)
	return v
}

func TestReadGiven_ValuesOfEveryType(t *testing.T) {
	require.Equal(t, map[string]any{
		"a": "x", "b": 5.0, "c": true, "d": nil, "e": nil, "f": gws.Foreign("bigint"), "g": gws.Foreign("symbol"), "h": wire.List{"y", gws.Foreign("object")},
		"i": map[string]any{"z": 1.0, "list": gws.Foreign("array"), "data": gws.Foreign("object")}, "j": gws.Foreign("function"),
		"k": wire.Unreadable("<number: 5>"), "l": gws.Foreign("object"), "m": wire.Unreadable("Error: no"),
	}, readGiven(evaluate(t, `({a: "x", b: 5, c: true, d: null, e: undefined, f: 5n, g: Symbol(), h: ["y", {}],
		i: {z: 1, list: [], data: {}}, j: () => 1, get k() { throw 5 }, l: new Map(), m: new Proxy([], {get() { throw new Error("no") }})})`)))
	for expression, want := range map[string]any{
		`undefined`: gws.Foreign("undefined"), `null`: nil, `5`: 5.0, `[]`: wire.List{}, `() => 1`: gws.Foreign("function"),
		`new Proxy({}, {ownKeys() { throw new Error("no") }})`: wire.Unreadable("Error: no"),
	} {
		require.Equal(t, want, readGiven(evaluate(t, expression)), expression)
	}
}

func TestReadGiven_OneMoreThanPasses(t *testing.T) {
	fields := readGiven(evaluate(t, `Object.fromEntries(Array.from({length: 150}, (_, i) => [i, i]))`))
	require.Len(t, fields.(wire.TooMany).Fields, wire.MaxProperties+1)
	require.Equal(t, 150, fields.(wire.TooMany).Of)
	inner := readGiven(evaluate(t, `({data: Object.fromEntries(Array.from({length: 150}, (_, i) => [i, i]))})`))
	require.Len(t, inner.(map[string]any)["data"], wire.MaxProperties+1)
	list := readGiven(evaluate(t, `Array.from({length: 150}, (_, i) => i)`))
	require.Len(t, list, wire.MaxProperties+1)
}

func TestReadGiven_Dates(t *testing.T) {
	require.Equal(t, map[string]any{"a": time.UnixMilli(1433917552123), "b": gws.InvalidDate, "c": time.UnixMilli(-8.64e15),
		"d": map[string]any{}, "e": gws.Foreign("object"), "g": time.UnixMilli(5)},
		readGiven(evaluate(t, `({a: new Date(1433917552123), b: new Date(NaN), c: new Date(-8.64e15),
		d: Object.create(Date.prototype), e: new Map(), g: Object.setPrototypeOf(new Date(5), null)})`)))
}

// A page with Prototype.js, or the like.
func TestReadGiven_ArraysHaveAToJSONAndAFromOfTheirOwn(t *testing.T) {
	evaluate(t, `(() => {
		globalThis.arraysFrom = Array.from;
		Array.from = (iterable) => { const list = []; list.length = iterable.length; return list };
		Array.prototype.toJSON = function () { return "[a list]" };
	})()`)
	defer evaluate(t, `(() => { Array.from = globalThis.arraysFrom; delete Array.prototype.toJSON })()`)
	require.Equal(t, map[string]any{"a": wire.List{"x"}}, readGiven(evaluate(t, `({a: ["x"]})`)))
	headers, err := readHeaders(evaluate(t, `({A: "1"})`))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"a": "1"}, headers)
}

func TestReadOptions_SignalAndHeadersStayHere(t *testing.T) {
	options, signal, headers := readOptions(evaluate(t, `({signal: new AbortController().signal, headers: {a: "b"}, csrf: false})`))
	require.Equal(t, map[string]any{"csrf": false}, options)
	require.True(t, jsbridge.IsAbortSignal(signal))
	require.Equal(t, "object", jsbridge.TypeOf(headers))
	options, signal, _ = readOptions(evaluate(t, `({signal: new AbortController().signal, ...Object.fromEntries(Array.from({length: 150}, (_, i) => ["f" + i, i]))})`))
	require.Equal(t, 151, options.(wire.TooMany).Of)
	require.True(t, jsbridge.IsAbortSignal(signal))
	options, signal, _ = readOptions(evaluate(t, `({signal: {}})`))
	require.Equal(t, map[string]any{"signal": map[string]any{}}, options)
	require.True(t, signal.IsUndefined())
}
