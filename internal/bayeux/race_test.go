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

func TestRace_NextTransportStartsBesideASilentOne(t *testing.T) {
	for name, spoil := range map[string]func(*server){
		"upgrades are swallowed":        func(s *server) { s.hang.Store(true) },
		"the handshake is not answered": func(*server) {},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				socket, polling := both(t)
				spoil(socket)
				c := socket.client(polling)
				done := make(chan error, 1)
				start := time.Now()
				go func() { done <- c.Connect(t.Context()) }()
				polling.connection()
				require.Equal(t, time.Second, time.Since(start))
				polling.session()
				require.NoError(t, <-done)
				require.Equal(t, longPolling, c.current().Transport)
				require.Equal(t, 1, c.current().Session)
				if len(socket.opened) > 0 {
					<-socket.connection().closed
				}
			})
		})
	}
}

func TestRace_ForANewSessionOverASocketThatWasOpen(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		c := socket.client(polling)
		socket.connect(c)
		socket.say(connect402, socket.expect(metaConnect)...)
		socket.expect(metaHandshake) // which nothing answers
		from := time.Now()
		polling.connection()
		require.Equal(t, time.Second, time.Since(from))
		polling.say(strings.ReplaceAll(handshakeReply, "c1", "c2"), polling.expect(metaHandshake)...)
		polling.say(connectReply, polling.expect(metaConnect)...)
		polling.expect(metaConnect)
		require.Equal(t, Status{State: Connected, Transport: longPolling, Session: 2}, c.current())
	})
}

func TestRace_FirstTransportWinsIfItIsFirst(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		c := socket.client(polling)
		done := make(chan error, 1)
		go func() { done <- c.Connect(t.Context()) }()
		socket.connection()
		hello := socket.expect(metaHandshake)
		loser := polling.connection()
		polling.expect(metaHandshake)
		socket.say(handshakeReply, hello...)
		socket.say(connectReply, socket.expect(metaConnect)...)
		require.NoError(t, <-done)
		<-loser.closed
		require.Equal(t, "websocket", c.current().Transport)
	})
}

func TestRace_LeavesAFarLineItsRoundTrips(t *testing.T) {
	run(t, func(t *testing.T) {
		const trip = 900 * time.Millisecond
		socket, polling, c, connected := handover(t, trip, func(c *Client) {
			c.opts.Prepare = func(context.Context) error { wait(trip); return nil }
		})
		hello := polling.expect(metaHandshake)
		wait(trip)
		polling.say(handshakeReply, hello...)
		socket.connection()
		first := socket.expect(metaConnect)
		wait(trip)
		socket.say(connectReply, first...)
		require.NoError(t, <-connected)
		require.Equal(t, "websocket", c.current().Transport)
	})
}

func TestRace_BothFail_BothCausesAreNamed(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		socket.refuse, polling.refuse = errors.New("no upgrade"), errors.New("HTTP 404")
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err := socket.client(polling).Connect(ctx)
		require.ErrorContains(t, err, "cannot open websocket: no upgrade; cannot open long-polling: HTTP 404")
	})
}

func TestRace_TheFirstTransportIsGivenUpWithItsMessages_TheOtherIsNotTakenLater(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		c := socket.client(polling)
		signIns := make(chan struct{}, 1)
		c.opts.Prepare = func(ctx context.Context) error {
			select {
			case signIns <- struct{}{}: // the first one
			case <-ctx.Done():
			}
			return nil
		}
		go c.Connect(t.Context())
		socket.connection()
		socket.expect(metaHandshake)
		polling.connection()
		late := polling.expect(metaHandshake)
		socket.current.sink.Lose(&TooLargeError{Limit: 1})
		synctest.Wait()
		polling.say(handshakeReply, late...)
		synctest.Wait()
		require.Equal(t, Connecting, c.current().State)
	})
}

const upgrade = 80 * time.Millisecond // how long the socket takes to open: two round trips

// handover returns a client that has just sent its handshake over requests, while its socket is being opened, which takes so long.
func handover(t *testing.T, takes time.Duration, prepare ...func(*Client)) (socket, polling *server, c *Client, connected chan error) {
	socket, polling = both(t)
	socket.delay.Store(int64(takes))
	c = socket.client(polling)
	for _, f := range prepare {
		f(c)
	}
	connected = make(chan error, 1)
	go func() { connected <- c.Connect(t.Context()) }()
	polling.connection()
	return socket, polling, c, connected
}

