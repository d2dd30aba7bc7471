package outbound

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/bayeux/longpolling"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
	"gws-outbound/internal/journal"
	"gws-outbound/internal/journal/journaltest"
)

// desk is an agent's browser, and the server, in virtual time.
type desk struct {
	*testing.T
	*journaltest.Browser
	s *modelServer
}

// life is a client with a journal, in a page that can be killed.
type life struct {
	*Client
	d    *desk
	page *journaltest.Page
	net  *severable
	log  []string
}

// severable is what a client does its requests over, until it is dead.
type severable struct {
	network
	dead   atomic.Bool
	client atomic.Value // the id of its session, a string
	watch  watcher      // nil for none
}

// watcher sees what a client that lives sends and hears.
type watcher interface {
	// request does a request by next, or answers it itself.
	request(r *httpx.Request, next func() (*httpx.Response, error)) (*httpx.Response, error)
	sends(messages []bayeux.Message)
	hears(frame []byte)
}

var errSevered = errors.New("the page is dead")

func (n *severable) Do(ctx context.Context, r *httpx.Request) (*httpx.Response, error) {
	if n.dead.Load() {
		return nil, errSevered
	}
	n.note(r.Body)
	next := func() (*httpx.Response, error) { return n.doer.Do(ctx, r) }
	if n.watch == nil {
		return next()
	}
	resp, err := n.watch.request(r, next)
	if n.dead.Load() {
		return nil, errSevered
	}
	if err == nil {
		n.watch.hears(resp.Body)
	}
	return resp, err
}

// note notes the session that messages belong to.
func (n *severable) note(body []byte) {
	var messages []bayeux.Message
	if json.Unmarshal(body, &messages) == nil {
		n.noteMessages(messages)
	}
}

func (n *severable) noteMessages(messages []bayeux.Message) {
	for _, m := range messages {
		if m.ClientID != "" {
			n.client.Store(m.ClientID)
		}
	}
	if n.watch != nil {
		n.watch.sends(messages)
	}
}

// severableSink hears nothing once the page is dead.
type severableSink struct {
	bayeux.Sink
	n *severable
}

func (s severableSink) Receive(frame []byte) {
	if s.n.dead.Load() {
		return
	}
	if s.n.watch != nil {
		s.n.watch.hears(frame)
	}
	s.Sink.Receive(frame)
}

type severableSocket struct {
	modelWebSocket
	n *severable
}

func (s severableSocket) Open(ctx context.Context, sink bayeux.Sink) (bayeux.Conn, error) {
	if s.n.dead.Load() {
		return nil, errSevered
	}
	conn, err := s.modelWebSocket.Open(ctx, severableSink{sink, s.n})
	if err != nil {
		return nil, err
	}
	return notingConn{conn, s.n}, nil
}

// notingConn notes whose messages it sends.
type notingConn struct {
	bayeux.Conn
	n *severable
}

func (c notingConn) Send(messages []bayeux.Message) {
	if c.n.dead.Load() {
		return
	}
	c.n.noteMessages(messages)
	c.Conn.Send(messages)
}

// atDesk runs a test over each transport.
func atDesk(t *testing.T, test func(d *desk)) {
	for _, longPolling := range []bool{false, true} {
		t.Run(fmt.Sprintf("long-polling=%v", longPolling), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test(&desk{T: t, Browser: journaltest.NewBrowser(), s: &modelServer{
					conf: modelConfig{Ack: true, LongPolling: longPolling}, truths: map[string]*modelTruth{},
					me: `,"user":{"id":"ann"}`,
				}})
			})
		})
	}
}

// load opens a client in a new page, as a reload does.
func (d *desk) load(change ...func(*Options)) *life {
	d.Helper()
	l, err := d.tryToLoad(d.Context(), change...)
	require.NoError(d, err)
	synctest.Wait() // a connect is held
	return l
}

func (d *desk) tryToLoad(ctx context.Context, change ...func(*Options)) (*life, error) {
	l := d.newLife()
	return l, l.open(ctx, change...)
}

func (d *desk) newLife() *life {
	return &life{d: d, page: d.Page(), net: &severable{network: d.s.network()}}
}

// open opens the client.
func (l *life) open(ctx context.Context, change ...func(*Options)) error {
	d := l.d
	over := network{doer: l.net, random: l.net.random, transports: func(rest *gws.Auth) []bayeux.Transport {
		if d.s.conf.LongPolling {
			return []bayeux.Transport{longpolling.New(longpolling.Options{URL: "http://model/cometd", Doer: l.net, Header: rest.RequestHeader})}
		}
		return []bayeux.Transport{severableSocket{modelWebSocket{d.s}, l.net}}
	}}
	opts := modelOptions(func(level bayeux.Level, line string) {
		if level == bayeux.Warn {
			l.log = append(l.log, line)
		}
	})
	opts.Journal = func() (journal.Store, journal.Locks, error) { return l.page, l.page, nil }
	for _, f := range change {
		f(&opts)
	}
	var err error
	l.Client, err = opts.open(ctx, over)
	if err == nil {
		d.Cleanup(l.Close)
	}
	return err
}

