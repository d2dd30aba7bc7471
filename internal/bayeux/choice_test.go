package bayeux

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// both returns a server over a socket, which is to be tried first, and one over requests.
func both(t *testing.T) (socket, polling *server) {
	socket, polling = newServer(t), newServer(t)
	polling.name, polling.requests = longPolling, true
	return socket, polling
}

// movedToSocket returns a client whose session has moved from requests to a socket, over which it has just sent its first connect.
func movedToSocket(t *testing.T) (socket, polling *server, c *Client) {
	socket, polling = both(t)
	socket.down.Store(true)
	c = socket.client(polling)
	go c.Connect(t.Context())
	polling.connection()
	polling.session()
	go polling.holds(time.Second)
	socket.down.Store(false)
	socket.connection()
	socket.expect(metaConnect)
	return socket, polling, c
}

// goesOn requires that the client's first session goes on over requests.
func goesOn(t *testing.T, c *Client, polling *server) {
	t.Helper()
	again := polling.expect(metaConnect)
	require.Equal(t, "c1", again[0].ClientID)
	polling.say(connectReply, again...)
	polling.expect(metaConnect)
	require.Equal(t, Status{State: Connected, Transport: longPolling, Session: 1}, c.current())
}

// holds answers each message after d, until the connection is closed.
func (s *server) holds(d time.Duration) {
	for l := s.current; ; {
		select {
		case m := <-l.sent:
			select {
			case <-time.After(d):
				l.sink.Receive([]byte(strings.ReplaceAll(connectReply, "%1", string(m[0].ID))))
				continue
			case <-l.closed:
			}
		case <-l.closed:
		}
		return
	}
}

func TestForgottenSessions_NameTheCookieAndTheBalancerBesideTheOtherTransport(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		socket.refuse = errors.New("no upgrade")
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- socket.client(polling).Connect(ctx) }()
		polling.connection()
		for {
			select {
			case m := <-polling.current.sent:
				reply := handshakeReply
				if m[0].Channel == metaConnect {
					reply = connect402
				}
				polling.say(reply, m...)
				continue
			case err := <-done:
				for _, text := range []string{"402::Unknown client", "BAYEUX_BROWSER", "load balancer", "no upgrade"} {
					require.ErrorContains(t, err, text)
				}
			}
			return
		}
	})
}

func TestSocketsOfNoUse_AtFirst_TheNextTransportFollowsAtOnce(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		c := socket.client(polling)
		start := time.Now()
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		socket.connection()
		socket.say(handshakeReply, socket.expect(metaHandshake)...)
		socket.expect(metaConnect)
		socket.current.sink.Lose(errors.New("close code 1008"))
		polling.connection()
		polling.session()
		require.NoError(t, <-done)
		require.Zero(t, time.Since(start))
	})
}

// once returns a client over the socket whose session has worked, and is lost.
func once(t *testing.T, socket, polling *server) *Client {
	c := socket.client(polling)
	socket.connect(c)
	socket.expect(metaConnect)
	wait(reallyHeld) // then it was of use
	return c
}

func TestSocketsOfNoUse_InASession_ItGoesOnOverTheNextTransport(t *testing.T) {
	for name, spoil := range map[string]func(s *server){
		"refused": func(s *server) { s.down.Store(true) },
		"opened, and closed before the connect's reply": func(s *server) {
			for range 2 {
				s.connection()
				s.expect(metaConnect)
				s.current.sink.Lose(errors.New("close code 1008"))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				socket, polling := both(t)
				c := once(t, socket, polling)
				c.AddWaiters(1)
				start := time.Now()
				socket.current.sink.Lose(errors.New("reset"))
				spoil(socket)
				polling.connection()
				require.LessOrEqual(t, time.Since(start), 3*time.Second, "after two, while somebody waits")
				again := polling.expect(metaConnect)
				require.Equal(t, "c1", again[0].ClientID, "the server may allow it")
				polling.say(connectReply, again...)
				polling.expect(metaConnect)
				require.Equal(t, Status{State: Connected, Transport: longPolling, Session: 1}, c.current())
			})
		})
	}
}

