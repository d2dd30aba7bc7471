package outbound

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/jsontext"
	"gws-outbound/internal/jsontext/corpus"
	"gws-outbound/internal/outbound/recovery"
	"gws-outbound/internal/wire"
)

// FuzzEvent gives any event to a client with two completions under way, of
// which the POST of the first has left.
func FuzzEvent(f *testing.F) {
	for _, e := range []string{
		`{"notificationType":"RecordProcessedAcknowledge","referenceId":"ref-1","record":{"recordHandle":12,"campaignName":"Campaign1","callingList":"CallingList1","applicationId":134}}`,
		`{"notificationType":"RecordProcessedAcknowledge","record":{"recordHandle":"012","campaignName":"Campaign1","callingList":"CallingList1","applicationId":"134"}}`,
		`{"notificationType":"RecordProcessedAcknowledge","referenceId":"ref-1","record":{"recordHandle":13}}`,
		`{"notificationType":"Error","referenceId":"ref-2"}`, `{"notificationType":5,"referenceId":["ref-1"]}`, `{"referenceId":"ref-1"}`,
		`{"REFERENCEID":"ref-1","notificationtype":"RecordProcessedAcknowledge"}`, `{"referenceId":null,"record":null}`, `{"referenceId":"ref-1","record":[]}`,
		`null`, `0`, `"ref-1"`, `[]`, `{"referenceId":"ref-1","notificationType":"` + strings.Repeat("x", 5000) + `"}`,
	} {
		f.Add([]byte(e))
	}
	for _, text := range corpus.Texts() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !json.Valid(data) {
			return // there is no such event: package bayeux has checked the frame
		}
		c := &Client{recovery: recovery.None{}}
		fields := record("referenceId", "ref-1")
		first, problems := gws.ParseRequest("completeRecord", fields, false)
		require.Empty(t, problems)
		fields["referenceId"], fields["recordHandle"] = "ref-2", 13.0
		second, _ := gws.ParseRequest("completeRecord", fields, false)
		ops := make([]*operation, 2)
		ops[0], _ = c.waiting.add(first, recovery.None{})
		ops[1], _ = c.waiting.add(second, recovery.None{})
		c.waiting.posting(ops[0])

		c.receive(bayeux.Message{Channel: channel, Data: data})
		c.receive(bayeux.Message{Channel: channel, Data: data}) // twice is no harm
		settled := 0
		for i, op := range ops {
			select {
			case a := <-op.answer:
				settled++
				require.Equal(t, string(data), string(a.event), "the data are the server's own")
				got, failed := op.result(a)
				named := bytes.Contains(data, []byte(op.request.ReferenceID)) || bytes.Contains(data, []byte(`\u`))
				if failed != nil {
					require.Nil(t, got)
					require.Equal(t, RecordError, failed.Code)
					require.Equal(t, gws.Accepted, failed.Delivery)
					require.Less(t, len(failed.Message), 2000)
					require.True(t, named, "another event is matched by its reference alone")
					continue
				}
				require.True(t, named || i == 0 && bytes.Contains(data, []byte(op.request.Text("campaignName"))) || bytes.Contains(data, []byte(`\u`)),
					"an acknowledgement is for the one it names, or describes")
				require.True(t, bytes.Contains(data, []byte(acknowledgement)) || bytes.Contains(data, []byte(`\u`)))
			default:
			}
		}
		require.LessOrEqual(t, settled, 1)
		require.Equal(t, 2-settled, c.Pending())
	})
}

// FuzzReaders has an event read by this package, and as JSON.parse does it on the page, of whose
// rules encoding/json has the same where it reads into maps: names exactly, the last of doubles.
func FuzzReaders(f *testing.F) {
	for _, e := range []string{
		`{"notificationType":"A","NotificationType":"B","referenceId":"r","referenceID":"s","record":{"recordHandle":12,"RecordHandle":13},"Record":{}}`,
		`{"referenceId":"r","reference\u0049d":"s","record":{"recordHandle":12},"record":{"campaignName":"C"},"campaign":{"name":"A","NAME":"B"}}`,
		`{"referenceId":12.0,"record":{"recordHandle":9007199254740993,"applicationId":"134"}}`, `{"referenceId":null,"notificationType":7,"record":null}`, `{"record":[],"campaign":"x"}`, `"x"`, `null`,
	} {
		f.Add([]byte(e))
	}
	for _, text := range corpus.Texts() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		data, problem := jsontext.Read(text)
		if problem != jsontext.None {
			return
		}
		members := func(raw json.RawMessage) (m map[string]json.RawMessage) {
			_ = json.Unmarshal(raw, &m)
			return m
		}
		word := func(raw json.RawMessage) (s string) {
			_ = json.Unmarshal(raw, &s)
			return s
		}
		any := func(raw json.RawMessage) scalar {
			if bytes.HasPrefix(raw, []byte(`"`)) || string(raw) == "null" {
				return scalar(word(raw))
			}
			if digits, ok := jsontext.Integer(string(raw)); ok {
				return scalar(digits)
			}
			return scalar(raw)
		}
		var want event
		e := members(json.RawMessage(data))
		record := members(e["record"])
		want.NotificationType, want.ReferenceID, want.Campaign.Name = word(e["notificationType"]), any(e["referenceId"]), word(members(e["campaign"])["name"])
		want.Record.RecordHandle, want.Record.ApplicationID = any(record["recordHandle"]), any(record["applicationId"])
		want.Record.CampaignName, want.Record.CallingList = word(record["campaignName"]), word(record["callingList"])
		got := readEvent(json.RawMessage(data))
		got.Record.PhoneNumber = ""
		require.Equal(t, want, got)
		// As it goes to the page.
		var messages []map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(wire.Append(nil, []wire.ToPage{&wire.Resolved{ID: 1, Value: json.RawMessage(data)}}), &messages))
		page := members(messages[0]["value"])
		require.Equal(t, want.NotificationType, word(page["notificationType"]))
		require.Equal(t, want.ReferenceID, any(page["referenceId"]))
		require.Equal(t, want.Record.RecordHandle, any(members(page["record"])["recordHandle"]))
		if record == nil {
			require.Nil(t, recordOf(json.RawMessage(data)))
		} else {
			require.Equal(t, string(e["record"]), string(recordOf(json.RawMessage(data))))
		}
	})
}
