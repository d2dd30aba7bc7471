package longpolling

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/httpx"
)

var _ bayeux.Conn = (*conn)(nil)

const unanswered = "the server's response (2 bytes) has no reply to what was sent"

func TestRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{t: t, requests: make(chan *call, 1)}
		c, err := New(Options{
			URL: "http://server/cometd?x=1", Doer: s, Credentials: httpx.SameOrigin,
			Header: func() httpx.Header { return httpx.Header{"X-CSRF-TOKEN": "t", "content-type": "text/plain"} },
		}).Open(t.Context(), &recorder{make(chan string, 10)})
		require.NoError(t, err)
		defer c.Close()
		c.Send([]bayeux.Message{{Channel: "/é", ID: "1"}})
		got := <-s.requests
		got.OnProgress = nil // functions cannot be compared
		require.Equal(t, &httpx.Request{
			Method: "POST", URL: "http://server/cometd?x=1", Credentials: httpx.SameOrigin, MaxBody: 16 << 20,
			Header: httpx.Header{"X-CSRF-TOKEN": "t", "Content-Type": "application/json"},
			Body:   []byte(`[{"channel":"/é","id":"1"}]`),
		}, got.Request)
		got.reply("[]")
	})
}

func TestADisconnectOutlivesThePage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{t: t, requests: make(chan *call, 1)}
		c, err := New(Options{URL: "http://server/cometd", Doer: s}).Open(t.Context(), &recorder{make(chan string, 10)})
		require.NoError(t, err)
		defer c.Close()
		for channel, keepAlive := range map[string]bool{"/meta/subscribe": false, "/meta/disconnect": true} {
			c.Send([]bayeux.Message{{Channel: channel, ID: "1"}})
			got := <-s.requests
			require.Equal(t, keepAlive, got.KeepAlive, channel)
			got.reply("[]")
			synctest.Wait()
		}
	})
}

func TestProgress_IsOfTheMessagesThatAreAnswered(t *testing.T) {
	play(t, func(t *testing.T, s *server, c *conn, r *recorder) {
		c.Send(messages("c1"))
		held := s.next("c1")
		c.Send(messages("1 2"))
		other := s.next("1 2")
		held.OnProgress()
		other.OnProgress()
		held.OnProgress()
		require.Equal(t, []string{"progress c1", "progress 1 2", "progress c1"}, r.all())
		other.reply("[]")
		require.Equal(t, []string{"received []", "failed 1 2: " + unanswered}, r.all())
		other.OnProgress() // came late
		require.Empty(t, r.all())
	})
}

func TestProgress_OfARequestThatWasGivenUpIsIgnored(t *testing.T) {
	play(t, func(t *testing.T, s *server, c *conn, r *recorder) {
		s.stubborn = true // the aborted requests are still under way
		c.Send(messages("c1"))
		replaced := s.next("c1")
		c.Send(messages("c2"))
		replaced.OnProgress()
		c.Send(messages("1"))
		canceled := s.next("1")
		c.Cancel("1")
		canceled.OnProgress()
		require.Empty(t, r.all())
		replaced.reply("[]")
		canceled.reply("[]")
		next := s.next("c2")
		r.all()
		c.Close()
		next.OnProgress()
		require.Empty(t, r.all())
		next.reply("[]")
	})
}

func TestOthersGoBesideAHeldConnect(t *testing.T) {
	play(t, func(t *testing.T, s *server, c *conn, r *recorder) {
		c.Send(messages("c1"))
		held := s.next("c1")
		c.Send(messages("1"))
		other := s.next("1")
		c.Send(messages("2"))
		s.silent()
		held.reply("[1]")
		require.Equal(t, []string{"received [1]", "failed c1: the server's response (3 bytes) has no reply to what was sent"}, r.all(),
			"the reply comes before the failure of what it does not answer")
		c.Send(messages("c2"))
		held = s.next("c2")
		other.reply("[]")
		s.next("2").reply("[]")
		require.Equal(t, []string{"received []", "failed 1: " + unanswered, "received []", "failed 2: " + unanswered}, r.all())
		held.reply("[]")
	})
}

