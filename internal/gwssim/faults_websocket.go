//go:build !js

//lint:file-ignore SA1019 the comment of the package internal/bayeux/websocket says why this library is here

package gwssim

import (
	"cmp"
	"encoding/binary"
	"time"

	"nhooyr.io/websocket"
)

// frame is what a socket's writer has to do: to send a text, or to have a
// fault strike it.
type frame struct {
	text  []byte
	fault *Fault
}

// send queues messages for a socket's writer: one frame, or one each. A fault
// strikes the last. The caller holds the mutex.
func (s *Sim) send(sock *socket, messages []any, f *Fault) {
	var texts [][]byte
	if text, ok := messages[0].(nonsense); ok {
		texts = append(texts, []byte(text))
	} else if s.behavior.SingleFrames {
		for _, m := range messages {
			texts = append(texts, encode([]any{m}))
		}
	} else {
		texts = append(texts, encode(messages))
	}
	for i, text := range texts {
		out := frame{text: text}
		if i == len(texts)-1 {
			out.fault = f
		}
		if out.fault == nil && acknowledges(text) {
			out.fault = s.strike(AtAcknowledgement, typeWebSocket, sock.login)
		}
		s.queue(sock, out)
	}
}

// queue hands a frame to a socket's writer. The caller holds the mutex.
func (s *Sim) queue(sock *socket, f frame) {
	if f.fault != nil && f.fault.Do == DoSilence {
		sock.silent = true
	}
	if sock.silent {
		return
	}
	sock.out = append(sock.out, f)
	select {
	case sock.wake <- struct{}{}:
	default: // the writer will wake up
	}
}

// strikeWebSocket does to a frame what its fault says, and reports whether the
// socket can be written to afterwards.
func (s *Sim) strikeWebSocket(conn *websocket.Conn, sock *socket, out frame) bool {
	text, f := out.text, out.fault
	switch f.Do {
	case DoReset:
		reset(sock.raw)
		return false
	case DoClose:
		code := binary.BigEndian.AppendUint16(nil, uint16(cmp.Or(f.Code, int(websocket.StatusGoingAway))))
		_, _ = sock.raw.Write(rawFrame(true, opClose, code, len(code)))
		return false
	case DoHalf:
		_, _ = sock.raw.Write(rawFrame(true, opText, text[:len(text)/2], len(text)))
		reset(sock.raw)
		return false
	case DoPieces:
		opcode := byte(opText)
		all := pieces(text)
		for i, piece := range all {
			if _, err := sock.raw.Write(rawFrame(i == len(all)-1, opcode, piece, len(piece))); err != nil {
				return false
			}
			opcode = opContinuation
			if !sock.pause(milliseconds(f.DelayMS)) {
				return false
			}
		}
		return true
	case DoDelay:
		if !sock.pause(milliseconds(f.DelayMS)) {
			return false
		}
	case DoAnswer:
		text = []byte(f.Body)
	case DoTruncate:
		text = text[:len(text)/2]
	case DoAmend:
		text = amend(text, f.Body)
	}
	if err := conn.Write(s.ctx, websocket.MessageText, text); err != nil {
		reset(sock.raw) // which ends the reader
		return false
	}
	return true
}

// pause waits for d, and reports whether the socket is still there.
func (sock *socket) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-sock.done:
		return false
	}
}

// Opcodes of WebSocket frames.
const (
	opContinuation = 0
	opText         = 1
	opClose        = 8
)

// rawFrame is a frame that says that its payload has so many bytes.
func rawFrame(last bool, opcode byte, payload []byte, length int) []byte {
	if last {
		opcode |= 0x80
	}
	header := []byte{opcode}
	switch {
	case length < 126:
		header = append(header, byte(length))
	case length < 1<<16:
		header = binary.BigEndian.AppendUint16(append(header, 126), uint16(length))
	default:
		header = binary.BigEndian.AppendUint64(append(header, 127), uint64(length))
	}
	return append(header, payload...)
}
