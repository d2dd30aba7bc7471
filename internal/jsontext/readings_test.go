//go:build !js

package jsontext_test

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/jsontext"
	"gws-outbound/internal/jsontext/corpus"
)

var update = flag.Bool("update", false, "write corpus/readings.json")

// memberNames are those that any reader of the project asks for, and some that are odd.
var memberNames = []string{
	"channel", "data", "id", "successful", "clientId", "subscription", "error", "advice", "ext", "supportedConnectionTypes", // of a message
	"reconnect", "interval", "timeout", "maxInterval", "multiple-clients", "ack", "enabled", "batch", // of advice and ext
	"notificationType", "referenceId", "record", "campaign", "recordHandle", "campaignName", "callingList", "applicationId", "phoneNumber", "name", // of events
	"statusCode", "statusMessage", "user", "userName", // of answers
	"kind", "method", "request", "options", "fields", "of", // of messages of the page
	"__proto__", "constructor", "toString", "",
}

// texts are what is to be read.
func texts() []string {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	list := []string{
		// Names.
		`{"channel":"/v2/me/chat","chAnnel":"/v2/me/outbound","Channel":1,"CHANNEL":2}`, `{"channel":"/a","channel":"/b"}`, `{"\u0063hannel":"/b","channel":"/a"}`,
		`{"channel":"/a","\u0063hannel":"/b"}`, `{"channel ":1," channel":2,"channel\u0000":3}`, `{"referenceId":"a","referenceID":"b","referenceid":"c"}`,
		`{"reference\u0049d":"a"}`, `{"referenceId":"a","referenceId":null}`, `{"referenceId":null,"referenceId":"a"}`, `{"":1,"":2}`, `{"__proto__":{"channel":"/a"},"constructor":1,"toString":2}`,
		`{"__proto__":1,"__proto__":2,"\u005f_proto__":3}`, `{"ſuccessful":true,"\u017fuccessful":true,"successful":false}`, `{"clientıd":1,"clientId":"x","\u212Aind":1,"kind":2}`,
		`{"record":{"recordHandle":1,"recordHandle":2,"RecordHandle":3},"record":{"recordHandle":4}}`, `{"data":{"channel":"/a"},"ext":{"ack":1},"ext":{"ack":2,"Ack":3}}`,
		`{"advice":{"reconnect":"none"},"advice":{"reconnect":"retry","Reconnect":"none"},"Advice":{"interval":-1}}`, `{"user":{"id":1,"ID":2,"userName":"a"},"User":{"id":3}}`,
		`{"statusCode":0,"statuscode":7,"statusCode":3,"StatusCode":0}`,
		// Numbers.
		`{"recordHandle":9007199254740991}`, `{"recordHandle":9007199254740992}`, `{"recordHandle":9007199254740993,"applicationId":-9007199254740993}`, `{"recordHandle":12.0,"applicationId":1.2e1,"statusCode":0.0}`,
		`{"recordHandle":123456789012345678901234567890,"phoneNumber":00}`, `{"recordHandle":123456789012345678901234567890}`, `{"recordHandle":-0,"applicationId":-0.0}`, `{"recordHandle":1e400,"batch":1E+2,"ack":1e-7}`,
		`{"recordHandle":012}`, `{"recordHandle":+1}`, `{"recordHandle":.5}`, `{"recordHandle":5.}`, `{"recordHandle":0x10}`, `{"recordHandle":1_000}`, `{"recordHandle":1n}`, `{"recordHandle":"9007199254740993"}`,
		`[9007199254740993,"\"9007199254740993",{"9007199254740993":9007199254740993}]`, `{"recordHandle":9007199254740993.0}`, `{"recordHandle":9007199254740993e0}`,
		`{"recordHandle":NaN}`, `[NaN,Infinity,-Infinity,+Infinity,nan,-nan,inf,-inf,-NaN]`, `{"NaN":NaN,"a":"NaN"}`, `{"recordHandle":INF}`, `{"recordHandle":NaNa}`, `{"recordHandle":-infinity}`, `{"recordHandle":undefined}`,
		// Strings.
		`{"referenceId":"\ud800"}`, `{"referenceId":"\udfff\ud800"}`, `{"referenceId":"\ud83d\ude00","\ud83d\ude00":1}`, `{"\ud800":1,"\udc00":2,"\ufffd":3}`, `{"referenceId":"\u0000\u001f\u007f\u2028"}`,
		"{\"referenceId\":\"a\tb\x00c\nd\"}", "{\"reference\tId\":1}", "{\"referenceId\":\"\u2028\ufeff\"}", `{"referenceId":"\/\b\f\n\r\t\"\\"}`, `{"referenceId":"\x41"}`, `{"referenceId":"\u00g0"}`, `{"referenceId":"\u{41}"}`, `{"referenceId":'a'}`,
		`{"referenceId":"a\u0022,\u0022channel\u0022:1"}`, `{"referenceId":"]},{\"channel\":\"/b\""}`,
		// The text as a whole.
		"\ufeff{\"channel\":\"/a\"}", "\ufeff\ufeff{}", " \t\r\n{\"channel\" :\t\"/a\" , \"data\":\n1 } \r\n", "\u00a0{}", "{}\u00a0", "{}\x00", "\v{}", `{} {}`, `{},`, `[1,]`, `[,1]`, `[1 2]`, `{"a":1,}`, `{,}`, `{a:1}`, `{"a" 1}`, `{"a":}`, `{"a"}`,
		`[`, `{`, `{"channel":"/a`, `{"channel":"/a"`, ``, ` `, `null`, `true`, `tru`, `True`, `"a"`, `0`, `-`, `-0`, `[]`, `{}`, `]`, `[1]]`, `{"a":1]`, `[1}`, `// a` + "\n{}", `/* a */{}`, `{"a":1/* b */}`, `#{}`,
		`<html>`, `)]}',{}`, `[{"channel":"/a"},{"channel":"/b","channel":"/c"}]`, deep(100), deep(1000), `{"data":` + deep(500) + `,"channel":"/a"}`,
	}
	return list
}

// The page reads the events on which calls are settled by JSON.parse: see js/test/readings.test.mjs. Each of the
// readings is what encoding/json comes to, too.
func TestReadings(t *testing.T) {
	var all []corpus.Reading
	for _, text := range texts() {
		r := corpus.Reading{Text: text}
		v, problem := jsontext.Read([]byte(text))
		if problem != jsontext.None {
			r.Problem = problem.Error()
			require.False(t, json.Valid([]byte(text)), text)
			all = append(all, r)
			continue
		}
		compare(t, v)
		r.Passed = string(jsontext.Exact(v))
		values := make([]jsontext.Value, len(memberNames))
		v.Members(memberNames, values)
		for i, name := range memberNames {
			if values[i] != nil {
				if r.Members == nil {
					r.Members = map[string]string{}
				}
				r.Members[name] = string(jsontext.Exact(values[i]))
			}
		}
		all = append(all, r)
	}
	want, err := json.MarshalIndent(all, "", " ")
	require.NoError(t, err)
	want = append(want, '\n')
	const file = "corpus/readings.json"
	if *update {
		require.NoError(t, os.WriteFile(file, want, 0o644))
	}
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	require.True(t, string(want) == string(got), "%s is stale: go test ./internal/jsontext -run TestReadings -update", file)
}
