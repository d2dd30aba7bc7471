package outbound

import (
	"context"
	"maps"
	"slices"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/journal"
	"gws-outbound/internal/journal/journaltest"
)

// deskPage is a page, whose clients die together.
type deskPage struct {
	agent   int // of its clients
	me      int // whose cookie it has now
	dead    bool
	clients []*deskClient // that have not ended
	lives   []*life       // of all
}

var deskAgents = [2]string{"ann", "bob"}

// newPage opens a page in a place, with no client yet.
func (r *deskRun) newPage(i, agent int) *deskPage {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pages[i] = &deskPage{agent: agent, me: agent}
	return r.pages[i]
}

// client returns the client of a step, which may have to be opened for it; nil if there is none.
func (r *deskRun) client(step deskStep) *deskClient {
	page := r.pages[step.Page]
	opens := slices.Contains([]string{"call", "list", "send again", "send again over a dead line", "settle", "forget"}, step.Do)
	if page == nil && opens {
		page = r.newPage(step.Page, step.Agent)
	}
	switch {
	case page == nil:
		return nil
	case step.Client < len(page.clients):
		return page.clients[step.Client]
	case opens:
		return r.open(page)
	}
	return nil
}

// open opens a client in a page; nil where the network has a fault, or the page dies.
func (r *deskRun) open(page *deskPage) *deskClient {
	ctx, cancel := context.WithTimeout(r.d.Context(), time.Minute)
	defer cancel()
	c := &deskClient{
		life: r.d.newLife(), r: r, page: page, agent: page.agent, born: time.Now(),
		own: map[*deskCall]time.Time{}, owns: map[*deskCall]time.Time{}, heard: map[*deskCall]time.Time{}, asking: map[*deskCall]*deskAsk{},
	}
	c.net.watch = c
	r.mu.Lock()
	page.me = page.agent // who opens one signs in
	page.lives = append(page.lives, c.life)
	died := r.dead
	r.mu.Unlock()
	err := c.life.open(ctx, confirms, func(o *Options) {
		o.Journal = func() (journal.Store, journal.Locks, error) { return deskStore{c.life.page, c}, c.life.page, nil }
	})
	r.bury()
	if err != nil || page.dead {
		return nil
	}
	r.mu.Lock()
	page.clients = append(page.clients, c)
	r.mu.Unlock()
	r.list(c)
	r.mu.Lock()
	for call := range c.owns {
		if c.unread == 0 && r.dead == died { // all that is listed was found when it was opened
			c.owns[call] = c.born
		}
	}
	r.mu.Unlock()
	if c.ended() {
		return nil
	}
	return c
}

// pageOf returns the page whose store that is. The mutex is held.
func (r *deskRun) pageOf(p *journaltest.Page) *deskPage {
	for _, page := range r.pages {
		if page != nil && slices.ContainsFunc(page.lives, func(l *life) bool { return l.page == p }) {
			return page
		}
	}
	return nil
}

// find returns the call of a reference; nil if there is none. The mutex is held.
func (r *deskRun) find(reference string) *deskCall {
	i := slices.IndexFunc(r.calls, func(c *deskCall) bool { return c.reference == reference })
	if i < 0 {
		return nil
	}
	return r.calls[i]
}

// list lists what a client has not settled, judges that, and notes that the client waits for it.
func (r *deskRun) list(c *deskClient) []Unsettled {
	r.mu.Lock()
	stored, unread, began := maps.Clone(r.store.has), c.unread, time.Now()
	waits, all := r.others(c)
	maps.Copy(waits, c.owns)
	maps.Copy(waits, c.own)
	r.mu.Unlock()
	list := c.Unsettled(r.d.Context())
	r.mu.Lock()
	defer r.mu.Unlock()
	changed := !c.other.IsZero() && c.other.Before(time.Now())
	answered := map[string]bool{}
	for _, u := range list {
		call := r.find(u.ReferenceID)
		answered[u.ReferenceID] = u.Answered
		switch {
		case call.agent != c.agent || changed:
			r.blame("%s is listed for another agent", u.ReferenceID)
		case u.Method != call.method:
			r.blame("%s is listed as %s", u.ReferenceID, u.Method)
		case call.over:
			r.blame("%s is listed again, though its caller knows what it has come to, and it had left the store", u.ReferenceID)
		}
		if _, listed := c.owns[call]; !listed {
			c.owns[call] = time.Now()
		}
	}
	if !c.other.IsZero() || c.page.dead || c.unread > unread || !r.store.cleared.Before(began) {
		return list
	}
	for reference, hasAnswer := range stored {
		call := r.find(reference)
		_, others := waits[call]
		_, listed := answered[reference]
		switch {
		case call.agent != c.agent, call.known:
		case listed && hasAnswer && !answered[reference]:
			r.blame("%s is listed, and not that its answer is in the store", reference)
		case !listed && !others && all:
			r.blame("%s is in the store, and not listed", reference)
		}
	}
	return list
}

