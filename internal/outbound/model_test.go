package outbound

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/bayeux/longpolling"
	"gws-outbound/internal/deadline"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
	"gws-outbound/internal/journal"
	"gws-outbound/internal/journal/journaltest"
)

// drawSequences says how many sequences are drawn where neither RAPID_CHECKS nor -rapid.checks does. They are the
// same each time, so that what a run of the tests says of a change is not a matter of luck. To look for others:
//
//	go test ./internal/outbound -run '^TestModel' -rapid.seed=7 -rapid.checks=100000
func drawSequences(number int) {
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	byDefault := func(name, value string) {
		if !given[name] {
			_ = flag.Lookup(name).Value.Set(value) // not flag.Set, after which it would be given for the next model
		}
	}
	if os.Getenv("RAPID_CHECKS") == "" {
		byDefault("rapid.checks", fmt.Sprint(number))
	}
	byDefault("rapid.seed", "20261128")
}

// TestModel has random sequences of calls and faults judged by what the model
// of a server knows to be true, in virtual time. A failure prints its shortest sequence, and the seed.
func TestModel(t *testing.T) {
	drawSequences(modelSequences)
	rapid.Check(t, func(rt *rapid.T) {
		conf := modelConfigs.Draw(rt, "config")
		steps := rapid.SliceOfN(modelSteps, 1, 30).Draw(rt, "steps")
		var violations []string
		synctest.Test(t, func(t *testing.T) { violations = playModel(t, conf, steps) })
		for _, v := range violations {
			rt.Error(v)
		}
	})
}

var modelConfigs = rapid.Custom(func(t *rapid.T) modelConfig {
	return modelConfig{
		Ack:          rapid.IntRange(0, 3).Draw(t, "ack") < 3,
		LongPolling:  rapid.Bool().Draw(t, "long-polling"),
		SingleFrames: rapid.Bool().Draw(t, "single frames"),
		Lag:          rapid.SampledFrom([]time.Duration{0, 20 * time.Millisecond, 400 * time.Millisecond, 1200 * time.Millisecond}).Draw(t, "lag"),
		Both:         rapid.Bool().Draw(t, "both"),
		Old:          rapid.IntRange(0, 3).Draw(t, "old") == 3,
		Rate:         rapid.SampledFrom([]int{0, 0, 100_000, 16_000}).Draw(t, "rate"),
		Seed:         uint64(rapid.IntRange(0, 1000).Draw(t, "seed")),
		Journal:      rapid.Bool().Draw(t, "journal"),
	}
})

// modelStep is one thing that happens, and how much time passes after it.
type modelStep struct {
	Do    string
	Fate  modelFate     // of a call
	For   time.Duration // acknowledgement timeout of a call; how long a fault lasts
	Which int           // of the calls so far; how there are no sockets
	Lost  bool          // nobody says that the page has woken up; the sockets that there are are cut
	Then  time.Duration // below 0: the next step comes before anything is done about this one
}

var modelActions = []string{
	"call", "call", "call", "call", "call", "call", "invalid", "duplicate", "abort", "cut", "cut", "tear", "flap", "silence", "outage",
	"restart", "expire", "expire quietly", "advice none", "noise", "wake", "nothing", "nothing", "close",
	"large", "large", "far", "no sockets", "no sockets", "sleep", "sleep", "freeze", "others", "again", "again", "sign out", "busy", "advice",
}

var modelDelays = []time.Duration{0, 0, 0, 30 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second, 9 * time.Second, 20 * time.Second, 45 * time.Second}

var modelSteps = rapid.Custom(func(t *rapid.T) modelStep {
	step := modelStep{Do: rapid.SampledFrom(modelActions).Draw(t, "do")}
	switch step.Do {
	case "call", "again":
		step.Fate = modelFate{
			CSRF:        rapid.IntRange(0, 9).Draw(t, "csrf") == 9,
			Answer:      rapid.SampledFrom(answers).Draw(t, "answer"),
			Process:     rapid.Bool().Draw(t, "process"),
			Event:       rapid.SampledFrom(notifications).Draw(t, "event"),
			AnswerAfter: rapid.SampledFrom(modelDelays).Draw(t, "answer after"),
			EventAfter:  rapid.SampledFrom(modelDelays).Draw(t, "event after"),
		}
		step.For = rapid.SampledFrom([]time.Duration{30 * time.Second, 5 * time.Second, 90 * time.Second}).Draw(t, "timeout")
	case "duplicate", "abort":
		step.Which = rapid.IntRange(0, 5).Draw(t, "which")
	case "flap", "silence", "outage", "far", "freeze", "others", "busy":
		step.For = rapid.SampledFrom(modelDelays[3:]).Draw(t, "for")
	case "no sockets":
		step.For = rapid.SampledFrom(append([]time.Duration{45 * time.Second, 90 * time.Second}, modelDelays[3:]...)).Draw(t, "for")
		step.Which = rapid.IntRange(0, 2).Draw(t, "how")
		step.Lost = rapid.Bool().Draw(t, "cut")
	case "sleep":
		step.For = rapid.SampledFrom(modelDelays[3:]).Draw(t, "for")
		step.Lost = rapid.Bool().Draw(t, "lost")
	}
	step.Then = rapid.SampledFrom(append([]time.Duration{-1}, modelDelays...)).Draw(t, "then")
	return step
})

