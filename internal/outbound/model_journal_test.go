package outbound

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"gws-outbound/internal/journal/journaltest"
)

// TestModelJournal has random sequences of what pages of two agents do in one browser, up to two pages at
// a time with up to two clients each, with a store that fails, is full, hangs, is cleared, and sees pages die, at any step of any
// access to it. At each moment this holds:
//
//   - no acknowledgement is confirmed to the server before it is in the store, and none that is there leaves it before
//     its caller knows of it: so the next page does. Only what the store has refused, or was cleared of, can be lost, and what it
//     has refused it is given again. See deskClient.confirms, deskRun.written and deskRun.observe;
//   - each time that a caller asks, one POST leaves at the most, while the caller waits, after the entry of it was
//     written, and none where the answer is known, or another agent is. What is listed says all that is known. See deskClient.posts
//     and deskRun.list.
//
// Without acknowledged delivery nothing is ever confirmed, and what is on its way to a page that dies is lost. The rest holds as
// it does with it: what a page has heard is written at once, and stays.
func TestModelJournal(t *testing.T) {
	drawSequences(modelSequences / 10)
	rapid.Check(t, func(rt *rapid.T) {
		conf := modelConfig{
			Ack: rapid.IntRange(0, 4).Draw(rt, "ack") < 4, LongPolling: rapid.Bool().Draw(rt, "long-polling"), SingleFrames: rapid.Bool().Draw(rt, "single frames"),
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
	Do     string
	Page   int    // of the two places for pages
	Client int    // of the two that a page may have
	Agent  int    // who signs in where the place is empty
	Which  int    // of the calls that are listed; how another agent is noticed
	Method string // of a call
	Fate   modelFate
	Fault  deskFault
	For    time.Duration
	Then   time.Duration
}

var deskActions = []string{
	"call", "call", "call", "call", "call", "call", "reload", "reload", "reload", "kill", "reload at an answer", "reload at an answer", "reload at an answer", "crash", "deaf", "deaf",
	"list", "send again", "send again", "send again over a dead line", "settle", "forget", "close", "leave", "close and forget", "another agent",
	"store", "store", "store", "store", "store", "store", "cut", "outage", "silence", "expire", "nothing",
}

// deskDelays are short, so that much is under way at a time.
var deskDelays = []time.Duration{-1, 0, 30 * time.Millisecond, 500 * time.Millisecond, time.Second, time.Second, 2500 * time.Millisecond, 5 * time.Second, 20 * time.Second}

var deskSteps = rapid.Custom(func(t *rapid.T) deskStep {
	s := deskStep{Do: rapid.SampledFrom(deskActions).Draw(t, "do"), Page: rapid.IntRange(0, 1).Draw(t, "page")}
	s.Client = rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "client")
	s.Agent = rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "agent")
	switch s.Do {
	case "call":
		s.Method = rapid.SampledFrom([]string{"completeRecord", "completeRecord", "completeRecord", "updateRecord", "doNotCallRecord", "getChainedRecords"}).Draw(t, "method")
		s.Fate = deskFates.Draw(t, "fate")
	case "send again", "send again over a dead line":
		s.Fate = deskFates.Draw(t, "fate")
		fallthrough
	case "settle", "forget", "another agent":
		s.Which = rapid.IntRange(0, 2).Draw(t, "which")
	case "store":
		s.Fault = deskFault{
			how:   rapid.SampledFrom(deskFaults).Draw(t, "how"),
			after: rapid.SampledFrom([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20}).Draw(t, "after"),
			lasts: rapid.SampledFrom(append([]time.Duration{0, 0}, modelDelays[3:]...)).Draw(t, "lasts"),
		}
	case "outage", "silence":
		s.For = rapid.SampledFrom(modelDelays[3:]).Draw(t, "for")
	}
	s.Then = rapid.SampledFrom(deskDelays).Draw(t, "then")
	return s
})

var deskFates = rapid.Custom(func(t *rapid.T) modelFate {
	return modelFate{
		Answer:      rapid.SampledFrom(answers).Draw(t, "answer"),
		Process:     rapid.Bool().Draw(t, "process"),
		Event:       rapid.SampledFrom([]string{"ack", "ack", "ack", "ack", "ack twice", "other", "none"}).Draw(t, "event"),
		AnswerAfter: rapid.SampledFrom(deskDelays[1:]).Draw(t, "answer after"),
		EventAfter:  rapid.SampledFrom(deskDelays[1:]).Draw(t, "event after"),
	}
})

// GoString is for rapid, which prints what it has drawn.
func (s deskStep) GoString() string {
	text := fmt.Sprintf("%s (page %d, client %d, agent %d", s.Do, s.Page, s.Client, s.Agent)
	switch s.Do {
	case "store":
		text += fmt.Sprintf(", it %s after %d steps, for %v", s.Fault.how, s.Fault.after, s.Fault.lasts)
	case "call", "send again", "send again over a dead line":
		text += fmt.Sprintf(", which %d, %s, %+v", s.Which, s.Method, s.Fate)
	default:
		text += fmt.Sprintf(", which %d, for %v", s.Which, s.For)
	}
	return fmt.Sprintf("%s); %v", text, s.Then)
}

// deskRun is a sequence being played. What it has belongs to the mutex, which is taken after that of the server.
type deskRun struct {
	d    *desk
	slow time.Duration // what each access to the store takes, which is no reason to lose anything

	mu    sync.Mutex
	calls []*deskCall
	pages [2]*deskPage
	store deskStoreState
	users map[string][]*deskClient // of a session, by its id, in the order in which they have gone on with it
	dead  int                      // pages that have died
	wrong []string

	forgets *deskClient // that has the journal cleared just now
}

// playDesk returns what was wrong.
func playDesk(t *testing.T, conf modelConfig, slow time.Duration, steps []deskStep) []string {
	r := &deskRun{
		slow: slow, d: &desk{T: t, Browser: journaltest.NewBrowser(), s: &modelServer{conf: conf, truths: map[string]*modelTruth{}}},
		users: map[string][]*deskClient{},
	}
	r.d.Slow(slow)
	r.d.OnStep(r.step)
	for _, step := range steps {
		r.do(step)
		if step.Then >= 0 {
			pass(step.Then)
		}
		r.observe()
	}
	r.endFaults()
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
	r.blame(format, args...)
}

// blame is violation for who holds the mutex.
func (r *deskRun) blame(format string, args ...any) {
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

func (r *deskRun) do(step deskStep) {
	s := r.d.s
	lock := func(f func()) {
		s.mu.Lock()
		defer s.mu.Unlock()
		f()
	}
	switch step.Do {
	case "store":
		r.fault(step.Fault)
		return
	case "cut":
		lock(s.cut)
		return
	case "outage":
		lock(func() { s.outage(step.For) })
		return
	case "silence":
		lock(func() { s.silence(step.For) })
		return
	case "expire":
		lock(func() { s.forget(false, adviceHandshake) })
		return
	case "crash":
		r.kill(0)
		r.kill(1)
		return
	case "reload", "reload at an answer":
		if step.Do != "reload" {
			r.waitForAnswer()
		}
		r.reload(step.Page, step.Agent)
		return
	}
	c := r.client(step)
	if c == nil {
		return
	}
	switch step.Do {
	case "deaf":
		r.deafen(c)
	case "call":
		r.call(c, r.newCall(c, step))
	case "list":
		r.list(c)
	case "send again", "send again over a dead line", "settle", "forget":
		list := r.list(c)
		if step.Do == "send again over a dead line" {
			lock(func() { s.outage(4 * time.Second) })
			synctest.Wait()
		}
		if step.Do != "forget" && step.Which == 2 {
			r.deafen(c)
		}
		switch {
		case c.ended():
		case strings.HasPrefix(step.Do, "send again"):
			r.callAgain(c, list, step)
		case len(list) == 0:
		case step.Do == "settle":
			r.settle(c, list[step.Which%len(list)])
		case step.Do == "forget":
			r.forget(c, list[step.Which%len(list)])
		}
	case "kill":
		r.kill(step.Page)
	case "leave":
		r.leave(step.Page)
	case "close", "close and forget":
		r.close(c, step.Do == "close and forget")
	case "another agent":
		r.signInAnother(c, step.Which)
	}
}

// waitForAnswer waits until the server sends one more event, but not for long.
func (r *deskRun) waitForAnswer() {
	sent := func() (n int) {
		r.d.s.mu.Lock()
		defer r.d.s.mu.Unlock()
		for _, truth := range r.d.s.truths {
			n += len(truth.events)
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
