package bayeux

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

const (
	refusedReply     = `[{"channel":"/meta/subscribe","id":"%1","successful":false,"error":"403:/a:Denied","subscription":"/a"}]`
	unsubscribeReply = `[{"channel":"/meta/unsubscribe","id":"%1","successful":true,"subscription":"/a"}]`
)

// try subscribes to /a while the server is played; what it comes to is sent.
func (s *server) try(ctx context.Context, c *Client, got *int) chan any {
	result := make(chan any, 1)
	go func() {
		sub, err := c.TrySubscribe(ctx, "/a", func(Message) { *got++ })
		if err != nil {
			result <- err
			return
		}
		result <- sub
	}()
	return result
}

// event has the server publish on /a, and returns how often it was heard.
func (s *server) event(got *int) int {
	before := *got
	s.say(`[{"channel":"/a","data":1}]`)
	synctest.Wait()
	return *got - before
}

func over(t *testing.T, requests bool, f func(t *testing.T, s *server, c *Client)) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		if requests {
			s.name, s.requests = longPolling, true
		}
		c := s.client()
		s.connect(c)
		s.expect(metaConnect)
		f(t, s, c)
	})
}

func TestTrySubscribe_RefusedIsAnErrorAndTheClientLives(t *testing.T) {
	for _, text := range []string{"403:/a:Denied", "401::not for you"} { // which by its number could mean the session
		over(t, false, func(t *testing.T, s *server, c *Client) {
			var got int
			result := s.try(t.Context(), c, &got)
			s.say(strings.Replace(refusedReply, "403:/a:Denied", text, 1), s.expect(metaSubscribe)...)
			var refused *SubscribeError
			require.ErrorAs(t, (<-result).(error), &refused)
			require.Equal(t, text, refused.Text)
			s.silent()
			require.Equal(t, Connected, c.current().State)

			result = s.try(t.Context(), c, &got)
			s.say(subscribeReply, s.expect(metaSubscribe)...)
			require.IsType(t, &Subscription{}, <-result)
			require.Equal(t, 1, s.event(&got))
		})
	}
}

func TestTrySubscribe_RefusedInANewSessionIsAskedForAgainInTheNextOne(t *testing.T) {
	run(t, func(t *testing.T) {
		s, got := newServer(t), 0
		c := s.client()
		s.connect(c)
		held := s.expect(metaConnect)
		result := s.try(t.Context(), c, &got)
		s.say(subscribeReply, s.expect(metaSubscribe)...)
		require.IsType(t, &Subscription{}, <-result)

		s.say(connect402, held...)
		s.say(handshakeReply, s.expect(metaHandshake)...)
		subscribe, connect := s.expect(metaSubscribe), s.expect(metaConnect)
		s.say(refusedReply, subscribe...)
		s.say(connectReply, connect...)
		held = s.expect(metaConnect)
		require.Equal(t, Connected, c.current().State)
		require.Contains(t, strings.Join(s.log, "\n"), "is asked again in the next session")

		second := 0
		other := s.try(t.Context(), c, &second) // which is asked for, though the first one waits
		s.say(refusedReply, s.expect(metaSubscribe)...)
		require.Error(t, (<-other).(error))

		wait(2 * steadyAfter)
		s.say(connect402, held...)
		s.session()
		s.expect(metaConnect)
		require.Equal(t, 1, s.event(&got))
		require.Zero(t, second)
	})
}