func TestWhatWaitsIsBatchedInOrder(t *testing.T) {
	play(t, func(t *testing.T, s *server, c *conn, r *recorder) {
		c.Send(messages("1 2"))
		first := s.next("1 2")
		for _, list := range []string{"3", "4 5", "6", "h1", "h2", "7", "8"} {
			c.Send(messages(list))
		}
		s.silent()
		first.reply("[]")
		second := s.next("3 4 5 6")
		c.Send(messages("9"))
		s.silent()
		second.answer <- result{nil, errors.New("broken")} // does not hold up the next
		s.next("h1").reply("[]")                           // travels alone
		s.next("h2").reply("[]")
		s.next("7 8 9").reply("[]")
		s.silent()
		require.Contains(t, r.all(), "failed 3 4 5 6: long-polling: broken")
	})
}

func TestAMixedArrayIsTakenApart(t *testing.T) {
	play(t, func(t *testing.T, s *server, c *conn, _ *recorder) {
		c.Send(messages("h1 1 c1 2"))
		synctest.Wait()
		a, b := <-s.requests, <-s.requests
		require.ElementsMatch(t, []string{"h1", "c1"}, []string{a.ids(t), b.ids(t)})
		a.reply("[]")
		b.reply("[]")
		s.next("1 2").reply("[]")
	})
}

func TestANewerConnectTakesThePlaceOfTheOlder(t *testing.T) {
	play(t, func(t *testing.T, s *server, c *conn, r *recorder) {
		s.stubborn = true
		c.Send(messages("c1"))
		older := s.next("c1")
		other := func() { c.Send(messages("1")); s.next("1").reply("[]") }
		c.Send(messages("c2"))
		require.Error(t, older.ctx.Err())
		s.silent() // never two at a time
		other()
		require.Equal(t, []string{"received []", "failed 1: " + unanswered}, r.all())
		c.Send(messages("c3")) // in place of one that still waits
		require.Equal(t, []string{"failed c2: a newer connect took the place of this one"}, r.all())
		older.answer <- result{nil, older.ctx.Err()}
		newer := s.next("c3")
		require.NoError(t, newer.ctx.Err())
		require.Equal(t, []string{"failed c1: a newer connect took the place of this one"}, r.all())

		// What has arrived in spite of the abort may hold events.
		c.Send(messages("c4"))
		newer.reply(`[{"event":1}]`)
		require.Equal(t, `received [{"event":1}]`, r.all()[0])
		s.next("c4").reply("[]")
	})
}

func TestFailures(t *testing.T) {
	long := strings.Repeat("é", 1000)
	for name, test := range map[string]struct {
		resp *httpx.Response
		err  error
		want string
	}{
		"status":                {&httpx.Response{Status: 503, Body: []byte("<h1>busy\n")}, nil, `the server answered long-polling with HTTP 503: "<h1>busy\n"`},
		"no content":            {&httpx.Response{Status: 204}, nil, "the server answered long-polling with HTTP 204"},
		"long":                  {&httpx.Response{Status: 500, Body: []byte(long)}, nil, `the server answered long-polling with HTTP 500: "` + long[:2*200] + `…"`},
		"JSON":                  {&httpx.Response{Status: 500, Body: []byte(`{"error":"busy"}`)}, nil, `the server answered long-polling with HTTP 500: “{"error":"busy"}”`},
		"not UTF-8":             {&httpx.Response{Status: 500, Body: []byte("\xff")}, nil, `the server answered long-polling with HTTP 500: "\ufffd"`},
		"redirect":              {&httpx.Response{Status: 302, Redirected: true}, nil, "the server answered long-polling with a redirect (HTTP 302), which is not followed"},
		"redirect in a browser": {&httpx.Response{Redirected: true}, nil, "the server answered long-polling with a redirect, which is not followed"},
		"network":               {nil, &httpx.NetworkError{Method: "POST", URL: "u", Err: errors.New("reset")}, "long-polling: POST u: no response: reset"},
		"too large":             {nil, httpx.ErrTooLarge, "the server sent more than 16777216 bytes of messages at once: the option maxMessageSize lets more through"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, s *server, c *conn, r *recorder) {
				c.Send(messages("c1"))
				s.next("c1").answer <- result{test.resp, test.err}
				require.Equal(t, []string{"failed c1: " + test.want}, r.all())
				c.Send(messages("c2"))
				s.next("c2").reply("[]") // and the connection lives on
			})
		})
	}
}

