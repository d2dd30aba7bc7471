package outbound

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/journal/journaltest"
)

// TestModelJournal has random sequences of what pages of two agents do in one browser, up to two pages at
// a time, with a store that fails, hangs, and is cleared. Two things hold:
//
//   - no acknowledgement that was confirmed to the server is unknown to the next page, unless its caller
//     knows of it. Only while the store does not work can that be lost, which the log says;
//   - no call is posted twice, unless its caller asks for that knowing what is known.
func TestModelJournal(t *testing.T) {
	if os.Getenv("RAPID_CHECKS") == "" && flag.Lookup("rapid.checks").Value.String() == flag.Lookup("rapid.checks").DefValue {
		_ = flag.Set("rapid.checks", fmt.Sprint(modelSequences/10))
	}
	rapid.Check(t, func(rt *rapid.T) {
		conf := modelConfig{
			Ack: true, LongPolling: rapid.Bool().Draw(rt, "long-polling"), SingleFrames: rapid.Bool().Draw(rt, "single frames"),
			Seed: uint64(rapid.IntRange(0, 1000).Draw(rt, "seed")),
			Lag:  rapid.SampledFrom([]time.Duration{0, 20 * time.Millisecond, 400 * time.Millisecond}).Draw(rt, "lag"),
		}
		slow := rapid.SampledFrom([]time.Duration{0, 0, 200 * time.Millisecond, 700 * time.Millisecond}).Draw(rt, "slow store")
		steps := rapid.SliceOfN(deskSteps, 6, 40).Draw(rt, "steps")
		var violations []string
		synctest.Test(t, func(t *testing.T) { violations = playDesk(t, conf, slow, steps) })
		for _, v := range violations {
			rt.Error(v)
		}
	})
}

// deskStep is one thing that happens, and how much time passes after it.
type deskStep struct {
	Do    string
	Page  int // of the two places for pages
	Agent int // who signs in where the place is empty
	Which int // of the calls that are listed
	Fate  modelFate
	For   time.Duration
	Then  time.Duration
}

var deskActions = []string{
	"call", "call", "call", "call", "call", "reload", "reload", "reload", "reload", "kill", "reload at an answer", "reload at an answer", "reload at an answer", "deaf", "deaf", "list", "send again", "send again", "send again over a dead line", "settle", "forget",
	"close", "leave", "close and forget", "another agent", "fails", "full", "hangs", "clear", "cut", "outage", "silence", "expire", "nothing",
}

// deskDelays are short, so that much is under way at a time.
var deskDelays = []time.Duration{-1, 0, 30 * time.Millisecond, 500 * time.Millisecond, time.Second, time.Second, 2500 * time.Millisecond, 5 * time.Second, 20 * time.Second}

var deskSteps = rapid.Custom(func(t *rapid.T) deskStep {
	s := deskStep{Do: rapid.SampledFrom(deskActions).Draw(t, "do"), Page: rapid.IntRange(0, 1).Draw(t, "page")}
	s.Agent = rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "agent")
	switch s.Do {
	case "call":
		s.Fate = modelFate{
			Answer:      rapid.SampledFrom(answers).Draw(t, "answer"),
			Process:     rapid.Bool().Draw(t, "process"),
			Event:       rapid.SampledFrom([]string{"ack", "ack", "ack", "ack", "ack twice", "other", "none"}).Draw(t, "event"),
			AnswerAfter: rapid.SampledFrom(deskDelays[1:]).Draw(t, "answer after"),
			EventAfter:  rapid.SampledFrom(deskDelays[1:]).Draw(t, "event after"),
		}
	case "send again", "send again over a dead line", "settle", "forget":
		s.Which = rapid.IntRange(0, 2).Draw(t, "which")
	case "fails", "full", "hangs", "outage", "silence":
		s.For = rapid.SampledFrom(modelDelays[3:]).Draw(t, "for")
	}
	s.Then = rapid.SampledFrom(deskDelays).Draw(t, "then")
	return s
})

// GoString is for rapid, which prints what it has drawn.
func (s deskStep) GoString() string {
	return fmt.Sprintf("%s (page %d, agent %d, which %d, for %v, answer %s after %v, event %s after %v); %v", s.Do, s.Page, s.Agent, s.Which, s.For,
		s.Fate.Answer, s.Fate.AnswerAfter, s.Fate.Event, s.Fate.EventAfter, s.Then)
}

// deskCall is a call, and what is true of it.
type deskCall struct {
	reference string
	agent     int
	truth     *modelTruth
	asked     int       // times that it was called
	delivered bool      // a caller knows what it has come to, or has forgotten it
	confirmed time.Time // when the acknowledgement was seen to be confirmed over the session of the page that waited for it
	sent      time.Time // the event of that
}