// kill ends the page without a goodbye: nothing it does reaches the server or
// the journal any more.
func (l *life) kill() {
	l.net.dead.Store(true)
	l.page.Kill()
	l.d.s.mu.Lock()
	l.d.s.cut()
	l.d.s.mu.Unlock()
	l.Close()
	synctest.Wait()
}

// leave has a client that is no more have left an entry.
func (d *desk) leave(e journal.Entry) {
	page := d.Page()
	j, _ := journal.Open(d.Context(), journal.Config{
		Store: page, Locks: page, Scope: journal.Scope("http://model"+DefaultCometdPath, "ann"), Owner: gws.NewReferenceID(),
	})
	j.Put(e, nil)
	synctest.Wait()
	page.Kill()
}

// fated has the server do this with the request of a reference.
func (d *desk) fated(reference string, fate modelFate) *modelTruth {
	truth := &modelTruth{fate: fate}
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.s.truths[reference] = truth
	return truth
}

// complete starts the completion of record 12.
func (l *life) complete(reference string) <-chan outcome {
	return call(l.d.Context(), l.Client, record("referenceId", reference), CallOptions{})
}

// lists asserts which calls are unsettled, each as "reference delivery".
func (l *life) lists(want ...string) {
	l.d.Helper()
	list := []string{}
	for _, u := range l.Unsettled(l.d.Context()) {
		require.Equal(l.d, "completeRecord", u.Method)
		require.Equal(l.d, record("referenceId", u.ReferenceID), u.Request)
		list = append(list, u.ReferenceID+" "+string(u.Delivery))
	}
	require.Equal(l.d, append([]string{}, want...), list)
}

// settled waits for the end of an unsettled call.
func (l *life) settled(reference string) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		data, err := l.Settled(l.d.Context(), reference)
		done <- outcome{data, err}
	}()
	return done
}

// kept returns the references of what is in the store, each once; and whether
// there is a session.
func (d *desk) kept() (references []string, session bool) {
	references = []string{}
	for key := range d.Texts() {
		if _, reference, ok := strings.Cut(key, "/entry/"); ok {
			references = append(references, reference)
		} else {
			session = true
		}
	}
	return references, session
}

const (
	beforeTheAnswer = 500 * time.Millisecond  // to the POST
	afterTheAnswer  = 1500 * time.Millisecond // and before the event
	afterTheEvent   = 3 * time.Second
)

// slow is a server that answers the POST after a second, and sends the event
// after two.
var slow = modelFate{Answer: "ok", Event: "ack", AnswerAfter: time.Second, EventAfter: 2 * time.Second}

func TestReloadInTheMiddleOfACompletion(t *testing.T) {
	for name, test := range map[string]struct {
		after time.Duration
		want  string
	}{
		"before the POST is answered": {beforeTheAnswer, "a unknown"},
		"once it is accepted":         {afterTheAnswer, "a accepted"},
	} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(d *desk) {
				truth := d.fated("a", slow)
				l := d.load()
				l.lists() // those of its own are none
				start := time.Now()
				l.complete("a")
				pass(test.after)
				l.lists()
				l.kill()

				l = d.load()
				l.lists(test.want)
				require.WithinDuration(d, start, l.Unsettled(l.d.Context())[0].SentAt, time.Millisecond)
				require.Zero(d, l.Pending())
				get(t, l.settled("a")).resolved(t, "a")
				l.lists()
				get(t, l.settled("a")).resolved(t, "a")
				synctest.Wait()
				kept, _ := d.kept()
				require.Empty(d, kept)
				require.Equal(d, 1, truth.posts)
				require.Equal(d, 1, d.s.made, "it is the same session")
				require.Empty(d, l.log)
			})
		})
	}
}

// The event comes while no page is there.
func TestAnswerThatComesBetweenTwoPages(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", slow)
		l := d.load()
		l.complete("a")
		pass(afterTheAnswer)
		l.kill()
		pass(2 * time.Second)
		l = d.load()
		pass(time.Second)
		l.lists("a accepted")
		get(d.T, l.settled("a")).resolved(d.T, "a")
	})
}

