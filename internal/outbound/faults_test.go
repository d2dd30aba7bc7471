package outbound

import (
	"cmp"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/httpx"
)

// browser says whether the tests run in one, where simulators that are used at
// the same time take each other's cookies away.
const browser = runtime.GOOS == "js"

// fault is one row of the matrix: what goes wrong, and what the caller gets.
type fault struct {
	name    string
	browser bool   // run it in the browser as well
	over    string // the only transport over which it can happen; each of the two alone if empty; both for a client that has both
	line    line   // to the client; the bound of the row holds on this one

	before  func(*testing.T, *scene) // the client is opened
	network func(*network)           // what it is opened over
	start   gwssim.Behavior          // of the server, while the client is opened
	then    gwssim.Behavior          // from when the client has a connect held; as before if zero
	options func(*Options)
	ready   func(*testing.T, *scene) // before the record is completed
	pending func(*testing.T, *scene) // once the POST has reached the server
	after   func(*testing.T, *scene) // when the caller has its result
	want    want
}

// both is the only row of transports that is not one of them.
const both = "both"

// line is the one between the client and the server.
type line struct {
	rate      int           // bytes a second; without a bound if 0
	roundTrip time.Duration // beyond that of this machine
}

// slowLine is that of an office that many share. The zero line is a fast one.
var slowLine = line{rate: 16_000}

// is makes the line that of a server.
func (l line) is(b gwssim.Behavior) gwssim.Behavior {
	if l != (line{}) {
		b.BytesPerSecond, b.RoundTripMS = l.rate, int(l.roundTrip.Milliseconds())
	}
	return b
}

// want is what the caller gets, and what is true at the server.
type want struct {
	opening   bool          // it is the opening of the client that fails
	code      Code          // "" for the acknowledgement
	handle    string        // of the record in it; "12" if empty
	unnamed   bool          // there is no reference in it
	delivery  gws.Delivery  // of an error
	says      string        // part of the error's message
	posts     int           // that have reached the server, exactly
	processed int           // records that the server has completed
	opens     time.Duration // for which the client is opened, at least
	atLeast   time.Duration // until it settles
	within    time.Duration // a bound on the time until it settles; the sum of the client's own bounds if zero
	unbroken  bool          // the client is connected all the time until it settles
	over      string        // the transport that the client has then; any if empty
	ended     bool          // the client is of no more use; otherwise the next record must be completed
}

// resolved is the acknowledgement after one POST.
var resolved = want{posts: 1, processed: 1}

// rejected is an error after one POST.
func rejected(code Code, d gws.Delivery, processed int) want {
	return want{code: code, delivery: d, posts: 1, processed: processed}
}

// refused is an error in the opening.
func refused(code Code, says string) want {
	return want{opening: true, code: code, delivery: gws.NotSent, says: says}
}

// always is how often a fault strikes that does not go away.
const always = -1

// faulty is a server on which these go wrong.
func faulty(faults ...gwssim.Fault) gwssim.Behavior { return gwssim.Behavior{Faults: faults} }

// scene is a client and a server, in one row over one transport.
type scene struct {
	*gwssim.Sim
	c         *Client
	transport string
	line      line
	doer      *httpx.Client // with the cookies of the browser

	connected atomic.Int32 // how many times it came to be so

	accepted chan struct{} // closed when the client knows that the POST was accepted

	mu    sync.Mutex
	began time.Time
	log   strings.Builder
	more  chan struct{} // closed at the next line
}

// set is Set on the line of the row.
func (s *scene) set(b gwssim.Behavior) { s.Set(s.line.is(b)) }

// open opens a client in the browser of the row.
func (s *scene) open(t *testing.T, opts Options, change func(*network)) (*Client, error) {
	over := network{doer: s.doer, transports: func(rest *gws.Auth) []bayeux.Transport { return transports(opts, s.doer, rest) }}
	if change != nil {
		change(&over)
	}
	return opts.open(t.Context(), over)
}

func (s *scene) note(level bayeux.Level, line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if level >= bayeux.Info {
		fmt.Fprintf(&s.log, "%v: %s\n", time.Since(s.began).Round(time.Millisecond), line)
		close(s.more)
		s.more = make(chan struct{})
	}
}

// hears waits for the client to say something, at level info or above.
func (s *scene) hears(t *testing.T, text string) {
	t.Helper()
	late := time.After(long)
	for {
		s.mu.Lock()
		said, more := s.log.String(), s.more
		s.mu.Unlock()
		if strings.Contains(said, text) {
			return
		}
		select {
		case <-more:
		case <-late:
			require.Contains(t, said, text)
		}
	}
}

// haveStruck requires that the faults of the server have not missed. The last request of a client that has closed may
// still be on its way, and nothing tells when it is there.
func (s *scene) haveStruck(t *testing.T) {
	t.Helper()
	for began := time.Now(); slices.Contains(s.Struck(), 0) && time.Since(began) < long; {
		pause(t, 5*time.Millisecond)
	}
	for i, times := range s.Struck() {
		require.Positive(t, times, "fault %d of the server has not struck", i)
	}
}

// postsOf returns the POSTs with a reference.
func (s *scene) postsOf(reference string) (posts []gwssim.Post) {
	for _, p := range s.Posts() {
		if strings.Contains(p.Body, fmt.Sprintf(`"referenceId":%q`, reference)) {
			posts = append(posts, p)
		}
	}
	return posts
}