// deskPage is a page that lives.
type deskPage struct {
	*life
	agent   int
	dead    bool                       // guarded by the run's mutex
	deaf    bool                       // callers hear nothing, as where the page hangs and its Worker does not; guarded by the mutex
	changed bool                       // another agent has signed in
	waits   map[*deskCall]map[int]bool // for these, with the events of each that it could not take
}

// deskRun is a sequence being played.
type deskRun struct {
	d    *desk
	slow time.Duration // what each access to the store takes, which is no reason to lose anything

	mu      sync.Mutex
	calls   []*deskCall
	pages   [2]*deskPage
	trouble []modelFault // times in which the store did not work
	cleared time.Time
	wrong   []string
}

var deskAgents = [2]string{`,"user":{"id":"ann"}`, `,"user":{"id":"bob"}`}

// deskHeals is how long after trouble the store may take to be up to date: the pause before a write that has
// failed is made again is a minute at the most, and one that hangs takes 3 s.
const deskHeals = 70 * time.Second

// playDesk returns what was wrong.
func playDesk(t *testing.T, conf modelConfig, slow time.Duration, steps []deskStep) []string {
	r := &deskRun{slow: slow, d: &desk{T: t, Browser: journaltest.NewBrowser(), s: &modelServer{conf: conf, truths: map[string]*modelTruth{}}}}
	r.d.Slow(slow)
	for _, step := range steps {
		r.do(step)
		if step.Then >= 0 {
			pass(step.Then)
		}
		r.observe()
	}
	pass(3 * time.Minute) // all is well again, and written
	r.observe()
	for i := range r.pages {
		r.kill(i)
	}
	pass(time.Minute)
	for agent := range deskAgents {
		r.judge(agent)
	}
	pass(10 * time.Second) // the last writes are done, or given up
	return r.wrong
}

