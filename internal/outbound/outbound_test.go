package outbound

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/httpx"
)

// long is more than any of these tests may take, and less than go test waits.
const long = 30 * time.Second

// acknowledgement is the notificationType of a completed record's event.
const acknowledgement = "RecordProcessedAcknowledge"

// each runs a test over each transport.
func each(t *testing.T, test func(*testing.T, string)) {
	for _, transport := range []string{WebSocket, LongPolling} {
		t.Run(transport, func(t *testing.T) { test(t, transport) })
	}
}

// waits runs a test that spends its time waiting beside others. In a browser each test has
// its page's one thread, and the simulators outside count what it asks for.
func waits(t *testing.T) {
	if !browser {
		t.Parallel()
	}
}

// soon is a context for what must not take for ever.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), long)
	t.Cleanup(cancel)
	return ctx
}

// cut resets the connection on which the session waits for events.
func cut(t *testing.T, sim *gwssim.Sim) {
	t.Helper()
	require.NoError(t, sim.WaitConnected(soon(t), 1))
	sim.Cut()
}

// unreachable is a server without that transport.
func unreachable(transport string) gwssim.Behavior {
	return gwssim.Behavior{NoWebSocket: transport == WebSocket, NoLongPolling: transport == LongPolling}
}

func options(sim *gwssim.Sim, transport string) Options {
	return Options{
		BaseURL: sim.URL, CometdPath: DefaultCometdPath, Transports: []string{transport},
		Headers: func(context.Context, bool) (httpx.Header, error) {
			return httpx.Header{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("agent:secret"))}, nil
		},
		CSRF: true, ConnectTimeout: 10 * time.Second, RequestTimeout: 10 * time.Second, AckTimeout: long,
	}
}

func open(t *testing.T, opts Options) *Client {
	t.Helper()
	c, err := Open(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// record returns the fields of the documented sample, with changes.
func record(changes ...any) gws.Fields {
	f := gws.Fields{
		"recordHandle": 12.0, "applicationId": 134.0, "campaignName": "Campaign1", "callingList": "CallingList1",
		"devicePath": "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00", "referenceId": "ref-1",
	}
	for i := 0; i < len(changes); i += 2 {
		f[changes[i].(string)] = changes[i+1]
	}
	return f
}

// call starts a completion.
func call(ctx context.Context, c *Client, f gws.Fields, opts CallOptions) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		data, err := c.Call(ctx, "completeRecord", f, opts)
		done <- outcome{data, err}
	}()
	return done
}

// get waits for what comes on a channel.
func get[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(long):
		t.Fatal("waited in vain")
		panic("not reached")
	}
}

type outcome struct {
	data json.RawMessage
	err  error
}

// resolved asserts that it ended with the acknowledgement of this reference, of record 12.
func (o outcome) resolved(t *testing.T, reference string) {
	t.Helper()
	o.resolvedOf(t, reference, "12")
}

// resolvedOf asserts that it ended with the acknowledgement of this reference, and of the record with this handle, however
// that is written.
func (o outcome) resolvedOf(t *testing.T, reference, handle string) {
	t.Helper()
	require.NoError(t, o.err)
	require.True(t, json.Valid(o.data))
	e := readEvent(o.data)
	require.Equal(t, acknowledgement, e.NotificationType)
	require.Equal(t, scalar(handle).integer(), e.Record.RecordHandle.integer())
	require.Equal(t, scalar(reference), e.ReferenceID)
}

// rejected asserts that it ended with this error.
func (o outcome) rejected(t *testing.T, code Code, d gws.Delivery) *Error {
	t.Helper()
	require.Error(t, o.err)
	e, ok := errors.AsType[*Error](o.err)
	require.True(t, ok, "%T", o.err)
	require.Equal(t, code, e.Code, e.Message)
	require.Equal(t, d, e.Delivery, e.Message)
	require.NotContains(t, e.Message, "secret")
	return e
}

