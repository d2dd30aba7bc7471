package outbound

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/httpx"
)

func basic(user string) httpx.Header {
	return httpx.Header{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":secret"))}
}

// openByCookie opens a client of the simulator that is signed in by a cookie alone, as a page that another one
// has signed in.
func openByCookie(t *testing.T, sim *gwssim.Sim, transport string, change ...func(*Options)) *Client {
	t.Helper()
	doer := httpx.New()
	resp, err := doer.Do(soon(t), &httpx.Request{Method: http.MethodGet, URL: sim.URL + "/api/v2/me", Header: basic("agent"), Credentials: httpx.Include})
	require.NoError(t, err)
	require.Equal(t, 200, resp.Status)
	opts := options(sim, transport)
	opts.Headers, opts.Credentials = nil, httpx.Include
	for _, f := range change {
		f(&opts)
	}
	c, err := opts.open(soon(t), network{doer: doer, transports: func(rest *gws.Auth) []bayeux.Transport {
		return transports(opts, doer, rest)
	}})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// ended waits for the end of a client whose agent has changed, and asserts that nothing is sent from then on, and that the
// server has taken no POST in the other agent's name. A page that is seen again has probed its connection meanwhile.
func ended(t *testing.T, sim *gwssim.Sim, c *Client, seen bool) {
	t.Helper()
	for {
		status, changed := c.session.Watch()
		if status.State == bayeux.Closed {
			require.ErrorContains(t, status.Reason, "another agent")
			break
		}
		get(t, changed)
	}
	time.Sleep(100 * time.Millisecond) // by the clock of the wall: what had left before may still arrive
	before := len(sim.Requests())
	if !seen {
		last := sim.Requests()[before-1]
		require.Equal(t, "GET /api/v2/me", last.Method+" "+last.Path, "nor is the session ended by a request, which would have the other's cookie")
	}
	get(t, call(t.Context(), c, record("referenceId", "later"), CallOptions{})).rejected(t, AgentChanged, gws.NotSent)
	c.Seen()
	c.Close()
	require.Empty(t, sim.Requests()[before:])
	for _, p := range sim.Posts() {
		require.False(t, p.User == "agent2" && p.Status != 403, "%+v", p)
	}
}

func TestAgentChanged_NothingIsSentInTheOtherName(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		for name, test := range map[string]struct {
			change func(*Options)
			notice func(*testing.T, *gwssim.Sim, *Client) // has it noticed, after another agent has signed in
		}{
			"a POST is refused for its CSRF token": {notice: func(t *testing.T, _ *gwssim.Sim, c *Client) {
				e := get(t, call(t.Context(), c, record("referenceId", "refused"), CallOptions{})).rejected(t, AgentChanged, gws.Rejected)
				require.Equal(t, "refused", e.ReferenceID)
			}},
			"the page is seen again": {notice: func(_ *testing.T, _ *gwssim.Sim, c *Client) { c.Seen() }},
			"the page is seen again, CSRF off, and a call follows": {
				change: func(o *Options) { o.CSRF = false },
				notice: func(t *testing.T, _ *gwssim.Sim, c *Client) {
					c.Seen()
					get(t, call(t.Context(), c, record("referenceId", "at once"), CallOptions{})).rejected(t, AgentChanged, gws.NotSent)
				},
			},
			"a new CometD session": {notice: func(_ *testing.T, sim *gwssim.Sim, _ *Client) { sim.Expire() }},
		} {
			t.Run(name, func(t *testing.T) {
				sim := gwssim.New(t)
				noCSRF := test.change != nil
				sim.Set(gwssim.Behavior{HoldAck: true, NumericIDs: true, NoCSRF: noCSRF})
				var change []func(*Options)
				if noCSRF {
					change = append(change, test.change)
				}
				c := openByCookie(t, sim, transport, change...)
				accepted := make(chan struct{})
				pending := call(t.Context(), c, record("referenceId", "pending"), CallOptions{OnProgress: func(d gws.Delivery) {
					if d == gws.Accepted {
						close(accepted)
					}
				}})
				get(t, accepted)
				require.NoError(t, sim.WaitConnected(soon(t), 1))
				require.NoError(t, sim.Become("agent2"))

				test.notice(t, sim, c)
				e := get(t, pending).rejected(t, AgentChanged, gws.Accepted)
				require.Equal(t, "pending", e.ReferenceID)
				ended(t, sim, c, strings.Contains(name, "seen"))
				require.Equal(t, 1, sim.Processed())
			})
		}
	})
}