// countsGaps has the client hear /a, and its gaps counted.
func countsGaps(t *testing.T, gaps *int) func(*Client) {
	return func(c *Client) {
		c.opts.OnGap = func(string) { *gaps++ }
		hears(t, c, "/a")
	}
}

func TestHandover_TheSocketGoesOnWithTheSessionThatRequestsHaveMade(t *testing.T) {
	for name, answered := range map[string]time.Duration{
		"before it is open": upgrade / 2,
		"later":             3 * upgrade,
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				gaps := 0
				var got *[]string
				start := time.Now()
				socket, polling, c, connected := handover(t, upgrade, func(c *Client) {
					c.opts.OnGap = func(string) { gaps++ }
					got = hears(t, c, "/a")
				})
				hello := polling.expect(metaHandshake)
				wait(answered)
				polling.say(handshakeReply, hello...)
				socket.connection()
				subscribe := socket.expect(metaSubscribe)
				require.Equal(t, max(answered, upgrade), time.Since(start))
				connect := socket.expect(metaConnect)
				require.Equal(t, []text{"c1", "c1", "websocket"}, []text{text(subscribe[0].ClientID), text(connect[0].ClientID), text(connect[0].ConnectionType)})
				require.JSONEq(t, `{"ack":0}`, string(connect[0].Ext), "as the handshake has agreed")
				socket.say(subscribeReply, subscribe...)
				socket.say(`[{"channel":"/a","data":"early"},{"channel":"/meta/connect","id":"%1","successful":true}]`, connect...)
				require.NoError(t, <-connected)
				require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 1}, c.current())
				require.Equal(t, []string{`"early"`}, *got)
				require.Zero(t, gaps)
				<-polling.current.closed
				polling.silent()
				socket.expect(metaConnect)
			})
		})
	}
}

func TestHandover_TheSocketIsOfNoUse_TheSessionGoesOnOverRequests(t *testing.T) {
	for name, test := range map[string]struct {
		opens time.Duration
		spoil func(socket *server)
		at    time.Duration
	}{
		"it is refused":    {upgrade, func(s *server) { s.down.Store(true) }, upgrade},
		"it takes seconds": {4 * time.Second, func(*server) {}, time.Second},
		"it never opens":   {time.Hour, func(*server) {}, time.Second},
		"it swallows all":  {upgrade, func(*server) {}, upgrade + time.Second},
		"it ends with the session": {upgrade, func(s *server) {
			go func() { (<-s.opened).sink.Lose(errors.New("close code 1008")) }()
		}, upgrade},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				start := time.Now()
				socket, polling, c, connected := handover(t, test.opens)
				test.spoil(socket)
				polling.say(handshakeReply, polling.expect(metaHandshake)...)
				again := polling.expect(metaConnect)
				require.Equal(t, test.at, time.Since(start))
				require.Equal(t, "c1", again[0].ClientID)
				require.Equal(t, longPolling, again[0].ConnectionType)
				polling.say(connectReply, again...)
				require.NoError(t, <-connected)
				require.Equal(t, Status{State: Connected, Transport: longPolling, Session: 1}, c.current())
				polling.expect(metaConnect)
				require.Len(t, socket.prepare, 1)
			})
		})
	}
}

func TestHandover_TheServerDoesNotOfferTheSocket_NobodyWaitsForIt(t *testing.T) {
	run(t, func(t *testing.T) {
		start := time.Now()
		_, polling, c, connected := handover(t, time.Minute)
		polling.say(strings.Replace(handshakeReply, `"websocket",`, "", 1), polling.expect(metaHandshake)...)
		polling.say(connectReply, polling.expect(metaConnect)...)
		require.NoError(t, <-connected)
		require.Zero(t, time.Since(start))
		require.Equal(t, longPolling, c.current().Transport)
	})
}

