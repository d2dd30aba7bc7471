package outbound

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gws"
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

func (r *deskRun) newCall(c *deskClient, step deskStep) (call *deskCall) {
	call = &deskCall{reference: fmt.Sprintf("ref-%d", len(r.calls)), method: step.Method, agent: c.agent, fate: step.Fate}
	r.d.fated(call.reference, step.Fate)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, call)
	return call
}

func (call *deskCall) fields() gws.Fields {
	fields := record("referenceId", call.reference)
	if call.method == "getChainedRecords" {
		delete(fields, "callingList")
	}
	return fields
}

// call calls.
func (r *deskRun) call(c *deskClient, call *deskCall) { r.ask(c, call, call.fields(), false) }

// callAgain calls once more, as it is listed; or as its caller remembers it, where the store has lost it. The server may have
// another mind then.
func (r *deskRun) callAgain(c *deskClient, list []Unsettled, step deskStep) {
	r.mu.Lock()
	var call *deskCall
	var fields gws.Fields
	answered := false
	if len(list) > 0 {
		u := list[step.Which%len(list)]
		call, fields, answered = r.find(u.ReferenceID), u.Request, u.Answered
	} else if call = r.lost(c); call != nil { // a new one, as far as the client knows
		fields = call.fields()
		call.asked, call.left = 0, false
		delete(c.heard, call)
	}
	r.mu.Unlock()
	if call == nil {
		return
	}
	r.d.s.mu.Lock()
	r.d.s.truths[call.reference].fate = step.Fate
	r.d.s.mu.Unlock()
	r.mu.Lock()
	call.fate = step.Fate
	r.mu.Unlock()
	r.ask(c, call, fields, answered)
}

// lost returns a call that the store has lost; nil if there is none. The mutex is held.
func (r *deskRun) lost(c *deskClient) *deskCall {
	waits, all := r.others(c)
	for _, call := range r.calls {
		_, others := waits[call]
		_, mine := c.owns[call]
		_, has := r.store.has[call.reference]
		if all && !others && !mine && !has && !call.known && call.agent == c.agent && call.kept() {
			return call
		}
	}
	return nil
}

func (r *deskRun) ask(c *deskClient, call *deskCall, fields gws.Fields, answered bool) {
	r.mu.Lock()
	if c.asking[call] != nil { // which is refused
		r.mu.Unlock()
		return
	}
	call.asked++
	again := call.asked > 1
	c.own[call] = time.Now()
	if _, waits := c.owns[call]; !waits {
		c.owns[call] = time.Now()
	}
	c.asking[call] = &deskAsk{at: time.Now(), answered: answered}
	r.mu.Unlock()
	go func() {
		_, err := c.Call(context.Background(), call.method, fields, CallOptions{})
		e, failed := errors.AsType[*Error](err)
		if failed && e.Code == InvalidRequest {
			r.violation("%s: %v", call.reference, err)
		}
		nothing := failed && (e.Delivery == gws.NotSent || e.Delivery == gws.Rejected)
		r.mu.Lock()
		delete(c.asking, call)
		if nothing && !again {
			delete(c.owns, call)
		}
		r.mu.Unlock()
		if nothing && again {
			return // the earlier one is what it was
		}
		r.tell(c, call)
	}()
	synctest.Wait()
}

func (r *deskRun) settle(c *deskClient, u Unsettled) {
	go func() {
		_, err := c.Settled(context.Background(), u.ReferenceID)
		if e, failed := errors.AsType[*Error](err); !failed || e.Code == RecordError {
			r.mu.Lock()
			call := r.find(u.ReferenceID)
			r.mu.Unlock()
			r.tell(c, call)
		}
	}()
	synctest.Wait()
}

// tell notes that the caller knows what has come of a call, unless it cannot hear.
func (r *deskRun) tell(c *deskClient, call *deskCall) {
	r.mu.Lock()
	hears := c.alive() && !c.deaf
	call.known = call.known || hears
	r.mu.Unlock()
	if hears {
		c.Delivered(call.reference)
	}
}

func (r *deskRun) deafen(c *deskClient) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.deaf = true
}

func (r *deskRun) forget(c *deskClient, u Unsettled) {
	began := time.Now()
	r.mu.Lock()
	call := r.find(u.ReferenceID)
	call.known = true // or the error says that it is still there
	r.mu.Unlock()
	err := c.Forget(r.d.Context(), u.ReferenceID)
	r.mu.Lock()
	defer r.mu.Unlock()
	_, kept := r.store.has[u.ReferenceID]
	switch {
	case !c.alive() || c.rest.AgentChanged():
	case err != nil && r.well(began):
		r.blame("%s cannot be forgotten: %v", u.ReferenceID, err)
	case err == nil && kept:
		r.blame("%s was forgotten, and is in the store", u.ReferenceID)
	}
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
// again, or sign in anew, or at their next POST.
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