// The store takes its time: the page dies while it is not certain that the
// entry is there, and nothing has left.
func TestCrashBeforeTheEntryIsSafe(t *testing.T) {
	atDesk(t, func(d *desk) {
		truth := d.fated("a", slow)
		l := d.load()
		d.Slow(time.Second)
		l.complete("a")
		pass(beforeTheAnswer)
		l.kill()
		pass(time.Second)
		require.Zero(d, truth.posts, "the entry goes first")
		d.Slow(0)
		l = d.load()
		l.lists()
	})
}

// The entry is there, and the POST has not left: who finds it cannot know.
func TestCrashBeforeThePOST(t *testing.T) {
	atDesk(t, func(d *desk) {
		truth := d.fated("a", slow)
		l := d.load()
		l.net.dead.Store(true)
		l.complete("a")
		synctest.Wait()
		l.kill()
		require.Zero(d, truth.posts)
		l = d.load()
		l.lists("a unknown")
	})
}

// The event has come, but the page dies before the caller had it.
func TestCrashBeforeTheCallerIsTold(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", slow)
		l := d.load(func(o *Options) { o.ConfirmsDelivery = true })
		done := l.complete("a")
		get(d.T, done).resolved(d.T, "a") // on its way to the page, which does not confirm
		l.lists()
		pass(time.Minute)
		l.kill()
		pass(time.Minute) // the session is gone

		l = d.load(func(o *Options) { o.ConfirmsDelivery = true })
		l.lists("a accepted")
		get(d.T, l.settled("a")).resolved(d.T, "a")
		l.lists()
		l.kill()

		l = d.load(func(o *Options) { o.ConfirmsDelivery = true })
		l.lists("a accepted")
		get(d.T, l.settled("a")).resolved(d.T, "a")
		l.Delivered("a")
		l.Delivered("nothing")
		synctest.Wait()
		l.kill()
		l = d.load()
		l.lists()
	})
}

// What the event means must be safe before the server drops it. Here the
// store stands still when it comes, and nothing is acknowledged.
func TestEventIsSafeBeforeItIsAcknowledged(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", slow)
		l := d.load()
		done := l.complete("a")
		pass(afterTheAnswer)
		d.Slow(time.Hour)
		get(d.T, done).resolved(d.T, "a")
		l.kill()
		d.Slow(0)
		l = d.load()
		pass(time.Second)
		get(d.T, l.settled("a")).resolved(d.T, "a")
		require.Equal(d, 1, d.s.made)
	})
}

func TestSessionIsGone(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", slow)
		l := d.load()
		l.complete("a")
		pass(afterTheAnswer)
		l.kill()
		pass(time.Minute)
		for range 3 {
			l = d.load()
			l.lists("a accepted")
			pass(time.Minute)
			l.lists("a accepted")
			l.Close()
		}
		pass(journal.MaxAge)
		l = d.load()
		l.lists()
		kept, _ := d.kept()
		require.Empty(d, kept)
	})
}

// A call is taken out of the journal when it ends, whatever its end.
func TestWhatHasEndedIsNotListed(t *testing.T) {
	atDesk(t, func(d *desk) {
		l := d.load()
		for i, fate := range []modelFate{
			{Answer: "ok", Event: "ack"}, {Answer: "ok", Event: "ack", EventAfter: time.Second}, {Answer: "ok", Event: "other"},
			{Answer: "refused"}, {Answer: "500"}, {Answer: "ok", Event: "none"},
		} {
			reference := fmt.Sprint(i)
			d.fated(reference, fate)
			get(d.T, call(d.Context(), l.Client, record("referenceId", reference), CallOptions{AckTimeout: 5 * time.Second}))
		}
		ctx, cancel := context.WithCancel(d.Context())
		d.fated("aborted", slow)
		done := call(ctx, l.Client, record("referenceId", "aborted"), CallOptions{})
		pass(beforeTheAnswer)
		cancel()
		get(d.T, done).rejected(d.T, Aborted, gws.Unknown)
		synctest.Wait()
		l.kill()
		l = d.load()
		l.lists()
	})
}

func TestAbortWhileTheEntryIsWritten(t *testing.T) {
	atDesk(t, func(d *desk) {
		truth := d.fated("a", slow)
		l := d.load()
		d.Slow(time.Second)
		ctx, cancel := context.WithCancel(d.Context())
		done := call(ctx, l.Client, record("referenceId", "a"), CallOptions{})
		pass(beforeTheAnswer)
		cancel()
		get(d.T, done).rejected(d.T, Aborted, gws.NotSent)
		pass(5 * time.Second)
		require.Zero(d, truth.posts)
		kept, _ := d.kept()
		require.Empty(d, kept)

		done = call(d.Context(), l.Client, record("referenceId", "a"), CallOptions{})
		pass(beforeTheAnswer)
		l.Close()
		get(d.T, done).rejected(d.T, Closed, gws.NotSent)
		kept, _ = d.kept()
		require.Empty(d, kept)
	})
}