func TestHandover_TheServerDoesNotKnowTheSessionOverTheSocket_ItMakesItsOwn(t *testing.T) {
	for name, refusal := range map[string]struct{ subscribe, connect string }{
		"the connect is refused":      {subscribeReply, connect402},
		"without advice":              {subscribeReply, `[{"channel":"/meta/connect","id":"%1","successful":false,"error":"403::Unknown client"}]`},
		"the subscription is refused": {subscribe402, ""},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				gaps := 0
				socket, polling, c, connected := handover(t, upgrade, countsGaps(t, &gaps))
				polling.say(handshakeReply, polling.expect(metaHandshake)...)
				socket.connection()
				subscribe, connect := socket.expect(metaSubscribe), socket.expect(metaConnect)
				if refusal.connect != "" {
					socket.say(refusal.connect, connect...)
				}
				socket.say(refusal.subscribe, subscribe...)
				socket.say(strings.ReplaceAll(handshakeReply, "c1", "c2"), socket.expect(metaHandshake)...)
				socket.say(subscribeReply, socket.expect(metaSubscribe)...)
				socket.say(connectReply, socket.expect(metaConnect)...)
				require.NoError(t, <-connected)
				require.Equal(t, "websocket", c.current().Transport)
				require.Zero(t, gaps, "nothing was to come yet")
				require.Len(t, socket.prepare, 1)
				require.True(t, c.noHandover, "not tried once more")
			})
		})
	}
}

func TestHandover_TheHandshakeOverRequestsFails(t *testing.T) {
	for name, fail := range map[string]func(polling *server, hello []Message){
		"answered with an error": func(s *server, m []Message) { s.current.sink.Fail(m, errors.New("HTTP 503")) },
		"refused": func(s *server, m []Message) {
			s.say(`[{"channel":"/meta/handshake","id":"%1","successful":false,"error":"HTTP 503"}]`, m...)
		},
		"answered without an id": func(s *server, m []Message) {
			s.say(`[{"channel":"/meta/handshake","id":"%1","successful":true}]`, m...)
		},
		"answered with something else": func(s *server, _ []Message) { s.say(`HTTP 503`) },
	} {
		t.Run(name+": the socket makes its own session", func(t *testing.T) {
			run(t, func(t *testing.T) {
				socket, polling, c, connected := handover(t, upgrade)
				fail(polling, polling.expect(metaHandshake))
				socket.connection()
				socket.session()
				require.NoError(t, <-connected)
				require.Equal(t, Status{State: Connected, Transport: "websocket", Session: 1}, c.current())
			})
		})
		t.Run(name+", and the socket as well: both are named, and requests not tried once more", func(t *testing.T) {
			run(t, func(t *testing.T) {
				socket, polling, c, _ := handover(t, upgrade)
				socket.down.Store(true)
				fail(polling, polling.expect(metaHandshake))
				wait(2 * upgrade)
				reason, _ := errors.AsType[*TransportsError](c.current().Reason)
				require.Len(t, reason.Errs, 2)
				require.ErrorContains(t, reason.Errs[0], "cannot open websocket: down")
				require.Empty(t, polling.opened)
			})
		})
	}
}

func TestHandover_NoHandshakeIsAnsweredForASecond_TheFirstOfBothCounts(t *testing.T) {
	for name, first := range map[string]bool{"over the socket": true, "over requests": false} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				socket, polling, c, connected := handover(t, upgrade)
				start := time.Now()
				hello := polling.expect(metaHandshake)
				socket.connection()
				own := socket.expect(metaHandshake)
				require.Equal(t, time.Second, time.Since(start))
				if first {
					socket.say(handshakeReply, own...)
					socket.say(connectReply, socket.expect(metaConnect)...)
				} else {
					polling.say(handshakeReply, hello...)
					polling.say(connectReply, polling.expect(metaConnect)...)
				}
				require.NoError(t, <-connected)
				require.Equal(t, first, c.current().Transport == "websocket")
			})
		})
	}
}

func TestHandover_ASlowSubscriptionIsNoReasonToGiveUpTheSocket(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling, c, connected := handover(t, upgrade, func(c *Client) { hears(t, c, "/a") })
		polling.say(handshakeReply, polling.expect(metaHandshake)...)
		socket.connection()
		subscribe := socket.expect(metaSubscribe)
		socket.say(connectReply, socket.expect(metaConnect)...)
		wait(5 * time.Second)
		socket.say(subscribeReply, subscribe...)
		require.NoError(t, <-connected)
		require.Equal(t, "websocket", c.current().Transport)
	})
}

