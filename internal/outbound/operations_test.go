package outbound

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/outbound/recovery"
)

// perform starts a call of a method.
func perform(ctx context.Context, c *Client, method string, f gws.Fields, opts CallOptions) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		data, err := c.Call(ctx, method, f, opts)
		done <- outcome{data, err}
	}()
	return done
}

// asked returns the fields of a request to the simulator's first campaign, with more of them.
func asked(more ...any) gws.Fields {
	f := gws.Fields{"applicationId": 134.0, "campaignName": "Renewals", "devicePath": "/devices/1"}
	for i := 0; i < len(more); i += 2 {
		f[more[i].(string)] = more[i+1]
	}
	return f
}

// notificationType of the data that a call has resolved with.
func (o outcome) notificationType(t *testing.T) string {
	t.Helper()
	require.NoError(t, o.err)
	return readEvent(o.data).NotificationType
}

type previewed struct {
	RecordHandle float64        `json:"recordHandle"`
	CallingList  string         `json:"callingList"`
	UserData     map[string]any `json:"userData"`
}

// An agent's shift, in which every operation is done once, with and without the
// reference in the answers.
func TestEveryOperation(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		for name, b := range map[string]gwssim.Behavior{"echo": {}, "no echo": {NoEcho: true}, "the answer before the response": {AckFirst: true}} {
			t.Run(name, func(t *testing.T) {
				sim := gwssim.New(t)
				sim.Set(b)
				c := open(t, options(sim, transport))
				done := map[string]bool{}
				do := func(method string, more ...any) outcome {
					t.Helper()
					done[method] = true
					o := get(t, perform(t.Context(), c, method, asked(more...), CallOptions{}))
					require.NoError(t, o.err, method)
					return o
				}
				next := func() previewed {
					var p previewed
					require.NoError(t, json.Unmarshal(do("getPreviewRecord").data, &p))
					require.NotEmpty(t, p.UserData)
					return p
				}
				of := func(p previewed, more ...any) []any {
					return append([]any{"recordHandle", p.RecordHandle, "callingList", p.CallingList}, more...)
				}
				require.Equal(t, "PreviewSessionStarted", do("startPreviewSession").notificationType(t))

				first := next()
				var chained []previewed
				require.NoError(t, json.Unmarshal(do("getChainedRecords", "recordHandle", first.RecordHandle).data, &chained))
				require.Len(t, chained, 2, "the other numbers of the first contact")
				chainID := first.UserData["GSW_CHAIN_ID"]
				o := do("addRecord", "callingList", first.CallingList, "phoneNumber", "+12125550177", "phoneType", "Mobile", "timeZone", "GMT",
					"from", 0.0, "until", 86_400.0, "chainId", chainID, "otherFields", map[string]any{"LearnedFrom": "a neighbour", "Sure": false})
				require.Equal(t, "AddRecordAcknowledge", o.notificationType(t))
				require.NoError(t, json.Unmarshal(do("getChainedRecords", "recordHandle", first.RecordHandle).data, &chained))
				require.Len(t, chained, 3)
				added := chained[2].UserData
				require.Equal(t, []any{chainID, "+12125550177", "a neighbour", false}, []any{added["GSW_CHAIN_ID"], added["GSW_PHONE"], added["LearnedFrom"], added["Sure"]})
				require.Equal(t, "UpdateCallCompletionStatsAcknowledge", do("updateRecord", of(first, "phoneType", "Mobile", "from", 0.0)...).notificationType(t))
				require.Equal(t, acknowledgement, do("completeRecord", of(first, "callResult", "Answer")...).notificationType(t))

				callback := next()
				when := time.Now().Add(time.Hour)
				o = do("rescheduleRecord", "recordHandle", callback.RecordHandle, "callbackType", "Campaign", "timestamp", when)
				require.Equal(t, "ScheduledRecordRescheduleAcknowledge", o.notificationType(t))
				o = do("rescheduleRecord", "recordHandle", next().RecordHandle, "callbackType", "Personal", "timestamp", float64(when.Unix()))
				require.Equal(t, "RecordRescheduleAcknowledge", o.notificationType(t))

				require.Equal(t, "RecordRejectAcknowledge", do("rejectRecord", of(next())...).notificationType(t))
				require.Equal(t, "RecordCancelAcknowledge", do("cancelRecord", of(next(), "chainAttribute", "AllChain")...).notificationType(t))
				require.Equal(t, "DoNotCallAcknowledge", do("doNotCallRecord", of(next())...).notificationType(t))
				require.Equal(t, "DoNotCallAcknowledge", do("doNotCallRecord", "phoneNumber", "5551234").notificationType(t))
				require.Equal(t, "PreviewSessionEnded", do("endPreviewSession").notificationType(t))
				for _, method := range gws.Methods() {
					require.True(t, done[method], method)
				}
				require.Zero(t, c.Pending())
			})
		}
	})
}