func TestCloseKeepsWhatIsUnsettled(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", slow)
		d.fated("b", modelFate{Answer: "ok", Event: "none"})
		l := d.load()
		l.complete("a")
		pass(beforeTheAnswer)
		l.kill()
		l = d.load()
		done, settled := l.complete("b"), l.settled("a")
		pass(beforeTheAnswer)
		kept, session := d.kept()
		require.ElementsMatch(d, []string{"a", "b"}, kept)
		require.True(d, session)
		l.Close()
		get(d.T, done).rejected(d.T, Closed, gws.Accepted)
		e := get(d.T, settled).rejected(d.T, Closed, gws.Unknown)
		require.Equal(d, "a", e.ReferenceID)
		kept, session = d.kept()
		require.Equal(d, []string{"a"}, kept, "the caller of b has it")
		require.False(d, session, "which is ended")
		require.Empty(d, d.s.sessions)

		l = d.load()
		l.lists("a unknown")
		l.CloseAndForget()
		require.Empty(d, d.Texts())
		l = d.load()
		l.lists()
	})
}

func TestForget(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", slow)
		d.fated("b", slow)
		l := d.load()
		l.complete("a")
		pass(time.Millisecond)
		l.complete("b")
		pass(beforeTheAnswer)
		l.kill()
		l = d.load()
		l.lists("a unknown", "b unknown")
		settled := l.settled("a")
		require.NoError(d, l.Forget(d.Context(), "a"))
		e := get(d.T, settled).rejected(d.T, Closed, gws.Unknown)
		require.Contains(d, e.Message, "forgotten")
		kept, _ := d.kept()
		require.Equal(d, []string{"b"}, kept, "when Forget returns")
		l.lists("b unknown")
		require.NoError(d, l.Forget(d.Context(), "a"))
		require.NoError(d, l.Forget(d.Context(), "nothing"))

		// Calls of its own are none of those.
		d.fated("c", slow)
		done := l.complete("c")
		require.NoError(d, l.Forget(d.Context(), "c"))
		get(d.T, done).resolved(d.T, "c")
	})
}

func TestAgentsAreToldApart(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", slow)
		l := d.load()
		l.complete("a")
		pass(afterTheAnswer)
		l.kill()
		d.s.me = `,"user":{"id":"bob"}`
		l = d.load()
		l.lists()
		pass(time.Minute)
		require.Equal(d, 2, d.s.made, "nor is the session his")
		l.CloseAndForget()
		d.s.me = `,"user":{"id":"ann"}`
		l = d.load()
		l.lists("a accepted")

		// Another agent signs in while the client lives.
		d.fated("b", slow)
		done := l.complete("b")
		pass(beforeTheAnswer)
		d.s.me = `,"user":{"id":"bob"}`
		l.Seen()
		o := get(d.T, done)
		o.rejected(d.T, AgentChanged, gws.Accepted)
		l.lists()
		e, _ := errors.AsType[*Error](l.Forget(d.Context(), "a"))
		require.Equal(d, AgentChanged, e.Code)
		_, err := l.Settled(d.Context(), "a")
		e, _ = errors.AsType[*Error](err)
		require.Equal(d, []any{AgentChanged, gws.Accepted, "a"}, []any{e.Code, e.Delivery, e.ReferenceID})
		posts := d.s.truths["a"].posts
		get(d.T, l.complete("a")).rejected(d.T, AgentChanged, gws.NotSent)
		require.Equal(d, posts, d.s.truths["a"].posts)
		synctest.Wait()
		kept, session := d.kept()
		require.Equal(d, []string{"a"}, kept)
		require.False(d, session)
		require.Len(d, l.log, 1)
		require.Contains(d, l.log[0], "another agent")
		e, _ = errors.AsType[*Error](l.CloseAndForget())
		require.Equal(d, AgentChanged, e.Code)
		kept, _ = d.kept()
		require.Equal(d, []string{"a"}, kept, "it is not theirs to forget")

		d.s.me = `,"user":{"id":"ann"}`
		l = d.load()
		l.lists("a accepted")
	})
}

func TestNobodyIsNamed(t *testing.T) {
	for _, me := range []string{``, `,"user":null`, `,"user":"ann"`, `,"user":{"id":[]}`, `,"user":{"id":{}}`} {
		atDesk(t, func(d *desk) {
			d.s.me = me
			d.fated("a", slow)
			l := d.load()
			l.complete("a")
			pass(afterTheAnswer)
			l.kill()
			l = d.load()
			l.lists("a accepted")
		})
	}
}

