//go:build interop

package interop_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/interop"
	"gws-outbound/internal/outbound"
)

// campaign has to be encoded to be in a path, and decoded there. By default, new
// lines of Jetty refuse a slash, a backslash and a percent sign all the same.
const campaign = "Rückrufe + Wünsche; 2026? #1 ..: 日本 & 🙂"

// everyOperation asks for each operation with all that a request of it may
// have. The server must get that, word for word, and each event that ends the
// operation must be taken for what it is, as must one that does not.
func everyOperation(t *testing.T, j *judge) {
	const chain = 3
	c := j.open(t)
	posts := j.posts().Posts
	for _, op := range gws.Operations() {
		notification := "" // at first what the server itself has for the operation
		for i, a := range op.Answers {
			if a.Role == gws.Element {
				continue
			}
			j.Control("set", interop.Behavior{Chain: chain, Notification: notification}, nil)
			r := j.request(op)
			p := c.call(t, op.Method, r.fields, long, nil)
			require.NoError(t, p.end(t), "%s, to be answered with %s", op.Name, a.NotificationType)
			var got any
			require.NoError(t, json.Unmarshal(p.data, &got))
			require.Equal(t, r.result(a, chain), got, a.NotificationType)
			posts++
			require.Equal(t, accepted{posts, r.sent}, j.posts())
			if op.Method == "completeRecord" {
				j.completions++
			} else {
				j.operations++
			}
			if i+1 < len(op.Answers) {
				notification = op.Answers[i+1].NotificationType
			}
		}
		j.Control("set", interop.Behavior{Chain: chain, Notification: "RecordError"}, nil)
		r := j.request(op)
		err := c.call(t, op.Method, r.fields, long, nil).end(t)
		e := requireError(t, err, outbound.RecordError, gws.Accepted)
		require.Contains(t, e.Message, `"RecordError" in place of `, op.Name)
		require.Contains(t, string(e.Event), r.reference)
		posts++
	}
	require.Equal(t, posts, j.posts().Posts, "each was sent once")
}

// accepted is what the server has accepted: how many operations, and the newest
// request.
type accepted struct {
	Posts int
	Last  map[string]any
}

func (j *judge) posts() accepted {
	var a accepted
	j.Control("posts", nil, &a)
	return a
}

// request is one with all that it may have.
type request struct {
	op        *gws.Operation
	reference string
	handle    float64
	fields    gws.Fields     // as a caller gives them
	sent      map[string]any // as the server must get them
}

func (j *judge) request(op *gws.Operation) *request {
	n, reference := j.newReference()
	r := &request{op: op, reference: reference, fields: gws.Fields{}, sent: map[string]any{"operationName": op.Name}}
	for _, p := range op.Parameters {
		given, sent := r.value(p, n)
		r.fields[p.Name], r.sent[p.Name] = given, sent
	}
	return r
}

