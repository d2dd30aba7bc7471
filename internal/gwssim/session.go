//go:build !js

package gwssim

import (
	"encoding/json"
	"time"
)

// crowdedMS is the interval for sessions of whose browser others are held.
const crowdedMS = 2000

// maxQueue is how many messages are kept for a session; what comes beyond is
// dropped.
const maxQueue = 10_000

// session is a CometD session.
type session struct {
	id          string
	user        string
	login       int // id of the HTTP session that it was last heard in
	longPolling bool
	browser     string  // cookie BAYEUX_BROWSER, for long-polling
	socket      *socket // the newest it was heard on; nil once that is gone, and for long-polling
	channels    map[string]bool
	acks        bool  // acknowledged delivery was negotiated
	batch       int64 // number of the last connect reply, for acknowledged delivery
	queue       []queued
	held        *held  // the connect that waits; nil for none
	crowded     bool   // its last connect was not held because of others
	expiry      *timer // runs while no connect is held
	expires     time.Time
}

// queued is an event that was not sent, or not acknowledged.
type queued struct {
	event event
	batch int64 // the connect reply it was first sent with; 0 for none
}

// held is a connect that waits for an event.
type held struct {
	id       json.RawMessage
	socket   *socket      // nil for long-polling
	answered chan outcome // for long-polling; has room for the one outcome
	timer    *timer
	fault    *Fault // that is to strike the answer, on a WebSocket; nil for none
}

// outcome is how a held connect of long-polling ends.
type outcome struct {
	messages []any
	status   int  // HTTP error instead; 0 for none
	cut      bool // reset the connection instead
}

func (ses *session) subscribed(channel string) bool {
	for subscription := range ses.channels {
		if matches(subscription, channel) {
			return true
		}
	}
	return false
}

// acknowledge forgets the events that the client says it has got. A connect
// without a number acknowledges nothing, so that all comes again.
func (ses *session) acknowledge(raw json.RawMessage) {
	if !ses.acks {
		return
	}
	var batch int64
	if json.Unmarshal(raw, &batch) != nil {
		return
	}
	kept := ses.queue[:0]
	for _, q := range ses.queue {
		if q.batch == 0 || q.batch > batch {
			kept = append(kept, q)
		}
	}
	clear(ses.queue[len(kept):])
	ses.queue = kept
}

// flush makes the reply to a connect, after the events that go with it. With
// acknowledged delivery these stay in the queue until they are acknowledged.
func (ses *session) flush(id json.RawMessage, advice map[string]any) []any {
	r := &reply{Channel: metaConnect, ID: id, Successful: true, Advice: advice}
	if ses.acks {
		ses.batch++
		r.Ext = map[string]any{"ack": ses.batch}
	}
	messages := make([]any, 0, len(ses.queue)+1)
	for i := range ses.queue {
		messages = append(messages, ses.queue[i].event)
		if ses.queue[i].batch == 0 {
			ses.queue[i].batch = ses.batch
		}
	}
	if !ses.acks {
		ses.queue = nil
	}
	return append(messages, r)
}

// lastConnectReply answers the connect that is held when its session ends
// regularly.
func (ses *session) lastConnectReply(id json.RawMessage) []any {
	return []any{&reply{Channel: metaConnect, ID: id, Successful: true, Advice: map[string]any{"reconnect": "none", "interval": 0}}}
}

// deliver sends events to a session, or keeps them for its next connect. The
// caller holds the mutex.
func (s *Sim) deliver(ses *session, events []event) {
	if s.behavior.Direct && !ses.longPolling && !ses.acks {
		if ses.socket != nil {
			messages := make([]any, len(events))
			for i, e := range events {
				messages[i] = e
			}
			s.send(ses.socket, messages, nil)
		}
		return
	}
	for _, e := range events {
		if len(ses.queue) < maxQueue {
			ses.queue = append(ses.queue, queued{event: e})
		}
	}
	s.answerHeld(ses)
}

// answerHeld ends a held connect with what there is for its session. The
// caller holds the mutex.
func (s *Sim) answerHeld(ses *session) {
	if ses.held != nil {
		s.release(ses, outcome{messages: ses.flush(ses.held.id, s.advice())})
	}
}

// release ends the held connect of a session, if there is one, and starts the
// clock of its expiry. The caller holds the mutex.
func (s *Sim) release(ses *session, o outcome) {
	h := ses.held
	if h == nil {
		return
	}
	ses.held = nil
	s.stop(h.timer)
	s.startExpiry(ses)
	if h.socket == nil {
		h.answered <- o
	} else if len(o.messages) > 0 {
		s.send(h.socket, o.messages, h.fault)
	}
}

