package core

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
	"gws-outbound/internal/outbound"
	"gws-outbound/internal/wire"
)

// Pages of one browser share a client where they ask for that, their options are the same, and the server names the same agent for the
// credentials of each. Each page has calls, subscriptions and an end of its own; the last one's is the client's.

const (
	// aloneFor is how long a client lives at least that its last page has left without closing it: that may be loaded again.
	aloneFor = 10 * time.Second
	// answersFor is how long a page may take for its function for headers, while there are others who could be asked, or wait for it.
	answersFor = 3 * time.Second
	// confirmsFor is how long the end of a page's part waits for it to say that it has got what its calls have come to.
	confirmsFor = 2 * time.Second
)

// errGone is why a page does not answer.
var errGone = errors.New("the page is gone")

// share is what there is to know of a client that pages share.
type share struct {
	options []setting
	asks    bool          // its pages have functions for headers
	alone   string        // why none of those was joined that were there before; "" if there were none
	opened  chan struct{} // closed when it is there, or is known not to be
	failed  error         // why it is not; to be read after opened

	// Of the page that makes it, where that has a function for headers:

	silent atomic.Bool   // it has not given what it was asked for last
	isLate chan struct{} // closed once it has not for so long that others do not wait for it
	late   sync.Once     // closes isLate
}

func newShare(options []setting, asks bool) *share {
	return &share{options: options, asks: asks, opened: make(chan struct{}), isLate: make(chan struct{})}
}

// setting is an option, and its value as a text.
type setting struct{ name, value string }

// settings are the options that have to be the same for all pages of a client. Their values leave the program
// in no text. Of the others, signal and log are the page's, and cometd excludes sharing.
func settings(o *outbound.Options, h wire.Headers) []setting {
	var headers []string
	for _, name := range slices.Sorted(maps.Keys(h.Fields)) {
		headers = append(headers, name, h.Fields[name])
	}
	if h.Ask {
		headers = append(headers, "()") // one alone
	}
	level := "off"
	if o.Log != nil {
		level = strconv.Itoa(int(o.LogFrom))
	}
	return []setting{
		{"baseUrl", o.BaseURL}, {"cometdPath", o.CometdPath}, {"transports", list(o.Transports)},
		{"guest", yes(o.Guest)}, {"appendMessageTypeToURL", yes(o.AppendMessageTypeToURL)},
		{"headers", list(headers)}, {"credentials", string(o.Credentials)}, {"csrf", yes(o.CSRF)}, {"channels", list(o.Channels)},
		{"connectTimeout", o.ConnectTimeout.String()}, {"requestTimeout", o.RequestTimeout.String()}, {"ackTimeout", o.AckTimeout.String()},
		{"maxMessageSize", strconv.Itoa(o.MaxMessageSize)}, {"allowUnknownCallResult", yes(o.AllowUnknownCallResult)},
		{"journal", yes(o.Journal != nil)}, {"logLevel", level},
	}
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return ""
}

// list writes a list so that no other reads like it.
func list(texts []string) string {
	var b []byte
	for _, text := range texts {
		b = strconv.AppendQuote(b, text)
	}
	return string(b)
}

// joinOrOpen has the page use a client that is there, or makes another one.
func (p *Port) joinOrOpen(ctx context.Context, m *wire.CreateClient, opts outbound.Options) error {
	s := newShare(settings(&opts, m.Headers), m.Headers.Ask)
	own := newPage(p, m, opts)
	var who *outbound.Identity
	tried := map[*client]bool{}
	for {
		c, isNew := p.core.reserve(s, opts, tried)
		if isNew {
			return p.openShared(ctx, c, own, opts)
		}
		tried[c] = true
		if who == nil {
			var err error
			asks := opts
			if opts.Log != nil {
				asks.Log = own.log
			}
			if who, err = outbound.Identify(ctx, asks); err != nil {
				return err
			}
			opts.Ahead = nil // it has been asked for
		}
		select {
		case <-c.share.opened:
		case <-c.share.isLate:
			if !c.share.isOpened() {
				continue
			}
		case <-ctx.Done():
			return outbound.AbortedError(ctx, gws.NotSent)
		}
		switch {
		case c.share.failed != nil && !c.share.silent.Load() && !isOfPage(c.share.failed):
			return c.share.failed
		case c.share.failed != nil:
			continue
		case !c.IsFor(who, !s.asks):
			c.Seen() // it may be no longer who its cookie is for
			continue
		}
		if p.join(c, own) {
			err := c.Ready(ctx)
			if err != nil {
				p.unregister(m.Client)
				p.depart(c)
			}
			return err
		}
	}
}

// isOfPage reports whether a client could not be had for reasons that are those of the page that has tried.
func isOfPage(err error) bool {
	if _, ok := errors.AsType[*outbound.HeadersError](err); ok {
		return true
	}
	e, ok := errors.AsType[*outbound.Error](err)
	return !ok || e.Code == outbound.Aborted || e.Code == outbound.Closed
}

