//go:build !js

//lint:file-ignore SA1019 the comment of the package internal/bayeux/websocket says why this library is here

package gwssim

import (
	"bufio"
	"net"
	"net/http"

	"nhooyr.io/websocket"
)

// nonsense is sent as it is, in place of an array of messages.
type nonsense string

// socket is a WebSocket of the server's side.
type socket struct {
	raw    net.Conn
	user   string
	login  int           // id of the HTTP session
	wake   chan struct{} // tells the writer that there is something in out
	done   chan struct{} // closed when the reader has ended
	out    []frame       // to be written; guarded by Sim.mu
	silent bool          // it carries nothing any more; guarded by Sim.mu
}

// hijackRecorder keeps hold of the TCP connection under a WebSocket, so that
// it can be reset.
type hijackRecorder struct {
	http.ResponseWriter
	conn net.Conn
}

func (h *hijackRecorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	h.conn = conn
	return conn, rw, err
}

// serveWebSocket serves one socket until it closes. The library would refuse pages from other ports:
// which origins may use the simulator says its [Audience].
func (s *Sim) serveWebSocket(w http.ResponseWriter, r *http.Request, l *login) {
	recorder := &hijackRecorder{ResponseWriter: w}
	conn, err := websocket.Accept(recorder, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true,
		CompressionMode:    websocket.CompressionDisabled,
	})
	if err != nil {
		return // Accept has answered
	}
	conn.SetReadLimit(maxBody)
	sock := &socket{raw: recorder.conn, user: l.user, login: l.id, wake: make(chan struct{}, 1), done: make(chan struct{})}
	s.mu.Lock()
	if s.closed {
		reset(sock.raw)
	}
	s.sockets[sock] = struct{}{}
	s.busy.Go(func() { s.write(conn, sock) })
	s.unlock()

	s.read(conn, sock)

	s.mu.Lock()
	s.detach(sock)
	s.unlock()
	close(sock.done)
	_ = conn.CloseNow()
}

// read takes messages until the socket fails or is closed.
func (s *Sim) read(conn *websocket.Conn, sock *socket) {
	for {
		_, text, err := conn.Read(s.ctx)
		if err != nil {
			return
		}
		requests, err := parseRequests(text)
		if err != nil {
			_ = conn.Close(websocket.StatusInvalidFramePayloadData, "not Bayeux messages")
			return
		}
		s.mu.Lock()
		if sock.silent {
			s.unlock()
			continue
		}
		f := s.strike(messageStage(requests), typeWebSocket, sock.login)
		if f != nil && !f.processes() {
			s.queue(sock, frame{fault: f})
			s.unlock()
			continue
		}
		from := origin{user: sock.user, login: sock.login, socket: sock, fault: f}
		var answers []any
		for _, m := range requests {
			replies, _ := s.handle(m, from)
			answers = append(answers, replies...)
		}
		if _, live := s.sockets[sock]; live && len(answers) > 0 {
			s.send(sock, answers, f)
		}
		s.unlock()
	}
}

// write sends the frames of a socket, apart from its reader: a client that
// does not read must not stop the simulator.
func (s *Sim) write(conn *websocket.Conn, sock *socket) {
	for {
		select {
		case <-sock.wake:
		case <-sock.done:
			return
		}
		s.mu.Lock()
		frames := sock.out
		sock.out = nil
		s.unlock()
		for _, f := range frames {
			if f.fault != nil {
				if !s.strikeWebSocket(conn, sock, f) {
					return
				}
			} else if err := conn.Write(s.ctx, websocket.MessageText, f.text); err != nil {
				reset(sock.raw) // which ends the reader
				return
			}
		}
	}
}

// detach parts a socket from its sessions, whose held connects end unanswered.
// The caller holds the mutex.
func (s *Sim) detach(sock *socket) {
	delete(s.sockets, sock)
	for ses := range s.byUser[sock.user] {
		if ses.held != nil && ses.held.socket == sock {
			s.release(ses, outcome{})
		}
		if ses.socket == sock {
			ses.socket = nil
		}
	}
	s.changed()
}
