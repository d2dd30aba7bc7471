package core

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
	"gws-outbound/internal/outbound"
	"gws-outbound/internal/wire"
)

// client is a client, and the pages that use it.
type client struct {
	*outbound.Client
	core    *Core
	journal bool
	// logsToPages is for pages that take the lines of the log, or have no other console.
	logsToPages bool
	share       *share         // nil if it is one page's alone
	listing     sync.WaitGroup // of those that list unsettled calls, or forget them

	statusOrder sync.Mutex // held while pages are told of its status, so that none hears of an older one last

	mu        sync.Mutex
	pages     []*page
	left      int  // how often its last page has left it
	isAway    bool // all of its pages are
	connected bool
}

// page is a page that uses a client.
type page struct {
	port      *Port
	number    int // the page's own, of the client
	listening bool
	away      bool // it is frozen, or about to be
	timed     bool // the lines of the log are to have the time, since it prints them
	unheard   unheard

	subscriptions map[int]*outbound.Subscription // by the page's numbers
}

// createClient makes a client for the page.
func (p *Port) createClient(ctx context.Context, m *wire.CreateClient, me func(context.Context) (*httpx.Response, time.Duration)) (err error) {
	defer func() {
		p.mu.Lock()
		delete(p.asksMe, m.Client)
		p.mu.Unlock()
		if err != nil {
			p.forgetAdopted(m.Client)
		}
	}()
	opts, problems := p.readOptions(m)
	if len(problems) > 0 {
		return outbound.InvalidOptions(problems)
	}
	opts.ConfirmsDelivery, opts.Ahead = opts.Journal != nil, me
	if before := p.client(m.InPlaceOf); before != nil {
		opts.Agent = before.Identity()
	}
	if m.Share && opts.Adopted == nil {
		return p.joinOrOpen(ctx, m, opts)
	}
	return p.open(ctx, newClient(p.core, opts, m.Log), newPage(p, m, opts), opts)
}

func newClient(c *Core, opts outbound.Options, logsToPages bool) *client {
	return &client{core: c, journal: opts.Journal != nil, logsToPages: logsToPages}
}

// open connects a client for its first page.
func (p *Port) open(ctx context.Context, c *client, first *page, opts outbound.Options) (err error) {
	c.mu.Lock()
	c.pages = []*page{first}
	c.mu.Unlock()
	opts.OnStatus, opts.OnNotification, opts.OnGap = c.status, c.notification, c.gap
	if opts.Log != nil {
		p.core.setLevel(c, opts.LogFrom)
		opts.Log = c.logger(opts)
	}
	if c.Client, err = outbound.Open(ctx, opts); err != nil {
		p.core.unsetLevel(c)
		return err
	}
	p.core.add(c)
	if !p.register(first.number, c) {
		p.core.unshare(c) // its page has gone just now
		go func() { _ = c.close(false) }()
		return outbound.ClosedError(gws.NotSent)
	}
	return nil
}

func newPage(p *Port, m *wire.CreateClient, opts outbound.Options) *page {
	return &page{port: p, number: m.Client, timed: !m.Log && opts.LogFrom <= bayeux.Debug}
}

// register gives the client its number, unless the page has gone.
func (p *Port) register(number int, c *client) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isGone() {
		return false
	}
	p.clients[number] = c
	return true
}

func (c *client) status(s bayeux.Status) {
	c.statusOrder.Lock()
	defer c.statusOrder.Unlock()
	c.mu.Lock()
	c.connected = s.State == bayeux.Connected
	pages := c.pages
	c.mu.Unlock()
	for _, page := range pages {
		page.tell(s)
	}
}

func (p *page) tell(s bayeux.Status) {
	reason, transport := "", ""
	if s.Reason != nil {
		reason = s.Reason.Error()
	}
	if s.State == bayeux.Connected { // otherwise it is the one that is tried
		transport = s.Transport
	}
	p.port.out.now(&wire.Status{
		Client: p.number, State: string(s.State), Transport: transport, Reason: reason,
		RetryIn: float64(s.RetryIn.Microseconds()) / 1000,
	})
}

func (c *client) notification(channel string, data json.RawMessage) {
	for _, page := range c.listeners(channel, data) {
		page.port.out.together(&wire.Notification{Client: page.number, Channel: channel, Data: data})
	}
}

func (c *client) gap(reason string) {
	c.mu.Lock()
	pages := c.pages
	c.mu.Unlock()
	for _, page := range pages {
		page.port.out.now(&wire.Gap{Client: page.number, Reason: reason})
	}
}

// listeners returns the pages that listen, and keeps a notification for the others.
func (c *client) listeners(channel string, data json.RawMessage) (list []*page) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, page := range c.pages {
		if page.listening {
			list = append(list, page)
		} else {
			page.unheard.add(&wire.Notification{Client: page.number, Channel: channel, Data: data})
		}
	}
	return list
}