func TestCompletes(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		c := open(t, options(sim, transport))
		var known []gws.Delivery
		o := get(t, call(t.Context(), c, record("callResult", "Answer", "phoneNumber", "5551234"), CallOptions{
			OnProgress: func(d gws.Delivery) { known = append(known, d) },
		}))
		o.resolved(t, "ref-1")
		require.Contains(t, string(o.data), `"messageType":"OutboundRecordMessage"`, "the data are the server's own")
		require.Equal(t, []gws.Delivery{gws.NotSent, gws.Unknown}, known[:2])
		posts := sim.Posts()
		require.Len(t, posts, 1)
		require.Equal(t, "/api/v2/me/outbound-records/12", posts[0].Path)
		require.JSONEq(t, `{"operationName":"CompleteRecord","applicationId":134,"campaignName":"Campaign1","callingList":"CallingList1","callResult":"Answer","phoneNumber":"5551234","devicePath":"/devices/42e3a1c6-fc5e-425b-9411-125f536fde00","referenceId":"ref-1"}`, posts[0].Body)
		require.Zero(t, c.Pending())
	})
}

func TestMakesAReferenceWhereThereIsNone(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		c := open(t, options(sim, transport))
		o := get(t, call(t.Context(), c, record("referenceId", nil), CallOptions{}))
		require.Len(t, string(readEvent(o.data).ReferenceID), 36)
	})
}

func TestAcknowledgementBeforeTheResponse(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		c := open(t, options(sim, transport))
		sim.Set(gwssim.Behavior{PostDelayMS: 60_000})
		start := time.Now()
		get(t, call(t.Context(), c, record(), CallOptions{})).resolved(t, "ref-1")
		require.Less(t, time.Since(start), long, "it does not wait for the response")
	})
}

func TestPOSTFailsButTheAcknowledgementComes(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		waits(t)
		for name, b := range map[string]gwssim.Behavior{
			"reset":       {PostCut: true, PostProcessed: true, HoldAck: true},
			"502":         {PostStatus: 502, PostBody: "Bad gateway", PostProcessed: true, HoldAck: true},
			"login page":  {PostBody: "<html>Sign in</html>", PostProcessed: true, HoldAck: true},
			"no response": {PostDelayMS: 60_000, HoldAck: true},
		} {
			t.Run(name, func(t *testing.T) {
				sim := gwssim.New(t)
				opts := options(sim, transport)
				if b.PostDelayMS > 0 {
					opts.RequestTimeout = 2 * time.Second // by then the POST has reached the server
				}
				c := open(t, opts)
				sim.Set(b)
				failed := make(chan struct{}, 10)
				done := call(t.Context(), c, record(), CallOptions{OnProgress: func(d gws.Delivery) {
					if d == gws.Unknown {
						failed <- struct{}{}
					}
				}})
				get(t, failed) // it is sent
				get(t, failed) // it has failed
				sim.Ack("ref-1")
				get(t, done).resolved(t, "ref-1")
				require.Len(t, sim.Posts(), 1)
			})
		}
	})
}

func TestRefusals(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		for name, test := range map[string]struct {
			behavior gwssim.Behavior
			code     Code
			check    func(*testing.T, *Error)
		}{
			"status code": {gwssim.Behavior{StatusCode: 5, StatusMessage: "No permission"}, APIError, func(t *testing.T, e *Error) {
				require.Equal(t, 5, e.StatusCode)
				require.Equal(t, "No permission", e.StatusMsg)
				require.Equal(t, 200, e.HTTPStatus)
				require.Contains(t, e.Message, "api-voice-outbound")
			}},
			"404": {gwssim.Behavior{PostStatus: 404, PostBody: "Not here"}, HTTPError, func(t *testing.T, e *Error) { require.Equal(t, 404, e.HTTPStatus) }},
			"401": {gwssim.Behavior{RejectAuth: 1}, Unauthorized, func(t *testing.T, e *Error) { require.Equal(t, 401, e.HTTPStatus) }},
			"403": {gwssim.Behavior{RejectCSRF: 2}, HTTPError, func(t *testing.T, e *Error) { require.Equal(t, 403, e.HTTPStatus) }},
		} {
			t.Run(name, func(t *testing.T) {
				sim := gwssim.New(t)
				c := open(t, options(sim, transport))
				sim.Set(test.behavior)
				e := get(t, call(t.Context(), c, record(), CallOptions{})).rejected(t, test.code, gws.Rejected)
				test.check(t, e)
				require.Zero(t, sim.Processed())
			})
		}
	})
}

