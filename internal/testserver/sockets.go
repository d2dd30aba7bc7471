//go:build !js

//lint:file-ignore SA1019 the comment of the package internal/bayeux/websocket says why this library is here

package testserver

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"nhooyr.io/websocket"
)

// open counts the connections of each test, by the id in its URL.
type open struct {
	mu    sync.Mutex
	cond  *sync.Cond
	conns map[string]int
}

func (o *open) add(id string, n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.conns[id] += n
	o.cond.Broadcast()
}

// wait blocks until the test has n connections.
func (o *open) wait(id string, n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.conns[id] != n {
		o.cond.Wait()
	}
}

func sockets(mux *http.ServeMux) {
	o := &open{conns: map[string]int{}}
	o.cond = sync.NewCond(&o.mu)
	handle := func(name string, f func(http.ResponseWriter, *http.Request)) {
		mux.HandleFunc("/ws/"+name, func(w http.ResponseWriter, r *http.Request) {
			id := r.URL.Query().Get("id")
			o.add(id, 1)
			defer o.add(id, -1)
			f(w, r)
		})
	}

	// wait answers when the test of ?id has ?n connections.
	mux.HandleFunc("/ws/wait", func(_ http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		o.wait(r.URL.Query().Get("id"), n)
	})
	// echo sends back each frame, and whether it was text.
	handle("echo", func(w http.ResponseWriter, r *http.Request) {
		c, err := accept(w, r)
		if err != nil {
			return
		}
		for {
			typ, frame, err := c.Read(r.Context())
			if err != nil {
				return
			}
			if c.Write(r.Context(), typ, frame) != nil {
				return
			}
		}
	})
	// burst sends ?n frames of ?size bytes, ?binary ones or text, and closes with ?code.
	handle("burst", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		size, _ := strconv.Atoi(r.URL.Query().Get("size"))
		code, _ := strconv.Atoi(r.URL.Query().Get("code"))
		opcode := byte(1)
		if r.URL.Query().Has("binary") {
			opcode = 2
		}
		c, buf, err := upgrade(w, r)
		if err != nil {
			return
		}
		defer c.Close()
		for i := range n {
			if c.write(opcode, padded(i, size)) != nil {
				return
			}
		}
		_ = c.write(8, append(binary.BigEndian.AppendUint16(nil, uint16(code)), "as asked"...))
		_, _ = io.Copy(io.Discard, io.LimitReader(buf, 6+10)) // the peer's close frame
	})
	// hang does not answer the upgrade.
	handle("hang", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	// no-accept answers the upgrade without the header that proves it was read.
	handle("no-accept", func(w http.ResponseWriter, _ *http.Request) {
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
			c.Close()
		}
	})
	// refuse answers it with a plain 404.
	handle("refuse", http.NotFound)
	// reset cuts the connection off, without a close frame.
	handle("reset", func(w http.ResponseWriter, r *http.Request) {
		if c, _, err := upgrade(w, r); err == nil {
			reset(c.Conn)
		}
	})
	// deaf upgrades, and never answers anything, a close neither.
	handle("deaf", func(w http.ResponseWriter, r *http.Request) {
		if c, buf, err := upgrade(w, r); err == nil {
			_, _ = io.Copy(io.Discard, buf)
			c.Close()
		}
	})
	// answer-close-with answers the client's close by ?what: a reset, or a
	// frame that no WebSocket can have.
	handle("answer-close-with", func(w http.ResponseWriter, r *http.Request) {
		c, buf, err := upgrade(w, r)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			b, err := buf.ReadByte()
			if err != nil {
				return
			}
			if b&0x0f != 8 { // the opcode of a close frame
				continue
			}
			switch r.URL.Query().Get("what") {
			case "reset":
				reset(c.Conn)
			case "garbage":
				_, _ = c.Write([]byte{0xff, 0xff, 0xff, 0xff})
			case "end":
			}
			return
		}
	})
}

// padded is the number i, with spaces up to size bytes.
func padded(i, size int) []byte {
	b := strconv.AppendInt(make([]byte, 0, size), int64(i), 10)
	for len(b) < size {
		b = append(b, ' ')
	}
	return b
}

func accept(w http.ResponseWriter, r *http.Request) (*websocket.Conn, error) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
	if err == nil {
		c.SetReadLimit(16 << 20)
	}
	return c, err
}

// upgrade takes over the connection, to do with it what a library would not.
func upgrade(w http.ResponseWriter, r *http.Request) (*rawConn, *bufio.ReadWriter, error) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		http.Error(w, "not a WebSocket", http.StatusUpgradeRequired)
		return nil, nil, http.ErrNotSupported
	}
	c, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	_ = c.SetDeadline(time.Time{})
	key := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	_, err = fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(key[:]))
	return &rawConn{c}, buf, err
}

// rawConn is a connection after the upgrade.
type rawConn struct{ net.Conn }

// write writes one unfragmented frame.
func (c *rawConn) write(opcode byte, payload []byte) error {
	head := []byte{0x80 | opcode}
	switch n := len(payload); {
	case n < 126:
		head = append(head, byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, 126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 127), uint64(n))
	}
	_, err := c.Write(append(head, payload...))
	return err
}

// reset ends a connection by a TCP reset.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.Close()
}
