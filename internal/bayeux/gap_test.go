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

// Gaps are reported where the server does not send again what was lost, and nowhere
// else.
func TestGaps(t *testing.T) {
	// start connects a client, which counts gaps, and returns its held connect.
	start := func(t *testing.T, s *server, over Transport, noAck bool, gaps *int) (c *Client, held []Message) {
		c = s.clientWith(Options{Transports: []Transport{over}, OnGap: func(string) { *gaps++ }})
		go func(ctx context.Context) { _ = c.Connect(ctx) }(t.Context()) // whether it succeeds is seen by what it sends
		s.connection()
		reply := handshakeReply
		if noAck {
			reply = strings.Replace(reply, `"ack":true`, `"ack":false`, 1)
		}
		s.say(reply, s.expect(metaHandshake)...)
		s.say(connectReply, s.expect(metaConnect)...)
		held = s.expect(metaConnect)
		require.Zero(t, *gaps)
		return c, held
	}
	forgotten := func(s *server, held []Message) {
		s.say(connect402, held...)
		s.session()
	}
	reset := func(s *server, _ []Message) {
		s.current.sink.Lose(errors.New("reset"))
		s.connection()
		s.say(connectReply, s.expect(metaConnect)...)
	}
	garbage := func(s *server, _ []Message) { s.say(`[{"channel":"/a","data":}]`) }
	event := func(s *server, held []Message) {
		s.say(`[{"channel":"/a","data":1}]`)
		s.say(connectReply, held...)
	}
	for name, tt := range map[string]struct {
		noAck  bool
		happen func(s *server, held []Message)
		gaps   int
	}{
		"an event":                              {noAck: true, happen: event},
		"a reset":                               {happen: reset},
		"a reset without acknowledged delivery": {noAck: true, happen: reset, gaps: 1},
		"another session":                       {happen: forgotten, gaps: 1},
		"a broken frame":                        {happen: garbage, gaps: 1}, // the next connect confirms the batch that it was of
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s, gaps := newServer(t), 0
				c, held := start(t, s, s, tt.noAck, &gaps)
				tt.happen(s, held)
				synctest.Wait()
				require.Equal(t, tt.gaps, gaps)
				require.Equal(t, Connected, c.current().State)
			})
		})
	}
	for name, tt := range map[string]struct {
		noAck bool
		gaps  int
	}{
		"requests that are not answered":                                {},
		"requests that are not answered, without acknowledged delivery": {noAck: true, gaps: 1 + mostShort},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				s, gaps := newServer(t), 0
				s.name, s.requests = longPolling, true
				c, held := start(t, s, s, tt.noAck, &gaps)
				c.AddWaiters(1)
				s.current.sink.Fail(held, errors.New("reset"))
				for range mostShort + 1 { // the last has its time
					s.expect(metaConnect)
				}
				require.Equal(t, tt.gaps, gaps)
			})
		})
	}
}

// What is dropped of an answer is lost for good where the reply to the connect, which
// confirms the batch, was in the same answer.
func TestGap_DroppedMessageOfAnAnswer(t *testing.T) {
	for frame, gaps := range map[string]int{
		`[{"channel":"/a","data":x},{"channel":"/meta/connect","id":"%1","successful":true,"ext":{"ack":5}}]`: 1,
		`[{"channel":"/a","data":x},{"channel":"/meta/connect","id":"%1","successful":true}]`:                 0,
		`[{"channel":"/a","data":x}]`: 0,
		`[{"channel":"/a","data":1},{"channel":"/meta/connect","id":"%1","successful":true,"ext":{"ack":5}}]`: 0,
	} {
		run(t, func(t *testing.T) {
			s, got := newServer(t), 0
			s.name, s.requests = longPolling, true
			c := s.clientWith(Options{Transports: []Transport{s}, OnGap: func(string) { got++ }})
			s.connect(c)
			s.say(frame, s.expect(metaConnect)...)
			synctest.Wait()
			require.Equal(t, gaps, got, frame)
		})
	}
}

// What the server has written into the socket that the session had moved to is lost.
func TestGap_TheSessionMovesBackWithoutAcknowledgedDelivery(t *testing.T) {
	run(t, func(t *testing.T) {
		socket, polling := both(t)
		socket.down.Store(true)
		gaps := 0
		c := socket.clientWith(Options{Transports: []Transport{socket, polling}, OnGap: func(string) { gaps++ }})
		go c.Connect(t.Context())
		polling.connection()
		polling.say(strings.Replace(handshakeReply, `"ack":true`, `"ack":false`, 1), polling.expect(metaHandshake)...)
		polling.say(connectReply, polling.expect(metaConnect)...)
		go polling.holds(time.Second)
		socket.down.Store(false)
		socket.connection()
		socket.expect(metaConnect)
		require.Zero(t, gaps)
		socket.current.sink.Lose(errors.New("close code 1006"))
		polling.connection()
		goesOn(t, c, polling)
		require.Equal(t, 1, gaps)
	})
}
