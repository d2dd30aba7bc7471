package bayeux

import (
	"context"
	"testing"
)

// An event as it comes with the reply to a connect.
func BenchmarkDecode(b *testing.B) {
	frame := []byte(`[{"channel":"/v2/me/outbound","data":{"notificationType":"RecordProcessedAcknowledge","referenceId":"r","record":{"recordHandle":12}}},` +
		`{"channel":"/meta/connect","id":"7","successful":true,"advice":{"interval":0,"timeout":30000,"reconnect":"retry"},"ext":{"ack":3}}]`)
	b.SetBytes(int64(len(frame)))
	for b.Loop() {
		if r := decode(frame, func(*Message) {}); r.handled != 2 || r.first != sound {
			b.Fatal(r)
		}
	}
}

// An event that a handler wants, where the log is at its default level: it must cost nothing.
func BenchmarkReceive(b *testing.B) {
	frame := []byte(`[{"channel":"/v2/me/outbound","data":{"notificationType":"RecordProcessedAcknowledge","referenceId":"r","record":{"recordHandle":12}}}]`)
	for level, name := range map[Level]string{Warn: "warn", Debug: "debug"} {
		b.Run(name, func(b *testing.B) {
			got := 0
			c := New(Options{Transports: []Transport{silent{}}, Log: func(Level, string) {}, LogFrom: level})
			defer c.Close(context.Background())
			c.link = &link{c: c, exchanges: map[text]*exchange{}}
			c.subscriptions = []*subscription{{pattern: "/v2/me/outbound", handler: func(Message) { got++ }}}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				c.receive(c.link, frame)
				n++
			}
			if got != n {
				b.Fatal(got, n)
			}
			c.link = nil
		})
	}
}

// silent is a transport that is never opened.
type silent struct{ Transport }

func (silent) Name() string     { return "websocket" }
func (silent) PerRequest() bool { return false }
