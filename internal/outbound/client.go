package outbound

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/bayeux/websocket"
	"gws-outbound/internal/deadline"
	"gws-outbound/internal/fmt"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
	"gws-outbound/internal/outbound/recovery"
	"gws-outbound/internal/redact"
)

// channel is where GWS answers the requests of the Outbound API.
const channel = "/v2/me/outbound"

// DefaultCometdPath is where most installations have CometD.
const DefaultCometdPath = "/api/v2/notifications"

// Options say how to reach a server. BaseURL, CometdPath, Transports and the
// times are required.
type Options struct {
	// Adopted is the session to use, of the page's own; nil to open one. What is said here of transports and of sessions to be
	// resumed counts for nothing then.
	Adopted *bayeux.Adopted

	BaseURL    string   // as gws.ParseBaseURL returns it
	CometdPath string   // below BaseURL, with a leading slash
	Transports []string // names of transports, in the order of preference

	// Guest says that another client of this browser is to have the request that a
	// server holds for a browser; see [bayeux.Options].
	Guest bool

	// AwaitTurn, if set, waits for the lock of that name among all clients of the browser; see [bayeux.Options].
	AwaitTurn func(lock string, granted func()) (leave func())

	// FirstTransport is the one of Transports that has worked last, as an earlier client of this
	// server knows; "" if that is not known.
	FirstTransport string

	AppendMessageTypeToURL bool // of long-polling requests; see longpolling.Options

	Headers        func(ctx context.Context, again bool) (httpx.Header, error) // see gws.Config
	HeadersDynamic bool
	Credentials    httpx.Credentials
	CSRF           bool

	// Ahead, if set, waits for the answer to GET /api/v2/me that somebody else has asked for, with the same headers, and
	// returns it with the time that it took; nil where that is of no use. It is called once, and must return when ctx ends.
	Ahead func(ctx context.Context) (*httpx.Response, time.Duration)

	Channels               []string // more channels to subscribe to, for OnNotification; see there
	AllowUnknownCallResult bool     // unless a call says otherwise

	ConnectTimeout time.Duration // for a session: at first, and of a call that finds none
	RequestTimeout time.Duration // for each HTTP request
	AckTimeout     time.Duration // from the POST to the answer, unless a call says otherwise

	MaxMessageSize int // bytes of one frame, or of one answer to long-polling; bayeux.DefaultMaxMessageSize if zero

	// Journal opens the place where the client writes down what it has sent and what is not
	// settled, and finds what clients before it have left: see [Client.Unsettled]. It is called once, when
	// signing in has succeeded; where it fails, nothing outlives the client. Nil for no journal.
	Journal recovery.Open
	// Agent is whom the client has to be for: another one gives AGENT_CHANGED. nil is whoever is signed in.
	Agent *Identity

	// ConfirmsDelivery says that [Client.Delivered] tells when a caller knows what its call has
	// come to: until then, the answer stays in the journal. Otherwise the return of a method is enough.
	ConfirmsDelivery bool

	// OnStatus, OnNotification and OnGap are called one at a time, in order. They must
	// not block. OnNotification is called with what arrives on Channels, and the events of the Outbound
	// API that answer no request: those of campaigns, and records that the server pushes.
	OnStatus       func(bayeux.Status)
	OnNotification func(channel string, data json.RawMessage)
	// OnGap is called, in the same way, once the session works again after events may have been missed, or at once
	// if it works: a session was lost, or a connection without acknowledged delivery, or a frame could not be read. The reason says
	// which.
	OnGap func(reason string)
	Log   func(bayeux.Level, string)

	// Secrets, if set, is given what must be in no text: header fields, tokens, ids of sessions. Texts are not cleaned
	// here, but where they leave the program.
	Secrets *redact.Secrets
	LogFrom bayeux.Level // what matters less is not even put into words
}

// Client handles outbound records and campaigns for one agent.
type Client struct {
	opts    Options
	rest    *gws.Auth
	session session
	waiting registry

	recovery recovery.Recovery

	opened    atomic.Bool
	warned    atomic.Bool // of the server's silence, or of the page's policy: once is enough
	forbidden int         // how often CORS kept the sign-in from being read; belongs to the session's loop, as the next one
	missing   int         // how often there was no CometD
	missed    missed
	counted   counted
	unclaimed int  // answers that nobody waited for; belongs to the session's loop
	notified  bool // a subscription to one of the caller's channels brings the outbound events, too

	online    func() bool // see httpx.Online
	clock     deadline.Clock
	closing   chan struct{} // closed by Close
	closeOnce sync.Once
	checks    context.Context // of who is signed in; done with the client
	endChecks context.CancelFunc
}