func TestSocketsOfNoUse_WhoComesToWaitDoesNotWaitForADialUnderWay(t *testing.T) {
	for name, test := range map[string]struct{ after, most time.Duration }{
		"in the first one":     {time.Second, 8 * time.Second}, // two dials of 3 s, a backoff of 2 s
		"in the second":        {9 * time.Second, 2 * time.Second},
		"before the third one": {20 * time.Second, 5 * time.Second},
		"in the third":         {26 * time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				socket, polling := both(t)
				c := once(t, socket, polling)
				socket.hang.Store(true)
				socket.current.sink.Lose(errors.New("reset"))
				wait(test.after)
				start := time.Now()
				c.AddWaiters(1)
				polling.connection()
				require.LessOrEqual(t, time.Since(start), test.most)
				polling.say(connectReply, polling.expect(metaConnect)...)
				polling.expect(metaConnect)
				require.Equal(t, Connected, c.current().State)
			})
		})
	}
}

func TestSocketsOfNoUse_TheSessionBeforeIsEndedWithItsSocket(t *testing.T) {
	for name, then := range map[string]func(t *testing.T, c *Client, l *line, m []Message){
		"answered": func(_ *testing.T, _ *Client, l *line, m []Message) {
			l.sink.Receive([]byte(`[{"channel":"/meta/disconnect","id":"` + string(m[0].ID) + `","successful":true}]`))
		},
		"never answered":                    func(*testing.T, *Client, *line, []Message) {},
		"the socket breaks":                 func(_ *testing.T, _ *Client, l *line, _ []Message) { l.sink.Lose(errors.New("reset")) },
		"the client is closed before it is": func(t *testing.T, c *Client, _ *line, _ []Message) { go c.Close(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				socket, polling := both(t)
				c := once(t, socket, polling)
				c.AddWaiters(1)
				socket.down.Store(true)
				socket.current.sink.Lose(errors.New("reset"))
				polling.connection()
				polling.say(connect402, polling.expect(metaConnect)...)
				polling.say(strings.ReplaceAll(handshakeReply, "c1", "c2"), polling.expect(metaHandshake)...)
				polling.say(connectReply, polling.expect(metaConnect)...)
				polling.expect(metaConnect)
				c.AddWaiters(-1)
				socket.down.Store(false)
				l := socket.connection()
				socket.say(connectReply, socket.expect(metaConnect)...)
				then(t, c, l, socket.expect(metaDisconnect))
				wait(2500 * time.Millisecond)
				require.Empty(t, socket.opened, "it is not fetched again")
				wait(8 * time.Second)
				<-l.closed
			})
		})
	}
}

func TestSocketsOfNoUse_WhatTheServerHoldsForTheSessionIsFetchedLater(t *testing.T) {
	for name, subscribes := range map[string]bool{
		"it refuses a connect":                                 false,
		"it refuses a subscription that was not confirmed yet": true,
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				socket, polling := both(t)
				c := socket.client(polling)
				got := hears(t, c, "/a")
				socket.connect(c)
				socket.expect(metaConnect)
				c.AddWaiters(1)
				if subscribes {
					go c.TrySubscribe(t.Context(), "/b", func(Message) {})
					socket.expect(metaSubscribe)
				}
				socket.down.Store(true)
				socket.current.sink.Lose(errors.New("reset"))
				polling.connection()
				subscriptions := []string{metaSubscribe}
				if subscribes {
					polling.say(subscribe402, polling.expect(metaSubscribe)...) // it knows the session over the socket only
					subscriptions = append(subscriptions, metaSubscribe)
				} else {
					polling.say(connect402, polling.expect(metaConnect)...)
				}
				polling.say(strings.ReplaceAll(handshakeReply, "c1", "c2"), polling.expect(metaHandshake)...)
				for _, m := range polling.expect(subscriptions...) {
					polling.say(subscribeReply, m)
				}
				polling.say(connectReply, polling.expect(metaConnect)...)
				polling.expect(metaConnect)
				require.Equal(t, Status{State: Connected, Transport: longPolling, Session: 2}, c.current())
				socket.down.Store(false)
				from := time.Now()
				socket.connection()
				require.LessOrEqual(t, time.Since(from), 2*time.Second, "somebody waits")
				fetch := socket.expect(metaConnect)
				require.Equal(t, "c1", fetch[0].ClientID)
				require.JSONEq(t, `{"ack":0}`, string(fetch[0].Ext))
				socket.say(`[{"channel":"/a","data":"kept"},{"channel":"/meta/connect","id":"%1","successful":true}]`, fetch...)
				require.Equal(t, "c1", socket.expect(metaDisconnect)[0].ClientID)
				require.Equal(t, []string{`"kept"`}, *got)
				require.Equal(t, longPolling, c.current().Transport)
			})
		})
	}
}

