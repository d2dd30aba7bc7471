package outbound

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/httpx"
)

// openOffline is Open in a browser that says whether it is online.
func openOffline(t *testing.T, opts Options, online bool) (*Client, error) {
	doer := httpx.New()
	c, err := opts.open(t.Context(), network{doer: doer, online: func() bool { return online },
		transports: func(rest *gws.Auth) []bayeux.Transport { return transports(opts, doer, rest) }})
	if c != nil {
		t.Cleanup(c.Close)
	}
	return c, err
}

func TestErrors_SayThatTheBrowserIsOffline(t *testing.T) {
	if browser {
		t.Skip("js/test/errors.test.mjs takes a browser offline")
	}
	t.Parallel()
	for name, test := range map[string]struct {
		behavior gwssim.Behavior
		code     Code
		delivery gws.Delivery
		says     bool
	}{
		"the POST is reset":          {gwssim.Behavior{PostCut: true}, NetworkError, gws.Unknown, true},
		"the POST is never answered": {faulty(gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoSilence}), RequestTimeout, gws.Unknown, true},
		"no acknowledgement":         {gwssim.Behavior{NoAck: true}, AckTimeout, gws.Accepted, true},
		"a refusal":                  {gwssim.Behavior{StatusCode: 6}, APIError, gws.Rejected, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, online := range []bool{false, true} {
				sim := gwssim.New(t)
				opts := options(sim, WebSocket)
				opts.RequestTimeout, opts.AckTimeout = 2*time.Second, 6*time.Second
				c, err := openOffline(t, opts, online)
				require.NoError(t, err)
				sim.Set(test.behavior)
				e := get(t, call(t.Context(), c, record(), CallOptions{})).rejected(t, test.code, test.delivery)
				if test.says && !online {
					require.Contains(t, e.Message, "; the browser is offline")
				} else {
					require.NotContains(t, e.Message, "offline")
				}
			}
		})
	}
}

func TestErrors_AnOpeningSaysThatTheBrowserIsOffline(t *testing.T) {
	if browser {
		t.Skip("js/test/errors.test.mjs takes a browser offline")
	}
	t.Parallel()
	opts := options(gwssim.New(t), WebSocket)
	opts.BaseURL, opts.ConnectTimeout = "http://127.0.0.1:1", time.Second
	_, err := openOffline(t, opts, false)
	require.ErrorContains(t, err, "the browser is offline")
	_, err = openOffline(t, opts, true)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "offline")
}

func TestErrors_TheLimitOfSixConnectionsIsNamedInABrowserOverLongPolling(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		if !browser {
			t.Parallel()
		}
		for name, test := range map[string]struct {
			fault gwssim.Fault
			code  Code
			named bool
		}{
			"no answer": {gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoSilence}, RequestTimeout, browser && transport == LongPolling},
			"a reset":   {gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoReset}, NetworkError, false},
		} {
			if browser && test.code != RequestTimeout {
				continue // it takes seconds, and is the same as natively
			}
			t.Run(name, func(t *testing.T) {
				sim := gwssim.New(t)
				opts := options(sim, transport)
				opts.RequestTimeout = 2 * time.Second
				c := open(t, opts)
				sim.Set(faulty(test.fault))
				e := get(t, call(t.Context(), c, record(), CallOptions{})).rejected(t, test.code, gws.Unknown)
				if test.named {
					require.Contains(t, e.Message, "six connections")
				} else {
					require.NotContains(t, e.Message, "connections")
				}
			})
		}
	})
}
