package outbound

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/httpx"
)

// modelSession is one at the server.
type modelSession struct {
	id     string
	link   *modelLink // of the last message; nil over long-polling
	before []*modelLink
	polled bool // it was made over long-polling, where no others are found
	queue  []modelQueued
	batch  int64
	sub    bool
	held   *modelHeld
	expiry *time.Timer
	ended  time.Time // zero while it lives
	letDie bool      // the client could have come back in time
}

type modelQueued struct {
	batch int64 // in which it was sent first; 0 if it was not
	event string
}

// modelHeld is a connect that waits for events.
type modelHeld struct {
	id    string
	link  *modelLink // nil over long-polling
	reply func(frames []string) bool
	timer *time.Timer
	dead  func() // takes back a request that another has replaced
}

func (s *modelServer) subscribed() (all []*modelSession) {
	for _, ses := range s.sessions {
		if ses.sub {
			all = append(all, ses)
		}
	}
	return all
}

// publish sends an event to whoever has subscribed.
func (s *modelServer) publish(data string) {
	event := fmt.Sprintf(`{"channel":"/v2/me/outbound","data":%s}`, data)
	for _, ses := range s.subscribed() {
		if !s.conf.Ack && ses.link != nil && !ses.link.closed {
			ses.link.frame("[" + event + "]")
			continue
		}
		ses.queue = append(ses.queue, modelQueued{event: event})
		s.release(ses)
	}
}

// release answers the held connect, if there is one.
func (s *modelServer) release(ses *modelSession) {
	if h := ses.held; h != nil {
		s.unhold(ses)
		s.flush(ses, h.id, "", h.reply)
	}
}

func (s *modelServer) unhold(ses *modelSession) {
	ses.held.timer.Stop()
	ses.held = nil
}

// flush answers a connect with all that is queued.
func (s *modelServer) flush(ses *modelSession, id, advice string, reply func([]string) bool) {
	ses.batch++
	var all []string
	for i := range ses.queue {
		if q := &ses.queue[i]; q.batch == 0 {
			q.batch = ses.batch
		}
		all = append(all, ses.queue[i].event)
	}
	ext := ""
	if s.conf.Ack {
		ext = fmt.Sprintf(`,"ext":{"ack":%d}`, ses.batch)
	}
	all = append(all, fmt.Sprintf(`{"channel":"/meta/connect","id":%q,"successful":true%s%s}`, id, ext, advice))
	if reply(all) && !s.conf.Ack {
		ses.queue = nil
	}
	s.startExpiry(ses)
}

func (s *modelServer) startExpiry(ses *modelSession) {
	if ses.expiry != nil {
		ses.expiry.Stop()
	}
	var timer *time.Timer
	after := modelMaxInterval + s.interval
	if time.Now().Before(s.others) {
		after += 2 * time.Second
	}
	timer = time.AfterFunc(after, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if ses.expiry == timer {
			ses.letDie = s.calm(time.Now(), !ses.polled) && !s.silentWithin(time.Minute, time.Now())
			s.remove(ses)
		}
	})
	ses.expiry = timer
}

func (s *modelServer) remove(ses *modelSession) {
	if ses.held != nil {
		s.unhold(ses)
	}
	if ses.expiry != nil {
		ses.expiry.Stop()
		ses.expiry = nil
	}
	if ses.ended.IsZero() {
		ses.ended = time.Now()
	}
	s.sessions = slices.DeleteFunc(s.sessions, func(o *modelSession) bool { return o == ses })
}

// handle takes a message. It returns the replies, or none where a connect is
// held, and then answered by reply.
func (s *modelServer) handle(m bayeux.Message, link *modelLink, reply func([]string) bool, dead func()) []string {
	ok := func(more string) []string {
		return []string{fmt.Sprintf(`{"channel":%q,"id":%q,"successful":true%s}`, m.Channel, m.ID, more)}
	}
	if m.Channel == "/meta/handshake" {
		s.made++
		ses := &modelSession{id: fmt.Sprintf("session-%d", s.made), link: link, polled: link == nil}
		s.sessions = append(s.sessions, ses)
		s.startExpiry(ses)
		more := fmt.Sprintf(`,"clientId":%q,"version":"1.0","supportedConnectionTypes":["websocket","long-polling"],"advice":{"reconnect":"retry","interval":0,"timeout":30000}`, ses.id)
		if s.conf.Ack {
			more += `,"ext":{"ack":true}`
		}
		return ok(more)
	}
	i := slices.IndexFunc(s.sessions, func(ses *modelSession) bool { return ses.id == m.ClientID && (ses.polled || link != nil) })
	if i < 0 {
		advice := ""
		if m.Channel == "/meta/connect" {
			advice = `,"advice":{"reconnect":"handshake","interval":0}`
		}
		return []string{fmt.Sprintf(`{"channel":%q,"id":%q,"successful":false,"error":"402::Unknown client"%s}`, m.Channel, m.ID, advice)}
	}
	ses := s.sessions[i]
	s.move(ses, link)
	if ses.expiry != nil && m.Channel != "/meta/connect" {
		s.startExpiry(ses) // so CometD from 3.1 to 9 and on Node.js have it
	}
	switch m.Channel {
	case "/meta/subscribe":
		ses.sub = ses.sub || m.Subscription == channel
		return ok(fmt.Sprintf(`,"subscription":%q`, m.Subscription))
	case "/meta/disconnect":
		s.remove(ses)
		return ok("")
	case "/meta/connect":
		s.connect(ses, m, reply, dead)
		return nil
	}
	return ok("")
}

