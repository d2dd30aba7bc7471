package bayeux

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// The connection is kept while the client waits for the next attempt, and dies
// before the reply to the disconnect.
func TestCloseWhileWaitingEnds(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		held := s.expect(metaConnect)
		s.say(`[{"channel":"/meta/connect","id":"%1","successful":false,"error":"500::oops"}]`, held...)
		synctest.Wait()
		require.Equal(t, Reconnecting, c.current().State)
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		from := time.Now()
		done := make(chan struct{})
		go func() { c.Close(ctx); close(done) }()
		s.expect(metaDisconnect)
		s.current.sink.Lose(errors.New("reset"))
		<-done
		require.Less(t, time.Since(from), time.Minute)
	})
}

func TestWakeAfterCloseStartsNothing(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		_, err := c.Subscribe(t.Context(), "/a", func(Message) {})
		require.NoError(t, err)
		s.connect(c)
		held := s.expect(metaConnect)
		s.say(`[{"channel":"/meta/connect","id":"%1","successful":false,"error":"500::oops"}]`, held...)
		synctest.Wait()
		go c.Close(context.Background())
		s.expect(metaDisconnect)
		n := len(s.status)
		c.Wake()
		synctest.Wait()
		require.Len(t, s.status, n, "statuses after Close: %v", s.status[n:])
	})
}

func TestWakeOnceClosed(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		var c *Client
		c = New(Options{Transports: []Transport{s}, OnStatus: func(st Status) {
			if st.State == Closed {
				c.Wake()
			}
		}})
		_, err := c.Subscribe(t.Context(), "/a", func(Message) {})
		require.NoError(t, err)
		s.connect(c)
		s.say(`[{"channel":"/meta/disconnect","successful":true}]`)
		<-c.done
	})
}

func TestWakeBehindClose(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		s.down.Store(true)
		s.current.sink.Lose(errors.New("reset"))
		synctest.Wait()
		c.box.put(func() { c.goodbye(); c.Wake() }) // as when both are queued
		<-c.done
		require.Equal(t, Closed, c.current().State)
	})
}

// A server that confirms the first connect of each session and forgets it then.
func TestSessionForgottenAfterItsFirstConnectIsNoTightLoop(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		from := time.Now()
		for range 4 {
			s.say(connect402, s.expect(metaConnect)...)
			s.session()
		}
		require.Greater(t, time.Since(from), 5*time.Second, "4 sessions")
	})
}

func TestMultipleClientsAreToldOnce(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		s.say(`[{"channel":"/meta/connect","id":"%1","successful":true,"advice":{"interval":2000,"multiple-clients":true}}]`, s.expect(metaConnect)...)
		synctest.Wait()
		n := len(s.status)
		for range 10 {
			s.say(connectReply, s.expect(metaConnect)...)
			synctest.Wait()
		}
		require.Len(t, s.status, n)
	})
}

func TestCancelBeforeTheHandshakeReply(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		sub, err := c.Subscribe(t.Context(), "/a", func(Message) {})
		require.NoError(t, err)
		go c.Connect(t.Context())
		s.connection()
		s.expect(metaHandshake)
		sub.Cancel()
		s.silent()
	})
}

// A new subscription, asked for while the session comes back, is refused.
func TestRefusedNewSubscriptionHarmsNoOther(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		s.expect(metaConnect)
		s.current.sink.Lose(errors.New("reset"))
		synctest.Wait()
		result := make(chan error, 1)
		go func() { _, err := c.Subscribe(t.Context(), "/new", func(Message) {}); result <- err }()
		s.connection()
		s.say(`[{"channel":"/meta/subscribe","id":"%1","successful":false,"error":"403::denied"}]`, s.expect(metaSubscribe)...)
		synctest.Wait()
		select {
		case err := <-result:
			require.Error(t, err)
		default:
			t.Fatalf("it waits on: %+v", c.current())
		}
	})
}

func TestClientIDIsNotLogged(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		go c.Connect(t.Context())
		s.connection()
		hello := s.expect(metaHandshake)
		s.say(`[{"clientId":"SECRETSESSION","successful":true},`+handshakeReply[1:], hello...)
		synctest.Wait()
		require.NotContains(t, strings.Join(s.log, "\n"), "SECRETSESSION")
	})
}

// Each held connect fails at once; the one before it, which is not held, works.
func TestBackoffGrowsWhereOnlyHeldConnectsFail(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		for range 20 {
			s.say(`[{"channel":"/meta/connect","id":"%1","successful":false,"error":"500::oops"}]`, s.expect(metaConnect)...)
			synctest.Wait()
			last := c.current().RetryIn
			s.say(connectReply, s.expect(metaConnect)...)
			synctest.Wait()
			if last > time.Second {
				return
			}
		}
		t.Fatal("after 20 failures it is still tried again within 1 s")
	})
}