func TestHandover_ClosedBeforeTheSocketIsOpen_TheSessionIsEnded(t *testing.T) {
	run(t, func(t *testing.T) {
		_, polling, c, _ := handover(t, upgrade)
		polling.say(handshakeReply, polling.expect(metaHandshake)...)
		synctest.Wait()
		go c.Close(t.Context())
		require.Equal(t, "c1", polling.expect(metaDisconnect)[0].ClientID)
	})
}

// laterSession returns a client that was connected over the socket, and has just sent the handshake of another session over requests,
// while another socket is being opened.
func laterSession(t *testing.T) (socket, polling *server) {
	socket, polling = both(t)
	c := socket.client(polling)
	socket.connect(c)
	socket.expect(metaConnect)
	socket.delay.Store(int64(upgrade))
	socket.current.sink.Lose(&TooLargeError{Limit: 1})
	polling.connection()
	return socket, polling
}

func TestHandover_OfALaterSession_TheSocketIsOfNoUse_TheSessionGoesOnOverRequests(t *testing.T) {
	for name, spoil := range map[string]func(*server){
		"it is refused":            func(s *server) { s.down.Store(true) },
		"it ends with the session": func(s *server) { go func() { (<-s.opened).sink.Lose(errors.New("close code 1008")) }() },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				socket, polling := laterSession(t)
				start := time.Now()
				spoil(socket)
				polling.say(strings.ReplaceAll(handshakeReply, "c1", "c2"), polling.expect(metaHandshake)...)
				require.Equal(t, "c2", polling.expect(metaConnect)[0].ClientID)
				require.Equal(t, upgrade, time.Since(start))
			})
		})
	}
}

func TestHandover_TheHandshakeOverRequestsFails_ThatIsForgottenWithTheFirstConnect(t *testing.T) {
	for name, fail := range map[string]func(polling *server, hello []Message){
		"answered with an error": func(s *server, m []Message) { s.current.sink.Fail(m, errors.New("HTTP 503")) },
		"refused for good": func(s *server, m []Message) {
			s.say(`[{"channel":"/meta/handshake","id":"%1","successful":false,"error":"HTTP 503","advice":{"reconnect":"none"}}]`, m...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				socket, polling, c, connected := handover(t, upgrade)
				fail(polling, polling.expect(metaHandshake))
				socket.connection()
				socket.session()
				require.NoError(t, <-connected)
				socket.expect(metaConnect)
				wait(time.Minute)
				c.AddWaiters(1)
				socket.hang.Store(true)
				polling.connection()
				for _, status := range socket.status {
					require.NotContains(t, status.String(), "HTTP 503")
				}
			})
		})
	}
}

func TestHandover_TheSocketHasASecondFromWhenItHasTheSession(t *testing.T) {
	for name, test := range map[string]struct{ opens, answered time.Duration }{
		"it opens late":              {950 * time.Millisecond, 100 * time.Millisecond},
		"the handshake is slow":      {upgrade, 950 * time.Millisecond},
		"the program does not go on": {upgrade, 0},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				socket, polling, c, connected := handover(t, test.opens, func(c *Client) {
					_, err := c.Subscribe(t.Context(), "/a", func(Message) { wait(1500 * time.Millisecond) })
					require.NoError(t, err)
				})
				hello := polling.expect(metaHandshake)
				if test.answered > 0 {
					wait(test.answered)
					polling.say(handshakeReply, hello...)
				} else {
					polling.say(`[{"channel":"/a","data":1},`+handshakeReply[1:], hello...)
				}
				socket.connection()
				subscribe, connect := socket.expect(metaSubscribe), socket.expect(metaConnect)
				wait(900 * time.Millisecond)
				require.Empty(t, polling.current.sent)
				socket.say(subscribeReply, subscribe...)
				socket.say(connectReply, connect...)
				require.NoError(t, <-connected)
				require.Equal(t, "websocket", c.current().Transport)
			})
		})
	}
}

