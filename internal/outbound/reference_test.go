package outbound

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
)

// A caller may use one reference again and again, as the sample of the documentation has it.
func TestReferenceUsedAgain_LateAndRepeatedAnswersOfTheCallBeforeAreNotTaken(t *testing.T) {
	event := func(notification string, handle int) []byte {
		return fmt.Appendf(nil, `{"notificationType":%q,"referenceId":"ref-1","record":{"recordHandle":%d,"applicationId":134,"campaignName":"Campaign1","callingList":"CallingList1"}}`, notification, handle)
	}
	for name, late := range map[string][]byte{
		"the acknowledgement":            event(acknowledgement, 12),
		"an error":                       event("RecordFailed", 12),
		"the answer to another kind":     event("RecordRejectAcknowledge", 12),
		"one of before that, in between": event(acknowledgement, 11),
	} {
		each(t, func(t *testing.T, transport string) {
			t.Run(name, func(t *testing.T) {
				sim := gwssim.New(t)
				sim.Set(gwssim.Behavior{HoldAck: true})
				c := open(t, options(sim, transport))
				for i, fields := range []gws.Fields{record("recordHandle", 11.0), record(), record("recordHandle", 13.0)} {
					last := i == 2
					done := call(t.Context(), c, fields, CallOptions{AckTimeout: map[bool]time.Duration{false: 300 * time.Millisecond, true: long}[last]})
					require.NoError(t, sim.WaitPosts(soon(t), i+1))
					if !last {
						var e *Error
						require.ErrorAs(t, get(t, done).err, &e)
						require.Equal(t, AckTimeout, e.Code)
						continue
					}
					sim.Publish(channel, late)
					sim.Publish(channel, event(acknowledgement, 13))
					got := get(t, done)
					require.NoError(t, got.err)
					require.Contains(t, string(got.data), `"recordHandle":13`)
				}
			})
		})
	}
}

func TestReferenceUsedAgain_ForAnotherRequestAboutTheSameRecord(t *testing.T) {
	sim := gwssim.New(t)
	c := open(t, options(sim, WebSocket))
	event := func(notification string) []byte {
		return fmt.Appendf(nil, `{"notificationType":%q,"referenceId":"ref-1","record":{"recordHandle":12,"applicationId":134,"campaignName":"Campaign1","callingList":"CallingList1"}}`, notification)
	}
	sim.Set(gwssim.Behavior{HoldAck: true})
	rejected := make(chan error, 1)
	go func() {
		_, err := c.Call(t.Context(), "rejectRecord", record(), CallOptions{})
		rejected <- err
	}()
	require.NoError(t, sim.WaitPosts(soon(t), 1))
	sim.Publish(channel, event("RecordRejectAcknowledge"))
	require.NoError(t, get(t, rejected))
	done := call(t.Context(), c, record(), CallOptions{})
	require.NoError(t, sim.WaitPosts(soon(t), 2))
	sim.Publish(channel, event("RecordRejectAcknowledge"))
	sim.Publish(channel, event(acknowledgement))
	require.NoError(t, get(t, done).err)
}

func TestReferenceUsedAgain_TheReferenceDecidesWhereTheRecordSaysNothing(t *testing.T) {
	for name, record2 := range map[string]string{"no record": `{}`, "an odd handle": `{"recordHandle":12.5}`, "the record of neither": `{"recordHandle":14}`} {
		t.Run(name, func(t *testing.T) {
			sim := gwssim.New(t)
			c := open(t, options(sim, WebSocket))
			require.NoError(t, get(t, call(t.Context(), c, record(), CallOptions{})).err)
			sim.Set(gwssim.Behavior{HoldAck: true})
			done := call(t.Context(), c, record("recordHandle", 13.0), CallOptions{})
			require.NoError(t, sim.WaitPosts(soon(t), 2))
			sim.Publish(channel, fmt.Appendf(nil, `{"notificationType":%q,"referenceId":"ref-1","record":%s}`, acknowledgement, record2))
			require.NoError(t, get(t, done).err)
		})
	}
}