// network is what a client reaches its server over.
type network struct {
	doer       httpx.Doer
	transports func(*gws.Auth) []bayeux.Transport
	random     func() float64 // see bayeux.Options
	online     func() bool    // httpx.Online if nil
	clock      deadline.Clock
}

// Open signs in, connects and subscribes. An error is an *[Error] of which
// nothing is left behind; its delivery is always not-sent.
func Open(ctx context.Context, opts Options) (*Client, error) {
	doer := httpx.New()
	return opts.open(ctx, network{doer: doer, transports: func(rest *gws.Auth) []bayeux.Transport {
		return transports(opts, doer, rest)
	}})
}

func (opts Options) open(ctx context.Context, over network) (*Client, error) {
	if over.online == nil {
		over.online = httpx.Online
	}
	c := &Client{opts: opts, notified: slices.ContainsFunc(opts.Channels, covers), online: over.online, clock: over.clock, closing: make(chan struct{})}
	doer, preparedIn := opts.doer(over.doer)
	c.checks, c.endChecks = context.WithCancel(context.Background())
	c.rest = gws.NewAuth(gws.Config{
		BaseURL: opts.BaseURL, Doer: doer, OnAgentChanged: c.agentChanged,
		Headers: opts.headers(), HeadersDynamic: opts.HeadersDynamic,
		Credentials: opts.Credentials, CSRF: opts.CSRF, RequestTimeout: opts.RequestTimeout, Clock: over.clock,
		Secret: opts.Secrets.AddToken, Sends: opts.Secrets.AddHeader, SameAs: opts.Agent.auth(),
	})
	c.opts.Agent = nil // it holds the client that it came from
	session := bayeux.Options{
		Prepare:      c.signIn,
		PreparedIn:   preparedIn,
		DialledAhead: websocket.DialledAhead,
		Final:        c.final,
		OnStatus:     c.noteStatus,
		OnGap:        c.gap,
		Log:          opts.Log,
		Secret:       opts.Secrets.AddSession,
		LogFrom:      opts.LogFrom,
		DialTimeout:  min(opts.ConnectTimeout/2, 15*time.Second),
		Random:       over.random,
		Guest:        opts.Guest,
		Online:       over.online,

		FirstTransport: opts.FirstTransport,
		MaxMessageSize: opts.MaxMessageSize,
	}
	if opts.AwaitTurn != nil {
		session.AwaitTurn = func(granted func()) func() { return opts.AwaitTurn(turnLock(opts.BaseURL), granted) }
	}
	if opts.Adopted == nil {
		session.Transports = over.transports(c.rest)
	}
	c.recovery = c.newRecovery()
	c.recovery.Attach(&session)
	c.session = opts.newSession(session)
	if err := c.connect(ctx); err != nil {
		c.endChecks()
		c.closeSession()
		c.recovery.Abandon()
		return nil, err
	}
	c.opened.Store(true)
	c.recovery.Connected()
	return c, nil
}

// headers returns the caller's function, with its values remembered as secrets; what it returns as an error is
// a *HeadersError.
func (opts Options) headers() func(context.Context, bool) (httpx.Header, error) {
	if opts.Headers == nil {
		return nil
	}
	return func(ctx context.Context, again bool) (httpx.Header, error) {
		h, err := opts.Headers(ctx, again)
		for _, field := range h {
			opts.Secrets.AddHeader(field)
		}
		if err != nil && ctx.Err() == nil {
			err = &HeadersError{err}
		}
		return h, err
	}
}

func (c *Client) connect(ctx context.Context) error {
	limited, cancel := c.clock.WithTimeout(ctx, c.opts.ConnectTimeout, c.wakeOnly)
	defer cancel()
	err := c.subscribe(limited)
	if err == nil {
		err = c.session.Connect(limited)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return AbortedError(ctx, gws.NotSent)
	default:
		return c.explainOpening(c.explain(sessionError(err, gws.NotSent)))
	}
}

// wakeOnly is what a deadline for a session does when it is late. No sign of life of the server cuts the
// grace short, since a session takes several.
func (c *Client) wakeOnly() <-chan struct{} {
	c.session.Wake()
	return nil
}

// wakeAndListen is what a deadline for an answer does when it is late: the session
// brings what has arrived once it is alive.
func (c *Client) wakeAndListen() <-chan struct{} {
	c.session.Wake()
	return c.session.Alive()
}

func (c *Client) subscribe(ctx context.Context) error {
	_, err := c.session.Subscribe(ctx, channel, c.receive)
	for _, extra := range c.opts.Channels {
		if err == nil {
			_, err = c.session.Subscribe(ctx, extra, c.notify)
		}
	}
	return err
}

