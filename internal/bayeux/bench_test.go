package bayeux

import "testing"

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
