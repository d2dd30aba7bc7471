package outbound

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"gws-outbound/internal/bayeux"
)

type modelWebSocket struct{ *modelServer }

func (modelWebSocket) Name() string { return WebSocket }

func (modelWebSocket) PerRequest() bool { return false }

// Open is bayeux.Transport's.
func (s modelWebSocket) Open(ctx context.Context, sink bayeux.Sink) (bayeux.Conn, error) {
	s.mu.Lock()
	fault := s.fault(true)
	if fault != nil && !fault.useless {
		s.mu.Unlock()
		if fault.silent {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return nil, errors.New("refused")
	}
	defer s.mu.Unlock()
	l := &modelLink{s: s.modelServer, sink: sink, in: make(chan modelSent, 1000), hungUp: make(chan struct{}), useless: fault != nil}
	s.links = append(s.links, l)
	s.sink = sink
	go l.serve()
	return l, nil
}

// modelLink is a socket.
type modelLink struct {
	s      *modelServer
	sink   bayeux.Sink
	in     chan modelSent
	hungUp chan struct{} // closed by the client's Close
	free   time.Time     // when all that was sent to the client has arrived
	silent bool          // half-open: what either side sends is lost
	closed bool          // the server knows that it is over

	useless bool // it ends with the first message
}

type modelSent struct {
	messages []bayeux.Message
	due      time.Time
}

func (l *modelLink) Send(messages []bayeux.Message) {
	l.s.mu.Lock()
	lag := l.s.lag()
	l.s.mu.Unlock()
	l.in <- modelSent{messages, time.Now().Add(lag)}
}

func (*modelLink) Cancel(string) {}

func (l *modelLink) Close() { close(l.hungUp) }

// serve handles what the client sends, in order.
func (l *modelLink) serve() {
	for {
		var sent modelSent
		select {
		case sent = <-l.in:
		case <-l.hungUp:
			select {
			case sent = <-l.in: // it was sent before
			default:
				l.s.mu.Lock()
				defer l.s.mu.Unlock()
				if !l.silent {
					l.end()
				}
				return
			}
		}
		time.Sleep(time.Until(sent.due)) // the network's lag, by the clock of the bubble (testing/synctest)
		l.s.mu.Lock()
		if l.useless {
			l.reset()
		}
		if !l.silent && !l.closed {
			for _, m := range sent.messages {
				if replies := l.s.handle(m, l, l.reply, nil); replies != nil {
					l.reply(replies)
				}
			}
		}
		l.s.mu.Unlock()
	}
}

// end is what the server does when it finds that the socket is closed.
func (l *modelLink) end() {
	if l.closed {
		return
	}
	l.closed = true
	l.s.links = slices.DeleteFunc(l.s.links, func(o *modelLink) bool { return o == l })
	l.s.hungUp(func(ses *modelSession) bool { return ses.link == l })
	if l.s.conf.Old {
		for _, ses := range l.s.sessions {
			if ses.link != l && slices.Contains(ses.before, l) {
				l.s.startExpiry(ses) // although a connect may be held
			}
		}
	}
}

func (l *modelLink) reply(all []string) bool {
	if l.closed {
		return false
	}
	if l.s.tears(all) {
		if l.s.conf.SingleFrames {
			l.frame("[" + all[0] + "]")
		}
		l.reset()
		return true
	}
	if !l.s.conf.SingleFrames {
		all = []string{strings.Join(all, ",")}
	}
	for _, one := range all {
		l.frame("[" + one + "]")
	}
	return true
}

func (l *modelLink) frame(frame string) {
	if l.silent || l.closed {
		return
	}
	l.s.travel(&l.free, len(frame), func() {
		if !l.silent && !l.closed {
			l.s.deliver(func() { l.sink.Receive([]byte(frame)) })
		}
	})
}