func TestOutage_TheTransportThatWorkedComesFirst(t *testing.T) {
	for _, away := range []time.Duration{6 * time.Second, 50 * time.Second} { // the session lives, and is gone
		t.Run(away.String(), func(t *testing.T) {
			run(t, func(t *testing.T) {
				socket, polling := both(t)
				c := once(t, socket, polling)
				socket.down.Store(true)
				polling.down.Store(true)
				socket.current.sink.Lose(errors.New("reset"))
				wait(away)
				socket.down.Store(false)
				polling.down.Store(false)
				socket.connection()
				switch m := <-socket.current.sent; m[0].Channel {
				case metaConnect:
					socket.say(connectReply, m...)
				default:
					socket.say(handshakeReply, m...)
					socket.say(connectReply, socket.expect(metaConnect)...)
				}
				socket.expect(metaConnect)
				require.Equal(t, "websocket", c.current().Transport)
				require.Empty(t, polling.opened)
			})
		})
	}
}

func TestLesserTransport_TheSessionMovesToTheBetterOne(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		socket.down.Store(true)
		c := socket.client(polling)
		go c.Connect(t.Context())
		polling.connection()
		polling.session()
		go polling.holds(time.Second)
		wait(20 * time.Second) // tried after 5 s, and 10 s later
		socket.down.Store(false)
		c.AddWaiters(1)
		wait(5 * time.Minute)
		require.Empty(t, socket.opened, "not while somebody waits")
		c.AddWaiters(-1)
		from := time.Now()
		socket.connection()
		require.LessOrEqual(t, time.Since(from), time.Minute)
		moved := socket.expect(metaConnect)
		require.Equal(t, "c1", moved[0].ClientID, "the server keeps what it holds for the session")
		require.Zero(t, *moved[0].Advice.Timeout)
		socket.say(connectReply, moved...)
		socket.expect(metaConnect)
		require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 1}, c.current())
		<-polling.current.closed
	})
}

func TestLesserTransport_TheServerDemandsAHandshakeForTheBetterOne(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		socket.down.Store(true)
		c := socket.client(polling)
		go c.Connect(t.Context())
		polling.connection()
		polling.session()
		go polling.holds(time.Second)
		socket.down.Store(false)
		socket.connection()
		socket.say(connect402, socket.expect(metaConnect)...)
		socket.session()
		require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 2}, c.current())
	})
}

func TestLesserTransport_TheBetterOneIsOfNoUse_TheSessionMovesBack(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling, c := movedToSocket(t)
		socket.current.sink.Lose(errors.New("close code 1008"))
		polling.connection()
		goesOn(t, c, polling)
	})
}

func TestRememberedTransportIsTriedFirst(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		c := socket.clientWith(Options{Transports: []Transport{socket, polling}, FirstTransport: longPolling})
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		polling.connection()
		polling.session()
		require.NoError(t, <-done)
		require.Empty(t, socket.opened)
		go polling.holds(time.Second)
		socket.connection() // and the better one later
		require.Equal(t, "c1", socket.expect(metaConnect)[0].ClientID)
	})
}

func TestOffline_IsSaid(t *testing.T) {
	for name, transports := range map[string]int{"one transport": 1, "two": 2} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				socket, polling := both(t)
				online := true
				c := socket.clientWith(Options{Transports: []Transport{socket, polling}[:transports], Online: func() bool { return online }})
				socket.connect(c)
				online = false
				socket.down.Store(true)
				polling.down.Store(true)
				socket.current.sink.Lose(errors.New("reset"))
				wait(20 * time.Second)
				synctest.Wait()
				require.ErrorContains(t, c.current().Reason, "the browser is offline")
			})
		})
	}
}

