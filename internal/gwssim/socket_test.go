//go:build !js

//lint:file-ignore SA1019 the comment of the package internal/bayeux/websocket says why this library is here

package gwssim_test

import (
	"encoding/json"
	"net/http"

	"github.com/stretchr/testify/require"
	"nhooyr.io/websocket"
)

// socket is the WebSocket wire.
type socket struct {
	c    *client
	conn *websocket.Conn
}

func (c *client) tryDial() (*socket, *http.Response, error) {
	conn, res, err := websocket.Dial(c.ctx, c.sim.URL+"/api/v2/notifications", &websocket.DialOptions{HTTPClient: c.http})
	if err != nil {
		return nil, res, err
	}
	c.t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(8 << 20)
	return &socket{c: c, conn: conn}, res, nil
}

func (c *client) dial() *socket {
	c.t.Helper()
	s, _, err := c.tryDial()
	require.NoError(c.t, err)
	return s
}

// close ends the socket without a word.
func (s *socket) close() { _ = s.conn.CloseNow() }

// failure is how the socket fails, now that the server ends it.
func (s *socket) failure() error {
	s.c.t.Helper()
	_, frame, err := s.conn.Read(s.c.ctx)
	require.Error(s.c.t, err, "%s", frame)
	return err
}

func (s *socket) send(messages ...object) {
	s.c.t.Helper()
	body, err := json.Marshal(messages)
	require.NoError(s.c.t, err)
	require.NoError(s.c.t, s.conn.Write(s.c.ctx, websocket.MessageText, body))
}

func (s *socket) receive() []object {
	s.c.t.Helper()
	var frame []object
	text := s.receiveText()
	require.NoError(s.c.t, json.Unmarshal(text, &frame), "%s", text)
	return frame
}

func (s *socket) receiveText() []byte {
	s.c.t.Helper()
	_, text, err := s.conn.Read(s.c.ctx)
	require.NoError(s.c.t, err)
	return text
}