// reserve returns a client with the same options that was not tried. Where there is none, it is one to be made, and others wait for it.
func (c *Core) reserve(s *share, opts outbound.Options, tried map[*client]bool) (found *client, own bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, other := range c.shared {
		if !tried[other] && !other.share.over(other) && slices.Equal(other.share.options, s.options) {
			return other, false
		}
	}
	found = newClient(c, opts, true)
	found.share = s
	s.alone = c.whyAlone(s, tried)
	c.shared = append(c.shared, found)
	return found, true
}

// over reports whether the client has ended for good. The core's lock is held.
func (s *share) over(c *client) bool { return s.isOpened() && (s.failed != nil || c.Ended()) }

func (s *share) isOpened() bool {
	select {
	case <-s.opened:
		return true
	default:
		return false
	}
}

// whyAlone says why a page with these options shares none of the clients at its server; "" if there is none. The lock is held.
func (c *Core) whyAlone(s *share, tried map[*client]bool) string {
	why := ""
	for _, other := range c.shared {
		var names []string
		for i, o := range s.options {
			if o != other.share.options[i] {
				names = append(names, o.name)
			}
		}
		switch {
		case other.share.over(other), slices.Contains(names, "baseUrl"):
		case len(names) > 0:
			why = "other options: " + strings.Join(names, ", ")
		case tried[other] && !other.share.isOpened():
			why = "the page that makes it has not given its headers"
		case tried[other]:
			return "another agent is signed in there, or nobody that the server would name"
		}
	}
	return why
}

// openShared makes the client for its first page.
func (p *Port) openShared(ctx context.Context, c *client, first *page, opts outbound.Options) error {
	if opts.HeadersDynamic {
		opts.Headers = func(ctx context.Context, _ bool) (httpx.Header, error) {
			limit := time.AfterFunc(answersFor, func() { c.share.late.Do(func() { close(c.share.isLate) }) })
			defer limit.Stop()
			c.share.silent.Store(true)
			fields, err := c.askHeaders(ctx)
			c.share.silent.Store(err != nil && ctx.Err() != nil)
			return fields, err
		}
	}
	if c.share.alone != "" && opts.Log != nil && opts.LogFrom <= bayeux.Info {
		first.log(bayeux.Info, "this page has another session than the pages before it: "+c.share.alone)
	}
	err := p.open(ctx, c, first, opts)
	if c.share.failed = err; err != nil {
		p.core.unshare(c)
	}
	close(c.share.opened)
	return err
}

func (c *client) allPages() []*page {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pages
}

// askHeaders asks a page that lives for header fields, the one first that was heard last. One that has gone, whose function
// fails, or that does not answer, as in the back/forward cache, is no reason to fail while there are others.
func (c *client) askHeaders(ctx context.Context) (httpx.Header, error) {
	asked := map[*page]bool{}
	failed := errors.New("no page is left that could be asked")
	for {
		var next *page
		others := 0
		for _, page := range c.allPages() {
			if !asked[page] {
				others++
				if next == nil || page.port.heard.Load() > next.port.heard.Load() {
					next = page
				}
			}
		}
		if next == nil {
			return nil, failed
		}
		asked[next] = true
		limited, cancel := ctx, func() {}
		if others > 1 {
			limited, cancel = context.WithTimeout(ctx, answersFor)
		}
		fields, err := next.port.ask(limited, next.number)
		late := limited.Err() != nil && ctx.Err() == nil
		cancel()
		switch {
		case err == nil || ctx.Err() != nil:
			return fields, err
		case err != errGone && !late:
			failed = err
		}
	}
}

// join has the page use the client, and tells it how that is. It reports false where the client was ended just now.
func (p *Port) join(c *client, own *page) bool {
	c.statusOrder.Lock()
	defer c.statusOrder.Unlock()
	if !p.core.addPage(c, own) {
		return false
	}
	if !p.register(own.number, c) {
		p.depart(c)
		return true // nobody is left to hear of it
	}
	own.tell(c.Status())
	return true
}

func (c *Core) addPage(to *client, p *page) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.shared, to) {
		return false
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	to.pages = append(slices.Clip(to.pages), p)
	to.checkAway()
	return true
}

// unshare says that no page is to join the client any more.
func (c *Core) unshare(s *client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.removeShared(s)
}

func (c *Core) removeShared(s *client) {
	c.shared = slices.DeleteFunc(c.shared, func(other *client) bool { return other == s })
}

// part takes a page off a client that others go on using. Where it is the last one, it stays, and no other is to
// join it: then nil is returned. With forget the client is not closed before the page has quit it.
func (c *Core) part(from *client, p *Port, forget bool) *page {
	c.mu.Lock()
	defer c.mu.Unlock()
	from.mu.Lock()
	defer from.mu.Unlock()
	if len(from.pages) > 1 {
		if forget {
			from.listing.Add(1)
		}
		return from.removePage(p)
	}
	c.removeShared(from)
	return nil
}