func TestSilentSocket_OtherSocketsAreSwallowed_TheNextTransportHelpsWhoWaits(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		c := socket.client(polling)
		hears(t, c, "/a")
		socket.connect(c)
		socket.expect(metaConnect)
		c.AddWaiters(1)
		socket.hang.Store(true)
		from := time.Now()
		socket.expect(metaSubscribe) // and nothing comes any more
		polling.connection()
		require.LessOrEqual(t, time.Since(from), 18*time.Second)
		require.Equal(t, "c1", polling.expect(metaConnect)[0].ClientID)
	})
}

// swallows opens sockets whose frames nobody answers.
func (s *server) swallows() {
	for l := range s.opened {
		go func() {
			for {
				select {
				case <-l.sent:
				case <-l.closed:
					return
				}
			}
		}()
	}
}

func TestLesserTransport_TheBetterOneSwallowsFrames_TheSessionMovesBackSoon(t *testing.T) {
	for _, waits := range []bool{false, true} {
		run(t, func(t *testing.T) {
			socket, polling, c := movedToSocket(t)
			go socket.swallows()
			if waits {
				c.AddWaiters(1)
			}
			from := time.Now()
			polling.connection()
			require.LessOrEqual(t, time.Since(from), time.Second, "and not over another socket")
			goesOn(t, c, polling)
			close(socket.opened)
		})
	}
}

func TestSigningIn_ASocketThatBreaksMeanwhileIsOpenedAgain(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		c := socket.client(polling)
		signIn := make(chan struct{})
		socket.connect(c)
		c.opts.Prepare = func(context.Context) error { <-signIn; return nil }
		socket.say(connect402, socket.expect(metaConnect)...)
		synctest.Wait()
		socket.current.sink.Lose(errors.New("close code 1001"))
		synctest.Wait()
		require.Empty(t, polling.opened)
		close(signIn)
		socket.connection()
		socket.expect(metaHandshake)
	})
}

func TestLesserTransport_TheSessionDoesNotMoveBeforeAnUnsubscribe(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		socket.down.Store(true)
		c := socket.client(polling)
		go c.Connect(t.Context())
		polling.connection()
		polling.session()
		polling.expect(metaConnect)
		subscribed := make(chan *Subscription, 1)
		go func() {
			s, err := c.Subscribe(t.Context(), "/a", func(Message) {})
			require.NoError(t, err)
			subscribed <- s
		}()
		polling.say(subscribeReply, polling.expect(metaSubscribe)...)
		socket.down.Store(false)
		(<-subscribed).Cancel()
		late := polling.expect(metaUnsubscribe) // and the page may subscribe to the channel again
		tried := socket.connection()
		<-tried.closed
		polling.say(`[{"channel":"/meta/unsubscribe","id":"%1","successful":true}]`, late...)
		socket.connection()
		socket.expect(metaConnect)
	})
}

// While the better transport is being opened, nothing else tells that a request is on a connection that is dead.
func TestLesserTransport_IsAskedWhileTheBetterOneIsBeingOpened(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		socket.down.Store(true)
		c := socket.client(polling)
		hears(t, c, "/a")
		go c.Connect(t.Context())
		polling.connection()
		polling.session()
		polling.expect(metaConnect)
		socket.down.Store(false)
		socket.hang.Store(true)
		wait(firstUpgrade + time.Second)
		c.AddWaiters(1)
		from := time.Now()
		polling.say(subscribeReply, polling.expect(metaSubscribe)...)
		require.Equal(t, quiet, time.Since(from))
		polling.expect(metaConnect) // in place of the one without an answer
		require.Equal(t, Connected, c.current().State)
	})
}

// fails opens connections over which each message fails.
func (s *server) fails() {
	for l := range s.opened {
		go func() {
			for {
				select {
				case m := <-l.sent:
					l.sink.Fail(m, errors.New("HTTP 404"))
				case <-l.closed:
					return
				}
			}
		}()
	}
}

