package outbound

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"time"

	"gws-outbound/internal/journal"
	"gws-outbound/internal/journal/journaltest"
)

// deskFault is what befalls the store.
type deskFault struct {
	how   string        // see deskFaults
	after int           // steps of accesses from now, of whatever page
	lasts time.Duration // 0: for one step
}

// deskFaults: "dies" is the page whose step it is.
var deskFaults = []string{"fails", "fails", "is full", "is full", "hangs", "hangs", "hangs and fails", "is cleared", "dies", "dies"}

// deskStoreState is what is true of the store.
type deskStoreState struct {
	coming  []*deskFault
	on      []deskTrouble
	last    time.Time       // when it did not work last
	cleared time.Time       // last
	has     map[string]bool // the references of the entries that it has, and whether with an answer
}

// deskTrouble is a fault that has begun.
type deskTrouble struct {
	how   string
	until time.Time
}

var errDeskStore = errors.New("the store is broken")

// fault has something befall the store.
func (r *deskRun) fault(f deskFault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case f.after > 0, f.how == "dies", f.lasts == 0 && f.how != "is cleared":
		r.store.coming = append(r.store.coming, &f)
	case f.how == "is cleared":
		r.clear()
	default:
		r.begin(f)
	}
}

func (r *deskRun) begin(f deskFault) {
	r.store.on = append(r.store.on, deskTrouble{f.how, time.Now().Add(f.lasts)})
}

func (r *deskRun) clear() {
	r.store.cleared = time.Now()
	r.d.Clear()
	r.store.has = map[string]bool{}
}

// endFaults has the store work from now on.
func (r *deskRun) endFaults() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.store.coming = nil
	for i := range r.store.on {
		r.store.on[i].until = time.Now()
	}
}

// step is called with each step of each access.
func (r *deskRun) step(p *journaltest.Page, s journaltest.Step) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s == journaltest.Committed {
		r.written()
	}
	coming := r.store.coming
	r.store.coming = nil
	for _, f := range coming {
		if f.after--; f.after > 0 || f.how == "is full" && s != journaltest.Putting {
			r.store.coming = append(r.store.coming, f)
			continue
		}
		switch f.how {
		case "is cleared":
			r.clear()
		case "dies":
			r.die(r.pageOf(p))
		case "hangs", "hangs and fails":
			f.lasts = max(f.lasts, 4*time.Second)
			fallthrough
		default:
			r.begin(*f)
		}
	}
	return r.suffer(s)
}

// suffer is what becomes of a step. The mutex is held.
func (r *deskRun) suffer(s journaltest.Step) error {
	var wrong error
	now := time.Now()
	on := r.store.on
	r.store.on = nil
	var hangs time.Time
	for _, t := range on {
		switch {
		case t.until.Before(now):
			continue
		case t.how == "fails", t.how == "is full" && s == journaltest.Putting:
			wrong = errDeskStore
		case strings.HasPrefix(t.how, "hangs"):
			hangs = t.until
			if t.how != "hangs" {
				wrong = errDeskStore
			}
		}
		if t.until.After(now) {
			r.store.on = append(r.store.on, t)
		}
	}
	if hangs.After(now) {
		r.store.last = hangs
		r.mu.Unlock()
		time.Sleep(hangs.Sub(now)) // by the clock of the bubble (testing/synctest)
		r.mu.Lock()
	}
	if wrong != nil {
		r.store.last = time.Now()
	}
	return wrong
}

// well reports whether the store has worked since then. The mutex is held.
func (r *deskRun) well(since time.Time) bool {
	return r.store.last.Before(since) && r.store.cleared.Before(since)
}

// entries returns the references of the entries of the agent, or of both, and whether they have answers. The mutex is held.
func (r *deskRun) entries() map[string]bool {
	has := map[string]bool{}
	for key, text := range r.d.Texts() {
		_, reference, ok := strings.Cut(key, "/entry/")
		if !ok {
			continue
		}
		var entry struct{ Answer json.RawMessage }
		if err := json.Unmarshal([]byte(text), &entry); err != nil {
			r.blame("%s: %v", key, err)
		}
		has[reference] = has[reference] || entry.Answer != nil
		if scope := journal.Scope("http://model"+DefaultCometdPath, deskAgents[r.find(reference).agent]); !strings.HasPrefix(key, scope+"/") {
			r.blame("%s was written into the journal of another agent", reference)
		}
	}
	return has
}

// written judges what a write has made of the store. The mutex is held.
func (r *deskRun) written() {
	before := r.store.has
	r.store.has = r.entries()
	for reference, answered := range before {
		call := r.find(reference)
		hasAnswer, has := r.store.has[reference]
		switch {
		case call.known:
			call.over = call.over || !has
		case answered && !hasAnswer:
			r.blame("the answer to %s has left the store, and its caller does not know it", reference)
		case call.left && !has && !r.sentUnwritten(call):
			r.blame("%s has left the store, and its caller does not know what it has come to", reference)
		}
	}
	for reference := range r.store.has {
		if r.find(reference).method == "getChainedRecords" {
			r.blame("%s is in the store, and can be asked for again", reference)
		}
	}
}

// sentUnwritten reports whether a client has sent a call again though the store did not answer. What it had asked the store
// for before, such as to remove what was refused, may be done first. The mutex is held.
func (r *deskRun) sentUnwritten(call *deskCall) bool {
	for _, page := range r.pages {
		if page == nil {
			continue
		}
		for _, c := range page.clients {
			if since, asked := c.own[call]; asked && c.refused(call, false, since) {
				return true
			}
		}
	}
	return false
}

// deskStore is the store of one client, and notes what the client hears of it.
type deskStore struct {
	*journaltest.Page
	c *deskClient
}

// deskWrite is a write that has failed.
type deskWrite struct {
	at  time.Time
	put map[string]string
}

// has reports whether the write had the answer to a call, or its entry at least.
func (w *deskWrite) has(reference string, answered bool) bool {
	for key, text := range w.put {
		if strings.HasSuffix(key, "/entry/"+reference) && (!answered || strings.Contains(text, `"answer":`)) {
			return true
		}
	}
	return false
}

// Write is journal.Store's.
func (s deskStore) Write(ctx context.Context, put map[string]string, remove []string) error {
	r := s.c.r
	r.mu.Lock()
	s.c.writing++
	r.mu.Unlock()
	err := s.Page.Write(ctx, put, remove)
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	s.c.writing--
	if s.c.failed = nil; err != nil {
		s.c.failed = &deskWrite{now, maps.Clone(put)}
		r.store.last = now
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		s.c.hung = now.Add(time.Hour)
	case s.c.hung.After(now):
		s.c.hung = now
	}
	return err
}

// Load is journal.Store's.
func (s deskStore) Load(ctx context.Context) (map[string]string, error) {
	all, err := s.Page.Load(ctx)
	if err != nil {
		r := s.c.r
		r.mu.Lock()
		defer r.mu.Unlock()
		s.c.unread++
		r.store.last = time.Now()
	}
	return all, err
}
