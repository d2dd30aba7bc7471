package bayeux

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/jsontext"
	"gws-outbound/internal/jsontext/corpus"
)

// frames are what servers send, and what they should not.
var frames = []string{
	`[{"channel":"/a","data":1},{"channel":"/meta/connect","id":"4","successful":true,"ext":{"ack":7}}]`,
	`{"channel":"/meta/subscribe","id":"2","successful":false,"error":"403:/a:Denied"}`,
	`[{"channel":"/meta/connect","id":"3","successful":false,"error":"402::Unknown client","advice":{"reconnect":"handshake","interval":0}}]`,
	`[{"channel":"/meta/connect","id":"4","successful":true,"advice":{"reconnect":"none","interval":-1,"timeout":1e400,"maxInterval":1e12,"multiple-clients":true}}]`,
	`[{"channel":"/meta/disconnect","successful":true}]`,
	`[{"channel":"/meta/handshake","id":"1","successful":true,"clientId":"secret-of-the-session","ext":{"ack":{"enabled":true,"batch":9}}}]`,
	`[null,7,{},{"channel":5,"data":1},{"channel":"/a","id":9,"successful":"yes","advice":[],"error":{},"data":3}]`,
	`[]`, ` [ ] `, `nonsense`, ``, `{`, `[{"channel":"/a"}`, `{"channel":"/a","data":null} {}`, "\xff\xfe[", `[{"clientId":"secret-of-the-session"}]`,
	`[{"channel":"/meta/connect"}]` + "\n" + `[{"channel":"/meta/connect"}]` + "\n" + `[{"channel":"/meta/subscribe","error":"402::"}]`,
	strings.Repeat(`[`, 20_000), `[{"channel":"/a","data":` + strings.Repeat(`[`, 20_000) + strings.Repeat(`]`, 20_000) + `}]`,
	`[{"channel":"/a","successful":` + strings.Repeat("9", 5000) + `}]`,
}

// longest is how many characters an error or a line of the log may have.
const longest = 1000

func FuzzDecode(f *testing.F) {
	for _, frame := range frames {
		f.Add([]byte(frame))
	}
	for _, frame := range []string{
		`[{"channel":"/a","data":"\\\"]}","id":"1"} , {"data":[{}],"channel":"/b"}]`,
		`{"channel":"/\u0061","data":-1.5e3,"id":2}`, `{"channel":"/a","channel":"/b","data":null}`,
		`{"Channel":"/a","data":true}`, `{"channel":"/a","chAnnel":"/b","Data":1,"data":2,"DATA":3}`, `[{"channel":"/a","data":NaN},{"channel":"/b"}]`, "{\"channel\":\"/a\",\"data\":\"\x01\"}", `[{"channel":"/a"},{"a":[1},{"b":"},{"}]`, `{"channel":"","data":1,"data":2}`, "{ \"channel\" :\t\"/a\" , \"data\" : \"é\" }",
	} {
		f.Add([]byte(frame))
	}
	for _, text := range corpus.Texts() {
		f.Add([]byte(text))
		f.Add([]byte(`{"channel":"/a","data":` + text + `,"advice":` + text + `}`))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		var got []Message
		r := decode(frame, func(m *Message) { got = append(got, *m) })
		require.Len(t, got, r.handled)
		for _, m := range got {
			require.NotEmpty(t, m.Channel)
			require.Equal(t, m.Data != nil, m.isEvent())
			if m.Data != nil {
				require.True(t, json.Valid(m.Data))
			}
			parseRefusal(m.Error)
			_, err := json.Marshal(m)
			require.NoError(t, err)
		}
		require.LessOrEqual(t, r.size, len(frame))
		require.True(t, r.dropped == 0 || r.first != sound)
		require.Less(t, utf8.RuneCountInString(r.String()+r.err(frame).Error()), longest)
		if frame = jsontext.WithoutMark(frame); !json.Valid(frame) {
			require.NotEqual(t, sound, r.first)
			return
		}
		if r.first != tooDeep {
			require.Equal(t, readByJSON(frame), got)
		}
	})
}