func TestUnauthorized(t *testing.T) {
	for status, want := range map[int]bool{0: false, 302: false, 400: false, 401: true, 403: true, 404: false, 500: false} {
		require.Equal(t, want, (&StatusError{Status: status}).Unauthorized(), "%d", status)
	}
}

func TestReplaced(t *testing.T) {
	for status, want := range map[int]bool{0: false, 400: false, 401: false, 408: true, 500: true, 503: false} {
		require.Equal(t, want, (&StatusError{Status: status}).Replaced(), "%d", status)
	}
}

func TestPanicsBecomeFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{make(chan string, 10)}
		c, err := New(Options{Header: func() httpx.Header { panic("oops") }}).Open(t.Context(), r)
		require.NoError(t, err)
		defer c.Close()
		c.Send(messages("1"))
		c.Send(messages("2"))
		require.Equal(t, []string{"failed 1: internal error: oops", "failed 2: internal error: oops"}, r.all())
	})
}

func TestWhatIsNoJSONIsNotSent(t *testing.T) {
	play(t, func(t *testing.T, s *server, c *conn, r *recorder) {
		c.Send([]bayeux.Message{{Channel: "/a", ID: "1", Ext: []byte("{")}})
		heard := r.all()
		require.Len(t, heard, 1)
		require.Contains(t, heard[0], "failed 1: encoding messages: ")
		s.silent()
	})
}

func TestCancel(t *testing.T) {
	play(t, func(t *testing.T, s *server, c *conn, r *recorder) {
		c.Send(messages("c1"))
		held := s.next("c1")
		c.Send(messages("1 2"))
		other := s.next("1 2")
		waiting := messages("3 4 5")
		c.Send(waiting)
		c.Send(messages("6"))

		c.Cancel("unknown")
		require.Empty(t, r.all())
		c.Cancel("4")
		c.Cancel("6")
		require.Equal(t, []string{"failed 4: the request was given up", "failed 6: the request was given up"}, r.all())
		require.Equal(t, messages("3 4 5"), waiting, "the caller's array stays as it is")
		c.Cancel("2")
		require.Equal(t, []string{"failed 1 2: the request was given up"}, r.all())
		require.Error(t, other.ctx.Err())
		require.NoError(t, held.ctx.Err())
		s.next("3 5").reply("[]")
		c.Cancel("c1")
		require.Contains(t, r.all(), "failed c1: the request was given up")
		s.silent()
	})
}

func TestCancelOfAConnectThatWaits(t *testing.T) {
	play(t, func(t *testing.T, s *server, c *conn, r *recorder) {
		s.stubborn = true
		c.Send(messages("c1"))
		older := s.next("c1")
		c.Send(messages("c2"))
		c.Cancel("c2")
		require.Equal(t, []string{"failed c2: the request was given up"}, r.all())
		older.reply("[]")
		s.silent()
	})
}

func TestTheQueueIsBounded(t *testing.T) {
	play(t, func(t *testing.T, s *server, c *conn, r *recorder) {
		c.Send(messages("first"))
		first := s.next("first")
		var want []string
		for i := range maxWaiting {
			c.Send(messages(fmt.Sprint(i)))
			want = append(want, fmt.Sprint(i))
		}
		require.Empty(t, r.all())
		c.Send(messages("a b"))
		require.Equal(t, []string{"failed a b: too much waits for the server to answer"}, r.all())
		c.Send(messages("c1")) // goes another way
		s.next("c1").reply("[]")
		first.reply("[]")
		rest := s.next(strings.Join(want, " "))
		c.Send(messages("more"))
		rest.reply("[]")
		s.next("more").reply("[]")
	})
}