func (r *deskRun) violation(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

func (r *deskRun) do(step deskStep) {
	s, page := r.d.s, r.pages[step.Page]
	lock := func(f func()) {
		s.mu.Lock()
		defer s.mu.Unlock()
		f()
	}
	switch step.Do {
	case "fails":
		r.spoil(step.For, func(on bool) { r.d.Fail(when2(on, errors.New("broken"))) })
	case "full":
		r.spoil(step.For, func(on bool) { r.d.FailWrites(when2(on, errors.New("full"))) })
	case "hangs":
		r.spoil(step.For, func(on bool) {
			if on {
				r.d.Slow(time.Hour)
			} else {
				r.d.Slow(r.slow)
			}
		})
	case "clear":
		r.cleared = time.Now()
		r.d.Clear()
	case "cut":
		lock(s.cut)
	case "outage":
		lock(func() { s.outage(step.For) })
	case "silence":
		lock(func() { s.silence(step.For) })
	case "expire":
		lock(func() { s.forget(false, adviceHandshake) })
	}
	switch step.Do {
	case "call", "list", "send again", "send again over a dead line", "settle", "forget", "reload":
		if page == nil {
			page = r.open(step.Agent)
			r.pages[step.Page] = page
		}
	}
	if page == nil {
		return
	}
	switch step.Do {
	case "deaf":
		r.mu.Lock()
		page.deaf = true
		r.mu.Unlock()
	case "reload", "reload at an answer":
		if step.Do != "reload" {
			r.waitForAnswer()
		}
		agent := page.agent
		r.kill(step.Page)
		r.pages[step.Page] = r.open(agent)
	case "call":
		call := &deskCall{reference: fmt.Sprintf("ref-%d", len(r.calls)), agent: page.agent}
		call.truth = r.d.fated(call.reference, step.Fate)
		r.calls = append(r.calls, call)
		r.call(page, call, record("referenceId", call.reference))
	case "list":
		r.list(page)
	case "send again", "send again over a dead line", "settle", "forget":
		list := r.list(page)
		if step.Do == "send again over a dead line" {
			lock(func() { s.outage(4 * time.Second) })
			synctest.Wait()
			r.mu.Lock()
			page.deaf = page.deaf || step.Which == 2
			r.mu.Unlock()
		}
		if len(list) == 0 {
			return
		}
		u := list[step.Which%len(list)]
		call := r.find(u.ReferenceID)
		switch step.Do {
		case "send again", "send again over a dead line":
			before := r.posts(call)
			r.call(page, call, u.Request)
			if u.Answered {
				call.asked--
				synctest.Wait()
				if r.posts(call) != before {
					r.violation("%s was sent again, though its answer was there", call.reference)
				}
			}
		case "settle":
			r.settle(page, call)
		case "forget":
			if err := page.Forget(r.d.Context(), u.ReferenceID); err != nil && !r.troubled(time.Now()) {
				r.violation("%s cannot be forgotten: %v", u.ReferenceID, err)
			}
			r.mu.Lock()
			call.delivered = true // or the error has said that it is still there
			r.mu.Unlock()
		}
	case "kill":
		r.kill(step.Page)
	case "leave":
		page.Leave()
		synctest.Wait()
		r.kill(step.Page)
	case "close", "close and forget":
		r.close(step.Page, step.Do == "close and forget")
	case "another agent":
		page.net.me = deskAgents[1-page.agent]
		err := page.rest.SignIn(r.d.Context())
		page.changed = page.rest.AgentChanged()
		if err != nil && !page.changed { // a fault of the network
			page.net.me = deskAgents[page.agent]
		}
	}
}

func when2(on bool, err error) error {
	if on {
		return err
	}
	return nil
}

// spoil has the store not work for a time.
func (r *deskRun) spoil(d time.Duration, set func(on bool)) {
	r.trouble = append(r.trouble, modelFault{from: time.Now(), until: time.Now().Add(d)})
	set(true)
	time.AfterFunc(d, func() { set(false) })
}

// waitForAnswer waits until the server sends one more event, but not for long.
func (r *deskRun) waitForAnswer() {
	sent := func() (n int) {
		r.d.s.mu.Lock()
		defer r.d.s.mu.Unlock()
		for _, call := range r.calls {
			n += len(call.truth.events)
		}
		return n
	}
	before := sent()
	for range 100 {
		if sent() > before {
			return
		}
		pass(50 * time.Millisecond)
	}
}

// troubled reports whether the store did not work at that time, or had not healed.
func (r *deskRun) troubled(at time.Time) bool {
	return slices.ContainsFunc(r.trouble, func(f modelFault) bool { return !f.from.After(at) && at.Sub(f.until) < deskHeals })
}

func (r *deskRun) open(agent int) *deskPage {
	ctx, cancel := context.WithTimeout(r.d.Context(), time.Minute)
	defer cancel()
	gone := r.gone() // nobody can take that any more
	l, err := r.d.tryToLoadAs(ctx, deskAgents[agent], confirms)
	if err != nil {
		return nil // a fault of the network
	}
	page := &deskPage{life: l, agent: agent, waits: map[*deskCall]map[int]bool{}}
	r.listNew(page, gone)
	return page
}

func (r *deskRun) find(reference string) *deskCall {
	i := slices.IndexFunc(r.calls, func(c *deskCall) bool { return c.reference == reference })
	return r.calls[i]
}

// list lists what a page has not settled, and notes that it waits for it.
func (r *deskRun) list(page *deskPage) []Unsettled { return r.listNew(page, nil) }

func (r *deskRun) listNew(page *deskPage, gone map[goneEvent]bool) []Unsettled {
	list := page.Unsettled(r.d.Context())
	for _, u := range list {
		call := r.find(u.ReferenceID)
		if call.agent != page.agent || page.changed {
			r.violation("%s is listed for another agent", u.ReferenceID)
		}
		r.d.s.mu.Lock()
		events := len(call.truth.events)
		r.d.s.mu.Unlock()
		if u.Answered && events == 0 {
			r.violation("%s is listed as answered, and nothing was sent", u.ReferenceID)
		}
		if _, known := page.waits[call]; !known {
			page.waits[call] = map[int]bool{}
			for n := range events { // what a page that lives has heard before was for nobody there
				page.waits[call][n] = gone == nil || gone[goneEvent{page.client(), call, n}]
			}
		}
	}
	return list
}

// call calls, and confirms what was delivered if the page lives then.
func (r *deskRun) call(page *deskPage, call *deskCall, fields gws.Fields) {
	call.asked++
	if page.waits[call] == nil {
		page.waits[call] = map[int]bool{}
	}
	again := call.asked > 1
	before := r.posts(call)
	defer func() {
		if page.changed && r.posts(call) != before {
			r.violation("%s was sent, though another agent has signed in", call.reference)
		}
	}()
	go func() {
		_, err := page.Call(context.Background(), "completeRecord", fields, CallOptions{})
		if e, failed := errors.AsType[*Error](err); failed && (e.Code == InvalidRequest || again && (e.Delivery == gws.NotSent || e.Delivery == gws.Rejected)) {
			return // the earlier one is what it was
		}
		r.tell(page, call)
	}()
	synctest.Wait()
}

// posts returns how many POSTs of a call have reached the server.
func (r *deskRun) posts(call *deskCall) int {
	r.d.s.mu.Lock()
	defer r.d.s.mu.Unlock()
	return call.truth.posts
}

func (r *deskRun) settle(page *deskPage, call *deskCall) {
	go func() {
		_, err := page.Settled(context.Background(), call.reference)
		if e, failed := errors.AsType[*Error](err); !failed || e.Code == RecordError {
			r.tell(page, call)
		}
	}()
	synctest.Wait()
}

// tell notes that the caller knows what has come of a call, unless the page is dead.
func (r *deskRun) tell(page *deskPage, call *deskCall) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !page.dead && !page.deaf {
		call.delivered = true
		page.Delivered(call.reference)
	}
}