// readByJSON reads the messages of a frame, those with a channel, by encoding/json into maps,
// which takes names exactly.
func readByJSON(frame []byte) []Message {
	list := []json.RawMessage{frame}
	switch frame = bytes.TrimSpace(frame); {
	case bytes.HasPrefix(frame, []byte("[")):
		_ = json.Unmarshal(frame, &list)
	case !bytes.HasPrefix(frame, []byte("{")):
		return nil
	}
	var messages []Message
	for _, raw := range list {
		var f map[string]json.RawMessage
		_ = json.Unmarshal(raw, &f)
		m := Message{
			Channel: jsonString(f["channel"]), ClientID: jsonString(f["clientId"]), Subscription: jsonString(f["subscription"]),
			ID: jsonText(f["id"]), Error: jsonText(f["error"]), Data: f["data"], Ext: f["ext"],
		}
		if s := string(f["successful"]); s == "true" || s == "false" {
			yes := s == "true"
			m.Successful = &yes
		}
		m.Advice = adviceByJSON(f["advice"])
		var types []json.RawMessage
		_ = json.Unmarshal(f["supportedConnectionTypes"], &types)
		for _, name := range types {
			if name[0] == '"' {
				m.SupportedConnectionTypes = append(m.SupportedConnectionTypes, jsonString(name))
			}
		}
		if m.Channel != "" {
			messages = append(messages, m)
		}
	}
	return messages
}

func jsonString(raw json.RawMessage) (s string) {
	_ = json.Unmarshal(raw, &s)
	return s
}

func jsonText(raw json.RawMessage) text {
	if s := jsonString(raw); s != "" || bytes.HasPrefix(raw, []byte(`"`)) || string(raw) == "null" {
		return text(s)
	}
	return text(raw)
}

func adviceByJSON(raw json.RawMessage) *Advice {
	var f map[string]json.RawMessage
	if json.Unmarshal(raw, &f) != nil || f == nil {
		return nil
	}
	a := &Advice{Reconnect: jsonString(f["reconnect"]), MultipleClients: string(f["multiple-clients"]) == "true"}
	for name, to := range map[string]**float64{"interval": &a.Interval, "timeout": &a.Timeout, "maxInterval": &a.MaxInterval} {
		var n *float64
		if json.Unmarshal(f[name], &n) == nil {
			*to = n
		}
	}
	return a
}

// FuzzFrames has a session receive any frames, one a line, at each step of its
// life; %d stands for the id of what the client has sent last.
func FuzzFrames(f *testing.F) {
	for i, frame := range frames {
		f.Add(byte(i), []byte(frame))
		f.Add(byte(3), []byte(frame))
	}
	f.Add(byte(3), []byte(`[{"channel":"/meta/connect","id":"%d","successful":true}]`+strings.Repeat("\n"+`[{"channel":"/meta/connect","id":"%d","successful":true}]`, 40)))
	f.Fuzz(func(t *testing.T, step byte, script []byte) {
		run(t, func(t *testing.T) {
			const secret = "secret-of-the-session"
			s := &echo{steps: int(step % 4), lines: bytes.SplitN(script, []byte("\n"), 100), clientID: secret}
			inClear := bytes.Contains(bytes.ReplaceAll(script, []byte(`"clientId":"`+secret+`"`), nil), []byte(secret)) // where no client looks for it
			var log []string
			var session int
			c := New(Options{
				Transports: []Transport{s},
				Random:     func() float64 { return 1 },
				OnStatus: func(st Status) {
					require.GreaterOrEqual(t, st.Session, session)
					require.GreaterOrEqual(t, st.RetryIn, time.Duration(0))
					session = st.Session
					if st.Reason != nil {
						log = append(log, st.Reason.Error())
					}
				},
				Log: func(_ Level, line string) { log = append(log, line) },
			})
			_, err := c.Subscribe(t.Context(), "/a", func(m Message) { require.True(t, json.Valid(m.Data)) })
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			connected := make(chan error, 1)
			go func() { connected <- c.Connect(ctx) }()
			c.AddWaiters(1)
			wait(2 * time.Minute)
			synctest.Wait()
			require.Contains(t, []State{Connecting, Connected, Reconnecting, Closed}, c.current().State)
			require.LessOrEqual(t, s.sent, 1000, "messages in two minutes, with a server of at most 100 frames")
			if c.link != nil {
				require.LessOrEqual(t, len(c.link.exchanges), 10)
			}
			require.Less(t, len(c.clientID), 2000)
			c.Close(ctx)
			<-c.done
			<-connected
			require.Nil(t, c.link)
			for _, line := range log {
				require.NotContains(t, line, "internal error")
				require.NotContains(t, line, "panicked")
				if !inClear {
					require.NotContains(t, line, secret)
				}
				require.Less(t, utf8.RuneCountInString(line), longest)
			}
		})
	})
}

// echo is a server that answers properly for some steps, and then by script, a
// line for each message that it gets, and nothing once that is at its end.
type echo struct {
	steps    int
	lines    [][]byte
	clientID string
	sent     int
	sink     Sink
}