// move notes where a session was heard last. A connect that is held on another socket is
// never answered; CometD 3.1 closes that socket.
func (s *modelServer) move(ses *modelSession, link *modelLink) {
	if ses.link == link {
		return
	}
	old, h := ses.link, ses.held
	ses.link = link
	if old == nil {
		return
	}
	ses.before = append(ses.before, old)
	if h != nil && h.link == old {
		s.unhold(ses)
		s.startExpiry(ses)
		if s.conf.Old {
			old.reset()
		}
	}
}

func (s *modelServer) connect(ses *modelSession, m bayeux.Message, reply func([]string) bool, dead func()) {
	if h := ses.held; h != nil {
		s.unhold(ses)
		if h.dead != nil {
			h.dead()
		}
	}
	if ses.expiry != nil {
		ses.expiry.Stop()
		ses.expiry = nil
	}
	var ext struct{ Ack *int64 }
	_ = json.Unmarshal(m.Ext, &ext)
	if s.conf.Ack && ext.Ack != nil {
		ses.queue = slices.DeleteFunc(ses.queue, func(q modelQueued) bool { return q.batch != 0 && q.batch <= *ext.Ack })
	}
	crowded := ses.link == nil && len(ses.queue) == 0 && time.Now().Before(s.others)
	if crowded || m.Advice != nil && m.Advice.Timeout != nil && *m.Advice.Timeout == 0 || len(ses.queue) > 0 {
		advice := fmt.Sprintf(`,"advice":{"reconnect":"retry","interval":%d,"timeout":30000}`, s.interval.Milliseconds())
		if crowded {
			advice = `,"advice":{"reconnect":"retry","interval":2000,"multiple-clients":true}`
		} else if m.Advice == nil {
			advice = ""
		}
		s.flush(ses, string(m.ID), advice, reply)
		return
	}
	hold := modelHold
	if m.Advice != nil && m.Advice.Timeout != nil {
		hold = min(hold, time.Duration(*m.Advice.Timeout)*time.Millisecond)
	}
	h := &modelHeld{id: string(m.ID), link: ses.link, reply: reply, dead: dead}
	h.timer = time.AfterFunc(hold, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if ses.held == h {
			s.release(ses)
		}
	})
	ses.held = h
}

func (s *modelServer) poll(f *modelFlight, req *httpx.Request) {
	var messages []bayeux.Message
	if err := json.Unmarshal(req.Body, &messages); err != nil {
		panic(err)
	}
	var replies []string
	held := false
	for _, m := range messages {
		reply := func(frames []string) bool {
			if s.tears(frames) {
				s.end(f, true)
				return true
			}
			return f.respond(200, "application/json", "["+strings.Join(slices.Concat(replies, frames), ",")+"]")
		}
		now := s.handle(m, nil, reply, func() { f.respond(408, "text/plain", "replaced") })
		held = held || now == nil
		replies = append(replies, now...)
		if m.Channel == "/meta/connect" {
			f.gone = func() {
				s.hungUp(func(ses *modelSession) bool {
					return ses.held != nil && ses.held.id == string(m.ID) && ses.id == m.ClientID
				})
			}
		}
	}
	if !held {
		f.respond(200, "application/json", "["+strings.Join(replies, ",")+"]")
	}
}

// hungUp starts the clock of sessions whose held connect nobody waits for.
func (s *modelServer) hungUp(theirs func(*modelSession) bool) {
	for _, ses := range s.sessions {
		if theirs(ses) && ses.held != nil {
			s.unhold(ses)
			s.startExpiry(ses)
		}
	}
}