func (r *deskRun) kill(i int) {
	if page := r.pages[i]; page != nil {
		r.observe()
		r.bury(page)
		page.kill()
		r.pages[i] = nil
	}
}

func (r *deskRun) bury(page *deskPage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	page.dead = true
}

// close closes the client of a page that lives on, which callers learn.
func (r *deskRun) close(i int, forget bool) {
	page := r.pages[i]
	r.observe()
	if !forget {
		page.Close()
	} else {
		err, other := page.CloseAndForget(), r.pages[1-i]
		if err != nil && !page.changed && !r.troubled(time.Now()) {
			r.violation("the journal cannot be cleared: %v", err)
		}
		theirs := func(call *deskCall) bool { return other != nil && other.waits[call] != nil }
		r.mu.Lock()
		for _, call := range r.calls { // or the error has said that it is still there
			call.delivered = call.delivered || call.agent == page.agent && !page.changed && !theirs(call)
		}
		r.mu.Unlock()
		for key := range r.d.Texts() {
			_, reference, ok := strings.Cut(key, "/entry/")
			if ok && err == nil && r.find(reference).agent == page.agent && !page.changed && !theirs(r.find(reference)) {
				r.violation("%s is still in the store, though nothing was to be", reference)
			}
		}
	}
	synctest.Wait()
	r.bury(page)
	page.kill()
	r.pages[i] = nil
}

// observe notes which acknowledgements were confirmed over the sessions of the pages that wait for them.
func (r *deskRun) observe() {
	synctest.Wait()
	s := r.d.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, page := range r.pages {
		if page == nil || page.changed {
			continue
		}
		id := page.client()
		i := slices.IndexFunc(s.sessions, func(ses *modelSession) bool { return ses.id == id })
		if i < 0 {
			continue
		}
		for call, missed := range page.waits {
			for n, event := range call.truth.events {
				if !missed[n] && event.gone(s.sessions[i]) && call.confirmed.IsZero() {
					call.confirmed, call.sent = time.Now(), event.at
				}
			}
		}
	}
}

// gone reports whether the event was sent to the session, and confirmed over it.
func (e modelEvent) gone(ses *modelSession) bool {
	return slices.Contains(e.sessions, ses) &&
		!slices.ContainsFunc(ses.queue, func(q modelQueued) bool { return strings.Contains(q.event, e.data) })
}

// goneEvent is the n-th event of a call, in the session of that id.
type goneEvent struct {
	session string
	call    *deskCall
	n       int
}

// gone returns what was confirmed, over whatever session.
func (r *deskRun) gone() map[goneEvent]bool {
	r.d.s.mu.Lock()
	defer r.d.s.mu.Unlock()
	all := map[goneEvent]bool{}
	for _, call := range r.calls {
		for n, event := range call.truth.events {
			for _, ses := range event.sessions {
				all[goneEvent{ses.id, call, n}] = event.gone(ses)
			}
		}
	}
	return all
}

// client returns the id of the session of a page.
func (p *deskPage) client() string {
	id, _ := p.net.client.Load().(string)
	return id
}

// judge opens one more page of an agent, and says what it should know and does not.
func (r *deskRun) judge(agent int) {
	page := r.open(agent)
	if page == nil {
		r.violation("no page can be opened when all is well")
		return
	}
	require.Empty(r.d, page.log)
	answered := map[string]bool{}
	for _, u := range page.Unsettled(r.d.Context()) {
		answered[u.ReferenceID] = u.Answered
	}
	for _, call := range r.calls {
		if call.agent != agent {
			continue
		}
		r.d.s.mu.Lock()
		posts := call.truth.posts - min(call.truth.repeats, 2*call.asked)
		r.d.s.mu.Unlock()
		if posts > call.asked {
			r.violation("%s: %d POSTs, and it was called %d times", call.reference, posts, call.asked)
		}
		if call.delivered || call.confirmed.IsZero() || !call.sent.After(r.cleared) || r.lost(call) {
			continue
		}
		if !answered[call.reference] {
			r.violation("%s: its acknowledgement was confirmed, and the next page does not know it (it lists %v)", call.reference, answered)
		}
	}
	page.Close()
}

// lost reports whether the store did not work between the event and its confirmation.
func (r *deskRun) lost(call *deskCall) bool {
	return slices.ContainsFunc(r.trouble, func(f modelFault) bool {
		return !f.from.After(call.confirmed) && call.sent.Sub(f.until) < deskHeals
	})
}