func TestAgentChanged_ByNewHeaders(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		opts := options(sim, transport)
		opts.HeadersDynamic, opts.Credentials = true, httpx.Include
		opts.Headers = func(_ context.Context, again bool) (httpx.Header, error) {
			if again {
				return basic("agent2"), nil
			}
			return basic("agent"), nil
		}
		c := open(t, opts)
		require.NoError(t, sim.WaitConnected(soon(t), 1))
		sim.Set(gwssim.Behavior{RejectAuth: 1})
		get(t, call(t.Context(), c, record(), CallOptions{})).rejected(t, AgentChanged, gws.Rejected)
		ended(t, sim, c, false)
		require.Zero(t, sim.Processed())
		var theirs []string
		for _, r := range sim.Requests() {
			if r.Authorization == basic("agent2")["Authorization"] {
				theirs = append(theirs, r.Method+" "+r.Path)
			}
		}
		require.Equal(t, []string{"GET /api/v2/me"}, theirs)
	})
}

func TestSeen_TheSameAgentGoesOn(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		for name, behavior := range map[string]gwssim.Behavior{
			"who is named":         {},
			"the server fails":     {SignInStatus: 503},
			"the session has gone": {SignInStatus: 401},
			"the connection is reset": {Faults: []gwssim.Fault{
				{At: gwssim.AtSignIn, Do: gwssim.DoReset, Times: 1},
			}},
		} {
			t.Run(name, func(t *testing.T) {
				sim := gwssim.New(t)
				c := openByCookie(t, sim, transport)
				require.NoError(t, sim.WaitConnected(soon(t), 1))
				sim.Set(behavior)
				before := len(meRequests(sim))
				c.Seen()
				require.Eventually(t, func() bool { return len(meRequests(sim)) == before+1 }, long, 5*time.Millisecond)
				get(t, call(t.Context(), c, record(), CallOptions{})).resolved(t, "ref-1")
				require.Len(t, meRequests(sim), before+1)
			})
		}
	})
}

func TestSeen_TheServerDoesNotSayWhoIsSignedIn_TheCallHasNotLeft(t *testing.T) {
	sim := gwssim.New(t)
	c := openByCookie(t, sim, WebSocket)
	sim.Set(faulty(gwssim.Fault{At: gwssim.AtSignIn, Do: gwssim.DoSilence, Times: always}))
	c.Seen()
	e := get(t, call(t.Context(), c, record(), CallOptions{AckTimeout: 300 * time.Millisecond})).rejected(t, RequestTimeout, gws.NotSent)
	require.Equal(t, "the request has not left within 300ms, since the server has not said yet who is signed in", e.Message)
	require.Empty(t, sim.Posts())
}

func meRequests(sim *gwssim.Sim) (list []gwssim.Request) {
	for _, r := range sim.Requests() {
		if strings.HasSuffix(r.Path, "/me") {
			list = append(list, r)
		}
	}
	return list
}

