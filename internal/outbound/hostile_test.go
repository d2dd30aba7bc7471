package outbound

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/httpx"
)

// A server that sends the client elsewhere, at any request and by any kind of
// redirect, gets nothing sent there: no credentials, no request at all.
func TestNothingGoesToAnotherOrigin(t *testing.T) {
	waits(t)
	each(t, func(t *testing.T, transport string) {
		for _, at := range []gwssim.Stage{gwssim.AtSignIn, gwssim.AtCometD, gwssim.AtPost} {
			for _, status := range []int{301, 302, 303, 307, 308} {
				if browser && status != 307 {
					continue // it keeps the method, the body and the headers
				}
				t.Run(fmt.Sprintf("%d at %s", status, at), func(t *testing.T) {
					waits(t)
					sim, other := gwssim.New(t), gwssim.New(t)
					path := map[gwssim.Stage]string{gwssim.AtSignIn: "/api/v2/me", gwssim.AtCometD: DefaultCometdPath, gwssim.AtPost: "/api/v2/me/outbound-records/12"}[at]
					elsewhere := gwssim.Fault{At: at, Do: gwssim.DoAnswer, Status: status, Times: always,
						Header: map[string]string{"Location": other.URL + path}}
					if at != gwssim.AtPost {
						sim.Set(faulty(elsewhere))
					}
					opts := options(sim, transport)
					opts.ConnectTimeout = 1200 * time.Millisecond
					if at != gwssim.AtPost {
						c, err := Open(t.Context(), opts)
						require.Nil(t, c)
						require.Error(t, err)
					} else {
						opts.ConnectTimeout = long
						c := open(t, opts)
						sim.Set(faulty(elsewhere))
						get(t, call(t.Context(), c, record(), CallOptions{})).rejected(t, HTTPError, gws.Unknown)
					}
					require.NotEmpty(t, sim.Requests())
					require.Empty(t, other.Requests())
				})
			}
		}
	})
}

// A server names the header that the CSRF token is sent in: not one that means
// something else, and not two.
func TestServerChoosesAHeader(t *testing.T) {
	const transport = LongPolling
	for name, value := range map[string]string{
		"Authorization": "Basic ZXZpbA==", "Cookie": "JSESSIONID=evil", "X-Forwarded-For": "10.0.0.1", "X-HTTP-Method-Override": "DELETE",
		"X-Evil: 1": "token", "Content-Type": "text/plain",
	} {
		t.Run(name, func(t *testing.T) {
			sim := gwssim.New(t)
			sim.Set(faulty(page(gwssim.AtSignIn, `{"statusCode":0}`, map[string]string{
				"X-CSRF-HEADER": name, "X-CSRF-TOKEN": value, "Access-Control-Expose-Headers": "X-CSRF-HEADER, X-CSRF-TOKEN"})))
			c, err := Open(t.Context(), options(sim, transport))
			require.Nil(t, c)
			e := outcome{err: err}.rejected(t, HTTPError, gws.NotSent)
			require.Contains(t, e.Message, "X-CSRF-HEADER")
			require.Len(t, sim.Requests(), 1)
		})
	}
}

// The caller's own headers cannot hold others, nor end the request's.
func TestHeadersThatAreTwo(t *testing.T) {
	sim := gwssim.New(t)
	opts := options(sim, LongPolling)
	opts.ConnectTimeout = 500 * time.Millisecond
	opts.Headers = func(context.Context, bool) (httpx.Header, error) {
		return httpx.Header{"X-A": "b\r\nX-Evil: 1", "Authorization": "Basic secret"}, nil
	}
	_, err := Open(t.Context(), opts)
	outcome{err: err}.rejected(t, ConnectFailed, gws.NotSent)
	require.Empty(t, sim.Requests())
}

// What a request says goes into the body alone, letter by letter.
func TestFieldsStayInTheBody(t *testing.T) {
	sim := gwssim.New(t)
	c := open(t, options(sim, WebSocket))
	for i, odd := range []string{
		"../../../login", "%2e%2e/", "a?b#c", "\",\"operationName\":\"RejectRecord", "</script>", "a\r\nX-Evil: 1", "\u2028\u2029", "\x00", "__proto__", "constructor", "ünï 😀",
	} {
		reference := fmt.Sprintf("ref-%d", i)
		o := get(t, call(t.Context(), c, record("campaignName", odd, "callingList", odd, "devicePath", odd, "referenceId", reference), CallOptions{}))
		if e, ok := o.err.(*Error); ok {
			require.Equal(t, InvalidRequest, e.Code, "%q", odd)
			continue
		}
		o.resolved(t, reference)
		posts := sim.Posts()
		post := posts[len(posts)-1]
		require.Equal(t, "/api/v2/me/outbound-records/12", post.Path)
		var body map[string]any
		require.NoError(t, json.Unmarshal([]byte(post.Body), &body))
		require.Equal(t, "CompleteRecord", body["operationName"])
		for _, field := range []string{"campaignName", "callingList", "devicePath"} {
			require.Equal(t, odd, body[field])
		}
	}
	for _, odd := range []string{"12/../../me", "12?x=1", "12#", "%31%32", "12%2f..", "..", "12\n", " 12", "0x10", "1e3", "１２", "12;a=b"} {
		posts := len(sim.Posts())
		e := get(t, call(t.Context(), c, record("recordHandle", odd), CallOptions{})).rejected(t, InvalidRequest, gws.NotSent)
		require.Contains(t, e.Message, "recordHandle")
		require.Len(t, sim.Posts(), posts)
	}
}

// A server that says "retry" for ever is not asked in a tight loop.
func TestHandshakeRefusedForEver(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		waits(t)
		sim := gwssim.New(t)
		sim.Set(gwssim.Behavior{RefuseHandshake: "500::Later", RefuseHandshakeAdvice: "retry"})
		opts := options(sim, transport)
		opts.ConnectTimeout = 3 * time.Second
		_, err := Open(t.Context(), opts)
		outcome{err: err}.rejected(t, HandshakeRefused, gws.NotSent)
		asked := 0
		for _, r := range sim.Requests() {
			if strings.HasPrefix(r.Path, "/api/v2/me") {
				asked++ // each handshake signs in before
			}
		}
		require.Less(t, asked, 20)
	})
}

// Events with names that JavaScript gives a meaning to are events like others.
func TestEventsWithNamesOfJavaScript(t *testing.T) {
	sim := gwssim.New(t)
	c := open(t, options(sim, WebSocket))
	sim.Set(gwssim.Behavior{HoldAck: true})
	done := call(t.Context(), c, record(), CallOptions{})
	require.NoError(t, sim.WaitPosts(soon(t), 1))
	sim.Publish(channel, json.RawMessage(`{"__proto__":{"notificationType":"RecordProcessedAcknowledge","referenceId":"ref-1"}}`))
	sim.Publish(channel, json.RawMessage(`{"constructor":{"prototype":{}},"notificationType":"RecordProcessedAcknowledge","referenceId":"__proto__"}`))
	sim.Ack("ref-1")
	get(t, done).resolved(t, "ref-1")
}