// Two pages, and each has its own.
func TestTwoPages(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", slow)
		d.fated("b", slow)
		first, second := d.load(), d.load()
		a := first.complete("a")
		second.complete("b")
		pass(beforeTheAnswer)
		second.kill()
		third := d.load()
		third.lists("b unknown")
		first.lists()
		get(d.T, a).resolved(d.T, "a")
		get(d.T, third.settled("b")).resolved(d.T, "b")
	})
}

func TestStoreThatFailsOrHangs(t *testing.T) {
	for name, spoil := range map[string]func(*desk){
		"fails": func(d *desk) { d.Fail(errors.New("the disk is full")) },
		"hangs": func(d *desk) { d.Slow(time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(d *desk) {
				l := d.load()
				pass(time.Second)
				spoil(d)
				fate := modelFate{Answer: "ok", Event: "ack"}
				for _, reference := range []string{"a", "b", "c"} {
					d.fated(reference, fate)
					start := time.Now()
					get(d.T, l.complete(reference)).resolved(d.T, reference)
					if reference != "a" {
						require.Less(d, time.Since(start), time.Second, "only the first waits in vain")
					}
				}
				require.Len(d, l.log, 1, "it says so once: %v", l.log)
				d.Fail(nil)
				d.Slow(0)
				pass(10 * time.Second)
				d.fated("d", slow)
				l.complete("d")
				pass(beforeTheAnswer)
				l.kill()
				l = d.load()
				l.lists("d unknown")
			})
		})
	}
}

func TestStoreThatHangsHoldsUpOneBatchOfEvents(t *testing.T) {
	atDesk(t, func(d *desk) {
		heard := make(chan string, 10)
		d.load(func(o *Options) {
			o.OnNotification = func(_ string, data json.RawMessage) { heard <- string(data) }
		})
		pass(time.Second)
		d.Slow(time.Hour)
		for n, bound := range []time.Duration{0, 3 * time.Second, 0, 0} { // the next connect waits for the session to be written
			start := time.Now()
			d.s.mu.Lock()
			d.s.publish(fmt.Sprintf(`{"notificationType":"PreviewRecord","record":{"recordHandle":%d}}`, n))
			d.s.mu.Unlock()
			require.Contains(d, get(d.T, heard), fmt.Sprintf(`"recordHandle":%d`, n))
			require.Equal(d, bound, time.Since(start), "event %d", n)
			synctest.Wait()
		}
		d.Slow(0)
		pass(10 * time.Second)
	})
}

func TestJournalThatCannotBeHad(t *testing.T) {
	for name, spoil := range map[string]func(*desk) func(*Options){
		"not here": func(*desk) func(*Options) {
			return func(o *Options) {
				o.Journal = func() (journal.Store, journal.Locks, error) { return nil, nil, errors.New("not available here") }
			}
		},
		"no access": func(d *desk) func(*Options) {
			d.Fail(errors.New("no access"))
			return func(*Options) {}
		},
	} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(d *desk) {
				l := d.load(spoil(d))
				require.Len(d, l.log, 1)
				require.Contains(d, l.log[0], "the journal cannot be kept")
				d.fated("a", slow)
				get(d.T, l.complete("a")).resolved(d.T, "a")
				l.lists()
				l.CloseAndForget()
				require.Len(d, l.log, 1)
			})
		})
	}
}