func TestCloseAbortsTheConnectAndDropsWhatWaitsButTheDisconnect(t *testing.T) {
	play(t, func(t *testing.T, s *server, c *conn, r *recorder) {
		c.Send(messages("c1"))
		held := s.next("c1")
		c.Send(messages("1"))
		other := s.next("1")
		c.Send(messages("2 3"))
		c.Send(messages("4 d1"))
		c.Send(messages("h1"))
		c.Close()
		require.Error(t, held.ctx.Err())
		require.NoError(t, other.ctx.Err())
		advance(3 * time.Second)
		other.reply("[]")
		bye := s.next("d1")
		advance(lingerTime - 3*time.Second - time.Nanosecond)
		synctest.Wait()
		require.NoError(t, bye.ctx.Err())
		bye.reply("[]")
		synctest.Wait()
		require.Zero(t, s.underway.Load())

		c.Close()
		c.Send(messages("c2"))
		c.Send(messages("2"))
		c.Cancel("2")
		s.silent()
		require.Empty(t, r.all(), "nobody listens any more")
	})
}

func TestCloseWaitsForFiveSecondsAtMost(t *testing.T) {
	play(t, func(t *testing.T, s *server, c *conn, r *recorder) {
		c.Send(messages("1"))
		other := s.next("1")
		c.Send(messages("d1"))
		c.Close()
		c.Close()
		advance(lingerTime - time.Nanosecond)
		synctest.Wait()
		require.NoError(t, other.ctx.Err())
		advance(time.Nanosecond)
		synctest.Wait()
		require.Error(t, other.ctx.Err())
		s.silent() // there is no time left for the other
		require.Empty(t, r.all())
	})
}

func TestCloseDropsAConnectThatWaits(t *testing.T) {
	play(t, func(t *testing.T, s *server, c *conn, r *recorder) {
		s.stubborn = true
		c.Send(messages("c1"))
		held := s.next("c1")
		c.Send(messages("c2"))
		c.Close()
		held.reply("[]")
		s.silent()
		require.Empty(t, r.all())
	})
}

// Whatever the order of things, each message is reported once, and the server
// sees no more than two requests.
func TestManySenders(t *testing.T) {
	play(t, func(t *testing.T, s *server, c *conn, r *recorder) {
		const senders, each = 8, 20
		var wg sync.WaitGroup
		for i := range senders {
			wg.Go(func() {
				for k := range each {
					c.Send(messages(fmt.Sprintf("%d-%d", i, k)))
					if i == 0 {
						c.Send(messages(fmt.Sprintf("c%d", k)))
						c.Cancel(fmt.Sprintf("%d-%d", i, k))
					}
				}
			})
		}
		served := make(chan struct{})
		go func() {
			defer close(served)
			for call := range s.requests {
				call.reply("[]")
			}
		}()
		wg.Wait()
		synctest.Wait()
		failed := map[string]int{}
		for _, heard := range r.all() {
			if list, ok := strings.CutPrefix(heard, "failed "); ok {
				list, _, _ = strings.Cut(list, ":")
				for id := range strings.FieldsSeq(list) {
					failed[id]++
				}
			}
		}
		require.Len(t, failed, (senders+1)*each)
		for id, n := range failed {
			require.Equal(t, 1, n, id)
		}
		close(s.requests)
		<-served
	})
}

func TestMessageTypeInTheURL(t *testing.T) {
	message := func(channels ...string) (list []bayeux.Message) {
		for _, channel := range channels {
			list = append(list, bayeux.Message{Channel: channel})
		}
		return list
	}
	for _, test := range []struct {
		url      string
		messages []bayeux.Message
		want     string
	}{
		{"http://s/cometd", message("/meta/handshake"), "http://s/cometd/handshake"},
		{"http://s/cometd/", message("/meta/connect"), "http://s/cometd/connect"},
		{"http://s/cometd", message("/meta/disconnect"), "http://s/cometd/disconnect"},
		{"http://s/cometd", message("/meta/subscribe"), "http://s/cometd"},
		{"http://s/cometd", message("/meta/subscribe", "/meta/disconnect"), "http://s/cometd"},
		{"http://s/cometd.php", message("/meta/connect"), "http://s/cometd.php"},
	} {
		require.Equal(t, test.want, address(Options{URL: test.url, AppendMessageType: true}, test.messages))
		require.Equal(t, test.url, address(Options{URL: test.url}, test.messages))
	}
}