// What is known of a POST that is on its way when another agent is noticed.
func TestAgentChanged_DeliveryOfAPOSTUnderWay(t *testing.T) {
	for name, test := range map[string]struct {
		fate modelFate
		want gws.Delivery
		in   time.Duration // after the other agent was noticed
	}{
		"it is accepted soon":        {modelFate{Answer: "ok", Event: "none", AnswerAfter: time.Second}, gws.Accepted, 500 * time.Millisecond},
		"it is refused soon":         {modelFate{Answer: "400", AnswerAfter: time.Second}, gws.Rejected, 500 * time.Millisecond},
		"it fails soon":              {modelFate{Answer: "500", AnswerAfter: time.Second}, gws.Unknown, 500 * time.Millisecond},
		"it is never answered":       {modelFate{Answer: "never", Event: "none"}, gws.Unknown, grace},
		"it is answered much later":  {modelFate{Answer: "ok", Event: "none", AnswerAfter: 9 * time.Second}, gws.Unknown, grace},
		"it was accepted beforehand": {modelFate{Answer: "ok", Event: "none"}, gws.Accepted, 0},
	} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(d *desk) {
				l := d.load()
				d.fated("a", test.fate)
				done := l.complete("a")
				pass(500 * time.Millisecond)
				d.s.me = `,"user":{"id":"bob"}`
				noticed := time.Now()
				l.Seen()
				o := <-done
				require.Equal(d, test.want, o.rejected(d.T, AgentChanged, test.want).Delivery)
				require.Equal(d, test.in, time.Since(noticed))
			})
		})
	}
}

// With the CSRF protection off, the POST may be accepted in the other agent's name, and its acknowledgement goes to them.
func TestUnanswered_WhoIsSignedInIsAskedWithoutAToken(t *testing.T) {
	for name, test := range map[string]struct {
		csrf  bool
		bob   bool
		code  Code
		after time.Duration
	}{
		"without a token, another agent":  {false, true, AgentChanged, unansweredFor},
		"without a token, the same agent": {false, false, AckTimeout, 30 * time.Second},
		"with a token":                    {true, true, AckTimeout, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(d *desk) {
				l := d.load(func(o *Options) { o.CSRF = test.csrf })
				if test.bob {
					d.s.me = `,"user":{"id":"bob"}`
				}
				d.fated("a", modelFate{Answer: "ok", Event: "none"})
				began := time.Now()
				o := <-l.complete("a")
				o.rejected(d.T, test.code, gws.Accepted)
				require.Equal(d, test.after, time.Since(began).Truncate(time.Second))
			})
		})
	}
}

func TestUnsettled_IsNotSentAgainForAnotherAgent(t *testing.T) {
	for name, test := range map[string]struct {
		user   string // who is signed in when it is sent again
		online bool
		code   Code
	}{
		"the same agent":        {"ann", true, ""},
		"another agent":         {"bob", true, AgentChanged},
		"nobody can be reached": {"ann", false, NetworkError},
	} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(d *desk) {
				d.leave(left("a"))
				truth := d.fated("a", slow)
				l := d.load()
				l.lists("a accepted")
				d.s.me = `,"user":{"id":"` + test.user + `"}`
				if !test.online {
					l.net.dead.Store(true)
				}
				done := l.complete("a")
				if test.code == "" {
					get(d.T, done).resolved(d.T, "a")
					require.Equal(d, 1, truth.posts)
					return
				}
				get(d.T, done).rejected(d.T, test.code, gws.NotSent)
				require.Zero(d, truth.posts)
				synctest.Wait()
				kept, _ := d.kept()
				require.Equal(d, []string{"a"}, kept, "it is the first one's, as it was")
			})
		})
	}
}

// The page gives a call its time by the options, which say how long a session may take, but not how often who is signed in is
// asked: that has to be over by then.
func TestUnsettled_WhoIsSignedInIsAskedWithinConnectTimeout(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.leave(left("a"))
		truth := d.fated("a", slow)
		l := d.load(func(o *Options) { o.RequestTimeout = 2 * time.Minute })
		l.lists("a accepted")
		l.net.doer = hangingSignIn{l.net.doer}
		began := time.Now()
		e := get(d.T, l.complete("a")).rejected(d.T, RequestTimeout, gws.NotSent)
		require.Equal(d, l.opts.ConnectTimeout, time.Since(began))
		require.Contains(d, e.Message, "GET /api/v2/me: no answer within")
		require.Zero(d, truth.posts)
	})
}

// hangingSignIn answers no request that asks who is signed in.
type hangingSignIn struct{ httpx.Doer }