// others returns what the others wait for that live. It may not be all: one that could not read what is there may have the
// locks of those who have left it, and lists that when it can be read. The mutex is held.
func (r *deskRun) others(c *deskClient) (waits map[*deskCall]time.Time, all bool) {
	waits, all = map[*deskCall]time.Time{}, true
	for _, page := range r.pages {
		if page == nil || page.dead {
			continue
		}
		for _, other := range page.clients {
			if other != c {
				maps.Copy(waits, other.owns)
				maps.Copy(waits, other.own)
				all = all && other.unread == 0
			}
		}
	}
	return waits, all
}

// close closes a client of a page that lives on, which callers learn.
func (r *deskRun) close(c *deskClient, forget bool) {
	r.observe()
	if c.ended() {
		return
	}
	began := time.Now()
	if !forget {
		c.Close()
	} else {
		r.mu.Lock()
		var theirs []*deskCall
		others, all := r.others(c)
		for _, call := range r.calls {
			if _, ok := others[call]; !ok && call.agent == c.agent && !c.rest.AgentChanged() {
				theirs = append(theirs, call)
				call.known = true // or the error says that it is still there
			}
		}
		died := r.dead
		r.forgets = c
		r.mu.Unlock()
		err := c.CloseAndForget()
		r.mu.Lock()
		r.forgets = nil
		if err != nil && !c.rest.AgentChanged() && r.well(began) {
			r.blame("the journal cannot be cleared: %v", err)
		}
		for _, call := range theirs {
			if _, kept := r.store.has[call.reference]; kept && err == nil && all && died == r.dead {
				r.blame("%s is in the store, though nothing was to be", call.reference)
			}
		}
		r.mu.Unlock()
	}
	synctest.Wait()
	r.mu.Lock()
	c.gone = true
	c.page.clients = slices.DeleteFunc(c.page.clients, func(o *deskClient) bool { return o == c })
	r.mu.Unlock()
}

// signInAnother has another agent sign in, in another tab. The clients of the page notice it as they are seen
// again, or sign in again, or at their next POST.
func (r *deskRun) signInAnother(c *deskClient, how int) {
	r.mu.Lock()
	c.page.me = 1 - c.page.agent
	r.mu.Unlock()
	switch how {
	case 0:
		c.Seen()
		synctest.Wait()
	case 1:
		_ = c.rest.SignIn(r.d.Context())
	}
}

// reload has a page die, and another one open with as many clients.
func (r *deskRun) reload(i, agent int) {
	clients := 1
	if page := r.pages[i]; page != nil {
		agent, clients = page.agent, max(1, len(page.clients))
	}
	r.kill(i)
	page := r.newPage(i, agent)
	for range clients {
		if r.pages[i] == page {
			r.open(page)
		}
	}
}

func (r *deskRun) leave(i int) {
	for _, c := range r.pages[i].clients {
		c.Leave()
	}
	synctest.Wait()
	r.kill(i)
}

func (r *deskRun) kill(i int) {
	r.observe()
	r.mu.Lock()
	if page := r.pages[i]; page != nil {
		r.die(page)
	}
	r.mu.Unlock()
	r.bury()
}

// die ends a page at once: nothing it does reaches the server or the journal any more, and its callers hear nothing. The mutex is held.
func (r *deskRun) die(page *deskPage) {
	if page == nil || page.dead {
		return
	}
	page.dead = true
	r.dead++
	for _, c := range page.clients {
		for call := range c.owns { // they are forgotten with the rest
			call.known = call.known || r.forgets != nil && r.forgets.agent == c.agent
		}
	}
	for _, l := range page.lives {
		l.net.dead.Store(true)
		l.page.Kill()
	}
}

// bury has the server notice which pages are dead.
func (r *deskRun) bury() {
	synctest.Wait()
	for i, page := range r.pages {
		if page == nil {
			continue
		}
		r.mu.Lock()
		dead := page.dead
		if dead {
			r.pages[i] = nil
		}
		r.mu.Unlock()
		if !dead {
			continue
		}
		r.d.s.mu.Lock()
		r.d.s.cut()
		r.d.s.mu.Unlock()
		for _, l := range page.lives {
			if l.Client != nil {
				go l.Close()
			}
		}
		synctest.Wait()
	}
}

// judge opens one more page of an agent when all is well, and has it judged what is listed there.
func (r *deskRun) judge(agent int) {
	page := r.newPage(0, agent)
	c := r.open(page)
	if c == nil {
		r.violation("no page can be opened when all is well")
		return
	}
	require.Empty(r.d, c.log)
	r.close(c, false)
	r.kill(0)
}
