package bayeux

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// browser has its clients take turns, as a lock does. Who asks has its turn after delay at the earliest.
type browser struct {
	delay time.Duration

	mu    sync.Mutex
	queue []*inLine // the first has its turn
	asked int
}

type inLine struct{ granted func() }

func (b *browser) awaitTurn(granted func()) (leave func()) {
	a := &inLine{granted}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if b.queue = append(b.queue, a); len(b.queue) == 1 {
		time.AfterFunc(b.delay, granted)
	}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		i := slices.Index(b.queue, a)
		if i < 0 {
			return
		}
		if b.queue = slices.Delete(b.queue, i, i+1); i == 0 && len(b.queue) > 0 {
			b.queue[0].granted()
		}
	}
}

func (b *browser) waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.queue)
}

// client returns one of the browser's over requests, connected.
func (b *browser) client(t *testing.T) (*server, *Client) {
	t.Helper()
	s := newServer(t)
	s.name, s.requests = longPolling, true
	c := s.clientWith(Options{Transports: []Transport{s}, AwaitTurn: b.awaitTurn})
	hears(t, c, "/a")
	s.connect(c)
	return s, c
}

func held(t *testing.T, m []Message) {
	t.Helper()
	require.Nil(t, m[0].Advice, "it is this client's turn")
}

func TestTurn_OneClientIsHeldAndTheOthersArePolite(t *testing.T) {
	run(t, func(t *testing.T) {
		b := &browser{}
		s1, first := b.client(t)
		held(t, s1.expect(metaConnect))
		require.NoError(t, first.current().Reason)

		s2, second := b.client(t)
		require.Equal(t, Connected, second.current().State)
		require.ErrorContains(t, second.current().Reason, "another client in this browser")
		from := time.Now()
		m := s2.expect(metaConnect)
		require.Equal(t, 2*time.Second, time.Since(from), "nobody waits there")
		for range 3 {
			polite(t, m)
			second.AddWaiters(1)
			from = time.Now()
			s2.say(connectReply, m...)
			m = s2.expect(metaConnect)
			require.Equal(t, 250*time.Millisecond, time.Since(from))
			second.AddWaiters(-1)
		}
		// A server that holds one request for a browser says so of those whose turn it is not.
		s2.say(multipleClients, m...)
		synctest.Wait()
		require.ErrorContains(t, second.current().Reason, "another client in this browser")
		require.NotContains(t, s2.log, errMultipleClients.Error())
	})
}

func TestTurn_NothingWaitsForIt(t *testing.T) {
	run(t, func(t *testing.T) {
		b := &browser{delay: 700 * time.Millisecond}
		from := time.Now()
		s, c := b.client(t)
		require.Zero(t, time.Since(from), "to connect")
		held(t, s.expect(metaConnect))
		require.Equal(t, 700*time.Millisecond, time.Since(from))
		require.NoError(t, c.current().Reason)
	})
}

// A turn that comes while a connect is under way is for the next one.
func TestTurn_ComesDuringAConnect(t *testing.T) {
	run(t, func(t *testing.T) {
		b := &browser{delay: 2500 * time.Millisecond}
		s, _ := b.client(t)
		m := s.expect(metaConnect)
		polite(t, m)
		wait(time.Second)
		s.say(connectReply, m...)
		held(t, s.expect(metaConnect))
	})
}

func TestTurn_IsTheNextOnesWhenTheHolder(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, s *server, c *Client){
		"is closed":              func(t *testing.T, _ *server, c *Client) { go c.Close(t.Context()) },
		"is ended":               func(_ *testing.T, _ *server, c *Client) { c.End(ErrClosed) },
		"is ended by the server": func(_ *testing.T, s *server, _ *Client) { s.say(`[{"channel":"/meta/disconnect"}]`) },
		"is frozen":              func(_ *testing.T, _ *server, c *Client) { c.Away() },
		"panics":                 func(_ *testing.T, _ *server, c *Client) { c.box.put(func() { panic("oh") }) },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				b := &browser{}
				s1, first := b.client(t)
				held(t, s1.expect(metaConnect))
				s2, second := b.client(t)
				_, third := b.client(t)
				wait(time.Second) // in the pause
				from := time.Now()
				end(t, s1, first)
				held(t, s2.expect(metaConnect))
				require.Zero(t, time.Since(from))
				require.NoError(t, second.current().Reason)
				require.Error(t, third.current().Reason)
				if first.phase == leaving {
					s1.expect(metaDisconnect)
				}
			})
		})
	}
}

