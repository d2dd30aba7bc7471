//go:build js

package jsbridge

import (
	"context"
	"errors"
	"testing"

	"github.com/hack-pad/safejs"
	"github.com/stretchr/testify/require"
)

// eval evaluates an expression.
func eval(t *testing.T, expression string) safejs.Value {
	t.Helper()
	constructor, err := safejs.Global().Get("Function")
	require.NoError(t, err)
	f, err := constructor.New("return " + expression)
	require.NoError(t, err)
	v, err := f.Invoke()
	require.NoError(t, err)
	return v
}

func str(t *testing.T, v safejs.Value) string {
	t.Helper()
	s, err := v.String()
	require.NoError(t, err)
	return s
}

func TestAwait(t *testing.T) {
	v, err := Await(t.Context(), eval(t, `Promise.resolve("yes")`))
	require.NoError(t, err)
	require.Equal(t, "yes", str(t, v))

	_, err = Await(t.Context(), eval(t, `Promise.reject(new TypeError("no"))`))
	var thrown *Thrown
	require.ErrorAs(t, err, &thrown)
	require.EqualError(t, err, "TypeError: no")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Await(ctx, eval(t, `new Promise(() => {})`))
	require.ErrorIs(t, err, context.Canceled)

	_, err = Await(t.Context(), eval(t, `({})`))
	require.ErrorContains(t, err, "waiting for a promise")
}

func TestGo(t *testing.T) {
	reject := func(err error) safejs.Value {
		e, makeErr := NewError("E", err.Error(), nil)
		require.NoError(t, makeErr)
		return e
	}
	run := func(f func() (safejs.Value, error)) (safejs.Value, error) {
		promise, err := Go(f, reject)
		require.NoError(t, err)
		return Await(t.Context(), promise)
	}
	v, err := run(func() (safejs.Value, error) { return eval(t, `5`), nil })
	require.NoError(t, err)
	n, _ := v.Int()
	require.Equal(t, 5, n)
	_, err = run(func() (safejs.Value, error) { return safejs.Undefined(), errors.New("no") })
	require.EqualError(t, err, "E: no")
	_, err = run(func() (safejs.Value, error) { panic("oh") })
	require.EqualError(t, err, "E: internal error: oh")
	_, err = run(func() (safejs.Value, error) { return eval(t, `Promise.reject(new Error("later"))`), nil })
	require.EqualError(t, err, "Error: later", "a Promise is followed")
}

func TestOnAbort(t *testing.T) {
	controller := eval(t, `new AbortController()`)
	signal, err := controller.Get("signal")
	require.NoError(t, err)
	reasons := make(chan string, 10)
	note := func(reason safejs.Value) { reasons <- (&Thrown{reason}).Error() }

	stopped, err := OnAbort(signal, func(safejs.Value) { t.Error("called after stop") })
	require.NoError(t, err)
	stopped()
	stop, err := OnAbort(signal, note)
	require.NoError(t, err)
	_, err = controller.Call("abort", "enough")
	require.NoError(t, err)
	require.Equal(t, "enough", <-reasons)
	stop()

	stop, err = OnAbort(signal, note) // it has fired already
	require.NoError(t, err)
	require.Equal(t, "enough", <-reasons)
	stop()
	stop()

	for _, bad := range []string{`({})`, `5`, `"x"`, `({aborted: false})`, `({get aborted() { throw new Error("no") }})`} {
		_, err := OnAbort(eval(t, bad), note)
		require.ErrorContains(t, err, "not an AbortSignal", bad)
	}
}

func TestNewError(t *testing.T) {
	e, err := NewError("OutboundError", "text", map[string]any{"code": "X", "problems": []any{map[string]any{"field": "a"}}})
	require.NoError(t, err)
	check := eval(t, `e => [e instanceof Error, e.name, e.message, e.code, e.problems[0].field, String(e)].join()`)
	v, err := check.Invoke(e)
	require.NoError(t, err)
	require.Equal(t, "true,OutboundError,text,X,a,OutboundError: text", str(t, v))
}

func TestDispatch(t *testing.T) {
	target := eval(t, `Object.assign(new EventTarget(), {got: []})`)
	listen := eval(t, `target => { target.addEventListener("x", e => target.got.push(e.detail.a)) }`)
	_, err := listen.Invoke(target)
	require.NoError(t, err)
	require.NoError(t, Dispatch(target, "x", map[string]any{"a": 1}))
	require.NoError(t, Dispatch(target, "y", nil))
	got, err := target.Get("got")
	require.NoError(t, err)
	require.Equal(t, "1", str(t, must(got.Call("join"))))
	require.Error(t, Dispatch(eval(t, `({})`), "x", nil))
}

func must(v safejs.Value, err error) safejs.Value {
	if err != nil {
		panic(err)
	}
	return v
}

