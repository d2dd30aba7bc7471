//go:build interop && !js

package interop_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/bayeux/longpolling"
	"gws-outbound/internal/bayeux/websocket"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
	"gws-outbound/internal/interop"
)

const resumeChannel = "/v2/me/calls"

// page is what one page's life leaves to the next: the browser's cookies, and
// what was saved of the session.
type page struct {
	s         *interop.Server
	transport string
	doer      *httpx.Client
	saved     atomic.Pointer[bayeux.SavedSession] // the last that is safe
}

// life is a client of a page.
type life struct {
	*bayeux.Client
	*wire
	events chan string
	unsafe chan bayeux.SavedSession // what could not be made safe
}

// wire is what a client does its requests over, until it is dead.
type wire struct {
	*httpx.Client
	dead atomic.Bool
}

func (w *wire) Do(ctx context.Context, r *httpx.Request) (*httpx.Response, error) {
	if w.dead.Load() {
		return nil, errors.New("dead")
	}
	return w.Client.Do(ctx, r)
}

// load is a page that is loaded: a client that goes on with the session of the
// life before. Unless it is safe, nothing can be saved once an event has come.
func (p *page) load(t *testing.T, safe bool) *life {
	t.Helper()
	w := &wire{Client: p.doer}
	rest := gws.NewAuth(gws.Config{BaseURL: p.s.URL, Doer: w, CSRF: true, RequestTimeout: 10 * time.Second})
	url := p.s.URL + "/api/v2/notifications"
	transport := bayeux.Transport(websocket.New(url).WithClient(p.doer.HTTP))
	if p.transport == "long-polling" {
		transport = longpolling.New(longpolling.Options{URL: url, Doer: w, Header: rest.RequestHeader})
	}
	l := &life{wire: w, events: make(chan string, 10), unsafe: make(chan bayeux.SavedSession, 10)}
	l.Client = bayeux.New(bayeux.Options{
		Transports: []bayeux.Transport{transport},
		Prepare:    rest.SignIn,
		Resume:     p.saved.Load,
		Save: func(saved bayeux.SavedSession, done func()) {
			if !safe && len(l.events) > 0 {
				l.unsafe <- saved
				return
			}
			p.saved.Store(&saved)
			done()
		},
		Log: func(_ bayeux.Level, line string) { t.Log(line) },
	})
	t.Cleanup(l.die)
	_, err := l.Subscribe(t.Context(), resumeChannel, func(m bayeux.Message) { l.events <- string(m.Data) })
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	require.NoError(t, l.Connect(ctx))
	return l
}

// die ends the client. Where the network is away, nothing of that reaches the
// server, as when a page is killed.
func (l *life) die() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	l.Close(ctx)
}

// kill ends the client as a page ends that is killed: its connections break,
// and nothing is said.
func (p *page) kill(l *life) {
	l.dead.Store(true)
	p.s.Refuse(true)
	p.s.Cut()
	l.die()
	p.s.Refuse(false)
}

func (p *page) publish(n int) {
	p.s.Control("publish", map[string]any{"channel": resumeChannel, "size": n}, nil)
}

// hears waits for an event with a text of that length. Others may come again.
func (l *life) hears(t *testing.T, n int) {
	t.Helper()
	late := time.After(long)
	for {
		select {
		case got := <-l.events:
			var event struct{ Text string }
			require.NoError(t, json.Unmarshal([]byte(got), &event))
			if len(event.Text) == n {
				return
			}
		case <-late:
			require.FailNow(t, "waited in vain for an event")
		}
	}
}

// TestResume kills clients without a goodbye, and lets others go on with their
// sessions, by what was saved.
func TestResume(t *testing.T) {
	for _, kind := range interop.Kinds {
		for _, transport := range kind.Transports() {
			t.Run(string(kind)+" "+transport, func(t *testing.T) {
				t.Parallel()
				p := &page{s: interop.Start(t, kind, interop.Options{}), transport: transport, doer: httpx.New()}
				l := p.load(t, true)
				p.publish(1)
				l.hears(t, 1)
				first := p.saved.Load().ClientID

				p.kill(l)
				if kind.HasAck() {
					p.publish(2) // while nobody is there
				}
				l = p.load(t, true)
				require.Equal(t, first, p.saved.Load().ClientID, "the session goes on")
				if !kind.HasAck() {
					p.publish(2) // before that, Faye would write it into the request that it may still hold for the dead client
				}
				l.hears(t, 2)

				if kind.HasAck() {
					// What the page has received but not made safe comes again.
					p.kill(l)
					l = p.load(t, false)
					p.publish(3)
					select {
					case <-l.unsafe:
					case <-time.After(long):
						require.FailNow(t, "there was nothing to be saved")
					}
					l.hears(t, 3)
					p.kill(l)
					l = p.load(t, true)
					require.Equal(t, first, p.saved.Load().ClientID)
					l.hears(t, 3)
				}

				p.kill(l)
				p.s.Control("expire", nil, nil)
				l = p.load(t, true)
				require.NotEqual(t, first, p.saved.Load().ClientID, "a session that is gone gives way to a new one")
				p.publish(4)
				l.hears(t, 4)
			})
		}
	}
}