func TestOtherEventWithTheReference(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		c := open(t, options(sim, transport))
		sim.Set(gwssim.Behavior{Notification: "RecordProcessedError"})
		e := get(t, call(t.Context(), c, record(), CallOptions{})).rejected(t, RecordError, gws.Accepted)
		require.Contains(t, e.Message, `"RecordProcessedError"`)
		require.Contains(t, string(e.Event), `"referenceId":"ref-1"`)
	})
}

func TestServerThatDoesNotEchoTheReference(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		c := open(t, options(sim, transport))
		sim.Set(gwssim.Behavior{NoEcho: true})
		get(t, call(t.Context(), c, record(), CallOptions{})).resolved(t, "")
		t.Run("two for one record, in order", func(t *testing.T) {
			sim.Set(gwssim.Behavior{NoEcho: true, HoldAck: true})
			first := call(t.Context(), c, record("referenceId", "a"), CallOptions{})
			require.NoError(t, sim.WaitPosts(soon(t), 2))
			second := call(t.Context(), c, record("referenceId", "b"), CallOptions{})
			require.NoError(t, sim.WaitPosts(soon(t), 3))
			sim.Ack("a")
			get(t, first).resolved(t, "")
			require.Equal(t, 1, c.Pending())
			sim.Ack("b")
			get(t, second).resolved(t, "")
		})
		t.Run("another record is not ours", func(t *testing.T) {
			sim.Set(gwssim.Behavior{NoAck: true})
			posts := len(sim.Posts())
			done := call(t.Context(), c, record(), CallOptions{})
			require.NoError(t, sim.WaitPosts(soon(t), posts+1))
			const event = `{"notificationType":"RecordProcessedAcknowledge","record":{"recordHandle":%s,"campaignName":"Campaign1","callingList":%q,"applicationId":%d}}`
			for _, other := range []string{fmt.Sprintf(event, "13", "CallingList1", 134), fmt.Sprintf(event, "12", "Other", 134), fmt.Sprintf(event, "12", "CallingList1", 135), `{"notificationType":"RecordProcessedAcknowledge"}`, `null`, `[]`} {
				sim.Publish(channel, json.RawMessage(other))
			}
			sim.Publish(channel, json.RawMessage(fmt.Sprintf(event, `"12"`, "CallingList1", 134)))
			o := get(t, done)
			require.NoError(t, o.err)
			require.Contains(t, string(o.data), `"12"`)
		})
	})
}

func TestReferenceThatComesBackAsANumber(t *testing.T) {
	sim := gwssim.New(t)
	c := open(t, options(sim, WebSocket))
	sim.Set(gwssim.Behavior{NoAck: true})
	for i, written := range []string{`12`, `12.0`, `1.2E1`} {
		done := call(t.Context(), c, record("referenceId", "12"), CallOptions{})
		require.NoError(t, sim.WaitPosts(soon(t), i+1))
		sim.Publish(channel, json.RawMessage(`{"notificationType":"RecordProcessedAcknowledge","referenceId":`+written+`}`))
		require.NoError(t, get(t, done).err)
	}
}

func TestAcknowledgementsThatAreNotOurs(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		c := open(t, options(sim, transport))
		sim.Set(gwssim.Behavior{HoldAck: true})
		done := call(t.Context(), c, record(), CallOptions{})
		require.NoError(t, sim.WaitPosts(soon(t), 1))
		for _, event := range []string{
			`{"notificationType":"RecordProcessedAcknowledge","referenceId":"other","record":{"recordHandle":12,"campaignName":"Campaign1","callingList":"CallingList1","applicationId":134}}`,
			`{"notificationType":"RecordProcessedAcknowledge","ReferenceId":"ref-1","record":{"recordHandle":13}}`, // in another letter case
			`{"referenceId":"ref-10"}`,
		} {
			sim.Publish(channel, json.RawMessage(event))
		}
		sim.Ack("ref-1")
		o := get(t, done)
		o.resolved(t, "ref-1")
	})
}