// GoString is for rapid, which prints what it has drawn.
func (s modelStep) GoString() string {
	text := s.Do
	switch s.Do {
	case "call", "again":
		text = fmt.Sprintf(s.Do+" (timeout %v, answer %s after %v, event %s after %v, process %v, csrf %v)", s.For,
			s.Fate.Answer, s.Fate.AnswerAfter, s.Fate.Event, s.Fate.EventAfter, s.Fate.Process, s.Fate.CSRF)
	case "duplicate", "abort":
		text = fmt.Sprintf("%s of call %d", s.Do, s.Which)
	case "flap", "silence", "outage", "far", "freeze", "others", "busy":
		text = fmt.Sprintf("%s for %v", s.Do, s.For)
	case "no sockets":
		text = fmt.Sprintf("new sockets are %s for %v (old ones cut: %v)", []string{"refused", "swallowed", "of no use"}[s.Which], s.For, s.Lost)
	case "sleep":
		text = fmt.Sprintf("sleep for %v (wake lost: %v)", s.For, s.Lost)
	}
	if s.Then >= 0 {
		return fmt.Sprintf("%s; %v", text, s.Then)
	}
	return text + "; and at once"
}

// modelCall is a call and what came of it.
type modelCall struct {
	reference string
	timeout   time.Duration
	started   time.Time
	valid     bool
	truth     *modelTruth // nil if it must not be sent
	cancel    context.CancelFunc

	mu      sync.Mutex
	ended   time.Time
	settled int
	outcome outcome
	aborted time.Time
}

// modelRun is a sequence being played.
type modelRun struct {
	t      *testing.T
	s      *modelServer
	c      *Client
	calls  []*modelCall
	page   *sleeper
	awake  chan struct{} // closed when the page is; nil if it has not slept
	frozen []modelFreeze
	closed time.Time
	kicked bool
	wrong  []string
}

const modelConnectTimeout = 10 * time.Second

func modelOptions(log func(bayeux.Level, string)) Options {
	return Options{
		BaseURL: "http://model", CometdPath: DefaultCometdPath, CSRF: true, HeadersDynamic: true,
		Headers:        func(context.Context, bool) (httpx.Header, error) { return httpx.Header{"authorization": "x"}, nil },
		ConnectTimeout: modelConnectTimeout, RequestTimeout: 10 * time.Second, AckTimeout: 30 * time.Second,
		Log: log,
	}
}

// network is how a client reaches the server.
func (s *modelServer) network() network {
	return network{
		doer:   s,
		random: rand.New(rand.NewPCG(s.conf.Seed, 0)).Float64,
		transports: func(rest *gws.Auth) []bayeux.Transport {
			polling := modelPolling{longpolling.New(longpolling.Options{URL: "http://model/cometd", Doer: s, Header: rest.RequestHeader}), s}
			switch {
			case s.conf.Both:
				return []bayeux.Transport{modelWebSocket{s}, polling}
			case s.conf.LongPolling:
				return []bayeux.Transport{polling}
			}
			return []bayeux.Transport{modelWebSocket{s}}
		},
	}
}

// modelPolling is the transport of long-polling, by whose newest connection the page can be stopped.
type modelPolling struct {
	bayeux.Transport
	s *modelServer
}

func (p modelPolling) Open(ctx context.Context, sink bayeux.Sink) (bayeux.Conn, error) {
	p.s.mu.Lock()
	p.s.sink = sink
	p.s.mu.Unlock()
	return p.Transport.Open(ctx, sink)
}

// stopping is a channel whose events stop the page.
const stopping = "/stop"