func TestRefusalsOfOtherOperations(t *testing.T) {
	sim := gwssim.New(t)
	c := open(t, options(sim, WebSocket))
	o := get(t, perform(t.Context(), c, "startPreviewSession", asked("campaignName", "no such/campaign"), CallOptions{}))
	e := o.rejected(t, APIError, gws.Rejected)
	require.Equal(t, 6, e.StatusCode)
	require.Contains(t, e.Message, "/api/v2/me/outbound-campaigns/no%20such%2Fcampaign")

	sim.Set(gwssim.Behavior{StatusCode: 5})
	e = get(t, perform(t.Context(), c, "getPreviewRecord", asked(), CallOptions{})).rejected(t, APIError, gws.Rejected)
	require.Contains(t, e.Message, "api-voice-outbound")

	sim.Set(gwssim.Behavior{NoAck: true})
	shortAckTimeout := CallOptions{AckTimeout: 1500 * time.Millisecond}
	for method, want := range map[string]string{
		"rejectRecord": "no acknowledgement came within", "getChainedRecords": "no end of the list came within",
	} {
		f := asked("campaignName", "Campaign1", "recordHandle", 7.0)
		if method == "rejectRecord" {
			f["callingList"] = "L"
		}
		e = get(t, perform(t.Context(), c, method, f, shortAckTimeout)).rejected(t, AckTimeout, gws.Accepted)
		require.Contains(t, e.Message, want)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("the agent changed their mind")
	posts := len(sim.Posts())
	done := perform(ctx, c, "rejectRecord", asked("campaignName", "Campaign1", "recordHandle", 7.0, "callingList", "L", "referenceId", "one"), CallOptions{})
	require.NoError(t, sim.WaitPosts(soon(t), posts+1))
	e = get(t, perform(t.Context(), c, "startPreviewSession", asked("referenceId", "one"), CallOptions{})).rejected(t, InvalidRequest, gws.NotSent)
	require.Contains(t, e.Message, "in flight", "a reference is that of one request, of whatever operation")
	cancel(reason)
	o = get(t, done)
	require.ErrorIs(t, o.err, reason)
}

// waiting registers requests whose POSTs have left.
func waiting(t *testing.T, c *Client, requests ...[2]any) []*operation {
	t.Helper()
	var ops []*operation
	for _, r := range requests {
		request, problems := gws.ParseRequest(r[0].(string), r[1].(gws.Fields), false)
		require.Empty(t, problems)
		op, added := c.waiting.add(request, recovery.None{})
		require.True(t, added)
		c.waiting.posting(op)
		ops = append(ops, op)
	}
	return ops
}

func hear(c *Client, data string) {
	c.receive(bayeux.Message{Channel: channel, Data: json.RawMessage(data)})
}

// settled returns what an operation has come to, nil and nil if it still waits.
func settled(op *operation) (json.RawMessage, *Error) {
	select {
	case a := <-op.answer:
		return op.result(a)
	default:
		return nil, nil
	}
}

func TestListOfRecords(t *testing.T) {
	chain := func(reference string, handle float64) [2]any {
		return [2]any{"getChainedRecords", asked("recordHandle", handle, "referenceId", reference)}
	}
	element := func(reference string, handle int) string {
		return fmt.Sprintf(`{"notificationType":"ChainedRecord","referenceId":%q,"record":{"recordHandle":%d,"x":[1]}}`, reference, handle)
	}
	const end = `{"notificationType":"ChainedRecordsDataEnd","referenceId":"a","record":{"recordHandle":7}}`

	t.Run("in order, each handle once", func(t *testing.T) {
		c := &Client{recovery: recovery.None{}}
		ops := waiting(t, c, chain("a", 7), chain("b", 8))
		for _, handle := range []int{9, 7, 9, 8} {
			hear(c, element("a", handle))
		}
		hear(c, `{"notificationType":"ChainedRecord","referenceId":"a","record":{"recordHandle":"009"}}`)
		require.Equal(t, 2, c.Pending())
		hear(c, end)
		hear(c, end)
		got, failed := settled(ops[0])
		require.Nil(t, failed)
		require.JSONEq(t, `[{"recordHandle":9,"x":[1]},{"recordHandle":7,"x":[1]},{"recordHandle":8,"x":[1]}]`, string(got))
		require.Equal(t, 1, c.Pending())
	})
	t.Run("none", func(t *testing.T) {
		c := &Client{recovery: recovery.None{}}
		ops := waiting(t, c, chain("a", 7))
		hear(c, end)
		got, failed := settled(ops[0])
		require.Nil(t, failed)
		require.Equal(t, `[]`, string(got))
	})
	t.Run("without references, if there is one", func(t *testing.T) {
		c := &Client{recovery: recovery.None{}}
		ops := waiting(t, c, chain("a", 7), chain("b", 8))
		anonymous := func(text string) string { return strings.ReplaceAll(text, `"referenceId":"a",`, "") }
		hear(c, anonymous(element("a", 9)))
		hear(c, anonymous(end))
		require.Equal(t, 2, c.Pending(), "whose it is, is not known")
		c.waiting.end(ops[1], nil)
		hear(c, anonymous(element("a", 9)))
		hear(c, anonymous(end))
		got, _ := settled(ops[0])
		require.JSONEq(t, `[{"recordHandle":9,"x":[1]}]`, string(got))
	})
	t.Run("too many, too long, or no record", func(t *testing.T) {
		for want, fill := range map[string]func(c *Client){
			"more than 10000 records": func(c *Client) {
				for i := range maxRecords + 1 {
					hear(c, element("a", i+1))
				}
			},
			"more than 16 MiB": func(c *Client) {
				for i := range 17 {
					hear(c, fmt.Sprintf(`{"notificationType":"ChainedRecord","referenceId":"a","record":{"recordHandle":%d,"x":%q}}`, i+1, bytes.Repeat([]byte("x"), 1<<20)))
				}
			},
			"it has no record": func(c *Client) { hear(c, `{"notificationType":"ChainedRecord","referenceId":"a","record":[]}`) },
		} {
			c := &Client{recovery: recovery.None{}}
			ops := waiting(t, c, chain("a", 7))
			fill(c)
			_, failed := settled(ops[0])
			require.NotNil(t, failed, want)
			require.Equal(t, RecordError, failed.Code)
			require.Contains(t, failed.Message, want)
			require.Zero(t, c.Pending())
		}
	})
	t.Run("another event ends it", func(t *testing.T) {
		c := &Client{recovery: recovery.None{}}
		ops := waiting(t, c, chain("a", 7))
		hear(c, element("a", 9))
		hear(c, `{"notificationType":"ChainError","referenceId":"a"}`)
		_, failed := settled(ops[0])
		require.Equal(t, `GWS answered with "ChainError" in place of ChainedRecordsDataEnd`, failed.Message)
	})
}

func TestPreviewRecordIsARecordOrNull(t *testing.T) {
	for data, want := range map[string]string{
		`{"notificationType":"PreviewRecord","referenceId":"a","record":{"userData":{"GSW_PHONE":"1"}}}`: `{"userData":{"GSW_PHONE":"1"}}`,
		`{"notificationType":"PreviewRecordEmpty","referenceId":"a","record":{"campaignName":"C"}}`:      `null`,
		`{"notificationType":"PreviewRecordEmpty"}`:                                                      `null`,
		`{"notificationType":"PreviewRecord","referenceId":"a"}`:                                         "",
	} {
		c := &Client{recovery: recovery.None{}}
		ops := waiting(t, c, [2]any{"getPreviewRecord", asked("referenceId", "a")})
		hear(c, data)
		got, failed := settled(ops[0])
		require.Equal(t, want, string(got))
		require.Equal(t, want == "", failed != nil)
	}
}

func TestAnswersWithoutAReference(t *testing.T) {
	c := &Client{recovery: recovery.None{}}
	ops := waiting(t, c,
		[2]any{"startPreviewSession", asked("campaignName", "A")}, [2]any{"startPreviewSession", asked("campaignName", "B", "referenceId", "b")},
		[2]any{"updateRecord", asked("recordHandle", 7.0, "referenceId", "u")},
	)
	none := func() {
		t.Helper()
		require.Equal(t, 3, c.Pending())
	}
	hear(c, `{"notificationType":"PreviewSessionStarted"}`)
	none()
	hear(c, `{"notificationType":"PreviewSessionStarted","campaign":{"name":"C"}}`)
	none()
	hear(c, `{"notificationType":"PreviewSessionEnded","campaign":{"name":"A"}}`)
	none()
	hear(c, `{"notificationType":"UpdateCallCompletionStatsAcknowledge","record":{"recordHandle":8,"campaignName":"Renewals","applicationId":134}}`)
	none()
	hear(c, `{"notificationType":"UpdateCallCompletionStatsAcknowledge","referenceId":"another's","record":{"recordHandle":7}}`)
	none()
	hear(c, `{"notificationType":"RecordRejectAcknowledge","record":{"recordHandle":7,"campaignName":"Renewals","applicationId":134}}`)
	none()
	hear(c, `{"notificationType":"PreviewSessionStarted","campaign":{"name":"B"}}`)
	got, _ := settled(ops[1])
	require.NotNil(t, got)
	hear(c, `{"notificationType":"UpdateCallCompletionStatsAcknowledge","record":{"recordHandle":7,"campaignName":"Renewals","callingList":"any","applicationId":134}}`)
	got, _ = settled(ops[2])
	require.NotNil(t, got)
	hear(c, `{"notificationType":"PreviewSessionStarted"}`)
	got, _ = settled(ops[0])
	require.NotNil(t, got, "the one that is left")
}

// A record that is created has no handle: what tells one acknowledgement without a reference from
// another is the campaign, the calling list and the number.
func TestAddRecord_AcknowledgementWithoutReferenceGoesByListAndNumber(t *testing.T) {
	add := func(reference, list, number string) [2]any {
		return [2]any{"addRecord", asked("callingList", list, "phoneNumber", number, "phoneType", "Mobile", "timeZone", "GMT",
			"from", 0.0, "until", 1.0, "referenceId", reference)}
	}
	c := &Client{recovery: recovery.None{}}
	ops := waiting(t, c, add("a", "L", "1"), add("b", "L", "2"), add("c", "M", "2"))
	for _, record := range []string{
		`{}`, `{"phoneNumber":"3"}`, `{"phoneNumber":"2"}`, `{"campaignName":"other","phoneNumber":"1"}`, `{"callingList":"N","phoneNumber":"1"}`,
		`{"callingList":"L"}`,
	} {
		hear(c, `{"notificationType":"AddRecordAcknowledge","record":`+record+`}`)
		require.Equal(t, 3, c.Pending(), record)
	}
	hear(c, `{"notificationType":"AddRecordAcknowledge","referenceId":"d","record":{"callingList":"L","phoneNumber":"1"}}`)
	require.Equal(t, 3, c.Pending(), "another reference")
	hear(c, `{"notificationType":"AddRecordAcknowledge","record":{"campaignName":"Renewals","phoneNumber":1}}`)
	got, _ := settled(ops[0])
	require.NotNil(t, got, "by its number, also where that is one in JSON")
	hear(c, `{"notificationType":"AddRecordAcknowledge","record":{"callingList":"M"}}`)
	got, _ = settled(ops[2])
	require.NotNil(t, got, "by its list")
	hear(c, `{"notificationType":"AddRecordAcknowledge"}`)
	got, _ = settled(ops[1])
	require.NotNil(t, got, "the one that is left")

	ops = waiting(t, c, add("a", "L", "1"))
	hear(c, `{"notificationType":"AddRecordAcknowledge","referenceId":"a","record":{"recordHandle":9,"phoneNumber":"other"}}`)
	got, _ = settled(ops[0])
	require.NotNil(t, got, "its reference is proof, whatever the record")
}

func TestWhatTheServerTellsUnasked(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		for name, channels := range map[string][]string{"by itself": nil, "once, though subscribed to twice": {"/v2/me/*"}} {
			t.Run(name, func(t *testing.T) {
				sim := gwssim.New(t)
				opts := options(sim, transport)
				heard := make(chan event, 100)
				opts.Channels = channels
				opts.OnNotification = func(on string, data json.RawMessage) {
					if on == channel {
						heard <- readEvent(data)
					}
				}
				c := open(t, opts)
				get(t, perform(t.Context(), c, "startPreviewSession", asked(), CallOptions{}))
				if channels != nil {
					require.Equal(t, "PreviewSessionStarted", get(t, heard).NotificationType)
				}
				require.NoError(t, sim.SetCampaign("Customer survey", gwssim.CampaignStarted))
				require.Equal(t, "CampaignStarted", get(t, heard).NotificationType)
				handle, err := sim.Push("agent", "Renewals")
				require.NoError(t, err)
				e := get(t, heard)
				require.Equal(t, "PreviewRecord", e.NotificationType)
				require.Equal(t, fmt.Sprint(handle), string(e.Record.RecordHandle))
				if channels == nil {
					// Answers to others are none, nor is what names no type.
					for _, data := range []string{
						`{"notificationType":"RecordRejectAcknowledge","referenceId":"late"}`, `{"notificationType":"PreviewRecord","referenceId":"another's"}`, `null`, `{}`,
					} {
						sim.Publish(channel, json.RawMessage(data))
					}
				}
				require.NoError(t, sim.SetCampaign("Customer survey", gwssim.CampaignUnloaded))
				require.Equal(t, "CampaignUnloaded", get(t, heard).NotificationType)
			})
		}
	})
}