func TestTwoInFlight(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		c := open(t, options(sim, transport))
		sim.Set(gwssim.Behavior{HoldAck: true})
		first := call(t.Context(), c, record("referenceId", "a"), CallOptions{})
		second := call(t.Context(), c, record("referenceId", "b"), CallOptions{})
		require.NoError(t, sim.WaitPosts(soon(t), 2))
		require.Equal(t, 2, c.Pending())
		t.Run("the same reference is refused", func(t *testing.T) {
			e := get(t, call(t.Context(), c, record("referenceId", "a", "callResult", "Answr"), CallOptions{})).rejected(t, InvalidRequest, gws.NotSent)
			require.Len(t, e.Problems, 2)
			require.Contains(t, e.Message, "referenceId")
			require.Contains(t, e.Message, "'Answer'")
			require.Len(t, sim.Posts(), 2)
		})
		sim.Ack("b")
		get(t, second).resolved(t, "b")
		sim.Ack("a")
		get(t, first).resolved(t, "a")
		t.Run("and may be used again afterwards", func(t *testing.T) {
			sim.Set(gwssim.Behavior{})
			get(t, call(t.Context(), c, record("referenceId", "a"), CallOptions{})).resolved(t, "a")
		})
	})
}

func TestInvalidRequestNamesEveryField(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		c := open(t, options(sim, transport))
		e := get(t, call(t.Context(), c, gws.Fields{"recordHandle": -1.0, "callResult": "Nope", "extra": 1.0}, CallOptions{})).rejected(t, InvalidRequest, gws.NotSent)
		var fields []string
		for _, p := range e.Problems {
			fields = append(fields, p.Field)
			require.Contains(t, e.Message, p.Field)
		}
		require.ElementsMatch(t, []string{"recordHandle", "applicationId", "campaignName", "callingList", "devicePath", "callResult", "extra"}, fields)
		require.Empty(t, sim.Posts())
		get(t, call(t.Context(), c, record("callResult", "OurOwn"), CallOptions{AllowUnknownCallResult: true})).resolved(t, "ref-1")
	})
}

func TestNoAcknowledgementInTime(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		waits(t)
		sim := gwssim.New(t)
		c := open(t, options(sim, transport))
		sim.Set(gwssim.Behavior{HoldAck: true})
		e := get(t, call(t.Context(), c, record(), CallOptions{AckTimeout: 2 * time.Second})).rejected(t, AckTimeout, gws.Accepted)
		require.NotContains(t, e.Message, "session")
		sim.Ack("ref-1") // late
		sim.Set(gwssim.Behavior{})
		get(t, call(t.Context(), c, record("referenceId", "ref-2"), CallOptions{})).resolved(t, "ref-2")

		t.Run("the session was lost meanwhile", func(t *testing.T) {
			sim.Set(gwssim.Behavior{NoAck: true})
			posts := len(sim.Posts())
			done := call(t.Context(), c, record(), CallOptions{AckTimeout: 3 * time.Second})
			require.NoError(t, sim.WaitPosts(soon(t), posts+1))
			sim.Expire()
			require.Contains(t, get(t, done).rejected(t, AckTimeout, gws.Accepted).Message, "session was lost")
		})
		t.Run("nor an answer to the POST", func(t *testing.T) {
			sim.Set(gwssim.Behavior{PostDelayMS: 60_000, NoAck: true})
			get(t, call(t.Context(), c, record(), CallOptions{AckTimeout: 300 * time.Millisecond})).rejected(t, RequestTimeout, gws.Unknown)
		})
	})
}