func TestNewCallWithTheReferenceOfAnUnsettledOne(t *testing.T) {
	// orphan leaves an unsettled call whose answer is lost.
	orphan := func(d *desk) *life {
		d.fated("a", modelFate{Answer: "ok", Event: "none"})
		l := d.load()
		l.complete("a")
		pass(afterTheAnswer)
		l.kill()
		l = d.load()
		l.lists("a accepted")
		return l
	}
	t.Run("takes its place", func(t *testing.T) {
		atDesk(t, func(d *desk) {
			l := orphan(d)
			d.fated("a", slow)
			settled, done := l.settled("a"), l.complete("a")
			pass(beforeTheAnswer)
			l.lists()
			require.Equal(d, 1, l.Pending())
			get(d.T, call(d.Context(), l.Client, record("referenceId", "a"), CallOptions{})).rejected(d.T, InvalidRequest, gws.NotSent)
			get(d.T, done).resolved(d.T, "a")
			get(d.T, settled).resolved(d.T, "a")
			l.lists()
			synctest.Wait()
			kept, _ := d.kept()
			require.Empty(d, kept)
		})
	})
	t.Run("and may be left behind in turn", func(t *testing.T) {
		atDesk(t, func(d *desk) {
			l := orphan(d)
			d.fated("a", slow)
			l.complete("a")
			pass(beforeTheAnswer)
			l.kill()
			l = d.load()
			l.lists("a unknown")
			get(d.T, l.settled("a")).resolved(d.T, "a")
		})
	})
	for name, test := range map[string]struct {
		fate     modelFate
		abort    bool
		code     Code
		delivery gws.Delivery
	}{
		"but not if it is refused":    {modelFate{Answer: "refused"}, false, APIError, gws.Rejected},
		"but not if it is never sent": {slow, true, Aborted, gws.NotSent},
	} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(d *desk) {
				l := orphan(d)
				d.fated("a", test.fate)
				ctx, cancel := context.WithCancel(d.Context())
				if test.abort {
					d.Slow(time.Second)
				}
				settled, done := l.settled("a"), call(ctx, l.Client, record("referenceId", "a"), CallOptions{})
				synctest.Wait()
				if test.abort {
					cancel()
				}
				get(d.T, done).rejected(d.T, test.code, test.delivery)
				l.lists("a accepted")
				pass(5 * time.Second)
				d.s.mu.Lock()
				d.s.publish(`{"notificationType":"RecordProcessedAcknowledge","referenceId":"a","record":{"recordHandle":12}}`)
				d.s.mu.Unlock()
				get(d.T, settled).resolved(d.T, "a")
				cancel()
			})
		})
	}
	for name, test := range map[string]struct {
		fate  modelFate
		lists []string
	}{
		"which is found meanwhile takes its place":          {slow, nil},
		"which is found meanwhile but not if it is refused": {modelFate{Answer: "refused", AnswerAfter: time.Second}, []string{"a accepted"}},
	} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(d *desk) {
				d.fated("a", modelFate{Answer: "ok", Event: "none"})
				first, l := d.load(), d.load()
				first.complete("a")
				pass(afterTheAnswer)
				first.kill()
				pass(5 * time.Second) // the server has cut the other one off, too
				truth := d.fated("a", test.fate)
				done := l.complete("a")
				pass(beforeTheAnswer)
				require.Equal(d, 1, truth.posts)
				l.lists()
				if o := get(d.T, done); test.lists == nil {
					o.resolved(d.T, "a")
				} else {
					o.rejected(d.T, APIError, gws.Rejected)
				}
				l.lists(test.lists...)
				synctest.Wait()
				kept, _ := d.kept()
				require.Len(d, kept, len(test.lists))
			})
		})
	}
	t.Run("its answer may come before the request leaves", func(t *testing.T) {
		atDesk(t, func(d *desk) {
			l := orphan(d)
			truth := d.fated("a", slow)
			d.Slow(time.Second)
			done := l.complete("a")
			synctest.Wait()
			d.s.mu.Lock()
			d.s.publish(`{"notificationType":"RecordProcessedAcknowledge","referenceId":"a","record":{"recordHandle":12}}`)
			d.s.mu.Unlock()
			get(d.T, done).resolved(d.T, "a")
			require.Zero(d, truth.posts, "which it does not then")
		})
	})
}

// An event without a reference is for the call that is in flight, not for the
// one whose answer was lost.
func TestAnswerWithoutAReferenceIsForTheLivingCall(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", modelFate{Answer: "ok", Event: "none"})
		l := d.load()
		l.complete("a")
		pass(afterTheAnswer)
		l.kill()
		l = d.load()
		d.fated("b", modelFate{Answer: "ok", Event: "ack without reference"})
		get(d.T, l.complete("b")).resolved(d.T, "")
		l.lists("a accepted")
		d.fated("c", modelFate{Answer: "ok", Event: "ack without reference"})
		get(d.T, call(d.Context(), l.Client, record("referenceId", "c", "recordHandle", 13.0), CallOptions{}))
		l.lists("a accepted")
	})
}

