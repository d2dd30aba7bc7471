package outbound

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
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

// lender is somebody else's session, another client of CometD, that is lent as a page lends that of its cometd.js.
type lender struct {
	t       *testing.T
	session *bayeux.Client
	adopted *bayeux.Adopted

	mu   sync.Mutex
	mine map[string]*bayeux.Subscription
}

// lend connects a desktop over a transport, and lends its session with what is said of it.
func lend(t *testing.T, opts *Options, doer *httpx.Client, change func(*bayeux.OwnerStatus)) *lender {
	d := &lender{t: t, mine: map[string]*bayeux.Subscription{}}
	rest := gws.NewAuth(gws.Config{BaseURL: opts.BaseURL, Doer: doer, Headers: opts.Headers, RequestTimeout: long})
	d.adopted = bayeux.NewAdopted(d)
	d.session = bayeux.New(bayeux.Options{
		Transports: transports(*opts, doer, rest), Prepare: rest.SignIn,
		OnStatus: func(s bayeux.Status) {
			is := bayeux.OwnerStatus{Up: s.State == bayeux.Connected, Session: s.Session, Transport: s.Transport}
			if !is.Up {
				is.Reason = "the desktop is not connected"
			}
			if change != nil {
				change(&is)
			}
			d.adopted.SetStatus(is)
			if is.Up { // with all subscriptions in place
				d.mu.Lock()
				defer d.mu.Unlock()
				for channel := range d.mine {
					d.adopted.Granted(channel)
				}
			}
		},
	})
	t.Cleanup(func() { d.session.Close(context.Background()) })
	opts.Adopted = d.adopted
	return d
}

// Subscribe is told the adopted session's subscriptions.
func (d *lender) Subscribe(channel string) {
	go func() {
		s, err := d.session.TrySubscribe(d.t.Context(), channel, func(m bayeux.Message) { d.adopted.Deliver(channel, m) })
		if refused, ok := errors.AsType[*bayeux.SubscribeError](err); ok {
			d.adopted.Refused(channel, refused.Text)
			return
		}
		d.mu.Lock()
		d.mine[channel] = s
		d.mu.Unlock()
		d.adopted.Granted(channel)
	}()
}

func (d *lender) Unsubscribe(channel string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mine[channel].Cancel()
}

// openOver opens a client over the desktop's session.
func openOver(t *testing.T, opts Options, doer *httpx.Client) (*Client, error) {
	c, err := opts.open(soon(t), network{doer: doer, transports: func(*gws.Auth) []bayeux.Transport {
		t.Error("a session is opened")
		return nil
	}})
	if err == nil {
		t.Cleanup(c.Close)
	}
	return c, err
}

func TestAdopted_CompletesAndLeavesTheSessionAlone(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		sim := gwssim.New(t)
		opts, doer := options(sim, transport), httpx.New()
		heard := make(chan string, 1)
		opts.Channels = []string{"/v2/me/calls"}
		opts.OnNotification = func(channel string, _ json.RawMessage) { heard <- channel }
		d := lend(t, &opts, doer, nil)
		require.NoError(t, d.session.Connect(soon(t)))
		c, err := openOver(t, opts, doer)
		require.NoError(t, err)
		status, _ := c.session.Watch()
		require.Equal(t, transport, status.Transport)
		get(t, call(soon(t), c, record(), CallOptions{})).resolved(t, "ref-1")
		sim.Publish("/v2/me/calls", []byte(`{}`))
		require.Equal(t, "/v2/me/calls", get(t, heard))
		require.Equal(t, 1, sim.Sessions())
		c.Close()
		get(t, call(soon(t), c, record(), CallOptions{})).rejected(t, Closed, gws.NotSent)
		status, _ = d.session.Watch()
		require.Equal(t, bayeux.Connected, status.State)
		require.Equal(t, 1, sim.Sessions())
	})
}

func TestAdopted_ASessionThatIsLostIsNamed(t *testing.T) {
	sim := gwssim.New(t)
	sim.Set(gwssim.Behavior{HoldAck: true})
	opts, doer := options(sim, WebSocket), httpx.New()
	d := lend(t, &opts, doer, nil)
	require.NoError(t, d.session.Connect(soon(t)))
	c, err := openOver(t, opts, doer)
	require.NoError(t, err)
	list := make(chan error, 1)
	go func() {
		_, err := c.Call(soon(t), "getChainedRecords", gws.Fields{"recordHandle": 12.0, "applicationId": 134.0, "campaignName": "Campaign1", "devicePath": "/devices/1", "referenceId": "list"}, CallOptions{})
		list <- err
	}()
	done := call(soon(t), c, record(), CallOptions{AckTimeout: 4 * time.Second})
	require.NoError(t, sim.WaitPosts(soon(t), 2))
	sim.Expire()
	e := get(t, done).rejected(t, AckTimeout, gws.Accepted)
	require.ErrorContains(t, e, "the CometD session was lost meanwhile, and a new one has taken its place")
	sim.Ack("list")
	require.ErrorContains(t, get(t, list), "events may have been lost while the list was coming")
	sim.Set(gwssim.Behavior{})
	get(t, call(soon(t), c, record("referenceId", "after"), CallOptions{})).resolved(t, "after")
}