func (c *client) listen(p *Port, since int64) {
	var missed []*wire.Notification
	c.mu.Lock()
	if page := c.page(p); page != nil {
		page.listening = true
		missed = page.unheard.take(since)
	}
	c.mu.Unlock()
	for _, m := range missed {
		p.out.together(m)
	}
}

// away notes that a page is frozen; the client is once all of its pages are.
func (c *client) away(p *Port) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if page := c.page(p); page != nil {
		page.away = true
	}
	c.checkAway()
}

// back notes that a page is not frozen any more. The client is to be woken then, in any case.
func (c *client) back(p *Port) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if page := c.page(p); page != nil {
		page.away, c.isAway = false, false
	}
}

// checkAway looks at whether all of its pages are away, where that may have changed for one, or one has come or gone. While there
// is none, nothing changes. The lock is held.
func (c *client) checkAway() {
	if len(c.pages) == 0 {
		return
	}
	was := c.isAway
	c.isAway = !slices.ContainsFunc(c.pages, func(page *page) bool { return !page.away })
	switch {
	case c.isAway:
		c.Away()
	case was:
		c.Wake()
	}
}

// page returns what the client knows of the page behind a port; nil if nothing. The lock is held.
func (c *client) page(p *Port) *page {
	i := slices.IndexFunc(c.pages, func(page *page) bool { return page.port == p })
	if i < 0 {
		return nil
	}
	return c.pages[i]
}

// sendsAtOnce reports whether a call's POST leaves before anything can come between.
func (c *client) sendsAtOnce() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.connected && !c.journal
}

// perform performs an operation for a page, and tells it what is known of the call meanwhile.
func (c *client) perform(ctx context.Context, p *Port, m *wire.Call) (json.RawMessage, error) {
	fields, problems := wire.Request(m.Request)
	opts, wrong := readCallOptions(m.Method, m.Options)
	if problems = append(problems, wrong...); len(problems) > 0 {
		return nil, outbound.InvalidOptions(problems)
	}
	if fields["referenceId"] == nil {
		fields["referenceId"] = m.Reference
	}
	reference, _ := fields["referenceId"].(string)
	owed := p.owe(reference, c)
	k := &known{port: p, id: m.ID, delivery: m.Delivery}
	opts.OnProgress = func(d gws.Delivery) {
		if d == gws.NotSent && c.sendsAtOnce() {
			d = k.is()
		}
		k.set(d)
	}
	values := personal(m.Request)
	p.core.secrets.AddRequest(values)
	value, err := c.Call(ctx, m.Method, fields, opts)
	if e, ok := errors.AsType[*outbound.Error](err); ok && owed && e.Code == outbound.InvalidRequest {
		p.unowe(reference) // of such a call nothing is kept
	}
	if err != nil {
		err = &requestError{err, values}
	}
	return value, err
}

// known is what a page knows of a call. It hears of each change before what has changed it can be seen, so that
// it knows should the program end; but that a request was accepted may be said soon.
type known struct {
	port *Port
	id   int

	mu       sync.Mutex
	delivery gws.Delivery
}

func (k *known) is() gws.Delivery {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.delivery
}

func (k *known) set(d gws.Delivery) {
	k.mu.Lock()
	news := k.delivery != d
	k.delivery = d
	k.mu.Unlock()
	m := &wire.Known{ID: k.id, Delivery: d}
	switch {
	case !news:
	case d == gws.Accepted:
		k.port.out.later(m)
	default:
		k.port.out.now(m)
	}
}

func (c *client) stats() json.RawMessage {
	s := c.Stats()
	return wire.StatsText(
		[]string{"posts", "events", "reconnects", "dropped", "lastRoundTrip", "medianRoundTrip"},
		[]float64{float64(s.Posts), float64(s.Events), float64(s.Reconnects), float64(s.Dropped), milliseconds(s.LastRoundTrip), milliseconds(s.MedianRoundTrip)},
	)
}

// milliseconds is -1 for a time that is not known.
func milliseconds(d time.Duration) float64 {
	if d == 0 {
		return -1
	}
	return float64(d.Microseconds()) / 1000
}

func (c *client) close(forget bool) error {
	c.core.remove(c)
	defer c.core.unsetLevel(c)
	c.listing.Wait()
	if forget {
		return c.CloseAndForget()
	}
	c.Close()
	return nil
}

func (c *client) unsettled(ctx context.Context) json.RawMessage {
	var list []wire.UnsettledCall
	for _, u := range c.Unsettled(ctx) {
		list = append(list, wire.UnsettledCall{
			Method: u.Method, Request: u.Request, ReferenceID: u.ReferenceID, Delivery: u.Delivery, SentAt: u.SentAt,
			Answered: u.Answered, AnswerableUntil: u.AnswerableUntil,
		})
	}
	return wire.UnsettledList(list)
}