// A record is not created twice because a page was reloaded: the next one has the request as it was,
// and sends nothing. Without a reference, the answer to somebody else's looks the same.
func TestUnsettledAddRecord_IsListedWithItsUserDataAndSentOnce(t *testing.T) {
	atDesk(t, func(d *desk) {
		truth := d.fated("a", modelFate{Answer: "ok", Event: "none"})
		l := d.load()
		f := asked("referenceId", "a", "callingList", "L", "phoneNumber", "1", "phoneType", "Mobile", "timeZone", "GMT", "from", 0.0, "until", 1.0,
			"chainId", 7.0, "otherFields", map[string]any{"FirstName": "Zoë", "Premium": 12.5, "Vip": true})
		perform(d.Context(), l.Client, "addRecord", f, CallOptions{})
		pass(afterTheAnswer)
		l.kill()

		l = d.load()
		list := l.Unsettled(d.Context())
		require.Len(d, list, 1)
		require.Equal(d, "addRecord", list[0].Method)
		require.Equal(d, f, list[0].Request)
		require.Equal(d, gws.Accepted, list[0].Delivery)
		hear(l.Client, `{"notificationType":"AddRecordAcknowledge","record":{"campaignName":"Renewals","callingList":"L","phoneNumber":"1"}}`)
		require.Len(d, l.Unsettled(d.Context()), 1)
		done := l.settled("a")
		synctest.Wait()
		hear(l.Client, `{"notificationType":"AddRecordAcknowledge","referenceId":"a"}`)
		require.Equal(d, "AddRecordAcknowledge", get(d.T, done).notificationType(d.T))
		require.Equal(d, 1, truth.posts)
	})
}

// A record that the server pushes looks like the answer to a request for one, but for the
// reference.
func TestPushedRecordIsNotTakenForALateAnswer(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.leave(journal.Entry{
			ReferenceID: "a", Path: "/api/v2/me/outbound-campaigns/C", SentAt: time.Now(), Delivery: "accepted",
			Body: `{"operationName":"GetPreviewRecord","applicationId":1,"devicePath":"/d","referenceId":"a"}`,
		})
		pushed := make(chan string, 1)
		l := d.load(func(o *Options) {
			o.OnNotification = func(_ string, data json.RawMessage) { pushed <- string(data) }
		})
		require.Len(d, l.Unsettled(l.d.Context()), 1)
		for _, event := range []string{
			`{"notificationType":"PreviewRecord","record":{"recordHandle":5,"campaignName":"C"}}`,
			`{"notificationType":"PreviewRecord","referenceId":"a","record":{"recordHandle":6,"campaignName":"C"}}`,
		} {
			d.s.mu.Lock()
			d.s.publish(event)
			d.s.mu.Unlock()
			synctest.Wait()
		}
		require.Contains(d, get(d.T, pushed), `"recordHandle":5`)
		o := get(d.T, l.settled("a"))
		require.NoError(d, o.err)
		require.JSONEq(d, `{"recordHandle":6,"campaignName":"C"}`, string(o.data))
	})
}

func TestOtherEndsOfAnUnsettledCall(t *testing.T) {
	for name, test := range map[string]struct {
		end      func(*life)
		code     Code
		delivery gws.Delivery
	}{
		"another event": {func(l *life) {
			l.d.s.publish(`{"notificationType":"RecordProcessedError","referenceId":"a"}`)
		}, RecordError, gws.Accepted},
		"the server ends the session": {func(l *life) { l.d.s.forget(false, adviceNone) }, Disconnected, gws.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(d *desk) {
				d.fated("a", modelFate{Answer: "never"})
				l := d.load()
				l.complete("a")
				pass(beforeTheAnswer)
				l.kill()
				l = d.load()
				settled := l.settled("a")
				pass(time.Second)
				d.s.mu.Lock()
				test.end(l)
				d.s.mu.Unlock()
				e := get(d.T, settled).rejected(d.T, test.code, test.delivery)
				require.Equal(d, "a", e.ReferenceID)
			})
		})
	}
}

// What the server sends twice is delivered once.
func TestAnswerOfAnUnsettledCallComesTwice(t *testing.T) {
	atDesk(t, func(d *desk) {
		fate := slow
		fate.Event = "ack twice"
		d.fated("a", fate)
		l := d.load()
		l.complete("a")
		pass(beforeTheAnswer)
		l.kill()
		l = d.load()
		get(d.T, l.settled("a")).resolved(d.T, "a")
		pass(time.Second)
		l.lists()
		kept, _ := d.kept()
		require.Empty(d, kept)
	})
}

// A page that is left lets the session be, for the sake of an answer that it
// may still bring; but not for ever.
func TestLeavingWithUnsettledCalls(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", modelFate{Answer: "ok", Event: "ack", EventAfter: 5 * time.Second})
		l := d.load()
		l.complete("a")
		pass(beforeTheAnswer)
		for range 3 { // reloads
			l.Leave()
			pass(time.Second)
			l.kill()
			l = d.load()
			l.lists("a accepted")
		}
		require.Equal(d, 1, d.s.made)
		get(d.T, l.settled("a")).resolved(d.T, "a")

		d.fated("b", modelFate{Answer: "ok", Event: "none"})
		l.complete("b")
		pass(beforeTheAnswer)
		l.kill()
		l = d.load()
		pass(l.opts.AckTimeout)
		l.Leave()
		pass(time.Second)
		require.Empty(d, d.s.sessions)
		kept, _ := d.kept()
		require.Equal(d, []string{"b"}, kept)
	})
}