// sleep has nothing of the session run for a while. What its timers were to do comes first then, late, and
// after that all that has arrived meanwhile.
func (r *modelRun) sleep(d time.Duration, lost bool) {
	r.awake = make(chan struct{})
	r.s.mu.Lock()
	r.s.sleep(d)
	r.s.sink.Receive([]byte(`[{"channel":"` + stopping + `","data":1}]`))
	r.s.mu.Unlock()
	pass(d)
	r.s.mu.Lock()
	r.s.wake()
	r.s.mu.Unlock()
	close(r.awake)
	if !lost {
		r.c.Wake()
	}
}

// modelFreeze is when the page was frozen, as its deadlines see it: its clock jumps.
type modelFreeze struct {
	at     time.Time
	missed time.Duration
}

// missed is how much of the time of a call the page has missed.
func (r *modelRun) missed(call *modelCall) (d time.Duration) {
	for _, f := range r.frozen {
		if !f.at.Before(call.started) && !f.at.After(call.ended) {
			d += f.missed
		}
	}
	return d
}

// playModel returns what was wrong.
func playModel(t *testing.T, conf modelConfig, steps []modelStep) []string {
	r := &modelRun{t: t, s: &modelServer{conf: conf, truths: map[string]*modelTruth{}}, page: &sleeper{}}
	opts := modelOptions(func(level bayeux.Level, line string) {
		if level == bayeux.Warn && !strings.Contains(line, "several clients") {
			r.violation("the log has a warning: %s", line)
		}
	})
	browser := journaltest.NewBrowser()
	if conf.Journal {
		page := browser.Page()
		opts.Journal = func() (journal.Store, journal.Locks, error) { return page, page, nil }
	}
	opts.Headers = func(context.Context, bool) (httpx.Header, error) {
		r.s.mu.Lock()
		defer r.s.mu.Unlock()
		return httpx.Header{"authorization": fmt.Sprint(r.s.token)}, nil
	}
	opts.Channels = []string{stopping}
	opts.OnNotification = func(on string, _ json.RawMessage) {
		if on == stopping {
			<-r.awake
		}
	}
	over := r.s.network()
	over.clock = r.page.clock()
	c, err := opts.open(t.Context(), over)
	if err != nil {
		return []string{fmt.Sprintf("cannot open: %v", err)}
	}
	r.c = c
	for _, step := range steps {
		r.do(step)
		if step.Then >= 0 {
			pass(step.Then)
		}
	}
	pass(modelConnectTimeout + 90*time.Second) // the longest bound of a call
	if c.Pending() != 0 {
		r.violation("%d are pending when every time is over", c.Pending())
	}
	pass(3 * time.Minute) // a session can be had again by then, the longest backoff included
	if status, _ := c.session.Watch(); r.closed.IsZero() && !r.kicked {
		if status.State != bayeux.Connected {
			r.violation("%s minutes after the last fault: %v", status.State, status.Reason)
		}
		if conf.Both && status.Transport != WebSocket {
			r.violation("over %s minutes after the last fault", status.Transport)
		}
	}
	for _, at := range r.s.aborted {
		if r.closed.IsZero() || at.Before(r.closed) {
			r.violation("a reply that was arriving was given up")
		}
	}
	r.close()
	pass(10 * time.Second) // what the closing client has still to send is answered, or given up
	for _, call := range r.calls {
		call.cancel()
		r.judge(call)
	}
	if left := browser.Texts(); len(left) > 0 {
		r.violation("the journal still has %v, though every caller has its result", left)
	}
	return r.wrong
}

func (r *modelRun) violation(format string, args ...any) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