func TestCancel(t *testing.T) {
	closed := func(t *testing.T, done <-chan struct{}) bool {
		synctest.Wait()
		select {
		case <-done:
			return true
		default:
			return false
		}
	}
	granted := func(t *testing.T, s *server, c *Client, got *int) *Subscription {
		result := s.try(t.Context(), c, got)
		s.say(subscribeReply, s.expect(metaSubscribe)...)
		return (<-result).(*Subscription)
	}
	t.Run("before it was granted", func(t *testing.T) {
		over(t, false, func(t *testing.T, s *server, c *Client) {
			var got int
			ctx, cancel := context.WithCancel(t.Context())
			result := s.try(ctx, c, &got)
			m := s.expect(metaSubscribe)
			cancel()
			require.ErrorIs(t, (<-result).(error), context.Canceled)
			s.silent()
			s.say(subscribeReply, m...)
			s.say(unsubscribeReply, s.expect(metaUnsubscribe)...)
			s.silent()
		})
	})
	t.Run("before it was granted, and made again", func(t *testing.T) {
		over(t, false, func(t *testing.T, s *server, c *Client) {
			var got int
			ctx, cancel := context.WithCancel(t.Context())
			first := s.try(ctx, c, &got)
			m := s.expect(metaSubscribe)
			cancel()
			<-first
			second := s.try(t.Context(), c, &got)
			s.silent() // the same channel is not asked for twice
			s.say(subscribeReply, m...)
			require.IsType(t, &Subscription{}, <-second)
			s.silent()
			require.Equal(t, 1, s.event(&got))
		})
	})
	t.Run("and made again at once", func(t *testing.T) {
		over(t, false, func(t *testing.T, s *server, c *Client) {
			var got int
			done := granted(t, s, c, &got).Cancel()
			unsubscribe := s.expect(metaUnsubscribe)
			require.False(t, closed(t, done))
			result := s.try(t.Context(), c, &got)
			subscribe := s.expect(metaSubscribe) // behind it
			s.say(unsubscribeReply, unsubscribe...)
			s.say(subscribeReply, subscribe...)
			sub := (<-result).(*Subscription)
			require.True(t, closed(t, done))
			require.Equal(t, 1, s.event(&got))
			done = sub.Cancel()
			s.say(unsubscribeReply, s.expect(metaUnsubscribe)...)
			require.True(t, closed(t, done))
			require.True(t, closed(t, sub.Cancel()), "again, which does nothing")
			s.silent()
		})
	})
	t.Run("of what others want", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s, got := newServer(t), 0
			c := s.client()
			_, err := c.Subscribe(t.Context(), "/a", func(Message) { got++ })
			require.NoError(t, err)
			s.connect(c)
			s.expect(metaConnect)
			sub := (<-s.try(t.Context(), c, &got)).(*Subscription)
			require.Equal(t, 2, s.event(&got))
			require.True(t, closed(t, sub.Cancel()))
			s.silent()
			require.Equal(t, 1, s.event(&got))
		})
	})
	t.Run("without a connection", func(t *testing.T) {
		over(t, false, func(t *testing.T, s *server, c *Client) {
			var got int
			sub := granted(t, s, c, &got)
			s.current.sink.Lose(errors.New("reset"))
			synctest.Wait()
			require.True(t, closed(t, sub.Cancel()), "nobody waits for a connection")
			s.connection()
			s.say(unsubscribeReply, s.expect(metaUnsubscribe)...)
			s.say(connectReply, s.expect(metaConnect)...)
			s.expect(metaConnect)
			require.Zero(t, s.event(&got))
		})
	})
	t.Run("as the connection is lost", func(t *testing.T) {
		over(t, false, func(t *testing.T, s *server, c *Client) {
			var got int
			done := granted(t, s, c, &got).Cancel()
			s.expect(metaUnsubscribe)
			s.current.sink.Lose(errors.New("reset"))
			require.True(t, closed(t, done))
			s.connection()
			s.expect(metaUnsubscribe) // again: the server may not know
		})
	})
	t.Run("of a session that is lost", func(t *testing.T) {
		run(t, func(t *testing.T) {
			s, got := newServer(t), 0
			c := s.client()
			s.connect(c)
			held := s.expect(metaConnect)
			done := granted(t, s, c, &got).Cancel()
			s.expect(metaUnsubscribe)
			s.say(connect402, held...)
			require.True(t, closed(t, done))
			s.session() // in which it is not mentioned
			s.expect(metaConnect)
		})
	})
	t.Run("of a client that is closed", func(t *testing.T) {
		over(t, false, func(t *testing.T, s *server, c *Client) {
			var got int
			sub := granted(t, s, c, &got)
			done := sub.Cancel()
			s.expect(metaUnsubscribe)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			c.Close(ctx)
			require.True(t, closed(t, done))
			require.True(t, closed(t, sub.Cancel()))
		})
	})
}

// Over requests, one that fails says nothing about the session.
func TestTrySubscribe_RequestThatFailsIsSentAgain(t *testing.T) {
	over(t, true, func(t *testing.T, s *server, c *Client) {
		var got int
		result := s.try(t.Context(), c, &got)
		s.current.sink.Fail(s.expect(metaSubscribe), errors.New("reset"))
		m := s.expect(metaSubscribe)
		require.Equal(t, Connected, c.current().State)
		s.say(subscribeReply, m...)
		sub := (<-result).(*Subscription)
		require.Equal(t, 1, s.event(&got))

		done := sub.Cancel()
		s.current.sink.Fail(s.expect(metaUnsubscribe), errors.New("reset"))
		<-done // the server is told at the next occasion
		other := make(chan error, 1)
		go func() { _, err := c.TrySubscribe(t.Context(), "/b", func(Message) {}); other <- err }()
		s.say(unsubscribeReply, s.expect(metaUnsubscribe)...)
		s.say(strings.Replace(subscribeReply, `"/a"`, `"/b"`, 1), s.expect(metaSubscribe)...)
		require.NoError(t, <-other)
	})
}