func TestTheListBeginsThoughThePOSTHasFailed(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		opts := options(sim, transport)
		opts.RequestTimeout = 300 * time.Millisecond
		c := open(t, opts)
		sim.Set(gwssim.Behavior{PostDelayMS: 60_000, NoAck: true})
		known := make(chan gws.Delivery, 10)
		done := perform(t.Context(), c, "getChainedRecords", asked("campaignName", "Campaign1", "recordHandle", 7.0, "referenceId", "a"),
			CallOptions{OnProgress: func(d gws.Delivery) { known <- d }})
		for _, want := range []gws.Delivery{gws.NotSent, gws.Unknown, gws.Unknown} { // it is sent, and has failed
			require.Equal(t, want, get(t, known))
		}
		sim.Publish(channel, json.RawMessage(`{"notificationType":"ChainedRecord","referenceId":"a","record":{"recordHandle":9}}`))
		require.Equal(t, gws.Accepted, get(t, known), "an element proves that GWS has taken it")
		sim.Publish(channel, json.RawMessage(`{"notificationType":"ChainedRecordsDataEnd","referenceId":"a"}`))
		o := get(t, done)
		require.NoError(t, o.err)
		require.JSONEq(t, `[{"recordHandle":9}]`, string(o.data))
	})
}

// A list is whole, or it is none: what comes after events were lost is not
// taken for all that there is.
func TestTheListBreaksOff(t *testing.T) {
	for name, tt := range map[string]struct {
		start  gwssim.Behavior
		happen func(*testing.T, *gwssim.Sim)
		whole  bool
	}{
		"a connection": {happen: cut, whole: true},
		"a connection, without acknowledged delivery": {start: gwssim.Behavior{NoAckExtension: true}, happen: cut},
		"the session": {happen: func(_ *testing.T, sim *gwssim.Sim) { sim.Expire() }},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, transport string) {
				sim := gwssim.New(t)
				sim.Set(tt.start)
				changed := make(chan bayeux.Status, 100)
				opts := options(sim, transport)
				opts.OnStatus = func(s bayeux.Status) { changed <- s }
				c := open(t, opts)
				silent := tt.start
				silent.NoAck = true
				sim.Set(silent)
				say := func(notification string, handle int) {
					sim.Publish(channel, json.RawMessage(fmt.Sprintf(`{"notificationType":%q,"referenceId":"a","record":{"recordHandle":%d}}`, notification, handle)))
				}
				known := make(chan gws.Delivery, 10)
				done := perform(t.Context(), c, "getChainedRecords", asked("campaignName", "Campaign1", "recordHandle", 7.0, "referenceId", "a"),
					CallOptions{OnProgress: func(d gws.Delivery) { known <- d }})
				for get(t, known) != gws.Accepted {
				}
				require.NoError(t, sim.WaitConnected(soon(t), 1))
				say("ChainedRecord", 8)
				for len(changed) > 0 {
					<-changed
				}
				tt.happen(t, sim)
				for get(t, changed).State != bayeux.Connected {
				}
				say("ChainedRecord", 9)
				say("ChainedRecordsDataEnd", 7)
				o := get(t, done)
				if tt.whole {
					require.NoError(t, o.err)
					require.JSONEq(t, `[{"recordHandle":8},{"recordHandle":9}]`, string(o.data))
					return
				}
				e := o.rejected(t, RecordError, gws.Accepted)
				require.Contains(t, e.Message, "may have been lost")
				require.Contains(t, string(e.Event), "ChainedRecordsDataEnd")
			})
		})
	}
}
