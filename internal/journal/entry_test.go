package journal

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/jsontext"
	"gws-outbound/internal/jsontext/corpus"
)

// What is kept of an answer for which there is no room is what readers of the whole one find: names are exact, the
// last of doubles counts.
func TestEncode_LongAnswerKeepsWhatItTellsOfItself(t *testing.T) {
	for answer, want := range map[string]string{
		`{"notificationType":"A","NotificationType":"B","referenceId":"r","referenceID":"s"%s}`: `{"notificationType":"A","referenceId":"r"}`,
		`{"notificationType":"A","notificationType":"B","reference\u0049d":"r"%s}`:              `{"notificationType":"B","referenceId":"r"}`,
		`{"notificationType":"A","referenceId":9007199254740993%s}`:                             `{"notificationType":"A","referenceId":9007199254740993}`,
		`{"notificationType":{"a":1},"referenceId":null%s}`:                                     `{}`,
		`{"notificationType":"A","referenceId":"` + strings.Repeat("r", 2<<10) + `"%s}`:         `{"notificationType":"A"}`,
	} {
		e := Entry{ReferenceID: "r", Path: "/p", Body: "{}", SentAt: time.UnixMilli(5), Answer: json.RawMessage(strings.Replace(answer, "%s", `,"a":"`+strings.Repeat("x", MaxEntry)+`"`, 1))}
		text, err := e.encode()
		require.NoError(t, err)
		r, ok := decode(text)
		require.True(t, ok)
		require.Equal(t, want, string(r.Answer))
	}
}

// What was kept is read as it was written, whatever an answer holds.
func FuzzEntry(f *testing.F) {
	for _, text := range corpus.Texts() {
		f.Add("r", "/p", text, []byte(text))
	}
	f.Fuzz(func(t *testing.T, reference, path, body string, answer []byte) {
		v, problem := jsontext.Read(answer)
		if problem != jsontext.None || len(v) > 1<<10 || len(body)+len(path)+len(reference) > 1<<10 {
			return
		}
		e := Entry{ReferenceID: reference, Path: path, Body: body, SentAt: time.UnixMilli(5), Answer: json.RawMessage(v)}
		text, err := e.encode()
		require.NoError(t, err)
		r, ok := decode(text)
		require.True(t, ok)
		valid := func(s string) string { return string([]rune(s)) } // U+FFFD for each byte
		require.Equal(t, []string{valid(reference), valid(path)}, []string{valid(r.ReferenceID), valid(r.Path)})
		names := []string{"notificationType", "referenceId", "record"}
		var before, after [3]jsontext.Value
		v.Members(names, before[:])
		jsontext.Value(r.Answer).Members(names, after[:])
		for i := range names {
			require.Equal(t, before[i] == nil, after[i] == nil)
			if before[i] != nil {
				require.JSONEq(t, string(before[i]), string(after[i]))
			}
		}
	})
}

// FuzzDecode reads what is in the database, which others may write: as encoding/json does it into maps.
func FuzzDecode(f *testing.F) {
	for _, text := range append(corpus.Texts(), `{"v":1,"V":2,"referenceId":"a","referenceID":"b","time":5}`, `{"v":1,"v":2,"time":5.0}`, `{"v":"1"}`, `{"v":1,"path":5}`, `{"v":1.5}`, `{"v":2,"time":1}`) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, ok := decode(text)
		if !ok {
			return
		}
		v, _ := jsontext.Read([]byte(text))
		var m map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(v, &m))
		for name, got := range map[string]string{"referenceId": r.ReferenceID, "path": r.Path, "body": r.Body, "delivery": r.Delivery, "over": r.Over} {
			var want string
			_ = json.Unmarshal(m[name], &want)
			require.Equal(t, want, got)
		}
		require.Equal(t, string(m["answer"]), string(r.Answer))
		require.Equal(t, string(m["session"]), string(r.Session))
		require.Equal(t, version, r.Version)
	})
}
