//go:build js && wasm

package main

import (
	"testing"
	"time"

	"github.com/hack-pad/safejs"
	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gws"
)

// value evaluates an expression.
func value(t *testing.T, expression string) safejs.Value {
	t.Helper()
	constructor, err := safejs.Global().Get("Function")
	require.NoError(t, err)
	f, err := constructor.New("return " + expression)
	require.NoError(t, err)
	v, err := f.Invoke()
	require.NoError(t, err)
	return v
}

func TestWrongOptionsAreNamed(t *testing.T) {
	for expression, field := range map[string]string{
		`5`:                                      "options",
		`({baseUrl: "x"})`:                       "baseUrl",
		`({baseUrl: 5n})`:                        "baseUrl",
		`({cometdPath: "//evil"})`:               "cometdPath",
		`({cometdPath: "/a/../b"})`:              "cometdPath",
		`({cometdPath: "/a/%2E%2e/b"})`:          "cometdPath",
		`({cometdPath: "/a/.%2e"})`:              "cometdPath",
		`({cometdPath: "/\\evil"})`:              "cometdPath",
		`({cometdPath: "/a\r\nX-Evil: 1"})`:      "cometdPath",
		`({cometdPath: "@evil"})`:                "cometdPath",
		`({headers: {"X-A": "b\r\nX-Evil: 1"}})`: "headers",
		`({headers: {"X-A: b": "c"}})`:           "headers",
		`({transports: []})`:                     "transports",
		`({transports: ["carrier-pigeon"]})`:     "transports",
		`({headers: 5})`:                         "headers",
		`({headers: {"a b": "c"}})`:              "headers",
		`({credentials: "always"})`:              "credentials",
		`({csrf: "yes"})`:                        "csrf",
		`({journal: "yes"})`:                     "journal",
		`({channels: ["calls"]})`:                "channels",
		`({channels: [5n]})`:                     "channels",
		`({channels: Array.from({length: 150}, (_, i) => "/c/" + i)})`: "channels",
		`({channels: new Proxy([], {get() { throw 5n }})})`:            "channels",
		`({connectTimeout: -1})`:                                       "connectTimeout",
		`({requestTimeout: NaN})`:                                      "requestTimeout",
		`({ackTimeout: 1e300})`:                                        "ackTimeout",
		`({maxMessageSize: 1000})`:                                     "maxMessageSize",
		`({maxMessageSize: 4096.5})`:                                   "maxMessageSize",
		`({maxMessageSize: NaN})`:                                      "maxMessageSize",
		`({maxMessageSize: "16 MiB"})`:                                 "maxMessageSize",
		`({maxMessageSize: 1e9})`:                                      "maxMessageSize",
		`({signal: {}})`:                                               "signal",
		`({logLevel: "loud"})`:                                         "logLevel",
		`({get csrf() { throw 5n }})`:                                  "csrf",
		`({get csrf() { throw new Error("no") }})`:                     "csrf",
		`new Proxy({}, {ownKeys() { throw new Error("no") }})`:         "options",
		`({colour: "red"})`:                                            "colour",
	} {
		_, problems := readClientOptions(value(t, expression))
		var fields []string
		for _, p := range problems {
			fields = append(fields, p.Field)
		}
		require.Contains(t, fields, field, expression)
	}
}

func TestFirstTransport_IsOneOfTheTransports(t *testing.T) {
	for expression, want := range map[string]string{
		`({})`:                               "",
		`({firstTransport: "long-polling"})`: "long-polling",
		`({firstTransport: "long-polling", transports: ["websocket"]})`: "",
		`({firstTransport: "carrier-pigeon"})`:                          "",
	} {
		opts, _ := readClientOptions(value(t, expression))
		require.Equal(t, want, opts.FirstTransport, expression)
	}
}

func TestRequestIsReadAsItIs(t *testing.T) {
	fields, problems := readRequest(value(t, `({a: "x", b: 5, c: true, d: null, e: undefined, f: 5n, g: Symbol(), h: [], i: {}, j: () => 1, get k() { throw 5n }})`))
	require.Equal(t, gws.Fields{"a": "x", "b": 5.0, "c": true, "d": nil, "e": nil,
		"f": gws.Foreign("bigint"), "g": gws.Foreign("symbol"), "h": gws.Foreign("array"), "i": map[string]any{}, "j": gws.Foreign("function")}, fields)
	require.Len(t, problems, 1)
	require.Equal(t, "k", problems[0].Field)
}

func TestDatesAreRead(t *testing.T) {
	fields, problems := readRequest(value(t, `({a: new Date(1433917552123), b: new Date(NaN), c: new Date(-8.64e15),
		d: Object.create(Date.prototype), e: new Proxy(new Date(), {}), f: {getTime() { return 5 }}, g: Object.setPrototypeOf(new Date(5), null)})`))
	require.Empty(t, problems)
	require.Equal(t, gws.Fields{"a": time.UnixMilli(1433917552123), "b": gws.InvalidDate, "c": time.UnixMilli(-8.64e15),
		"d": map[string]any{}, "e": map[string]any{}, "f": map[string]any{"getTime": gws.Foreign("function")}, "g": time.UnixMilli(5)}, fields)
}

func TestReadRequest_ObjectOfPlainDataIsReadOneLevelDeep(t *testing.T) {
	fields, problems := readRequest(value(t, `({a: {s: "x", n: 1, b: true, u: undefined, o: {x: 1}, d: new Date(5)}, m: new Map([[1, 2]]),
		t: {good: 1, get bad() { throw new Error("no") }}, many: Object.fromEntries(Array.from({length: 1000}, (_, i) => ["f" + i, i]))})`))
	require.Equal(t, []gws.Problem{{Field: "t.bad", Message: "cannot be read: Error: no"}}, problems)
	require.Equal(t, map[string]any{"s": "x", "n": 1.0, "b": true, "u": nil, "o": gws.Foreign("object"), "d": time.UnixMilli(5)}, fields["a"])
	require.Equal(t, gws.Foreign("object"), fields["m"])
	require.Equal(t, map[string]any{"good": 1.0}, fields["t"])
	require.Len(t, fields["many"], maxKeys+1, "enough to see that there are too many")
}

func TestCallOptions(t *testing.T) {
	_, _, problems := newObject("options", value(t, `({ackTimeout: 1, allowUnknownCallResult: true})`)).callOptions("completeRecord")
	require.Empty(t, problems)
	_, _, problems = newObject("options", value(t, `({ackTimeout: 1, allowUnknownCallResult: true})`)).callOptions("rejectRecord")
	require.Equal(t, []gws.Problem{{Field: "allowUnknownCallResult", Message: "unknown option"}}, problems)
}