func (r *modelRun) do(step modelStep) {
	s := r.s
	if fault := map[string]func(){
		"cut":     s.cut,
		"tear":    func() { s.tearing = true },
		"flap":    func() { s.flap(step.For+45*time.Second, 4*time.Second) },
		"silence": func() { s.silence(step.For) },
		"outage":  func() { s.outage(step.For) },
		"restart": func() { s.forget(true, ""); s.cut() },
		"large":   s.publishLarge,
		"far":     func() { s.far = append(s.far, modelFault{from: time.Now(), until: time.Now().Add(step.For)}) },
		"no sockets": func() {
			s.withoutSockets(step.For, step.Which)
			if step.Lost {
				s.cut()
			}
		},
		"others":   func() { s.others = time.Now().Add(step.For) },
		"busy":     func() { s.beBusy(step.For) },
		"sign out": func() { s.token++; s.faults = append(s.faults, modelFault{from: time.Now(), until: time.Now()}) },
		"advice":   func() { s.interval = 1500*time.Millisecond - s.interval },
		"freeze": func() {
			r.page.freeze(step.For)
			r.frozen = append(r.frozen, modelFreeze{time.Now(), step.For})
		},
		"expire": func() { s.forget(false, adviceHandshake) },
		"expire quietly": func() {
			s.forget(true, "")
		},
		"advice none": func() { s.forget(false, adviceNone) },
		"noise": func() {
			s.publish(`{"notificationType":"RecordProcessedAcknowledge","referenceId":"somebody else's","record":{"recordHandle":1}}`)
		},
	}[step.Do]; fault != nil {
		r.kicked = r.kicked || step.Do == "advice none"
		s.mu.Lock()
		fault()
		s.mu.Unlock()
		return
	}
	n := len(r.calls)
	reference := fmt.Sprintf("ref-%d", n)
	switch step.Do {
	case "call":
		truth := &modelTruth{fate: step.Fate}
		s.mu.Lock()
		s.truths[reference] = truth
		s.mu.Unlock()
		r.call(&modelCall{reference: reference, timeout: step.For, valid: true, truth: truth},
			record("referenceId", reference, "recordHandle", float64(1000+n)))
	case "again":
		if reference := r.ended(); reference != "" {
			truth := &modelTruth{fate: step.Fate}
			s.mu.Lock()
			s.truths[fmt.Sprintf("%s/%d", reference, 1000+n)] = truth
			s.mu.Unlock()
			r.call(&modelCall{reference: reference, timeout: step.For, valid: true, truth: truth},
				record("referenceId", reference, "recordHandle", float64(1000+n)))
		}
	case "invalid":
		r.call(&modelCall{reference: reference, timeout: time.Second}, record("referenceId", reference, "campaignName", ""))
	case "duplicate":
		if of := r.pending(step.Which); of != nil {
			synctest.Wait() // it has begun, or ended
			if r.pending(step.Which) == of {
				r.call(&modelCall{reference: of.reference, timeout: time.Second}, record("referenceId", of.reference))
				synctest.Wait() // before the other ends
			}
		}
	case "abort":
		if call := r.pending(step.Which); call != nil {
			call.aborted = time.Now()
			call.cancel()
		}
	case "wake":
		r.c.Wake()
	case "sleep":
		r.sleep(step.For, step.Lost)
	case "close":
		r.close()
	}
}

// ended returns the reference of the call that has ended last, if it is not in use again; "" if there is none.
func (r *modelRun) ended() (reference string) {
	synctest.Wait()
	var last time.Time
	for _, call := range r.calls {
		call.mu.Lock()
		if call.valid && call.settled > 0 && !call.ended.Before(last) {
			reference, last = call.reference, call.ended
		}
		call.mu.Unlock()
	}
	for _, call := range r.calls {
		call.mu.Lock()
		if call.valid && call.settled == 0 && call.reference == reference {
			reference = ""
		}
		call.mu.Unlock()
	}
	return reference
}

// pending returns the call of that number, if it has not ended.
func (r *modelRun) pending(which int) *modelCall {
	var pending []*modelCall
	for _, call := range r.calls {
		call.mu.Lock()
		if call.settled == 0 && call.valid && call.aborted.IsZero() {
			pending = append(pending, call)
		}
		call.mu.Unlock()
	}
	if which >= len(pending) {
		return nil
	}
	return pending[which]
}

func (r *modelRun) call(call *modelCall, fields gws.Fields) {
	ctx, cancel := context.WithCancel(context.Background())
	call.started, call.cancel = time.Now(), cancel
	r.calls = append(r.calls, call)
	go func() {
		data, err := r.c.Call(ctx, "completeRecord", fields, CallOptions{AckTimeout: call.timeout})
		call.mu.Lock()
		defer call.mu.Unlock()
		call.settled++
		call.ended = time.Now()
		call.outcome = outcome{data, err}
	}()
}

// close closes the client, after which nothing may be pending.
func (r *modelRun) close() {
	if r.closed.IsZero() {
		r.closed = time.Now()
	}
	done := make(chan struct{})
	go func() {
		r.c.Close()
		close(done)
	}()
	synctest.Wait()
	if n := r.c.Pending(); n != 0 {
		r.violation("%d are pending after Close", n)
	}
	<-done
	if !r.c.Ended() {
		r.violation("Close does not end it")
	}
}