func TestAbort(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		reason := errors.New("the agent changed their mind")
		sim := gwssim.New(t)
		c := open(t, options(sim, transport))
		t.Run("before the POST", func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(reason)
			e := get(t, call(ctx, c, record(), CallOptions{})).rejected(t, Aborted, gws.NotSent)
			require.ErrorIs(t, e, reason)
			require.Empty(t, sim.Posts())
		})
		t.Run("while it is under way", func(t *testing.T) {
			sim.Set(gwssim.Behavior{PostDelayMS: 60_000, NoAck: true})
			ctx, cancel := context.WithCancelCause(t.Context())
			done := call(ctx, c, record(), CallOptions{})
			require.NoError(t, sim.WaitPosts(soon(t), 1))
			cancel(reason)
			require.ErrorIs(t, get(t, done).rejected(t, Aborted, gws.Unknown), reason)
		})
		t.Run("after it", func(t *testing.T) {
			sim.Set(gwssim.Behavior{HoldAck: true})
			ctx, cancel := context.WithCancelCause(t.Context())
			accepted := make(chan struct{}, 1)
			done := call(ctx, c, record(), CallOptions{OnProgress: func(d gws.Delivery) {
				if d == gws.Accepted {
					accepted <- struct{}{}
				}
			}})
			get(t, accepted)
			cancel(reason)
			require.ErrorIs(t, get(t, done).rejected(t, Aborted, gws.Accepted), reason)
			require.Zero(t, c.Pending())
		})
		t.Run("while there is no session", func(t *testing.T) {
			require.NoError(t, sim.WaitConnected(soon(t), 1))
			sim.Set(unreachable(transport))
			sim.Cut()
			until(t, c, bayeux.Reconnecting)
			ctx, cancel := context.WithCancelCause(t.Context())
			posts := len(sim.Posts())
			done := call(ctx, c, record(), CallOptions{})
			cancel(reason)
			get(t, done).rejected(t, Aborted, gws.NotSent)
			require.Len(t, sim.Posts(), posts)
		})
	})
}

// until waits for a state of the session.
func until(t *testing.T, c *Client, state bayeux.State) {
	t.Helper()
	for {
		status, changed := c.session.Watch()
		if status.State == state {
			return
		}
		select {
		case <-changed:
		case <-time.After(long):
			t.Fatalf("%s: waited for %s", status.State, state)
		}
	}
}

func TestCloseWhilePending(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		c := open(t, options(sim, transport))
		sim.Set(gwssim.Behavior{HoldAck: true})
		accepted := make(chan struct{}, 1)
		done := call(t.Context(), c, record(), CallOptions{OnProgress: func(d gws.Delivery) {
			if d == gws.Accepted {
				accepted <- struct{}{}
			}
		}})
		get(t, accepted)
		c.Close()
		get(t, done).rejected(t, Closed, gws.Accepted)
		require.NoError(t, sim.WaitSessions(soon(t), 0), "the session was ended at the server")
		get(t, call(t.Context(), c, record(), CallOptions{})).rejected(t, Closed, gws.NotSent)
		require.Len(t, sim.Posts(), 1)
	})
}

func TestServerEndsTheSession(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		c := open(t, options(sim, transport))
		sim.Set(gwssim.Behavior{HoldAck: true})
		accepted := make(chan struct{}, 1)
		done := call(t.Context(), c, record(), CallOptions{OnProgress: func(d gws.Delivery) {
			if d == gws.Accepted {
				accepted <- struct{}{}
			}
		}})
		get(t, accepted)
		require.NoError(t, sim.WaitConnected(soon(t), 1))
		sim.Kick()
		get(t, done).rejected(t, Disconnected, gws.Accepted)
		get(t, call(t.Context(), c, record(), CallOptions{})).rejected(t, Disconnected, gws.NotSent)
	})
}

func TestConnectionIsCutBeforeTheAcknowledgement(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		for name, b := range map[string]gwssim.Behavior{
			"one array a frame":   {HoldAck: true},
			"one message a frame": {HoldAck: true, SingleFrames: true},
		} {
			t.Run(name, func(t *testing.T) {
				sim := gwssim.New(t)
				sim.Set(b)
				c := open(t, options(sim, transport))
				done := call(t.Context(), c, record(), CallOptions{})
				require.NoError(t, sim.WaitPosts(soon(t), 1))
				cut(t, sim)
				sim.Ack("ref-1") // nobody is there to hear it
				get(t, done).resolved(t, "ref-1")
				status, _ := c.session.Watch()
				require.Equal(t, 1, status.Session, "over the same session")
			})
		}
	})
}