// value is what a parameter may be given as, and what it is sent as.
func (r *request) value(p gws.Parameter, n int) (given, sent any) {
	switch {
	case p.Name == "campaignName":
		given = campaign
	case p.Name == "referenceId":
		given = r.reference
	case p.Kind == gws.Choice:
		given = p.Choices[len(p.Choices)-1]
	case p.Kind == gws.CallResultOf:
		given = "Answer"
	case p.Kind == gws.RecordHandle:
		r.handle = float64(n)
		given = fmt.Sprint(n)
		return given, r.handle
	case p.Kind == gws.PositiveInt, p.Kind == gws.NaturalInt:
		given = 134.0
	case p.Kind == gws.Timestamp:
		when := time.Date(2030, 3, 31, 1, 30, 0, 999_000_000, time.UTC)
		return when, float64(when.Unix())
	case p.Kind == gws.UserData:
		given = map[string]any{"text": `"é" \`, "empty": "", "number": -0.5, "yes": true}
	default:
		given = p.Name + ` "é" \`
	}
	return given, given
}

// result is what the operation must come to with this answer.
func (r *request) result(a gws.Answer, chain int) any {
	record := map[string]any{}
	for _, name := range []string{"campaignName", "devicePath", "callingList", "phoneNumber", "applicationId", "recordHandle"} {
		if value, given := r.sent[name]; given {
			record[name] = value
		}
	}
	handedOut := func(notification string, n int) any {
		other := maps.Clone(record)
		handle := r.handle + float64(n)
		other["recordHandle"] = handle
		other["userData"] = map[string]any{"GSW_USER_EVENT": notification, "GSW_RECORD_HANDLE": handle, "GSW_CAMPAIGN_NAME": campaign}
		return other
	}
	switch {
	case a.Role == gws.Nothing:
		return nil
	case r.op.Result == gws.ResultRecord:
		return handedOut(a.NotificationType, 1)
	case r.op.Result == gws.ResultRecords:
		records := []any{}
		for n := range chain {
			records = append(records, handedOut("ChainedRecord", n+1))
		}
		return records
	}
	event := map[string]any{"messageType": a.MessageType, "notificationType": a.NotificationType, "referenceId": r.reference}
	if a.MessageType == "OutboundCampaignMessage" {
		event["campaign"] = map[string]any{
			"name": campaign, "dialingMode": "Preview", "state": "Started", "applicationId": record["applicationId"], "devicePath": record["devicePath"],
		}
	} else {
		event["record"] = record
	}
	return event
}

// listBroken breaks the connection in the middle of a list: some of it has come,
// some is written into connections that take nothing any more, and the rest is
// sent while there are none. What the caller gets is the whole list; where there
// is no acknowledged delivery, the error may also say that some may be lost.
func listBroken(t *testing.T, j *judge) {
	const chain, part = 30, 10
	timeout := long
	if !j.ack {
		timeout = 3 * time.Second // the end of the list may be lost
	}
	c := j.open(t, "/v2/me/*") // beside the client, the test hears the records come
	n, _ := j.newReference()
	list := func(behavior interop.Behavior) *call {
		j.Control("set", behavior, nil)
		_, reference := j.newReference()
		return c.call(t, "getChainedRecords", gws.Fields{
			"recordHandle": float64(n), "applicationId": 134.0, "campaignName": campaign, "devicePath": "/devices/1", "referenceId": reference,
		}, timeout, nil)
	}
	var whole []int
	for i := range chain {
		whole = append(whole, n+1+i)
	}
	p := list(interop.Behavior{HoldAck: true, Chain: chain})
	p.isAccepted(t)
	j.send(p.reference, part)
	c.received(t, part)
	j.Stall()
	j.send(p.reference, part)
	j.cut(t)
	j.acknowledge(p.reference)
	err := p.end(t)
	e, _ := errors.AsType[*outbound.Error](err)
	switch {
	case err == nil && j.hidesBreaks():
		// Whoever does not know that a connection broke cannot tell of it.
		got := p.handles(t)
		require.Subset(t, whole, got)
		require.True(t, slices.IsSorted(got), "%v", got)
		require.Len(t, slices.Compact(got), len(got))
		j.operations++
	case j.ack || err == nil:
		require.NoError(t, err)
		require.Equal(t, whole, p.handles(t), "each once, in order")
		j.operations++
	case e != nil && e.Code == outbound.RecordError:
		require.Contains(t, requireError(t, err, outbound.RecordError, gws.Accepted).Message, "may have been lost")
		j.lost++
	default:
		requireError(t, err, outbound.AckTimeout, gws.Accepted)
		j.lost++
	}
	p = list(interop.Behavior{Chain: chain})
	require.NoError(t, p.end(t), "when it is asked for again")
	require.Equal(t, whole, p.handles(t))
	j.operations++
}

// hidesBreaks reports whether a connection may break, and what is in it be lost,
// without the client's knowing: Chromium sends a request that it has not heard
// of again, by itself, if the connection was used before.
func (j *judge) hidesBreaks() bool { return browser && j.transport == "long-polling" && !j.ack }

// handles are those of the records that a call has resolved with.
func (p *call) handles(t *testing.T) (handles []int) {
	t.Helper()
	var records []struct{ RecordHandle int }
	require.NoError(t, json.Unmarshal(p.data, &records))
	for _, r := range records {
		handles = append(handles, r.RecordHandle)
	}
	return handles
}

// send sends so many of the events that are held.
func (j *judge) send(reference string, count int) {
	j.Control("ack", map[string]any{"referenceId": reference, "count": count}, nil)
}