func (h hangingSignIn) Do(ctx context.Context, r *httpx.Request) (*httpx.Response, error) {
	if !strings.HasSuffix(r.URL, gws.MePath) {
		return h.Doer.Do(ctx, r)
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

// What the journal has of the first agent is not for another one, answers included.
func TestAgentChanged_AnAnswerInTheJournalIsNotTheirs(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.leave(left("a"))
		truth := d.fated("a", slow)
		l := d.load()
		l.lists("a accepted")
		d.say("a")
		synctest.Wait()
		require.Equal(d, []string{"a"}, d.answered())
		d.s.me = `,"user":{"id":"bob"}`
		l.Seen()
		synctest.Wait()
		get(d.T, l.complete("a")).rejected(d.T, AgentChanged, gws.NotSent)
		e := get(d.T, l.settled("a")).rejected(d.T, AgentChanged, gws.Accepted)
		require.Equal(d, "a", e.ReferenceID)
		require.Zero(d, truth.posts)
		l.Close()

		d.s.me = `,"user":{"id":"ann"}`
		l = d.load()
		get(d.T, l.settled("a")).resolved(d.T, "a")
	})
}

// The agent who is signed in first counts, before there is a session.
func TestOpen_AnotherAgentSignsInMeanwhile(t *testing.T) {
	atDesk(t, func(d *desk) {
		over := d.s.network()
		over.transports = func(*gws.Auth) []bayeux.Transport { return []bayeux.Transport{closedTransport{}} }
		time.AfterFunc(500*time.Millisecond, func() {
			d.s.mu.Lock()
			defer d.s.mu.Unlock()
			d.s.me = `,"user":{"id":"bob"}`
		})
		began := time.Now()
		_, err := modelOptions(nil).open(d.Context(), over)
		outcome{err: err}.rejected(d.T, AgentChanged, gws.NotSent)
		require.Less(d, time.Since(began), 3*time.Second)
	})
}

// A session is that of whoever the socket's upgrade was signed in as, and no reply says who that was. What is dialled
// beside the sign-in can be the agent's of a moment before, and every later sign-in would name the agent of the first one.
func TestOpen_SocketIsDialledOnceTheAgentIsNamed(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"signed in by a cookie":   func(o *Options) { o.Headers = nil },
		"signed in by headers":    func(*Options) {},
		"a socket was had before": func(o *Options) { o.Headers, o.FirstTransport = nil, WebSocket },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &modelServer{conf: modelConfig{Ack: true}, me: `,"user":{"id":"ann"}`}
				var named []string // by the answers that had come when the socket was dialled
				opts := modelOptions(nil)
				change(&opts)
				over := s.network()
				over.doer = slowSignIn{s}
				over.transports = func(rest *gws.Auth) []bayeux.Transport {
					return []bayeux.Transport{noting{modelWebSocket{s}, func() { named = append(named, rest.User()) }}}
				}
				c, err := opts.open(t.Context(), over)
				require.NoError(t, err)
				c.Close()
				require.Equal(t, []string{"ann"}, named)
			})
		})
	}
}

// slowSignIn takes a second for each request.
type slowSignIn struct{ httpx.Doer }

func (s slowSignIn) Do(ctx context.Context, r *httpx.Request) (*httpx.Response, error) {
	time.Sleep(time.Second) // by the clock of the bubble
	return s.Doer.Do(ctx, r)
}

// noting calls a function before it opens a connection.
type noting struct {
	bayeux.Transport
	opens func()
}

func (n noting) Open(ctx context.Context, sink bayeux.Sink) (bayeux.Conn, error) {
	n.opens()
	return n.Transport.Open(ctx, sink)
}

// closedTransport cannot be opened.
type closedTransport struct{}

func (closedTransport) Name() string     { return WebSocket }
func (closedTransport) PerRequest() bool { return false }

func (closedTransport) Open(context.Context, bayeux.Sink) (bayeux.Conn, error) {
	return nil, errSevered
}