func TestCompletionWaitsForTheSession(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		waits(t)
		sim := gwssim.New(t)
		c := open(t, options(sim, transport))
		cut(t, sim)
		until(t, c, bayeux.Reconnecting)
		get(t, call(t.Context(), c, record(), CallOptions{})).resolved(t, "ref-1")

		t.Run("but not for ever", func(t *testing.T) {
			opts := options(sim, transport)
			opts.ConnectTimeout = 2 * time.Second
			c.Close()
			c := open(t, opts)
			require.NoError(t, sim.WaitConnected(soon(t), 1))
			sim.Set(unreachable(transport))
			sim.Cut()
			until(t, c, bayeux.Reconnecting)
			get(t, call(t.Context(), c, record(), CallOptions{})).rejected(t, ConnectFailed, gws.NotSent)
			require.Len(t, sim.Posts(), 1)
		})
	})
}

func TestOpenFails(t *testing.T) {
	waits(t)
	each(t, func(t *testing.T, transport string) {
		for name, test := range map[string]struct {
			behavior gwssim.Behavior
			code     Code
			message  string
		}{
			"sign-in refused":       {gwssim.Behavior{RejectAuth: 1}, Unauthorized, "401"},
			"sign-in fails":         {gwssim.Behavior{SignInStatus: 503}, ConnectFailed, "Service Unavailable"},
			"sign-in is not there":  {gwssim.Behavior{SignInStatus: 404}, APIError, "resource not found"},
			"redirected to a login": {gwssim.Behavior{Redirect: true}, HTTPError, "redirect"},
			"no such transport":     {unreachable(transport), ConnectFailed, "was not: look at cometdPath"},
			"handshake refused":     {gwssim.Behavior{RefuseHandshake: "403::Handshake denied"}, HandshakeRefused, "403::Handshake denied"},
			"handshake not now":     {gwssim.Behavior{RefuseHandshake: "500::Not now"}, HandshakeRefused, "500::Not now"},
			"handshake never":       {gwssim.Behavior{RefuseHandshake: "500::Never", RefuseHandshakeAdvice: "none"}, HandshakeRefused, "500::Never"},
			"subscription refused":  {gwssim.Behavior{RefuseSubscribe: "403:/v2/me/outbound:Denied"}, SubscribeRefused, "403:/v2/me/outbound:Denied"},
			"more channel refused":  {gwssim.Behavior{RefuseSubscribe: "403::Denied", RefuseChannel: "/v2/me/calls"}, SubscribeRefused, "/v2/me/calls"},
			"nonsense":              {gwssim.Behavior{Nonsense: "hello"}, ConnectFailed, `"hello"`},
			"an object":             {gwssim.Behavior{Nonsense: "{}"}, ConnectFailed, "a message without a channel (2 bytes)"},
			"no client id":          {gwssim.Behavior{Nonsense: `[{"channel":"/meta/handshake","successful":true}]`}, ConnectFailed, "without a clientId"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel() // in a browser as well: most wait for the end of connectTimeout, and need the thread for little
				sim := gwssim.New(t)
				sim.Set(test.behavior)
				opts := options(sim, transport)
				opts.Channels = []string{"/v2/me/calls"}
				if lastsToTheEnd(test.code) {
					opts.ConnectTimeout = 3 * time.Second
				}
				start := time.Now()
				c, err := Open(t.Context(), opts)
				require.Nil(t, c)
				e := outcome{err: err}.rejected(t, test.code, gws.NotSent)
				require.Contains(t, e.Message, test.message)
				require.Less(t, time.Since(start), long)
				require.NoError(t, sim.WaitSessions(soon(t), 0), "nothing is left behind")
			})
		}
		t.Run("aborted", func(t *testing.T) {
			sim := gwssim.New(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			reason := errors.New("never mind")
			cancel(reason)
			_, err := Open(ctx, options(sim, transport))
			require.ErrorIs(t, outcome{err: err}.rejected(t, Aborted, gws.NotSent), reason)
		})
		t.Run("headers fail", func(t *testing.T) {
			opts := options(gwssim.New(t), transport)
			reason := errors.New("no token to be had")
			opts.Headers = func(context.Context, bool) (httpx.Header, error) { return nil, reason }
			start := time.Now()
			_, err := Open(t.Context(), opts)
			require.ErrorIs(t, outcome{err: err}.rejected(t, ConnectFailed, gws.NotSent), reason)
			require.Less(t, time.Since(start), opts.ConnectTimeout, "at once")
		})
	})
}