func TestAdopted_CannotBeHad(t *testing.T) {
	for name, test := range map[string]struct {
		behavior gwssim.Behavior
		connect  bool
		change   func(*bayeux.OwnerStatus)
		code     Code
		message  string
	}{
		"it is not connected":        {code: ConnectFailed, message: "the server has not answered"},
		"it cannot be":               {connect: true, behavior: gwssim.Behavior{NoWebSocket: true}, code: ConnectFailed, message: "the desktop is not connected"},
		"its handshake is refused":   {connect: true, behavior: gwssim.Behavior{NoWebSocket: true}, change: func(s *bayeux.OwnerStatus) { s.HandshakeRefused = "403::no" }, code: HandshakeRefused, message: "403::no"},
		"its channel is refused":     {connect: true, behavior: gwssim.Behavior{RefuseSubscribe: "403::denied"}, code: SubscribeRefused, message: "403::denied"},
		"the agent is not signed in": {connect: true, behavior: gwssim.Behavior{RejectAuth: 100}, code: Unauthorized, message: "401"},
		"the sign-in fails":          {connect: true, behavior: gwssim.Behavior{SignInStatus: 503}, code: ConnectFailed, message: "Service Unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			waits(t)
			sim := gwssim.New(t)
			opts, doer := options(sim, WebSocket), httpx.New()
			if lastsToTheEnd(test.code) {
				opts.ConnectTimeout = 2 * time.Second
			}
			d := lend(t, &opts, doer, test.change)
			sim.Set(test.behavior)
			if test.connect {
				connected := make(chan struct{})
				go func() {
					defer close(connected)
					_ = d.session.Connect(soon(t))
				}()
				if test.behavior.RefuseSubscribe != "" {
					<-connected // before that it takes any subscription
				}
			}
			_, err := openOver(t, opts, doer)
			failed := outcome{err: err}.rejected(t, test.code, gws.NotSent)
			require.ErrorContains(t, failed, test.message)
			require.Empty(t, sim.Posts())
		})
	}
}

func TestAdopted_TheNewSessionIsSomebodyElses(t *testing.T) {
	sim := gwssim.New(t)
	opts, doer := options(sim, WebSocket), httpx.New()
	opts.Headers, opts.Credentials = nil, httpx.Include
	_, err := doer.Do(soon(t), &httpx.Request{Method: "GET", URL: sim.URL + "/api/v2/me", Header: basic("agent"), Credentials: httpx.Include})
	require.NoError(t, err)
	d := lend(t, &opts, doer, nil)
	require.NoError(t, d.session.Connect(soon(t)))
	c, err := openOver(t, opts, doer)
	require.NoError(t, err)
	require.NoError(t, sim.Become("agent2"))
	d.adopted.SetStatus(bayeux.OwnerStatus{Up: true, Session: 2})
	ended(t, sim, c, true)
	get(t, call(soon(t), c, record(), CallOptions{})).rejected(t, AgentChanged, gws.NotSent)
	require.Empty(t, sim.Posts())
}

// granting is an owner whose session has every channel at once.
type granting struct{ *bayeux.Adopted }

func (g *granting) Subscribe(channel string) { g.Granted(channel) }
func (g *granting) Unsubscribe(string)       {}

func TestAdopted_TheJournalHasItsCallsAndNoSession(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("own", modelFate{Answer: "ok", Event: "none"})
		d.fated("a", modelFate{Answer: "ok", Event: "none"})
		l := d.load()
		l.complete("own")
		pass(time.Second)
		_, session := d.kept()
		require.True(d, session)
		l.kill()

		adopt := func() (*life, *bayeux.Adopted) {
			g := &granting{}
			a := bayeux.NewAdopted(g)
			g.Adopted = a
			a.SetStatus(bayeux.OwnerStatus{Up: true, Session: 1})
			return d.load(func(o *Options) { o.Adopted = a }), a
		}
		l, _ = adopt()
		l.lists("own accepted")
		until := l.Unsettled(d.Context())[0].AnswerableUntil
		require.False(d, until.IsZero() || until.After(time.Now()), "nobody goes on with that session")
		l.complete("a")
		pass(time.Second)
		_, session = d.kept()
		require.False(d, session)
		l.kill()

		l, a := adopt()
		list := l.Unsettled(d.Context())
		slices.SortFunc(list, func(a, b Unsettled) int { return int(a.SentAt.Sub(b.SentAt)) })
		require.Len(d, list, 2)
		require.False(d, list[1].AnswerableUntil.IsZero() || list[1].AnswerableUntil.After(time.Now()))
		a.Deliver(channel, bayeux.Message{Channel: channel, Data: []byte(`{"notificationType":"RecordProcessedAcknowledge","referenceId":"a","record":{"recordHandle":12}}`)})
		get(d.T, l.settled("a")).resolved(d.T, "a")
		l.lists("own accepted")
		require.Equal(d, 1, d.s.made)
		synctest.Wait()
	})
}
