package longpolling

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
)

// message waits for the next request, and returns it with its first message.
func (s *server) message() (*call, bayeux.Message) {
	c := <-s.requests
	var messages []bayeux.Message
	require.NoError(s.t, json.Unmarshal(c.Body, &messages))
	return c, messages[0]
}

// grant answers a message as a server that is content.
func grant(c *call, m bayeux.Message) {
	c.reply(fmt.Sprintf(`[{"channel":%q,"id":%q,"successful":true,"clientId":"c1","ext":{"ack":true}}]`, m.Channel, m.ID))
}

// probing has a client ask a server whether it is there, which does not answer that. Its connect is held.
func probing(t *testing.T) (s *server, c *bayeux.Client, held *call, connect bayeux.Message) {
	s = &server{t: t, requests: make(chan *call, 100)}
	c = bayeux.New(bayeux.Options{Transports: []bayeux.Transport{New(Options{URL: "http://server/cometd", Doer: s})}})
	t.Cleanup(func() {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		c.Close(now)
		time.Sleep(2 * lingerTime) // by the bubble's clock: the requests that linger end by then, as a bubble demands of its goroutines
	})
	_, err := c.Subscribe(t.Context(), "/a", func(bayeux.Message) {})
	require.NoError(t, err)
	go c.Connect(t.Context())
	for range 3 { // the last two side by side
		grant(s.message())
	}
	held, connect = s.message()
	require.Equal(t, metaConnect, connect.Channel)
	c.AddWaiters(1)
	_, probe := s.message()
	require.Equal(t, "/meta/subscribe", probe.Channel)
	return s, c, held, connect
}

// The request that asks whether the server is there must not be in the way of a new session.
func TestSessionIsLostWhileARequestIsNotAnswered_AnotherIsMadeAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, held, connect := probing(t)
		held.reply(fmt.Sprintf(`[{"channel":"/meta/connect","id":%q,"successful":false,"error":"402::Unknown client","advice":{"reconnect":"handshake","interval":0}}]`, connect.ID))
		from := time.Now()
		next, again := s.message()
		require.Equal(t, metaHandshake, again.Channel)
		require.Zero(t, time.Since(from))
		grant(next, again)
	})
}

func TestCloseWhileARequestIsNotAnswered_TheSessionIsEndedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, _, _ := probing(t)
		from := time.Now()
		done := make(chan struct{})
		go func() { defer close(done); c.Close(t.Context()) }()
		bye, m := s.message()
		require.Equal(t, metaDisconnect, m.Channel)
		grant(bye, m)
		<-done
		require.Zero(t, time.Since(from))
	})
}