func (*echo) PerRequest() bool { return false }

func (*echo) Cancel(string) {}

func (e *echo) Name() string { return "websocket" }

func (e *echo) Open(_ context.Context, sink Sink) (Conn, error) {
	e.sink = sink
	return e, nil
}

func (e *echo) Close() {}

func (e *echo) Send(messages []Message) {
	for _, m := range messages {
		e.sent++
		if e.steps > 0 {
			e.steps--
			e.sink.Receive(fmt.Appendf(nil, `[{"channel":%q,"id":%q,"successful":true,"clientId":%q,"ext":{"ack":true}}]`, m.Channel, m.ID, e.clientID))
			continue
		}
		if len(e.lines) > 0 {
			e.sink.Receive(bytes.ReplaceAll(e.lines[0], []byte("%d"), []byte(m.ID)))
			e.lines = e.lines[1:]
		}
	}
}

func FuzzAdvice(f *testing.F) {
	for _, advice := range []string{
		`null`, `{}`, `[]`, `{"reconnect":"none"}`, `{"reconnect":5}`, `{"interval":-1}`, `{"interval":0.4,"timeout":1e300,"maxInterval":-0.0}`,
		`{"reconnect":"retry","interval":"2000"}`, `{"timeout":1e400}`, `{"multiple-clients":true,"hosts":["a"]}`,
	} {
		f.Add([]byte(advice))
	}
	f.Fuzz(func(t *testing.T, advice []byte) {
		frame := slices.Concat([]byte(`{"channel":"/meta/connect","advice":`), advice, []byte(`}`))
		_ = decode(frame, func(m *Message) {
			p := defaultPlan().follow(m.Advice)
			require.Contains(t, []string{retry, handshake, none}, p.reconnect)
			for _, d := range []time.Duration{p.interval, p.timeout, p.maxInterval} {
				require.True(t, d == -1 || d >= 0 && d <= maxAdvice, "%v", d)
			}
			require.GreaterOrEqual(t, p.lifetime(), time.Duration(0))
			require.Equal(t, p.final(), p.reconnect == none || p.interval < 0)
			require.Equal(t, p, p.follow(nil))
			require.Equal(t, p, defaultPlan().follow(m.Advice).follow(m.Advice))
		})
	})
}

func FuzzRefusal(f *testing.F) {
	for _, s := range []string{"402::Unknown client", "402", "403:/a,b:Denied", "", ":", "-1::x", "+402::x", "99999999999999999999::x", "{}", "\xff:", strings.Repeat("é", 5000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := parseRefusal(text(s))
		require.NotEmpty(t, r.Text)
		require.LessOrEqual(t, utf8.RuneCountInString(r.Text), 201)
		require.True(t, utf8.ValidString(r.Text))
		require.GreaterOrEqual(t, r.Code, 0)
		if r.Code != 0 {
			digits, _, _ := strings.Cut(s, ":")
			require.Equal(t, fmt.Sprint(r.Code), strings.TrimLeft(digits, "+0"))
		}
		for _, err := range []error{&HandshakeError{Refusal: r}, &SubscribeError{r, "/a"}, &SessionError{r}, &CookieError{&SessionError{r}}, &DisconnectedError{r.Text}} {
			require.Less(t, utf8.RuneCountInString(err.Error()), longest)
		}
	})
}

func FuzzAck(f *testing.F) {
	for _, ext := range []string{``, `null`, `{"ack":true}`, `{"ack":{"enabled":true,"batch":7}}`, `{"ack":{"enabled":false}}`, `{"ack":7}`, `{"ack":1e3}`, `{"ack":-1}`, `{"ack":9223372036854775808}`,
		`{"Ack":true,"ack":false,"ACK":7}`, `{"ack":{"Enabled":true,"enabled":false}}`, `{"ack":{"enabled":true,"batch":1,"batch":2,"Batch":3}}`, `{"ack":true,"ack":7}`} {
		f.Add([]byte(ext), []byte(`{"ack":12}`))
		f.Add([]byte(`{"ack":true}`), []byte(ext))
	}
	f.Fuzz(func(t *testing.T, handshake, connect []byte) {
		if !json.Valid(connect) || !json.Valid(handshake) && len(handshake) > 0 {
			return // decode lets none pass
		}
		a := negotiated(handshake)
		require.Equal(t, ackByJSON(handshake), a)
		before := a
		a.delivered(connect)
		if n, ok := batchByJSON(ackOf(connect)); before.on && ok {
			require.Equal(t, n, a.batch)
		} else {
			require.Equal(t, before, a)
		}
		require.Equal(t, before.on, a.on)
		if !a.on {
			require.Equal(t, ackState{}, a)
			require.Nil(t, a.ext())
			return
		}
		require.JSONEq(t, fmt.Sprintf(`{"ack":%d}`, a.batch), string(a.ext()))
	})
}

