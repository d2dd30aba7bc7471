package outbound

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/deadline"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
)

// sleeper is the clock of a page that can be frozen. What it has missed shows when its next timer
// fires, as in a browser; the rest of the bubble's time goes on.
type sleeper struct{ missed atomic.Int64 }

func (s *sleeper) clock() deadline.Clock {
	return deadline.Clock{Now: func() time.Time { return time.Now().Add(time.Duration(s.missed.Load())) }}
}

func (s *sleeper) freeze(d time.Duration) { s.missed.Add(int64(d)) }

// openLate opens a client of a model server in a page that can be frozen.
func openLate(t *testing.T, s *modelServer, page *sleeper, change func(*Options)) (*Client, error) {
	over := s.network()
	over.clock = page.clock()
	opts := modelOptions(nil)
	change(&opts)
	c, err := opts.open(t.Context(), over)
	if c != nil {
		t.Cleanup(func() {
			c.Close()
			time.Sleep(time.Minute) // what the server has still to do, by the clock of the bubble
		})
	}
	return c, err
}

func TestLate_AnAcknowledgementThatHasArrivedIsTaken(t *testing.T) {
	const timeout = 5 * time.Second
	for name, test := range map[string]struct {
		frozen time.Duration
		lag    time.Duration // of what the client sends; -1: nothing arrives any more
		event  time.Duration // when the acknowledgement is sent, after the POST has arrived
		code   Code
		most   time.Duration
	}{
		"awake":                                {0, 0, timeout + 100*time.Millisecond, AckTimeout, timeout},
		"frozen":                               {8 * time.Second, 0, timeout + 100*time.Millisecond, "", timeout + 100*time.Millisecond},
		"frozen for a night":                   {8 * time.Hour, 0, timeout + 100*time.Millisecond, "", timeout + 100*time.Millisecond},
		"frozen, on a slow line":               {8 * time.Second, 600 * time.Millisecond, timeout + 500*time.Millisecond, "", timeout + 1200*time.Millisecond},
		"frozen, and nothing has arrived":      {8 * time.Second, 0, time.Minute, AckTimeout, timeout + 300*time.Millisecond},
		"frozen, and nobody is there any more": {8 * time.Second, -1, time.Minute, AckTimeout, timeout + deadline.Grace},
	} {
		each(t, func(t *testing.T, transport string) {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					page := &sleeper{}
					truth := &modelTruth{fate: modelFate{Answer: "ok", Event: "ack", EventAfter: test.event}}
					s := &modelServer{conf: modelConfig{Ack: true, LongPolling: transport == LongPolling, Lag: max(test.lag, 0)}, truths: map[string]*modelTruth{"ref-1": truth}}
					c, err := openLate(t, s, page, func(*Options) {})
					require.NoError(t, err)
					time.Sleep(time.Second) // until a connect is held, by the clock of the bubble
					done := call(t.Context(), c, record(), CallOptions{AckTimeout: timeout})
					begun := time.Now()
					time.Sleep(4 * time.Second) // by the clock of the bubble
					if test.lag < 0 {
						s.mu.Lock()
						s.silence(time.Minute)
						s.mu.Unlock()
					}
					page.freeze(test.frozen)
					o := <-done
					require.LessOrEqual(t, time.Since(begun), test.most)
					if test.code != "" {
						o.rejected(t, test.code, gws.Accepted)
						return
					}
					o.resolved(t, "ref-1")
				})
			})
		})
	}
}

func TestLate_AnOpeningThatIsUnderWayHasAGrace(t *testing.T) {
	for frozen, connected := range map[time.Duration]bool{0: false, 8 * time.Second: true} {
		synctest.Test(t, func(t *testing.T) {
			page := &sleeper{}
			s := &modelServer{conf: modelConfig{Ack: true}, truths: map[string]*modelTruth{}}
			time.AfterFunc(4*time.Second, func() { page.freeze(frozen) })
			_, err := openLate(t, s, page, func(o *Options) {
				o.ConnectTimeout = 5 * time.Second
				o.Headers = func(context.Context, bool) (httpx.Header, error) {
					time.Sleep(6 * time.Second) // by the clock of the bubble
					return httpx.Header{}, nil
				}
			})
			if connected {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, string(ConnectFailed))
			}
			time.Sleep(time.Minute) // until all that was begun has ended, by the clock of the bubble
		})
	}
}

func TestLate_ACallThatWaitsForASessionHasAGrace(t *testing.T) {
	for frozen, resolved := range map[time.Duration]bool{0: false, 8 * time.Second: true} {
		synctest.Test(t, func(t *testing.T) {
			page := &sleeper{}
			truth := &modelTruth{fate: modelFate{Answer: "ok", Event: "ack"}}
			s := &modelServer{conf: modelConfig{Ack: true, Seed: 1}, truths: map[string]*modelTruth{"ref-1": truth}}
			c, err := openLate(t, s, page, func(o *Options) { o.ConnectTimeout = 5 * time.Second })
			require.NoError(t, err)
			s.mu.Lock()
			s.outage(5100 * time.Millisecond)
			s.mu.Unlock()
			synctest.Wait()
			done := call(t.Context(), c, record(), CallOptions{})
			time.AfterFunc(4*time.Second, func() { page.freeze(frozen) })
			o := <-done
			if resolved {
				o.resolved(t, "ref-1")
			} else {
				o.rejected(t, ConnectFailed, gws.NotSent)
			}
		})
	}
}

// The server has given up the session by then. An answer to a request that leaves before there is a new one would be lost.
func TestLate_ACallAfterALongSleepWaitsUntilTheSessionHasProvedToLive(t *testing.T) {
	each(t, func(t *testing.T, transport string) {
		synctest.Test(t, func(t *testing.T) {
			truth := &modelTruth{fate: modelFate{Answer: "ok", Event: "ack"}}
			s := &modelServer{conf: modelConfig{Ack: true, LongPolling: transport == LongPolling, Lag: 400 * time.Millisecond}, truths: map[string]*modelTruth{"ref-1": truth}}
			r := &modelRun{t: t, s: s}
			c, err := openLate(t, s, &sleeper{}, func(o *Options) {
				o.Channels = []string{stopping}
				o.OnNotification = func(string, json.RawMessage) { <-r.awake }
			})
			require.NoError(t, err)
			r.c = c
			r.sleep(time.Minute, false)
			synctest.Wait()
			done := call(t.Context(), c, record(), CallOptions{})
			require.NoError(t, (<-done).err)
		})
	})
}