func (c *Client) notify(m bayeux.Message) {
	if c.opts.OnNotification != nil {
		c.opts.OnNotification(m.Channel, m.Data)
	}
}

// Pending returns how many calls have not come to their end.
func (c *Client) Pending() int { return c.waiting.len() }

// Ended reports whether the session has ended for good.
func (c *Client) Ended() bool {
	status, _ := c.session.Watch()
	return status.State == bayeux.Closed
}

// Wake is to be called when the connection may be dead, or may be had again:
// the network is gone or back, the machine was asleep.
func (c *Client) Wake() { c.session.Wake() }

// Away says that whoever uses the client is frozen, or about to be, until Wake or Seen is called.
func (c *Client) Away() { c.session.Away() }

// Seen is Wake for a page that is seen again: another agent may have signed in meanwhile. It does not wait,
// but calls do until that is known.
func (c *Client) Seen() {
	c.rest.Check(c.checks)
	c.session.Wake()
}

// Needed reports whether the session may still bring what somebody waits for, or what an earlier call does, for which AckTimeout
// is the limit as well; or whether the journal is just writing.
func (c *Client) Needed() bool { return c.Pending() > 0 || c.recovery.NeedsSession() }

// Leave says that whoever uses the client is going away. If nothing is
// pending, that ends the session at the server; what is pending may still be
// acknowledged to someone who looks for it, and is left alone, as are unsettled calls
// whose answers the session may still bring, and answers that the journal is just
// writing: who goes away may not live to see that done. Leave does not
// wait, and the message is on its way when the caller's event is over. It reports whether the session is ended.
func (c *Client) Leave() bool {
	if c.Needed() {
		return false
	}
	c.recovery.Leave()
	go c.close(false)
	return true
}

// Close ends the session at the server. What is pending is rejected, with
// what is known of its delivery. Unsettled calls stay in the journal.
func (c *Client) Close() { _ = c.close(false) }

// CloseAndForget is Close, and leaves nothing in the journal. Where it cannot be cleared, an *[Error] with the
// code Closed says so; the client is closed all the same.
func (c *Client) CloseAndForget() error { return c.notCleared(c.close(true)) }

// ForgetUnsettled is what CloseAndForget is for one of several who use the client: what is unsettled is forgotten, and the client goes
// on. It is to be called before Close.
func (c *Client) ForgetUnsettled(ctx context.Context) error {
	return c.notCleared(c.recovery.ForgetAll(ctx))
}

func (c *Client) notCleared(err error) error {
	switch {
	case err == nil:
		return nil
	case c.rest.AgentChanged():
		return agentChangedError(gws.NotSent)
	default:
		return stillKept("the client is closed, but the journal could not be cleared", err)
	}
}

func (c *Client) close(forget bool) error {
	c.closeOnce.Do(func() { close(c.closing) })
	c.endChecks()
	c.closeSession()
	return c.recovery.Close(forget)
}

// closeSession gives the server some time to take notice: it would keep the
// session for a while otherwise.
func (c *Client) closeSession() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	c.session.Close(ctx)
}

// ready waits for a session.
func (c *Client) ready(ctx context.Context) *Error {
	if status, _ := c.session.Watch(); status.State == bayeux.Connected {
		return nil
	}
	timeout := c.clock.NewTimer(c.opts.ConnectTimeout, c.wakeOnly)
	defer timeout.Stop()
	for {
		status, changed := c.session.Watch()
		switch status.State {
		case bayeux.Connected:
			return nil
		case bayeux.Closed:
			return sessionError(status.Reason, gws.NotSent)
		}
		select {
		case <-changed:
		case <-c.closing:
			return ClosedError(gws.NotSent)
		case <-ctx.Done():
			return AbortedError(ctx, gws.NotSent)
		case <-timeout.C:
			reason := status.Reason
			if reason == nil {
				reason = errors.New("the server has not answered")
			}
			return sessionError(fmt.Errorf("no session within %v: %w", c.opts.ConnectTimeout, reason), gws.NotSent)
		}
	}
}

// ClosedError is the error of a call over a client that was closed.
func ClosedError(d gws.Delivery) *Error {
	return &Error{Code: Closed, Delivery: d, Message: "the client was closed"}
}

func (c *Client) logf(level bayeux.Level, format string, args ...any) {
	c.opts.logf(level, format, args...)
}

func (opts *Options) logf(level bayeux.Level, format string, args ...any) {
	if opts.Log != nil && level >= opts.LogFrom {
		opts.Log(level, fmt.Sprintf(format, args...))
	}
}
