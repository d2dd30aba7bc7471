package bayeux

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestTrace_SaysEachMessageWithoutItsData(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		s.traced = true
		c := s.client()
		_, err := c.Subscribe(t.Context(), "/a", func(Message) {})
		require.NoError(t, err)
		s.connect(c)
		s.expect(metaConnect)
		s.say(`[{"channel":"/a","id":"9","data":{"name":"Ann","clientId":"c1"},"ext":{"token":"t"}},{"channel":"/meta/publish","successful":false,"error":"404::none"}]`)
		s.current.sink.Lose(errors.New("reset"))
		synctest.Wait()
		log := strings.Join(s.log, "\n")
		for _, line := range []string{
			"connecting over websocket",
			"websocket, open after 0s",
			"websocket, sent /meta/handshake #1 (frame of 139 bytes)\nwebsocket, received /meta/handshake #1 (frame of 225 bytes)",
			"websocket, sent /meta/subscribe #2 /a (frame of 76 bytes)\nwebsocket, sent /meta/connect #3 (frame of ",
			"websocket, received /a #9 (frame of 152 bytes)\nwebsocket, received /meta/publish refused with 404 (frame of 152 bytes)",
			"connected over websocket",
			"reconnecting over websocket, next attempt in 1s: the connection was lost: reset",
		} {
			require.Contains(t, log, line)
		}
		for _, secret := range []string{"Ann", "c1", "token"} {
			require.NotContains(t, log, secret)
		}
	})
}

func TestTrace_IsBoundedAndHasNoControlCharacters(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		s.traced = true
		s.connect(s.client())
		s.log = nil
		hostile := `{"channel":"/` + strings.Repeat("é", 2000) + `","id":"\n\u202e","data":1}`
		s.say("[" + strings.Repeat(hostile+",", 2999) + hostile + "]")
		synctest.Wait()
		require.Len(t, s.log, mostTraced+1)
		require.Contains(t, s.log[0], "(4001 bytes)")
		require.Contains(t, s.log[mostTraced], "2980 more")
		require.Less(t, len(fmt.Sprint(s.log)), 10_000)
		s.log = nil
		s.say(`[{"channel":"/a","id":"\u0007\u202e"}]`)
		synctest.Wait()
		require.Contains(t, fmt.Sprint(s.log), `/a #"\a\u202e"`)
	})
}

func TestTrace_IsSilentAboveDebug(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		s.connect(s.client())
		require.Empty(t, s.log)
	})
}