func TestLeavingBeforeTheAnswerIsSafe(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", slow)
		l := d.load()
		a := l.complete("a")
		pass(afterTheAnswer)
		d.Slow(100 * time.Millisecond)
		get(d.T, a).resolved(d.T, "a")
		l.Leave() // and the page does not live to see it written
		synctest.Wait()
		l.kill()
		d.Slow(0)
		l = d.load()
		l.lists("a accepted")
		get(d.T, l.settled("a")).resolved(d.T, "a")
		require.Equal(d, 1, d.s.made, "over the same session")
	})
}

// The client does not come about: nothing is lost of what was found.
func TestOpeningFailsWithUnsettledCalls(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", slow)
		l := d.load()
		l.complete("a")
		pass(afterTheAnswer)
		l.kill()
		ctx, cancel := context.WithCancel(d.Context())
		d.s.mu.Lock()
		d.s.silence(2 * time.Second)
		d.s.mu.Unlock()
		time.AfterFunc(time.Second, cancel) // by the clock of the bubble
		_, err := d.tryToLoad(ctx)
		outcome{err: err}.rejected(d.T, Aborted, gws.NotSent)
		pass(2 * time.Second)
		l = d.load()
		l.lists("a accepted")
		get(d.T, l.settled("a")).resolved(d.T, "a")
		require.Equal(d, 1, d.s.made)
	})
}

// What somebody else has written into the database is no call.
func TestEntriesThatCannotBeReadBack(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", modelFate{Answer: "ok", Event: "none"})
		l := d.load()
		l.complete("a")
		pass(afterTheAnswer)
		l.kill()
		for key, text := range d.Texts() {
			if !strings.Contains(key, "/entry/") {
				continue
			}
			for reference, change := range map[string][2]string{
				"path": {"outbound-records/12", "somewhere/12"}, "handle": {"outbound-records/12", "outbound-records/twelve"},
				"body": {`campaignName`, `campaign`}, "list": {"CompleteRecord", "GetChainedRecord"}, "delivery": {`"accepted"`, `"not-sent"`},
			} {
				changed := strings.ReplaceAll(text, change[0], change[1])
				require.NotEqual(d, text, changed)
				changed = strings.ReplaceAll(strings.ReplaceAll(changed, `"referenceId":"a"`, fmt.Sprintf(`"referenceId":%q`, reference)),
					`\"referenceId\":\"a\"`, fmt.Sprintf(`\"referenceId\":\"%s\"`, reference))
				d.Set(map[string]string{strings.TrimSuffix(key, "a") + reference: changed})
			}
		}
		l = d.load()
		l.lists("a accepted", "delivery unknown")
		synctest.Wait()
		kept, _ := d.kept()
		require.ElementsMatch(d, []string{"a", "delivery"}, kept)
	})
}

// In a shared Worker the pages of a day come and go, and a client may live for that long.
func TestCallsWhoseCallersHaveGone_TheLastOnesAreRemembered(t *testing.T) {
	atDesk(t, func(d *desk) {
		const calls, remembered = 110, 100
		l := d.load(func(o *Options) { o.ConfirmsDelivery = true })
		var last *modelTruth
		for i := range calls {
			reference := strconv.Itoa(i)
			last = d.fated(reference, modelFate{Answer: "ok", Event: "ack"})
			get(d.T, l.complete(reference)).resolved(d.T, reference)
			l.CallerGone(reference)
			l.lists(reference + " accepted")
			get(d.T, l.settled(reference)).resolved(d.T, reference)
			l.Delivered(reference)
		}
		for i := range calls {
			_, found := l.recovery.Find(strconv.Itoa(i))
			require.Equal(d, i >= calls-1-remembered, found, i) // and the one that was found after them
		}
		get(d.T, l.complete(strconv.Itoa(calls-1))).resolved(d.T, strconv.Itoa(calls-1))
		require.Equal(d, 1, last.posts, "it is answered by what is remembered")
	})
}

// An answer that is none is not what was asked for.
func TestAnswerThatCannotBeRead(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.leave(journal.Entry{
			ReferenceID: "a", Path: "/api/v2/me/outbound-campaigns/C", SentAt: time.Now(), Answer: json.RawMessage(`{"notificationType":5}`),
			Body: `{"operationName":"GetPreviewRecord","applicationId":1,"devicePath":"/d","referenceId":"a"}`,
		})
		l := d.load()
		e := get(d.T, l.settled("a")).rejected(d.T, RecordError, gws.Accepted)
		require.Equal(d, "a", e.ReferenceID)
	})
}