// judge says what is wrong with the outcome of a call.
func (r *modelRun) judge(call *modelCall) {
	took := call.ended.Sub(call.started)
	wrong := func(format string, args ...any) {
		r.violation("%s, after %v, with %s, %v: %s", call.reference, took, call.outcome.data, call.outcome.err, fmt.Sprintf(format, args...))
	}
	if call.settled != 1 {
		wrong("settled %d times", call.settled)
		return
	}
	e, failed := errors.AsType[*Error](call.outcome.err)
	if failed != (call.outcome.err != nil) || failed == (call.outcome.data != nil) {
		wrong("neither the one nor the other")
		return
	}
	if !call.valid {
		if !failed || took != 0 || e.Delivery != gws.NotSent || e.Code != InvalidRequest {
			wrong("an invalid call is refused at once")
		}
		return
	}
	truth := call.truth
	bound := modelConnectTimeout + call.timeout
	if !truth.attempted.IsZero() {
		bound = truth.attempted.Sub(call.started) + call.timeout
	}
	missed := r.missed(call)
	early := call.timeout - missed // its clock can run while a new CSRF token is fetched, before the POST leaves
	if missed > 0 {
		bound += 2 * deadline.Grace // a deadline that fires late has that, and so has what follows it
	}
	switch {
	case took > bound:
		wrong("the bound is %v", bound)
	case !call.aborted.IsZero() && call.ended.After(call.aborted):
		wrong("it outlived its abortion")
	case call.started.Before(r.closed) && call.ended.After(r.closed) || call.started.After(r.closed) && took != 0:
		wrong("it outlived the client")
	case truth.posts > 1+min(truth.repeats, 2):
		wrong("%d POSTs", truth.posts)
	}
	if !failed {
		if !slices.ContainsFunc(truth.events, func(sent modelEvent) bool {
			return sent.ack && sent.data == string(call.outcome.data) && !sent.at.After(call.ended)
		}) {
			wrong("no such acknowledgement was sent")
		}
		return
	}
	other := slices.ContainsFunc(truth.events, func(sent modelEvent) bool { return !sent.ack })
	switch e.Delivery {
	case gws.NotSent:
		if !truth.attempted.IsZero() {
			wrong("it was sent")
		}
	case gws.Rejected:
		if truth.processed || !truth.refused && truth.repeats == 0 {
			wrong("it was not refused")
		}
	case gws.Accepted:
		if !truth.accepted && !(other && e.Code == RecordError) {
			wrong("it was not accepted")
		}
	case gws.Unknown:
		if truth.attempted.IsZero() {
			wrong("nothing was sent")
		}
	}
	if failedPost := e.Delivery == gws.Unknown && (e.Code == NetworkError || e.Code == HTTPError || e.Code == APIError); failedPost &&
		took < early && call.ended.Sub(truth.returned) < grace-missed {
		wrong("the POST failed at %v, an acknowledgement could follow", truth.returned.Sub(call.started))
	}
	// With a greater lag, the steps to a session take too long together.
	if e.Code == ConnectFailed && missed == 0 && r.s.longest() < time.Second && r.s.calm(call.started, false) && r.s.calm(call.ended, false) {
		wrong("a session could be had")
	}
	if e.Code == Unauthorized && truth.fate.Answer != "401" && r.s.token < 2 {
		wrong("there were new headers")
	}
	if e.Code == RecordError && (!other || !json.Valid(e.Event)) {
		wrong("no such event was sent")
	}
	switch e.Code {
	case AckTimeout, RequestTimeout, NetworkError, HTTPError, APIError:
		if e.Delivery != gws.Rejected {
			r.judgeLoss(call, wrong)
		}
	}
}

// judgeLoss says whether an acknowledgement was lost that must not be: it was
// sent, with acknowledged delivery, to a session that lived until the call
// ended, or that the client has let die, with all well for long enough before
// that.
func (r *modelRun) judgeLoss(call *modelCall, wrong func(string, ...any)) {
	for _, sent := range call.truth.events {
		if len(sent.sessions) == 0 {
			if !sent.at.After(call.ended) && r.s.calm(sent.at, false) && !r.s.silentWithin(time.Minute, sent.at) {
				wrong("nobody had subscribed when the acknowledgement was sent")
			}
			continue
		}
		if !sent.ack || !r.s.conf.Ack {
			continue
		}
		ses := sent.sessions[len(sent.sessions)-1] // the others were replaced
		alive := ses.ended.IsZero() || ses.ended.After(call.ended) || ses.letDie
		unheard := r.s.silentWithin(time.Minute, sent.at) // it may have gone into a connection that had died before
		if waited := call.ended.Sub(sent.at); alive && waited >= r.s.wellFor(unheard) && r.s.calm(call.ended, !ses.polled) {
			wrong("the acknowledgement was sent %v before, to %s (let die: %v)", waited, ses.id, ses.letDie)
		}
	}
}

// pass moves the clock of the sequence's bubble (testing/synctest), and with it
// the timers that are under test. Nothing waits for it in real time.
func pass(d time.Duration) {
	time.Sleep(d) // by the clock of the bubble
	synctest.Wait()
}