func TestHandover_TheSocketEndsAfterTheSubscription_EventsMayBeMissing(t *testing.T) {
	for ext, gaps := range map[string]int{`"ext":{"ack":true},`: 0, "": 1} {
		t.Run(ext, func(t *testing.T) {
			run(t, func(t *testing.T) {
				said := 0
				socket, polling, _, connected := handover(t, upgrade, countsGaps(t, &said))
				polling.say(strings.Replace(handshakeReply, `"ext":{"ack":true},`, ext, 1), polling.expect(metaHandshake)...)
				socket.connection()
				socket.say(subscribeReply, socket.expect(metaSubscribe)...)
				socket.expect(metaConnect)
				socket.current.sink.Lose(errors.New("close code 1006"))
				polling.say(connectReply, polling.expect(metaConnect)...)
				require.NoError(t, <-connected)
				require.Equal(t, gaps, said)
			})
		})
	}
}

func TestHandover_TheSocketIsSilent_WhatItStillBringsIsHeard(t *testing.T) {
	run(t, func(t *testing.T) {
		var got *[]string
		socket, polling, _, connected := handover(t, upgrade, func(c *Client) { got = hears(t, c, "/a") })
		polling.say(handshakeReply, polling.expect(metaHandshake)...)
		socket.connection()
		socket.expect(metaSubscribe)
		polling.say(subscribeReply, polling.expect(metaSubscribe)...)
		polling.say(connectReply, polling.expect(metaConnect)...)
		require.NoError(t, <-connected)
		require.NotNil(t, polling.expect(metaConnect)[0].Advice, "a server may take the end of the socket for that of the session")
		socket.say(`[{"channel":"/a","data":"late"}]`)
		synctest.Wait()
		require.Equal(t, []string{`"late"`}, *got)
	})
}

func TestHandover_Refused_TheSessionThatWasMadeIsEnded(t *testing.T) {
	for name, then := range map[string]func(*server){
		"the socket ends":    func(s *server) { s.current.sink.Lose(errors.New("close code 1008")) },
		"the socket is mute": func(*server) {},
	} {
		t.Run(name+" then, and requests are tried", func(t *testing.T) {
			run(t, func(t *testing.T) {
				socket, polling, _, _ := handover(t, upgrade)
				polling.say(handshakeReply, polling.expect(metaHandshake)...)
				socket.connection()
				socket.say(connect402, socket.expect(metaConnect)...)
				require.Equal(t, "c1", polling.expect(metaDisconnect)[0].ClientID)
				socket.expect(metaHandshake)
				start := time.Now()
				then(socket)
				polling.connection()
				polling.expect(metaHandshake)
				require.LessOrEqual(t, time.Since(start), time.Second)
			})
		})
	}
}

func TestHandover_Refused_AnOptionalChannelIsAskedForAgain(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling, _, connected := handover(t, upgrade, func(c *Client) {
			_, err := c.TrySubscribe(t.Context(), "/a", func(Message) {})
			require.NoError(t, err)
		})
		polling.say(handshakeReply, polling.expect(metaHandshake)...)
		socket.connection()
		subscribe := socket.expect(metaSubscribe)
		socket.expect(metaConnect)
		socket.say(`[{"channel":"/meta/subscribe","id":"%1","successful":false,"error":"401:c1:Unknown client"}]`, subscribe...)
		socket.session()
		require.NoError(t, <-connected)
	})
}

func TestHandover_ClosedWhileTheSocketIsMute_TheSessionIsEndedOverRequests(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling, c, _ := handover(t, upgrade)
		polling.say(handshakeReply, polling.expect(metaHandshake)...)
		socket.connection()
		socket.expect(metaConnect)
		go c.Close(t.Context())
		require.Equal(t, "c1", polling.expect(metaDisconnect)[0].ClientID)
	})
}

func TestHandover_TheServerIsAskedOverRequestsOnceOnly(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling, _, _ := handover(t, upgrade)
		polling.current.sink.Fail(polling.expect(metaHandshake), errors.New("HTTP 503, Retry-After: 30"))
		socket.connection()
		socket.expect(metaHandshake)
		wait(5 * time.Second)
		require.Empty(t, polling.opened)
	})
}

func TestHandover_AGuestMakesItsSessionOverTheSocket(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		socket.delay.Store(int64(upgrade))
		c := socket.clientWith(Options{Transports: []Transport{socket, polling}, Guest: true})
		socket.connect(c)
		require.Empty(t, polling.opened)
	})
}
