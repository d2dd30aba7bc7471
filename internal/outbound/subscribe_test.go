package outbound

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
)

// subscribeTo subscribes to a channel; what it hears is sent.
func subscribeTo(ctx context.Context, c *Client, channel string) (*Subscription, <-chan string, error) {
	heard := make(chan string, 100)
	s, err := c.Subscribe(ctx, channel, func(channel string, data json.RawMessage) { heard <- channel + string(data) })
	return s, heard, err
}

func TestSubscribe_CancelLeavesWhatTheClientNeeds(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		opts := options(sim, transport)
		opts.Channels = []string{"/option"}
		notified := make(chan string, 10)
		opts.OnNotification = func(channel string, _ json.RawMessage) { notified <- channel }
		c := open(t, opts)
		for _, pattern := range []string{"/v2/me/outbound", "/option", "/v2/**"} {
			s, heard, err := subscribeTo(t.Context(), c, pattern)
			require.NoError(t, err)
			sim.Publish("/option", json.RawMessage(`1`))
			require.Equal(t, "/option", get(t, notified))
			get(t, call(t.Context(), c, record(), CallOptions{})).resolved(t, "ref-1")
			if pattern == "/option" {
				require.Equal(t, `/option1`, get(t, heard))
			} else {
				require.Contains(t, get(t, heard), acknowledgement)
			}
			<-s.Cancel()
			<-s.Cancel()
			get(t, call(t.Context(), c, record(), CallOptions{})).resolved(t, "ref-1")
			require.Empty(t, heard)
		}
		require.Empty(t, notified)
	})
}

func TestSubscribe_Refusals(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		waits(t)
		sim := gwssim.New(t)
		sim.Set(gwssim.Behavior{RefuseSubscribe: "403:/secret:Denied", RefuseChannel: "/secret"})
		opts := options(sim, transport)
		opts.ConnectTimeout = 3 * time.Second
		c := open(t, opts)
		failed := func(ctx context.Context, channel string, code Code) *Error {
			t.Helper()
			_, _, err := subscribeTo(ctx, c, channel)
			e, ok := errors.AsType[*Error](err)
			require.True(t, ok, err)
			require.Equal(t, code, e.Code, e.Message)
			require.Equal(t, gws.NotSent, e.Delivery)
			return e
		}
		require.Contains(t, failed(t.Context(), "/secret", SubscribeRefused).Message, "Denied")
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		failed(gone, "/aborted", Aborted)
		get(t, call(t.Context(), c, record(), CallOptions{})).resolved(t, "ref-1")

		sim.Set(gwssim.Behavior{NoWebSocket: true, NoLongPolling: true})
		sim.Cut()
		require.Contains(t, failed(t.Context(), "/a", ConnectFailed).Message, "/a was not subscribed to within 3s: ")
		time.AfterFunc(100*time.Millisecond, c.Close)
		failed(t.Context(), "/a", Closed)
		failed(t.Context(), "/a", Closed)
	})
}

func TestGap_IsToldOnceTheSubscriptionsAreInPlace(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		opts := options(sim, transport)
		told := make(chan string, 100) // states and gaps, in order
		opts.OnStatus = func(s bayeux.Status) { told <- string(s.State) }
		opts.OnGap = func(string) { told <- "gap" }
		c := open(t, opts)
		_, heard, err := subscribeTo(t.Context(), c, "/a")
		require.NoError(t, err)
		gap := func() {
			t.Helper()
			last := ""
			for {
				now := get(t, told)
				if now == "gap" {
					require.Equal(t, "connected", last)
					return
				}
				last = now
			}
		}
		sim.Expire()
		gap()
		sim.Publish("/a", json.RawMessage(`1`))
		require.Equal(t, "/a1", get(t, heard))

		sim.Set(gwssim.Behavior{NoAckExtension: true})
		sim.Expire()
		gap()
		cut(t, sim)
		gap()
		require.Empty(t, told, "one for each")
	})
}