func TestOpenFails_BaseURLHasThePathOfTheAPI(t *testing.T) {
	for _, path := range []string{"/api/v2", "/api/v2/me", "/API/v2/notifications"} {
		opts := options(gwssim.New(t), WebSocket)
		opts.BaseURL += path
		_, err := Open(t.Context(), opts)
		require.ErrorContains(t, err, "; baseUrl ends in "+path+", which is put behind it in any case: leave it out")
	}
}

func TestOpenFails_CometDIsElsewhere(t *testing.T) {
	for name, transports := range map[string][]string{"long-polling": {LongPolling}, "both": {WebSocket, LongPolling}} {
		t.Run(name, func(t *testing.T) {
			opts := options(gwssim.New(t), LongPolling)
			opts.Transports, opts.CometdPath = transports, "/nowhere"
			opts.ConnectTimeout = time.Hour // it does not take that long
			_, err := Open(soon(t), opts)
			e := outcome{err: err}.rejected(t, ConnectFailed, gws.NotSent)
			require.Contains(t, e.Message, `the server answered long-polling with HTTP 404`)
			require.Contains(t, e.Message, `CometD at "/nowhere" was not: look at cometdPath`)
		})
	}
	t.Run("for a moment, while the server starts", func(t *testing.T) {
		sim := gwssim.New(t)
		sim.Set(gwssim.Behavior{Faults: []gwssim.Fault{{At: gwssim.AtHandshake, Do: gwssim.DoAnswer, Status: 404, Times: 1}}})
		get(t, call(t.Context(), open(t, options(sim, LongPolling)), record(), CallOptions{})).resolved(t, "ref-1")
	})
}

func TestHeadersAreAskedAgainAfter401(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		opts := options(sim, transport)
		right := opts.Headers
		var mu sync.Mutex
		var asked []bool
		opts.HeadersDynamic = true
		opts.Headers = func(ctx context.Context, again bool) (httpx.Header, error) {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, again)
			return right(ctx, again)
		}
		c := open(t, opts)
		sim.ExpireHTTP()
		sim.Set(gwssim.Behavior{RejectAuth: 1})
		get(t, call(t.Context(), c, record(), CallOptions{})).resolved(t, "ref-1")
		require.Equal(t, []bool{false, true}, asked)
		require.Equal(t, 1, sim.Processed())
	})
}

// While new headers are asked for, the request is known to be refused: who gives up then may send it again.
func TestRefusedPOST_GivenUpBeforeItLeavesAgain(t *testing.T) {
	for name, test := range map[string]struct {
		code   Code
		giveUp func(c *Client, abort func())
	}{
		"aborted":          {Aborted, func(_ *Client, abort func()) { abort() }},
		"closed":           {Closed, func(c *Client, _ func()) { c.Close() }},
		"the time is over": {RequestTimeout, func(*Client, func()) {}},
		"another agent":    {AgentChanged, func(c *Client, _ func()) { c.session.End(&gws.AgentChangedError{}) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &modelServer{conf: modelConfig{Ack: true}, truths: map[string]*modelTruth{"ref-1": {fate: modelFate{Answer: "401", Event: "none"}}}}
				c, err := openLate(t, s, &sleeper{}, func(o *Options) {
					o.Headers = func(ctx context.Context, again bool) (httpx.Header, error) {
						if again {
							<-ctx.Done()
						}
						return httpx.Header{}, ctx.Err()
					}
				})
				require.NoError(t, err)
				ctx, abort := context.WithCancel(t.Context())
				defer abort()
				told := make(chan gws.Delivery, 10)
				done := call(ctx, c, record(), CallOptions{AckTimeout: 5 * time.Second, OnProgress: func(d gws.Delivery) { told <- d }})
				time.Sleep(time.Second) // by the clock of the bubble
				test.giveUp(c, abort)
				o := <-done
				e := o.rejected(t, test.code, gws.Rejected)
				require.NotContains(t, e.Message, "neither an answer")
				for _, d := range []gws.Delivery{gws.NotSent, gws.Unknown, gws.Rejected} {
					require.Equal(t, d, <-told)
				}
				require.Empty(t, told)
			})
		})
	}
}

