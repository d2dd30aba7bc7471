package outbound

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
)

func TestFaultsOfFrames(t *testing.T) { matrix(t, frameFaults) }

// ackText is an acknowledgement as a server may write it, with what the record has in it.
func ackText(reference, record string) string {
	return fmt.Sprintf(`{"channel":"/v2/me/outbound","data":{"notificationType":"RecordProcessedAcknowledge"%s,"record":{%s}}}`, reference, record)
}

const (
	ours     = `,"referenceId":"ref-1"`
	campaign = `"campaignName":"Campaign1","callingList":"CallingList1","applicationId":134`
)

// instead publishes a text in place of the acknowledgement, which follows much later.
func instead(text string) func(*testing.T, *scene) {
	return func(_ *testing.T, s *scene) { s.PublishText(channel, text) }
}

// beside has texts arrive in the frame of the acknowledgement, before it.
func beside(texts ...string) func(*testing.T, *scene) {
	return func(t *testing.T, s *scene) {
		require.NoError(t, s.WaitConnected(soon(t), 1))
		s.Cut()
		for _, text := range texts {
			s.PublishText(channel, text)
		}
		s.Ack("ref-1")
	}
}

// dropped asserts how many messages the client has dropped, and that it has said so without
// their content.
func dropped(n int) func(*testing.T, *scene) {
	return func(t *testing.T, s *scene) {
		if n > 0 {
			s.hears(t, "it is dropped")
		}
		require.Equal(t, n, s.c.session.(*bayeux.Client).Dropped())
		s.mu.Lock()
		defer s.mu.Unlock()
		require.Equal(t, min(n, 1), strings.Count(s.log.String(), "it is dropped"))
		require.NotContains(t, s.log.String(), "secret")
	}
}

// soonAfter is long before a session is given up for want of a reply.
const soonAfter = 5 * time.Second

var quickly = want{posts: 1, processed: 1, within: soonAfter}

func ofRecord(handle string) want {
	return want{posts: 1, processed: 1, within: soonAfter, handle: handle}
}

func described(handle string) want {
	w := ofRecord(handle)
	w.unnamed = true
	return w
}

// frameFaults are messages that are not written as they should be.
var frameFaults = []fault{
	{name: "an event that is no JSON beside the acknowledgement", browser: true, then: gwssim.Behavior{HoldAck: true}, want: quickly,
		pending: beside(`{"channel":"/v2/me/outbound","data":{"secret":undefined}}`, `{"channel":"/v2/me/outbound","data":"secret\x"}`), after: dropped(2)},
	{name: "the same without acknowledged delivery", over: WebSocket, start: gwssim.Behavior{NoAckExtension: true, HoldAck: true}, want: quickly,
		pending: func(_ *testing.T, s *scene) {
			s.PublishText(channel, `{"channel":"/v2/me/outbound","data":{"secret":undefined}},{"channel":"/a","data":1}`)
			s.Ack("ref-1")
		}, after: dropped(1)},
	{name: "an event that is nested too deep beside the acknowledgement", then: gwssim.Behavior{HoldAck: true}, want: quickly,
		pending: beside(`{"channel":"/v2/me/outbound","data":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`), after: dropped(1)},
	{name: "NaN and control characters beside the acknowledgement", then: gwssim.Behavior{HoldAck: true}, want: quickly,
		pending: beside(`{"channel":"/v2/me/outbound","data":{"a":NaN,"b":[Infinity,-Infinity]}}`, "{\"channel\":\"/v2/me/outbound\",\"data\":{\"a\":\"x\ty\x00\"}}"), after: dropped(0)},
	{name: "an acknowledgement with NaN", browser: true, then: gwssim.Behavior{HoldAck: true}, want: ofRecord("12"), pending: instead(ackText(ours, `"recordHandle":12,"score":NaN`))},
	{name: "an acknowledgement with NaN for a handle", then: gwssim.Behavior{HoldAck: true}, want: ofRecord("<none>"), pending: instead(ackText(ours, `"recordHandle":NaN`))},
	{name: "an acknowledgement with a control character", then: gwssim.Behavior{HoldAck: true}, want: ofRecord("12"), pending: instead(ackText(ours, "\"recordHandle\":12,\"userData\":{\"a\":\"x\x0by\"}"))},
	{name: "an acknowledgement with a fraction for a handle", browser: true, then: gwssim.Behavior{HoldAck: true}, want: ofRecord("12.0"), pending: instead(ackText(ours, `"recordHandle":12.0`))},
	{name: "an acknowledgement without reference and with a fraction for a handle", then: gwssim.Behavior{HoldAck: true}, want: described("12.0"), pending: instead(ackText("", `"recordHandle":12.0,`+campaign))},
	{name: "an acknowledgement without reference and with an exponent for a handle", then: gwssim.Behavior{HoldAck: true}, want: described("1.2e1"), pending: instead(ackText("", `"recordHandle":1.2e1,`+campaign))},
	{name: "an acknowledgement without reference and with zeros before a handle", then: gwssim.Behavior{HoldAck: true}, want: described("0012"), pending: instead(ackText("", `"recordHandle":"0012",`+campaign))},
	{name: "an acknowledgement without reference and of a fraction", then: gwssim.Behavior{HoldAck: true}, options: shortAckTimeout, want: rejected(AckTimeout, gws.Accepted, 1), pending: instead(ackText("", `"recordHandle":12.5,`+campaign))},
	{name: "an acknowledgement whose channel is in another letter case", browser: true, then: gwssim.Behavior{HoldAck: true}, options: shortAckTimeout, want: rejected(AckTimeout, gws.Accepted, 1),
		pending: instead(strings.Replace(ackText(ours, `"recordHandle":12`), `"channel"`, `"channel":"/v2/me/chat","chAnnel"`, 1))},
	{name: "an acknowledgement with names in another letter case", then: gwssim.Behavior{HoldAck: true}, options: shortAckTimeout, want: rejected(AckTimeout, gws.Accepted, 1),
		pending: instead(strings.Replace(ackText(ours, `"recordHandle":12`), `"referenceId"`, `"referenceID"`, 1))},
	{name: "a handle beyond what JavaScript holds", want: want{posts: 2, processed: 2}, ready: func(t *testing.T, s *scene) {
		const handle = "9007199254740993"
		get(t, call(t.Context(), s.c, record("recordHandle", handle, "referenceId", "big"), CallOptions{})).resolvedOf(t, "big", handle)
	}},
	{name: "a batch of 5 MiB", then: gwssim.Behavior{HoldAck: true}, options: func(o *Options) { o.AckTimeout = long }, want: resolved, pending: func(t *testing.T, s *scene) {
		require.NoError(t, s.WaitConnected(soon(t), 1))
		s.Cut()
		for range 5 {
			s.Publish(channel, json.RawMessage(`"`+strings.Repeat("x", 1<<20)+`"`))
		}
		s.Ack("ref-1")
	}},
	{name: "a byte order mark before the answer to the POST", browser: true, want: resolved,
		then: faulty(gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoAnswer, Body: "\ufeff{\"statusCode\":0}", Processed: true})},
	{name: "a byte order mark before the answer to the sign-in", want: resolved,
		start: gwssim.Behavior{NoCSRF: true, Faults: []gwssim.Fault{{At: gwssim.AtSignIn, Do: gwssim.DoAnswer, Body: "\ufeff{\"statusCode\":0}", Processed: true}}}},
}
