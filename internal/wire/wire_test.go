package wire

import (
	"encoding/json"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/jsontext"
	"gws-outbound/internal/jsontext/corpus"
)

func TestRead_EachKind(t *testing.T) {
	options := map[string]any{"a": 1.0}
	for text, want := range map[string]FromPage{
		`{"kind":"createClient","id":1,"client":2,"options":{"fields":{"a":1}},"headers":{"fields":{"X-A":"b"}},"aborted":true}`:          &CreateClient{ID: 1, Client: 2, Options: options, Headers: Headers{Fields: map[string]string{"X-A": "b"}}, Aborted: true},
		`{"kind":"createClient","id":1,"client":2,"options":{"fields":{"a":1}},"headers":{"ask":true},"aborted":false}`:                   &CreateClient{ID: 1, Client: 2, Options: options, Headers: Headers{Ask: true}},
		`{"kind":"createClient","id":1,"client":2,"options":{"fields":{"a":1}},"headers":{"refused":"no"},"aborted":false}`:               &CreateClient{ID: 1, Client: 2, Options: options, Headers: Headers{Refused: "no"}},
		`{"kind":"createClient","id":1,"client":2,"options":{"fields":{}},"headers":null,"cometd":{"adopted":true},"aborted":false}`:      &CreateClient{ID: 1, Client: 2, Options: map[string]any{}, CometD: CometD{Adopted: true}},
		`{"kind":"createClient","id":1,"client":2,"options":{"fields":{}},"headers":null,"cometd":{"refused":"no"},"aborted":false}`:      &CreateClient{ID: 1, Client: 2, Options: map[string]any{}, CometD: CometD{Refused: "no"}},
		`{"kind":"pageSession","client":2,"session":{"up":true,"number":3,"clientId":"c","transport":"websocket","unacknowledged":true}}`: &PageSession{Client: 2, Up: true, Session: 3, ClientID: "c", Transport: "websocket", Unacknowledged: true},
		`{"kind":"pageSession","client":2,"session":{"up":false,"number":0,"handshakeRefused":"h","connectRefused":"c","reason":"r"}}`:    &PageSession{Client: 2, HandshakeRefused: "h", ConnectRefused: "c", Reason: "r"},
		`{"kind":"pageSubscribed","client":2,"channel":"/a","refused":"no"}`:                                                              &PageSubscribed{2, "/a", "no", ""},
		`{"kind":"pageSubscribed","client":2,"channel":"/a","failed":"away"}`:                                                             &PageSubscribed{2, "/a", "", "away"},
		`{"kind":"pageEvent","client":2,"subscription":"/*","channel":"/a","data":{"a":[null]}}`:                                          &PageEvent{2, "/*", "/a", []byte(`{"a":[null]}`), ""},
		`{"kind":"pageEvent","client":2,"subscription":"/*","channel":"/a","data":null,"failed":"x"}`:                                     &PageEvent{2, "/*", "/a", []byte(`null`), "x"},
		`{"kind":"call","id":3,"client":2,"method":"rejectRecord","request":{"fields":{"a":1}},"options":{"type":"undefined"},"reference":"r","delivery":"unknown","aborted":false}`: &Call{
			ID: 3, Client: 2, Method: "rejectRecord", Request: options, Options: gws.Foreign("undefined"), Reference: "r", Delivery: gws.Unknown},
		`{"kind":"close","id":4,"client":2,"options":null}`:                 &Close{4, 2, nil},
		`{"kind":"unsettled","id":5,"client":2}`:                            &Unsettled{5, 2},
		`{"kind":"settled","id":6,"client":2,"referenceId":"r"}`:            &Settled{6, 2, "r"},
		`{"kind":"forget","id":7,"client":2,"referenceId":5}`:               &Forget{7, 2, 5.0},
		`{"kind":"abort","id":3}`:                                           &Abort{3},
		`{"kind":"headers","id":1,"fields":null}`:                           &HeadersAnswer{ID: 1},
		`{"kind":"headers","id":1,"fields":{}}`:                             &HeadersAnswer{ID: 1, Fields: map[string]string{}},
		`{"kind":"headers","id":1,"fields":null,"failed":"RangeError: no"}`: &HeadersAnswer{ID: 1, Failed: "RangeError: no"},
		`{"kind":"createClient","id":1,"client":2,"options":{"fields":{}},"headers":null,"asksMe":true,"aborted":false}`: &CreateClient{ID: 1, Client: 2, Options: map[string]any{}, AsksMe: true},
		`{"kind":"createClient","id":1,"client":2,"options":{"fields":{}},"headers":null,"firstTransport":"x"}`:          &CreateClient{ID: 1, Client: 2, Options: map[string]any{}, FirstTransport: "x"},
		`{"kind":"me","client":2,"status":200,"took":1.5,"fields":{"a":"b"},"body":"{\u00c3\u00a9"}`:                     &Me{2, 200, 1.5, map[string]string{"a": "b"}, []byte("{é")},
		`{"kind":"me","client":2,"status":0}`:               &Me{Client: 2, Body: []byte{}},
		`{"kind":"cookies","cookies":"a=b; c=d"}`:           &Cookies{"a=b; c=d"},
		`{"kind":"delivered","client":2,"referenceId":"r"}`: &Delivered{2, "r"},
		`{"kind":"wake"}`:  &Wake{},
		`{"kind":"seen"}`:  &Seen{},
		`{"kind":"away"}`:  &Away{},
		`{"kind":"leave"}`: &Leave{},
		`{"kind":"gone"}`:  &Gone{},
		`{"kind":"createClient","id":1,"client":2,"options":{"fields":{}},"headers":null,"share":true,"aborted":false}`: &CreateClient{ID: 1, Client: 2, Options: map[string]any{}, Share: true},
		`{"kind":"ping","id":9}`:                                                               &Ping{9},
		`{"kind":"listen","client":2,"since":1433917552123}`:                                   &Listen{2, 1433917552123},
		`{"kind":"subscribe","id":8,"client":2,"channel":"/a","listener":{"type":"function"}}`: &Subscribe{8, 2, "/a", gws.Foreign("function")},
		`{"kind":"unsubscribe","id":9,"client":2,"subscription":8}`:                            &Unsubscribe{9, 2, 8},
	} {
		m, err := Read([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, m, text)
	}
	for _, text := range []string{``, `{`, `[]`, `{"kind":"resolved"}`, `{"Kind":"wake"}`, `{"kind":"wake"}{}`} {
		_, err := Read([]byte(text))
		require.Error(t, err, text)
	}
}

func TestRead_ValuesOfACaller(t *testing.T) {
	for text, want := range map[string]any{
		`"\ud800x"`: "\ufffdx", `true`: true, `null`: nil, `-1.5e3`: -1500.0,
		`{"number":"Infinity"}`: math.Inf(1), `{"time":5}`: time.UnixMilli(5), `{"time":-8.64e15}`: time.UnixMilli(-8.64e15), `{"time":null}`: gws.InvalidDate,
		`{"type":"bigint"}`: gws.Foreign("bigint"), `{"unreadable":"Error: no"}`: Unreadable("Error: no"),
		`{"list":["a",{"type":"symbol"}]}`:                            List{"a", gws.Foreign("symbol")},
		`{"fields":{"__proto__":1,"b":{"fields":{"c":null}}}}`:        map[string]any{"__proto__": 1.0, "b": map[string]any{"c": nil}},
		`{"fields":{"time":5,"type":"x","fields":{"type":"map"}}}`:    map[string]any{"time": 5.0, "type": "x", "fields": gws.Foreign("map")},
		`{"fields":{"a":1,"b":{"fields":{"c":2},"of":102}},"of":101}`: TooMany{map[string]any{"a": 1.0, "b": map[string]any{"c": 2.0}}, 101},
	} {
		m, err := Read([]byte(`{"kind":"close","options":` + text + `}`))
		require.NoError(t, err, text)
		require.Equal(t, want, m.(*Close).Options, text)
	}
}

func TestRequest_WhatGWSCannotSay(t *testing.T) {
	fields, problems := Request(map[string]any{"a": "x", "list": List{1.0}, "bad": Unreadable("no"),
		"data": map[string]any{"b": true, "list": List{}, "bad": Unreadable("no")}})
	require.Equal(t, gws.Fields{"a": "x", "list": gws.Foreign("array"), "bad": nil,
		"data": map[string]any{"b": true, "list": gws.Foreign("array"), "bad": nil}}, fields)
	require.ElementsMatch(t, []gws.Problem{{Field: "bad", Message: "cannot be read: no"}, {Field: "data.bad", Message: "cannot be read: no"}}, problems)
	for given, want := range map[any]string{
		nil: "null", gws.Foreign("undefined"): "undefined", 5.0: "number", "x": "string", true: "boolean", time.UnixMilli(5): "object", gws.InvalidDate: "object",
	} {
		_, problems := Request(given)
		require.Equal(t, []gws.Problem{{Field: "request", Message: "must be an object, got " + want}}, problems)
	}
	_, problems = Request(List{})
	require.Equal(t, "must be an object, got array", problems[0].Message)
	fields, problems = Request(TooMany{map[string]any{"a": "x"}, 10_000})
	require.Equal(t, gws.Fields{"a": "x"}, fields)
	require.Equal(t, []gws.Problem{{Field: "request", Message: "has 10000 properties, of which the first 101 were looked at"}}, problems)
	_, problems = Request(Unreadable("no"))
	require.Equal(t, "cannot be read: no", problems[0].Message)
}

func TestAppend_EachKind(t *testing.T) {
	for want, m := range map[string]ToPage{
		`{"kind":"resolved","id":1,"value":null}`:                                                                                                &Resolved{ID: 1},
		`{"kind":"resolved","id":1,"value":{"n":"9007199254740993"}}`:                                                                            &Resolved{1, json.RawMessage(`{"n":9007199254740993}`)},
		`{"kind":"known","id":2,"delivery":"accepted"}`:                                                                                          &Known{2, gws.Accepted},
		`{"kind":"status","client":3,"state":"connected","transport":"websocket"}`:                                                               &Status{Client: 3, State: "connected", Transport: "websocket"},
		`{"kind":"status","client":3,"state":"reconnecting","reason":"lost","retryIn":1500.5}`:                                                   &Status{Client: 3, State: "reconnecting", Reason: "lost", RetryIn: 1500.5},
		`{"kind":"notification","client":3,"channel":"/a","data":[1]}`:                                                                           &Notification{3, "/a", json.RawMessage(`[1]`)},
		`{"kind":"event","client":3,"subscriptions":[8,9],"channel":"/a","data":{"n":"9007199254740993"}}`:                                       &Event{3, []int{8, 9}, "/a", json.RawMessage(`{"n":9007199254740993}`)},
		`{"kind":"gap","client":3,"reason":"lost"}`:                                                                                              &Gap{3, "lost"},
		`{"kind":"headers","id":4,"client":3}`:                                                                                                   &AskHeaders{4, 3},
		`{"kind":"pageSubscribe","client":3,"channel":"/a"}`:                                                                                     &PageSubscribe{3, "/a"},
		`{"kind":"pageUnsubscribe","client":3,"channel":"/a"}`:                                                                                   &PageUnsubscribe{3, "/a"},
		`{"kind":"log","client":3,"entry":{"time":1433917552123,"level":"warn","message":"l"}}`:                                                  &Log{3, "warn", 1433917552123, "l"},
		`{"kind":"pong","id":5}`:                                                                                                                 &Pong{5},
		`{"kind":"rejected","id":6,"error":{"code":"CLOSED","message":"m","delivery":"not-sent"}}`:                                               &Rejected{6, Error{Code: "CLOSED", Message: "m", Delivery: gws.NotSent}},
		`{"kind":"rejected","id":6,"error":{"code":"ABORTED","message":"m","delivery":"unknown","referenceId":"r","cause":{"of":"signal"}}}`:     &Rejected{6, Error{Code: "ABORTED", Message: "m", Delivery: gws.Unknown, ReferenceID: "r", Cause: Cause{Of: OfSignal}}},
		`{"kind":"rejected","id":6,"error":{"code":"C","message":"m","delivery":"not-sent","cause":{"of":"headers","id":7}}}`:                    &Rejected{6, Error{Code: "C", Message: "m", Delivery: gws.NotSent, Cause: Cause{Of: OfHeaders, ID: 7}}},
		`{"kind":"rejected","id":6,"error":{"code":"C","message":"m","delivery":"unknown","cause":{"of":"browser","name":"N","message":"w"}}}`:   &Rejected{6, Error{Code: "C", Message: "m", Delivery: gws.Unknown, Cause: Cause{Of: OfBrowser, Name: "N", Message: "w"}}},
		`{"kind":"rejected","id":6,"error":{"code":"C","message":"m","delivery":"rejected","httpStatus":200,"statusCode":3,"statusMessage":""}}`: &Rejected{6, Error{Code: "C", Message: "m", Delivery: gws.Rejected, HTTPStatus: 200, StatusCode: 3}},
		`{"kind":"rejected","id":6,"error":{"code":"C","message":"m","delivery":"accepted","event":{"a":[1]}}}`:                                  &Rejected{6, Error{Code: "C", Message: "m", Delivery: gws.Accepted, Event: json.RawMessage(`{"a":[1]}`)}},
		`{"kind":"rejected","id":6,"error":{"code":"C","message":"m","delivery":"not-sent","problems":[{"field":"a","message":"b"},{"field":"c","message":"d"}]}}`: &Rejected{6, Error{
			Code: "C", Message: "m", Delivery: gws.NotSent, Problems: []gws.Problem{{Field: "a", Message: "b"}, {Field: "c", Message: "d"}}}},
	} {
		text := Append(nil, []ToPage{m, &Pong{1}})
		require.True(t, json.Valid(text), string(text))
		require.JSONEq(t, "["+want+`,{"kind":"pong","id":1}]`, string(text))
	}
}

func TestUnsettledList(t *testing.T) {
	at := time.UnixMilli(1433917552123)
	list := UnsettledList([]UnsettledCall{
		{Method: "addRecord", Request: gws.Fields{"recordHandle": 12.0, "otherFields": map[string]any{"a": true, "b": "x"}}, ReferenceID: "r", Delivery: gws.Accepted, SentAt: at, AnswerableUntil: at},
		{Method: "completeRecord", Request: gws.Fields{}, Answered: true, SentAt: at},
	})
	require.JSONEq(t, `[
		{"method":"addRecord","request":{"otherFields":{"a":true,"b":"x"},"recordHandle":12},"referenceId":"r","delivery":"accepted","sentAt":1433917552123,"answered":false,"answerableUntil":1433917552123},
		{"method":"completeRecord","request":{},"referenceId":"","delivery":"","sentAt":1433917552123,"answered":true,"answerableUntil":null}]`, string(list))
	require.Equal(t, "[]", string(UnsettledList(nil)))
}

// The page has the same kinds of messages, in js/src/wire.ts.
func TestKinds_AreThoseOfThePage(t *testing.T) {
	page, err := os.ReadFile("../../js/src/wire.ts")
	require.NoError(t, err)
	kinds := func(of string) (names []string) {
		_, rest, found := strings.Cut(string(page), "export type "+of+" =")
		require.True(t, found, of)
		union, _, _ := strings.Cut(rest, "\n\n")
		for _, m := range regexp.MustCompile(`kind: "(\w+)"`).FindAllStringSubmatch(union, -1) {
			names = append(names, m[1])
		}
		return names
	}
	source, err := os.ReadFile("read.go")
	require.NoError(t, err)
	var read []string
	for _, m := range regexp.MustCompile(`case "(\w+)":`).FindAllSubmatch(source, -1) {
		read = append(read, string(m[1]))
	}
	require.ElementsMatch(t, kinds("FromPage"), read)
	for _, kind := range read {
		_, err := Read([]byte(`{"kind":"` + kind + `"}`))
		require.NoError(t, err, kind)
	}
	var written []string
	for _, m := range []ToPage{&Resolved{}, &Rejected{}, &Known{}, &Status{}, &Notification{}, &Event{}, &Gap{}, &AskHeaders{}, &PageSubscribe{}, &PageUnsubscribe{}, &Log{}, &Pong{}} {
		var list []struct{ Kind string }
		require.NoError(t, json.Unmarshal(Append(nil, []ToPage{m}), &list))
		written = append(written, list[0].Kind)
	}
	require.ElementsMatch(t, kinds("ToPage"), written)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"kind":"call","id":3,"client":2,"method":"m","request":{"fields":{"a":{"list":[{"time":null}]}}},"options":{"number":"NaN"}}`))
	for _, text := range append(corpus.Texts(), `{"kind":"ping","Kind":"wake","id":1,"ID":2,"id":3}`, `{"kind":"wake","kind":"forget","referenceId":"a","referenceID":"b"}`) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := Read(text)
		if err != nil {
			return
		}
		require.NotNil(t, m)
		// As JSON.parse, and encoding/json into maps, has the names and the last of doubles.
		v, _ := jsontext.Read(text)
		var fields map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(v, &fields))
		word := func(name string) (s string) {
			_ = json.Unmarshal(fields[name], &s)
			return s
		}
		number := func(name string) int {
			n, _ := jsontext.Value(fields[name]).Int()
			return int(n)
		}
		switch m := m.(type) {
		case *Call:
			require.Equal(t, []any{"call", number("id"), number("client"), word("method")}, []any{word("kind"), m.ID, m.Client, m.Method})
		case *Settled:
			require.Equal(t, []any{"settled", number("id"), word("referenceId")}, []any{word("kind"), m.ID, m.ReferenceID})
		case *Ping:
			require.Equal(t, []any{"ping", number("id")}, []any{word("kind"), m.ID})
		case *Wake:
			require.Equal(t, "wake", word("kind"))
		}
	})
}