// FuzzSavedSession reads a session as encoding/json does it into maps.
func FuzzSavedSession(f *testing.F) {
	for _, text := range append(corpus.Texts(), `{"clientId":"a","transport":"websocket","ack":true,"batch":7,"channels":["/a"]}`,
		`{"clientId":"a","clientID":"b","clientId":"c","transport":"t","Transport":"u","ack":false,"batch":1.0,"channels":null}`, `{"clientId":1}`,
		`{"clientId":"a","transport":"t","ack":true,"batch":1.5,"channels":[]}`, `{"clientId":"a","transport":"t","ack":true,"batch":1,"channels":[1]}`) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, ok := ReadSavedSession(text)
		v, problem := jsontext.Read(text)
		var m map[string]json.RawMessage
		if problem == jsontext.None {
			_ = json.Unmarshal(v, &m)
		}
		if !ok {
			require.Equal(t, SavedSession{}, s)
			var whole struct {
				ID, Transport *string
				Ack           *bool
				Batch         *int64
			}
			all := json.Unmarshal(m["clientId"], &whole.ID) == nil && json.Unmarshal(m["transport"], &whole.Transport) == nil &&
				json.Unmarshal(m["ack"], &whole.Ack) == nil && json.Unmarshal(m["batch"], &whole.Batch) == nil && json.Unmarshal(m["channels"], new([]string)) == nil
			require.False(t, all && whole.ID != nil && whole.Transport != nil && whole.Ack != nil && whole.Batch != nil && !bytes.Contains(m["channels"], []byte("null")))
			return
		}
		require.Equal(t, jsonString(m["clientId"]), s.ClientID)
		require.Equal(t, jsonString(m["transport"]), s.Transport)
		require.Equal(t, string(m["ack"]) == "true", s.Ack)
		var channels []string
		require.NoError(t, json.Unmarshal(m["channels"], &channels))
		require.True(t, slices.Equal(channels, s.Channels))
	})
}

// ackByJSON, ackOf and batchByJSON read ext as encoding/json does it into maps.
func ackByJSON(ext []byte) ackState {
	ack := ackOf(ext)
	if string(ack) == "true" {
		return ackState{on: true}
	}
	var m map[string]json.RawMessage
	_ = json.Unmarshal(ack, &m)
	if string(m["enabled"]) != "true" {
		return ackState{}
	}
	n, _ := batchByJSON(m["batch"])
	return ackState{on: true, batch: n}
}

func ackOf(ext []byte) json.RawMessage {
	var m map[string]json.RawMessage
	_ = json.Unmarshal(ext, &m)
	return m["ack"]
}

func batchByJSON(raw json.RawMessage) (int64, bool) {
	number, ok := new(big.Rat).SetString(string(raw))
	if !ok || !number.IsInt() || !number.Num().IsInt64() {
		return 0, false
	}
	return number.Num().Int64(), true
}

func FuzzChannel(f *testing.F) {
	for _, c := range []string{"/a", "/v2/me/*", "/v2/**", "/*", "", "/", "a/b", "/a//b", "/a/", "/a/*/b", "/a/b*", "/meta/connect"} {
		f.Add(c, "/v2/me/outbound")
		f.Add(c, c)
	}
	f.Add("\x80"+strings.Repeat("\xf3", 15_000), "/a")
	f.Fuzz(func(t *testing.T, pattern, channel string) {
		if err := CheckChannel(pattern); err != nil {
			require.Less(t, len(err.Error()), 5*longest)
			return
		}
		require.Equal(t, bySegments(strings.Split(pattern, "/"), strings.Split(channel, "/")), matches(pattern, channel), "%q %q", pattern, channel)
	})
}

// bySegments is matches by its definition.
func bySegments(pattern, channel []string) bool {
	if slices.Equal(pattern, channel) {
		return true
	}
	last := len(pattern) - 1
	if len(channel) <= last || !slices.Equal(pattern[:last], channel[:last]) {
		return false
	}
	switch pattern[last] {
	case "**":
		return len(channel) > last+1 || channel[last] != ""
	case "*":
		return len(channel) == last+1 && channel[last] != ""
	}
	return false
}
