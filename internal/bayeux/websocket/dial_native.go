//go:build !js

//lint:file-ignore SA1019 the comment of the package internal/bayeux/websocket says why this library is here

package websocket

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"nhooyr.io/websocket"

	"gws-outbound/internal/bayeux"
)

// dialer is what the platform needs to dial.
type dialer struct{ client *http.Client }

// WithClient makes the transport dial with client, whose cookies sign it in.
func (t *Transport) WithClient(client *http.Client) *Transport {
	t.client = client
	return t
}

// DialledAhead returns false: nobody dials but the program.
func DialledAhead() bool { return false }

// socket is an open WebSocket.
type socket struct{ conn *websocket.Conn }

func (d dialer) dial(ctx context.Context, url string) (*socket, error) {
	c, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPClient: d.client,
		// The browser negotiates compression by itself; small messages gain nothing by it.
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		return nil, err
	}
	return &socket{conn: c}, nil
}

// read reads a frame, and no more than the limit of one that is longer.
func (s *socket) read(limit int) ([]byte, error) {
	_, r, err := s.conn.Reader(context.Background())
	if err != nil {
		return nil, err
	}
	frame, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err == nil && len(frame) > limit {
		return nil, &bayeux.TooLargeError{Limit: limit}
	}
	return frame, err
}

// write gives up on a peer that takes nothing; by then the session has missed a reply.
func (s *socket) write(frame []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, frame)
}

// close closes in the background: the library waits for the peer, for some seconds at most.
func (s *socket) close() {
	go s.conn.Close(websocket.StatusNormalClosure, "")
}

func (s *socket) why(err error) error {
	if e := (websocket.CloseError{}); errors.As(err, &e) {
		return errors.New(closeReason(int(e.Code), e.Reason))
	}
	return err
}