func TestTypeOf(t *testing.T) {
	for expression, want := range map[string]string{
		`undefined`: "undefined", `null`: "null", `true`: "boolean", `5`: "number", `NaN`: "number", `"x"`: "string",
		`Symbol()`: "symbol", `5n`: "bigint", `({})`: "object", `[]`: "array", `() => 1`: "function", `new Proxy([], {})`: "array",
		`(() => { const r = Proxy.revocable({}, {}); r.revoke(); return r.proxy })()`: "object",
	} {
		require.Equal(t, want, TypeOf(eval(t, expression)), expression)
	}
	require.True(t, IsNullish(eval(t, `null`)) && IsNullish(eval(t, `undefined`)))
	require.False(t, IsNullish(eval(t, `0`)))
}

func TestIsData_ObjectsOfPlainDataAlone(t *testing.T) {
	for expression, want := range map[string]bool{
		`({})`: true, `Object.create(null)`: true, `Object.create({ a: 1 })`: true, `new (class {})()`: true, `new Proxy({}, {})`: true,
		`[]`: false, `null`: false, `undefined`: false, `"x"`: false, `() => 1`: false, `new Date()`: false, `new Map()`: false,
		`new Headers()`: false, `globalThis`: false, `new Proxy({}, { get() { throw new Error("no") } })`: false,
		`(() => { const r = Proxy.revocable({}, {}); r.revoke(); return r.proxy })()`: false,
	} {
		require.Equal(t, want, IsData(eval(t, expression)), expression)
	}
}

func TestKeysElementsAndEntries(t *testing.T) {
	keys, of, err := Keys(eval(t, `Object.assign(Object.create({inherited: 1}), {a: 1, b: 2, [Symbol()]: 3})`), 10)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, keys)
	require.Equal(t, 2, of)
	keys, of, err = Keys(eval(t, `({a: 1, b: 2})`), 1)
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, keys)
	require.Equal(t, 2, of)
	_, _, err = Keys(eval(t, `new Proxy({}, {ownKeys() { throw new Error("no") }})`), 10)
	require.EqualError(t, err, "Error: no")

	elements, err := Elements(eval(t, `["a", 5n, "c"]`), 2)
	require.NoError(t, err)
	require.Len(t, elements, 2)
	require.Equal(t, "a", str(t, elements[0]))
	require.Equal(t, "bigint", TypeOf(elements[1]))
	_, err = Elements(eval(t, `new Proxy([1], {get() { throw new Error("no") }})`), 10)
	require.EqualError(t, err, "Error: no")

	pairs, err := Entries(eval(t, `new Headers({A: "1", "b": "é"})`))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"a": "1", "b": "é"}, pairs)
	pairs, err = Entries(eval(t, `[["__proto__", "x"]]`))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"__proto__": "x"}, pairs)
	_, err = Entries(eval(t, `5`))
	require.Error(t, err)
}

func TestNames_ThoseOfAClassCount(t *testing.T) {
	for expression, want := range map[string][]string{
		`({a: 1, b() {}})`: {"a", "b"},
		`new (class { a = 1; get b() { return 2 } c() {} })()`:             {"a", "b"},
		`Object.create(Object.create({a: 1, b() {}}), {c: {}})`:            {"a"},
		`Object.assign(Object.create({a: 1}), {a: 2})`:                     {"a"},
		`Object.assign(new Map(), {a: 1})`:                                 {"a"},
		`Object.create(new Proxy({}, {getPrototypeOf: () => globalThis}))`: {},
	} {
		names, of, err := Names(eval(t, expression), 10)
		require.NoError(t, err, expression)
		if len(want) > 0 {
			require.Equal(t, want, names, expression)
			require.Equal(t, len(want), of, expression)
		}
	}
	_, _, err := Names(eval(t, `Object.create(new Proxy({}, {getOwnPropertyDescriptor() { throw new Error("no") }, ownKeys() { throw new Error("no") }}))`), 10)
	require.EqualError(t, err, "Error: no")
	require.Equal(t, 3, TextLength(eval(t, `"a\u{1f600}"`)))
}

func TestThrownIsLegible(t *testing.T) {
	for expression, want := range map[string]string{
		`new RangeError("far")`: "RangeError: far", `"text"`: "text", `""`: "an empty string", `5`: "<number: 5>", `undefined`: "<undefined>",
		`({})`: "<object>", `({message: "only"})`: "only", `5n`: "a JavaScript value that has no text", `({name: 5n})`: "<object>", `({get message() { throw 1 }, name: "N"})`: "N",
	} {
		require.EqualError(t, &Thrown{eval(t, expression)}, want, expression)
	}
	_, err := eval(t, `() => { throw new Error("no") }`).Invoke()
	var thrown *Thrown
	require.ErrorAs(t, AsThrown(err), &thrown)
	require.Equal(t, context.Canceled, AsThrown(context.Canceled))
}

func TestParseJSON(t *testing.T) {
	v, err := ParseJSON([]byte(`{"a":[1,"é"]}`))
	require.NoError(t, err)
	a, err := v.Get("a")
	require.NoError(t, err)
	require.Equal(t, "1,é", str(t, must(a.Call("join"))))
	_, err = ParseJSON([]byte(`{`))
	require.ErrorContains(t, err, "parsing JSON")
}