// Its Authorization may have expired, or the server may have asked for a pause: it has no request held, and may have none for long.
func TestTurn_IsTheNextOnesWhileTheHolderCannotReconnect(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		kept int // failures in a row after which it has its turn all the same
	}{
		"as it is refused": {unauthorized{}, 2},
		"for a long time":  {leaveMeAlone(30 * time.Second), 0},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				b := &browser{}
				s1, first := b.client(t)
				m := s1.expect(metaConnect)
				held(t, m)
				s2, second := b.client(t)
				m2 := s2.expect(metaConnect)
				polite(t, m2)
				for range test.kept {
					s1.current.sink.Fail(m, test.err)
					m = <-s1.current.sent
					require.Equal(t, errOtherHeld, second.current().Reason)
				}
				s1.current.sink.Fail(m, test.err)
				synctest.Wait()
				require.NoError(t, second.current().Reason)
				first.Wake()
				synctest.Wait()
				require.Equal(t, 1, b.waiting(), "it asks once it has a session")
				s2.say(connectReply, m2...)
				held(t, s2.expect(metaConnect))

				replies := map[string]string{metaHandshake: handshakeReply, metaSubscribe: subscribeReply, metaConnect: connectReply}
				for first.current().State != Connected {
					select {
					case s1.current = <-s1.opened:
					case m := <-s1.current.sent:
						s1.say(replies[m[0].Channel], m...)
					}
					synctest.Wait()
				}
				polite(t, s1.expect(metaConnect))
				require.Equal(t, 2, b.waiting(), "it has asked again")
				second.End(ErrClosed)
				synctest.Wait()
				require.NoError(t, first.current().Reason)
			})
		})
	}
}

func TestTurn_WhoHasGoneDoesNotGetIt(t *testing.T) {
	run(t, func(t *testing.T) {
		b := &browser{}
		s1, first := b.client(t)
		held(t, s1.expect(metaConnect))
		_, second := b.client(t)
		second.End(ErrClosed)
		s3, _ := b.client(t)
		first.End(ErrClosed)
		held(t, s3.expect(metaConnect))
		require.Equal(t, 1, b.waiting())
	})
}

func TestTurn_WhoWasFrozenAsksAgain(t *testing.T) {
	run(t, func(t *testing.T) {
		b := &browser{}
		s, c := b.client(t)
		m := s.expect(metaConnect)
		held(t, m)
		c.Away()
		c.Away()
		synctest.Wait()
		require.Zero(t, b.waiting())
		s.say(connectReply, m...)
		m = s.expect(metaConnect)
		polite(t, m) // whose turn it is is not known until it is back
		require.NoError(t, c.current().Reason, "no other client has it")
		c.Wake()
		c.Wake()
		wait(time.Millisecond) // until it has its turn
		s.say(subscribeReply, s.expect(metaSubscribe)...)
		require.Equal(t, 1, b.waiting())
		s.say(connectReply, m...)
		held(t, s.expect(metaConnect))
	})
}

func TestTurn_AGuestNeverAsks(t *testing.T) {
	run(t, func(t *testing.T) {
		b := &browser{}
		s := newServer(t)
		s.name, s.requests = longPolling, true
		c := s.clientWith(Options{Transports: []Transport{s}, AwaitTurn: b.awaitTurn, Guest: true})
		s.connect(c)
		polite(t, s.expect(metaConnect))
		c.Away()
		c.Wake()
		synctest.Wait()
		require.Zero(t, b.asked)
	})
}

func TestTurn_OfASessionThatMovesToASocketIsTheNextOnes(t *testing.T) {
	run(t, func(t *testing.T) {
		b := &browser{}
		socket, polling := both(t)
		socket.down.Store(true)
		c := socket.clientWith(Options{Transports: []Transport{socket, polling}, AwaitTurn: b.awaitTurn})
		polling.connect(c)
		held(t, polling.expect(metaConnect))
		s2, _ := b.client(t)
		socket.down.Store(false)
		socket.connection() // after a while
		require.Equal(t, 2, b.waiting())
		socket.say(connectReply, socket.expect(metaConnect)...)
		held(t, socket.expect(metaConnect))
		m := s2.expect(metaConnect)
		for i := 0; i < 5 && m[0].Advice != nil; i++ {
			s2.say(connectReply, m...)
			m = s2.expect(metaConnect)
		}
		held(t, m)
		require.Equal(t, 1, b.waiting())
		require.NoError(t, c.current().Reason)
	})
}

// Beside a desktop's own session, whoever has the turn is polite all the same.
func TestTurn_DoesNotTakeTheRequestOfOthers(t *testing.T) {
	run(t, func(t *testing.T) {
		b := &browser{}
		s, c := b.client(t)
		s.say(multipleClients, s.expect(metaConnect)...)
		for range 5 {
			m := s.expect(metaConnect)
			polite(t, m)
			s.say(multipleClients, m...)
		}
		require.ErrorContains(t, c.current().Reason, "several clients")
		require.Contains(t, s.log, errMultipleClients.Error())

		s2, second := b.client(t)
		s2.say(multipleClients, s2.expect(metaConnect)...)
		c.End(ErrClosed)
		polite(t, s2.expect(metaConnect))
		require.ErrorContains(t, second.current().Reason, "several clients", "which is known only of those that have their turn")
	})
}