func TestAbort_AsThePostLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		truth := &modelTruth{fate: modelFate{Answer: "200", Event: "none"}}
		c, err := openLate(t, &modelServer{conf: modelConfig{Ack: true}, truths: map[string]*modelTruth{"ref-1": truth}}, &sleeper{}, func(*Options) {})
		require.NoError(t, err)
		ctx, abort := context.WithCancel(t.Context())
		done := call(ctx, c, record(), CallOptions{OnProgress: func(d gws.Delivery) {
			if d == gws.Unknown {
				abort()
				for range 1000 { // the caller gets the time to return first
					runtime.Gosched()
				}
			}
		}})
		o := <-done
		synctest.Wait()
		o.rejected(t, Aborted, gws.Unknown)
		require.False(t, truth.attempted.IsZero(), "nothing was sent, which the error could have said")
	})
}

func TestNotifications(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		opts := options(sim, transport)
		opts.Channels = []string{"/v2/me/calls"}
		got := make(chan string, 10)
		opts.OnNotification = func(channel string, data json.RawMessage) { got <- channel + string(data) }
		c := open(t, opts)
		sim.Publish("/v2/me/calls", json.RawMessage(`{"a":1}`))
		require.Equal(t, `/v2/me/calls{"a":1}`, get(t, got))
		get(t, call(t.Context(), c, record(), CallOptions{})).resolved(t, "ref-1")
		require.Empty(t, got, "only the channels that were asked for")
	})
}

func TestStatusIsTold(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		opts := options(sim, transport)
		states := make(chan bayeux.Status, 100)
		opts.OnStatus = func(s bayeux.Status) { states <- s }
		c := open(t, opts)
		cut(t, sim)
		var got []string
		for {
			s := get(t, states)
			if len(got) == 0 || got[len(got)-1] != string(s.State) {
				got = append(got, string(s.State))
			}
			if s.State == bayeux.Closed {
				break
			}
			if s.State == bayeux.Connected && len(got) > 2 {
				c.Close()
			}
		}
		require.Equal(t, "connecting connected reconnecting connected closed", strings.Join(got, " "))
	})
}

func TestLongPollingWhereThereIsNoWebSocket(t *testing.T) {
	sim := gwssim.New(t)
	sim.Set(gwssim.Behavior{NoWebSocket: true})
	opts := options(sim, WebSocket)
	opts.Transports = []string{WebSocket, LongPolling}
	start := time.Now()
	c := open(t, opts)
	require.Less(t, time.Since(start), opts.ConnectTimeout/2, "at once")
	status, _ := c.session.Watch()
	require.Equal(t, LongPolling, status.Transport)
	get(t, call(t.Context(), c, record(), CallOptions{})).resolved(t, "ref-1")
}

func TestWakeLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		sim.Set(gwssim.Behavior{HoldAck: true})
		c := open(t, options(sim, transport))
		done := call(t.Context(), c, record(), CallOptions{})
		require.NoError(t, sim.WaitPosts(soon(t), 1))
		c.Wake() // as when the network is back
		sim.Ack("ref-1")
		get(t, done).resolved(t, "ref-1")
	})
}

func TestMessageTypeInTheURL(t *testing.T) {
	sim := gwssim.New(t)
	opts := options(sim, LongPolling)
	opts.AppendMessageTypeToURL = true
	get(t, call(t.Context(), open(t, opts), record(), CallOptions{})).resolved(t, "ref-1")
}