// supersede ends a held connect because a newer one has come. Over
// long-polling its request fails; on a WebSocket it is answered, unless that
// socket was replaced.
func (s *Sim) supersede(ses *session, from origin) {
	if ses.held == nil {
		return
	}
	o := outcome{status: 408}
	if from.socket != nil && ses.held.socket == from.socket {
		o.messages = []any{&reply{Channel: metaConnect, ID: ses.held.id, Error: "408::Replaced by a newer connect"}}
	}
	s.release(ses, o)
}

// startExpiry ends the session if no connect comes within interval and
// maxInterval. The caller holds the mutex.
func (s *Sim) startExpiry(ses *session) {
	interval := s.behavior.IntervalMS
	if ses.crowded {
		interval = crowdedMS
	}
	s.expireIn(ses, milliseconds(interval)+s.maxInterval())
}

// prolong has a session whose clock runs live for maxInterval at least, since
// another message than a connect has come, as CometD does. The caller holds the mutex.
func (s *Sim) prolong(ses *session) {
	if ses != nil && ses.expiry != nil && time.Until(ses.expires) < s.maxInterval() {
		s.expireIn(ses, s.maxInterval())
	}
}

func (s *Sim) expireIn(ses *session, d time.Duration) {
	s.stop(ses.expiry)
	ses.expires = time.Now().Add(d)
	ses.expiry = s.after(d, func() { s.end(ses, nil) })
}

// maxInterval is how long a session outlives its last connect.
func (s *Sim) maxInterval() time.Duration {
	if s.behavior.MaxIntervalMS > 0 {
		return milliseconds(s.behavior.MaxIntervalMS)
	}
	return 10 * time.Second
}

// add makes a session known. The caller holds the mutex.
func (s *Sim) add(ses *session) {
	s.sessions[ses.id] = ses
	if s.byUser[ses.user] == nil {
		s.byUser[ses.user] = make(map[*session]struct{})
	}
	s.byUser[ses.user][ses] = struct{}{}
}

// end removes a session. A connect that is held is answered with what last
// makes of its id. The caller holds the mutex.
func (s *Sim) end(ses *session, last func(id json.RawMessage) []any) {
	if ses.held != nil {
		s.release(ses, outcome{messages: last(ses.held.id)})
	}
	s.stop(ses.expiry)
	delete(s.sessions, ses.id)
	delete(s.byUser[ses.user], ses)
	if len(s.byUser[ses.user]) == 0 {
		delete(s.byUser, ses.user)
	}
	s.changed()
	s.after(seenFor, s.changed) // its browser may be seen no more
}

// Sessions returns how many CometD sessions are alive.
func (s *Sim) Sessions() int {
	s.mu.Lock()
	defer s.unlock()
	return len(s.sessions)
}

// Cut resets the TCP connection of every WebSocket and of every held
// long-polling request. The sessions live on, until they expire.
func (s *Sim) Cut() { s.cut(0) }

// cut does it to one HTTP session, or to all if only is 0.
func (s *Sim) cut(only int) {
	s.mu.Lock()
	defer s.unlock()
	for _, ses := range s.sessions {
		if ses.longPolling && (only == 0 || ses.login == only) {
			s.release(ses, outcome{cut: true})
		}
	}
	for sock := range s.sockets {
		if only == 0 || sock.login == only {
			s.detach(sock)
			reset(sock.raw)
		}
	}
}

// Expire forgets all CometD sessions; sockets stay open. A connect that is
// held is answered with 402, as the next one would be.
func (s *Sim) Expire() { s.expire(0) }

// expire does it to one HTTP session, or to all if only is 0.
func (s *Sim) expire(only int) {
	s.mu.Lock()
	defer s.unlock()
	for _, ses := range s.sessions {
		if only != 0 && ses.login != only {
			continue
		}
		s.end(ses, func(id json.RawMessage) []any {
			return s.unknownClient(&request{Channel: metaConnect, ID: id})
		})
	}
}

// Kick ends every CometD session from the server's side: a /meta/disconnect
// without id, and the answer to the held connect with the advice "none". A
// long-polling session that has no connect held hears nothing of it.
func (s *Sim) Kick() { s.kick(0) }

// kick does it to one HTTP session, or to all if only is 0.
func (s *Sim) kick(only int) {
	s.mu.Lock()
	defer s.unlock()
	for _, ses := range s.sessions {
		if only != 0 && ses.login != only {
			continue
		}
		disconnect := &reply{Channel: metaDisconnect, Successful: true}
		if ses.held == nil && ses.socket != nil {
			s.send(ses.socket, []any{disconnect}, nil)
		}
		s.end(ses, func(id json.RawMessage) []any {
			return append([]any{disconnect}, ses.lastConnectReply(id)...)
		})
	}
}