// Requests have nothing to be opened: that they are of no use shows only when they fail.
func TestOutage_RequestsFailAsWell_TheTransportThatWorkedComesFirst(t *testing.T) {
	for away, first := range map[time.Duration]string{6 * time.Second: metaConnect, 20 * time.Second: metaConnect, 50 * time.Second: metaHandshake} {
		for _, waiters := range []int{0, 1} {
			t.Run(fmt.Sprintf("%v, %d waiters", away, waiters), func(t *testing.T) {
				run(t, func(t *testing.T) {
					socket, polling := both(t)
					c := once(t, socket, polling)
					c.AddWaiters(waiters)
					socket.down.Store(true)
					go polling.fails()
					defer close(polling.opened)
					socket.current.sink.Lose(errors.New("reset"))
					wait(away)
					socket.down.Store(false)
					socket.connection()
					m := socket.expect(first)
					if first == metaHandshake {
						socket.say(handshakeReply, m...)
						m = socket.expect(metaConnect)
					}
					socket.say(connectReply, m...)
					socket.expect(metaConnect)
					require.Equal(t, "websocket", c.current().Transport)
					require.Equal(t, first == metaHandshake, c.current().Session == 2)
				})
			})
		}
	}
}

func TestLesserTransport_TheSessionDoesNotMoveWhileAReplyIsArriving(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		socket.down.Store(true)
		c := socket.client(polling)
		go c.Connect(t.Context())
		polling.connection()
		polling.session()
		held := polling.expect(metaConnect)
		socket.down.Store(false)
		polling.arrive(held, firstUpgrade+time.Second)
		<-socket.connection().closed
		polling.say(connectReply, held...)
		polling.expect(metaConnect)
		socket.connection()
		socket.expect(metaConnect)
		require.Equal(t, 1, c.current().Session)
	})
}

// A session that is kept for days must not have a socket tried every second for as long.
func TestSocketsOfNoUse_TheSessionBeforeIsKeptForEver_ItIsFetchedLessAndLessOften(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		c := socket.client(polling)
		go c.Connect(t.Context())
		socket.connection()
		socket.say(strings.Replace(handshakeReply, `"interval":0`, `"interval":0,"maxInterval":-1`, 1), socket.expect(metaHandshake)...)
		socket.say(connectReply, socket.expect(metaConnect)...)
		socket.expect(metaConnect)
		socket.down.Store(true)
		socket.current.sink.Lose(errors.New("reset"))
		polling.connection()
		polling.say(connect402, polling.expect(metaConnect)...)
		polling.say(strings.Replace(handshakeReply, "c1", "c2", 1), polling.expect(metaHandshake)...)
		polling.say(connectReply, polling.expect(metaConnect)...)
		go polling.holds(20 * time.Second)
		socket.tries.Store(0)
		wait(time.Hour)
		require.LessOrEqual(t, int(socket.tries.Load()), 200)
		require.NotNil(t, c.predecessor)
	})
}

func TestSocketsOfNoUse_TheyEndWhenAConnectIsHeld(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		c := once(t, socket, polling)
		c.AddWaiters(1)
		socket.current.sink.Lose(errors.New("close code 1008"))
		for range mostFruitlessWaited {
			socket.connection()
			socket.say(connectReply, socket.expect(metaConnect)...)
			socket.expect(metaConnect)
			socket.current.sink.Lose(errors.New("close code 1008"))
		}
		from := time.Now()
		polling.connection()
		require.Zero(t, time.Since(from))
		goesOn(t, c, polling)
	})
}

func TestLesserTransport_TheBetterOneEndsWhenAConnectIsHeld_ItIsTriedLessAndLessOften(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		socket.down.Store(true)
		c := socket.client(polling)
		go c.Connect(t.Context())
		polling.connection()
		polling.session()
		socket.down.Store(false)
		for _, pause := range []time.Duration{5, 10, 20, 40, 60} { // s
			from := time.Now()
			go polling.holds(time.Second)
			socket.connection()
			require.InDelta(t, pause, time.Since(from)/time.Second, 1)
			socket.say(connectReply, socket.expect(metaConnect)...)
			socket.expect(metaConnect)
			socket.current.sink.Lose(errors.New("close code 1008"))
			polling.connection()
			again := polling.expect(metaConnect)
			polling.say(connectReply, again...)
		}
		require.Equal(t, 1, c.current().Session)
	})
}