// removePage removes and returns a page. The lock is held.
func (c *client) removePage(p *Port) *page {
	gone := c.page(p)
	c.pages = slices.DeleteFunc(slices.Clone(c.pages), func(other *page) bool { return other == gone })
	c.checkAway()
	return gone
}

// leave says that a page of the client is going away. It does not wait.
func (c *Core) leave(from *client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if from.share != nil && len(from.allPages()) > 1 {
		return
	}
	if from.Leave() {
		c.removeShared(from)
		delete(c.clients, from)
	}
}

// depart ends the page's part of a client that it leaves without closing it. What it has sent, and its callers have not
// heard of, is for the next page. Where it was the last one, another may come.
func (p *Port) depart(c *client) {
	c.mu.Lock()
	page := c.removePage(p)
	last := len(c.pages) == 0
	if last {
		c.left++
	}
	left := c.left
	c.mu.Unlock()
	if page == nil {
		return
	}
	p.endCalls(c)
	page.endSubscriptions()
	p.bequeath(c)
	if last {
		p.core.closeLater(c, left)
	}
}

func (c *Core) closeLater(s *client, left int) {
	time.AfterFunc(aloneFor, func() { c.closeIfAlone(s, left) })
}

// closeIfAlone closes a client that has no page since its last one has left it for the time that left says. Where what that page
// has sent may still be answered, the session is kept for another while: the next page gets the answer.
func (c *Core) closeIfAlone(s *client, left int) {
	c.mu.Lock()
	alone := s.aloneSince(left)
	needed := alone && s.Needed()
	if alone && !needed {
		c.removeShared(s)
	}
	c.mu.Unlock()
	switch {
	case needed:
		c.closeLater(s, left)
	case alone:
		_ = s.close(false)
	}
}

// aloneSince reports whether no page has come since its last one has left the client for that time.
func (c *client) aloneSince(left int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pages) == 0 && c.left == left
}

// quit ends the page's part of a client, which it has closed, and others go on using.
func (p *Port) quit(ctx context.Context, c *client, page *page, forget bool) error {
	if forget {
		defer c.listing.Done()
	}
	page.tell(bayeux.Status{State: bayeux.Closed, Reason: bayeux.ErrClosed})
	p.endCalls(c)
	page.endSubscriptions()
	p.awaitConfirmed(c)
	p.bequeath(c)
	if forget {
		return c.ForgetUnsettled(ctx)
	}
	return nil
}

// pageGone lets go of what the page had.
func (p *Port) pageGone() {
	p.mu.Lock()
	if p.isGone() {
		p.mu.Unlock()
		return
	}
	close(p.gone)
	clients := p.clients
	p.clients = map[int]*client{}
	for _, call := range p.calls {
		call.cancel(outbound.ErrLeft)
	}
	p.mu.Unlock()
	for _, c := range clients {
		go p.depart(c)
	}
}

// isGone reports whether there is no page any more.
func (p *Port) isGone() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

func (p *Port) unregister(number int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.clients, number)
}

// endCalls ends the page's calls over a client, and waits for that.
func (p *Port) endCalls(c *client) {
	p.mu.Lock()
	for _, call := range p.calls {
		if call.client == c {
			call.cancel(outbound.ErrLeft)
		}
	}
	p.mu.Unlock()
	p.awaitEnds(c)
}

// endSubscriptions ends those of a page that the client does not have any more.
func (p *page) endSubscriptions() {
	for _, s := range p.subscriptions {
		s.Cancel()
	}
}

// awaitConfirmed waits until the page has got what its calls over a client have come to, but not for long.
func (p *Port) awaitConfirmed(c *client) {
	over := false
	limit := time.AfterFunc(confirmsFor, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		over = true
		p.ended.Broadcast()
	})
	defer limit.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for !over && len(p.owedBy(c)) > 0 {
		p.ended.Wait()
	}
}

// bequeath leaves what the page has not got of its calls over a client to the others.
func (p *Port) bequeath(c *client) {
	p.mu.Lock()
	references := p.owedBy(c)
	for _, r := range references {
		delete(p.owed, r)
	}
	p.mu.Unlock()
	for _, r := range references {
		c.CallerGone(r)
	}
}

// owedBy returns the references of calls over a client that have an end of which the page has not said that it has got it, or will
// have one. The lock is held.
func (p *Port) owedBy(c *client) (references []string) {
	for r, over := range p.owed {
		if over == c {
			references = append(references, r)
		}
	}
	return references
}

// owe notes that the page is to say when it has got what the call of that reference has come to, as over a shared client with a
// journal. It reports whether that is new.
func (p *Port) owe(reference string, c *client) bool {
	if c.share == nil || !c.journal {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.owed[reference] != nil {
		return false
	}
	p.owed[reference] = c
	return true
}

func (p *Port) unowe(reference string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.owed, reference)
}