// matrix runs rows over each transport.
func matrix(t *testing.T, rows []fault) {
	names := map[string]bool{}
	for _, row := range rows {
		require.False(t, names[row.name], "two rows have the name %q", row.name)
		names[row.name] = true
	}
	if !browser {
		t.Parallel()
	}
	for _, transport := range []string{WebSocket, LongPolling, both} {
		t.Run(transport, func(t *testing.T) {
			if !browser {
				t.Parallel()
			}
			for _, row := range rows {
				if browser && !row.browser || row.over != transport && (row.over != "" || transport == both) {
					continue
				}
				t.Run(row.name, func(t *testing.T) {
					if !browser {
						t.Parallel()
					}
					row.run(t, transport)
				})
			}
		})
	}
}

func (f *fault) run(t *testing.T, transport string) {
	s := &scene{Sim: gwssim.New(t), began: time.Now(), transport: transport, line: f.line, doer: httpx.New(), accepted: make(chan struct{}), more: make(chan struct{})}
	opts := options(s.Sim, transport)
	if transport == both {
		opts.Transports = []string{WebSocket, LongPolling}
	}
	opts.OnStatus = func(status bayeux.Status) {
		if status.State == bayeux.Connected {
			s.connected.Add(1)
		}
	}
	opts.ConnectTimeout, opts.RequestTimeout, opts.AckTimeout = 15*time.Second, 5*time.Second, 25*time.Second
	if f.want.opening && lastsToTheEnd(f.want.code) {
		opts.ConnectTimeout = 5 * time.Second
	}
	opts.Log = s.note
	t.Cleanup(func() {
		if s.mu.Lock(); t.Failed() {
			t.Logf("the client said:\n%s", s.log.String())
		}
		s.mu.Unlock()
	})
	if f.options != nil {
		f.options(&opts)
	}
	bound := f.want.within
	if bound == 0 {
		bound = opts.ConnectTimeout + opts.AckTimeout
	}
	const slack = 15 * time.Second // for a busy machine

	s.set(f.start)
	if f.before != nil {
		f.before(t, s)
	}
	start := time.Now()
	c, err := s.open(t, opts, f.network)
	s.c = c
	if f.want.opening {
		s.haveStruck(t)
		require.Nil(t, c)
		require.Less(t, time.Since(start), opts.ConnectTimeout+slack)
		f.want.check(t, s, outcome{err: err}, time.Since(start))
		return
	}
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(start), f.want.opens)
	t.Cleanup(c.Close)
	if !reflect.ValueOf(f.then).IsZero() {
		require.NoError(t, s.WaitConnected(soon(t), 1))
		s.haveStruck(t)
		s.set(f.then)
	}
	if f.ready != nil {
		f.ready(t, s)
	}

	start = time.Now()
	var once sync.Once
	done := call(t.Context(), c, record(), CallOptions{OnProgress: func(d gws.Delivery) {
		if d == gws.Accepted {
			once.Do(func() { close(s.accepted) })
		}
	}})
	if f.pending != nil {
		require.NoError(t, s.WaitPosts(soon(t), 1))
		f.pending(t, s)
	}
	o := get(t, done)
	took := time.Since(start)
	require.Less(t, took, bound+slack)
	require.Zero(t, c.Pending())
	f.want.check(t, s, o, took)
	if f.want.unbroken {
		require.EqualValues(t, 1, s.connected.Load(), "the client was not connected all the time")
	}
	if f.want.over != "" {
		status, _ := c.session.Watch()
		require.Equal(t, f.want.over, status.Transport)
	}
	if f.after != nil {
		f.after(t, s)
	}
	s.haveStruck(t)
	if f.want.ended {
		return
	}
	before := s.postsOf("ref-1")
	s.set(gwssim.Behavior{})
	get(t, call(t.Context(), c, record("referenceId", "next"), CallOptions{AckTimeout: long})).resolved(t, "next")
	require.Len(t, s.postsOf("ref-1"), len(before), "a POST is never repeated by itself")
}

// lastsToTheEnd reports whether an opening that fails with that is tried again until its time is over.
func lastsToTheEnd(code Code) bool { return code == ConnectFailed || code == HandshakeRefused }

func (w *want) check(t *testing.T, s *scene, o outcome, took time.Duration) {
	t.Helper()
	if w.code == "" {
		reference := "ref-1"
		if w.unnamed {
			reference = ""
		}
		o.resolvedOf(t, reference, strings.TrimPrefix(cmp.Or(w.handle, "12"), "<none>"))
	} else {
		e := o.rejected(t, w.code, w.delivery)
		require.Contains(t, e.Message, w.says)
		if !w.opening {
			require.Equal(t, "ref-1", e.ReferenceID)
		}
	}
	require.GreaterOrEqual(t, took, w.atLeast)
	require.Len(t, s.Posts(), w.posts, "POSTs at the server")
	require.Equal(t, w.processed, s.Processed(), "records completed")
}

func TestThereAreManyFaults(t *testing.T) {
	names := map[string]bool{}
	inBrowser := 0
	for _, row := range allFaults() {
		require.False(t, names[row.name], "two rows have the name %q", row.name)
		names[row.name] = true
		if row.browser {
			inBrowser++
		}
	}
	require.GreaterOrEqual(t, len(names), 40)
	require.GreaterOrEqual(t, inBrowser, 12)
	t.Logf("%d faults, %d of them in the browser as well", len(names), inBrowser)
}

func allFaults() (all []fault) {
	for _, rows := range [][]fault{openingFaults, connectionFaults, postFaults, statusFaults(), eventFaults, frameFaults, sessionFaults, closingFaults(), lineFaults, neighbourFaults} {
		all = append(all, rows...)
	}
	return all
}
