package outbound

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/httpx"
)

// modelServer is GWS with CometD, in memory: what it does is simple enough to
// be the truth against which a client is judged. WebSocket is a bayeux.Transport
// of its own; long-polling is the real transport over its Do.
type modelServer struct {
	conf modelConfig

	mu       sync.Mutex
	sessions []*modelSession // alive
	links    []*modelLink    // open, as far as the server knows
	flights  []*modelFlight  // HTTP requests under way
	faults   []modelFault
	truths   map[string]*modelTruth // by reference
	made     int                    // sessions
	tearing  bool                   // the next connection that events are sent on breaks meanwhile
}

// modelConfig is what is the same all through a sequence.
type modelConfig struct {
	Ack          bool // acknowledged delivery
	LongPolling  bool
	SingleFrames bool          // one message a frame, where that can be
	Lag          time.Duration // of what the client sends
	Seed         uint64        // of the client's backoff
}

// The times of CometD's defaults.
const (
	modelHold        = 30 * time.Second
	modelMaxInterval = 10 * time.Second
)

// modelFault is a time in which the network, or the server, doesn't work.
type modelFault struct {
	from, until time.Time
	silent      bool // what is sent is lost, and nobody is told; else nothing can be opened
}

// modelTruth is what really happened to a record.
type modelTruth struct {
	fate      modelFate
	attempted time.Time // the first POST left the client
	returned  time.Time // the last one came back to it, with or without an answer
	posts     int       // that arrived
	repeats   int       // those that the client may repeat
	processed bool
	refused   bool // the server has answered so
	accepted  bool // the server has answered so
	events    []modelEvent
}

type modelEvent struct {
	at       time.Time
	ack      bool
	data     string
	sessions []*modelSession // that were to get it
}

// modelFate is what a server does with a POST.
type modelFate struct {
	CSRF        bool   // it refuses the token first
	Answer      string // see answers
	Process     bool   // where Answer leaves that open
	Event       string // see notifications
	AnswerAfter time.Duration
	EventAfter  time.Duration
}

var answers = []string{"ok", "ok", "ok", "ok", "partial", "refused", "400", "401", "408", "500", "garbage", "html", "redirect", "reset", "never"}
var notifications = []string{"ack", "ack", "ack", "ack", "ack without reference", "ack twice", "other", "none"}

// processes reports whether the server does what it is asked.
func (f modelFate) processes() bool {
	switch f.Answer {
	case "ok", "partial":
		return true
	case "refused", "400", "401":
		return false
	}
	return f.Process
}

// fault returns the one that is on, nil if there is none.
func (s *modelServer) fault() *modelFault {
	now := time.Now()
	for i := range s.faults {
		if f := &s.faults[i]; !now.Before(f.from) && now.Before(f.until) {
			return f
		}
	}
	return nil
}

// wellFor is how long all must have been well for a client that somebody waits
// for to have what was sent to it. After a reset that is 2 s of backoff, and 3 s
// of hasty connects. After silence it is, over a socket, 10 s for a reply that
// does not come besides; over long-polling it is the whole time of a held
// connect: if that request alone has died, nothing tells.
func (s *modelServer) wellFor(silent bool) time.Duration {
	d := 5*time.Second + 5*s.conf.Lag
	switch {
	case silent && s.conf.LongPolling:
		d += modelHold + 10*time.Second
	case silent:
		d += 10 * time.Second
	}
	return d
}

// calm reports whether all has been well for long enough before that time.
func (s *modelServer) calm(at time.Time) bool {
	return !slices.ContainsFunc(s.faults, func(f modelFault) bool {
		return !f.from.After(at) && at.Sub(f.until) < s.wellFor(f.silent)
	})
}

// --- HTTP

// modelFlight is an HTTP request under way.
type modelFlight struct {
	s      *modelServer
	done   chan *httpx.Response // nil if the connection is reset
	silent bool                 // what the server answers is lost
	over   bool
	gone   func() // the server sees that the client has hung up; nil if it doesn't matter
}

// Do is httpx.Doer's.
func (s *modelServer) Do(ctx context.Context, req *httpx.Request) (*httpx.Response, error) {
	reset := &httpx.NetworkError{Method: req.Method, URL: req.URL, Err: errors.New("reset")}
	f := &modelFlight{s: s, done: make(chan *httpx.Response, 1)}
	s.mu.Lock()
	if truth := s.truthOf(req); truth != nil {
		if truth.attempted.IsZero() {
			truth.attempted = time.Now()
		}
		defer func() { truth.returned = time.Now() }()
	}
	fault := s.fault()
	if fault != nil && !fault.silent {
		s.mu.Unlock()
		return nil, reset
	}
	f.silent = fault != nil
	s.flights = append(s.flights, f)
	s.mu.Unlock()
	defer s.end(f, false)
	if !f.silent {
		time.AfterFunc(s.conf.Lag, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if !f.over && !f.silent {
				s.arrive(f, req)
			}
		})
	}
	select {
	case resp := <-f.done:
		if resp == nil {
			return nil, reset
		}
		return resp, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// end ends a request, from outside if it is reset.
func (s *modelServer) end(f *modelFlight, reset bool) {
	if !reset {
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	if f.over {
		return
	}
	f.over = true
	s.flights = slices.DeleteFunc(s.flights, func(o *modelFlight) bool { return o == f })
	if f.gone != nil && !f.silent {
		f.gone()
	}
	if reset {
		f.done <- nil
	}
}

// respond answers, and reports whether the server could have known better.
func (f *modelFlight) respond(status int, contentType, body string) bool {
	if f.over {
		return false
	}
	f.gone = nil
	if !f.silent {
		f.over = true
		f.s.flights = slices.DeleteFunc(f.s.flights, func(o *modelFlight) bool { return o == f })
		f.done <- &httpx.Response{Status: status, Redirected: status == 302, Body: []byte(body), Header: httpx.Header{
			"content-type": contentType, "x-csrf-header": "X-CSRF-TOKEN", "x-csrf-token": "token",
		}}
	}
	return true
}

func (s *modelServer) truthOf(req *httpx.Request) *modelTruth {
	var body struct{ ReferenceID string }
	if req.Method == "POST" && strings.Contains(req.URL, "/outbound-records/") && json.Unmarshal(req.Body, &body) == nil {
		return s.truths[body.ReferenceID]
	}
	return nil
}

func (s *modelServer) arrive(f *modelFlight, req *httpx.Request) {
	switch {
	case req.Method == "GET":
		f.respond(200, "application/json", `{"statusCode":0}`)
	case strings.Contains(req.URL, "/outbound-records/"):
		s.post(f, s.truthOf(req), req)
	default:
		s.poll(f, req)
	}
}

func (s *modelServer) post(f *modelFlight, truth *modelTruth, req *httpx.Request) {
	truth.posts++
	fate := truth.fate
	if fate.CSRF && truth.repeats == 0 {
		truth.repeats++
		f.respond(403, "application/json", `{"message":"Missing or invalid Csrf token"}`)
		return
	}
	if fate.Answer == "401" {
		truth.repeats++
	}
	if fate.processes() {
		truth.processed = true
		s.later(fate.EventAfter, func() { s.announce(truth, req) })
	}
	if fate.Answer == "reset" {
		s.later(fate.AnswerAfter, func() { s.end(f, true) })
	} else if fate.Answer != "never" {
		s.later(fate.AnswerAfter, func() { s.answer(f, truth) })
	}
}

// later runs f under the lock.
func (s *modelServer) later(d time.Duration, f func()) {
	if d == 0 {
		f()
		return
	}
	time.AfterFunc(d, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		f()
	})
}

func (s *modelServer) answer(f *modelFlight, truth *modelTruth) {
	status, contentType, body := 200, "application/json", `{"statusCode":0}`
	switch truth.fate.Answer {
	case "ok":
		truth.accepted = true
	case "partial":
		body = `{"statusCode":7}`
	case "refused":
		truth.refused, body = true, `{"statusCode":6,"statusMessage":"no"}`
	case "400":
		truth.refused, status, body = true, 400, "no"
	case "401":
		truth.refused, status, body = true, 401, ""
	case "408":
		status, body = 408, ""
	case "500":
		status, body = 500, "oops"
	case "garbage":
		body = "{"
	case "html":
		contentType, body = "text/html", "<html>sign in"
	case "redirect":
		status, body = 302, ""
	}
	f.respond(status, contentType, body)
}

// announce sends the event that answers a POST.
func (s *modelServer) announce(truth *modelTruth, req *httpx.Request) {
	var body struct {
		ReferenceID, CampaignName, CallingList string
		ApplicationID                          int64
	}
	_ = json.Unmarshal(req.Body, &body)
	event := map[string]any{
		"notificationType": acknowledgement, "referenceId": body.ReferenceID, "messageType": "OutboundRecordMessage",
		"record": map[string]any{
			"recordHandle": json.Number(req.URL[strings.LastIndex(req.URL, "/")+1:]), "campaignName": body.CampaignName,
			"callingList": body.CallingList, "applicationId": body.ApplicationID,
		},
	}
	times := 1
	switch truth.fate.Event {
	case "none":
		return
	case "other":
		event["notificationType"] = "RecordFailed"
	case "ack without reference":
		delete(event, "referenceId")
	case "ack twice":
		times = 2
	}
	data, _ := json.Marshal(event)
	e := modelEvent{at: time.Now(), ack: event["notificationType"] == acknowledgement, data: string(data), sessions: s.subscribed()}
	truth.events = append(truth.events, e)
	for range times {
		s.publish(e.data)
	}
}

// --- CometD

// modelSession is one at the server.
type modelSession struct {
	id     string
	link   *modelLink // nil over long-polling
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
		s.flush(ses, h.id, h.reply)
	}
}

func (s *modelServer) unhold(ses *modelSession) {
	ses.held.timer.Stop()
	ses.held = nil
}

// flush answers a connect with all that is queued.
func (s *modelServer) flush(ses *modelSession, id string, reply func([]string) bool) {
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
	all = append(all, fmt.Sprintf(`{"channel":"/meta/connect","id":%q,"successful":true%s}`, id, ext))
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
	timer = time.AfterFunc(modelMaxInterval, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if ses.expiry == timer {
			ses.letDie = s.calm(time.Now())
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
		ses := &modelSession{id: fmt.Sprintf("session-%d", s.made), link: link}
		s.sessions = append(s.sessions, ses)
		s.startExpiry(ses)
		more := fmt.Sprintf(`,"clientId":%q,"version":"1.0","supportedConnectionTypes":["websocket","long-polling"],"advice":{"reconnect":"retry","interval":0,"timeout":30000}`, ses.id)
		if s.conf.Ack {
			more += `,"ext":{"ack":true}`
		}
		return ok(more)
	}
	i := slices.IndexFunc(s.sessions, func(ses *modelSession) bool { return ses.id == m.ClientID })
	if i < 0 {
		advice := ""
		if m.Channel == "/meta/connect" {
			advice = `,"advice":{"reconnect":"handshake","interval":0}`
		}
		return []string{fmt.Sprintf(`{"channel":%q,"id":%q,"successful":false,"error":"402::Unknown client"%s}`, m.Channel, m.ID, advice)}
	}
	ses := s.sessions[i]
	ses.link = link
	switch m.Channel {
	case "/meta/subscribe":
		ses.sub = true
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
	if m.Advice != nil && m.Advice.Timeout != nil && *m.Advice.Timeout == 0 || len(ses.queue) > 0 {
		s.flush(ses, string(m.ID), reply)
		return
	}
	h := &modelHeld{id: string(m.ID), reply: reply, dead: dead}
	h.timer = time.AfterFunc(modelHold, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if ses.held == h {
			s.release(ses)
		}
	})
	ses.held = h
}

// --- long-polling

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

// --- WebSocket

type modelWebSocket struct{ *modelServer }

func (modelWebSocket) Name() string { return WebSocket }

// Open is bayeux.Transport's.
func (s modelWebSocket) Open(ctx context.Context, sink bayeux.Sink) (bayeux.Conn, error) {
	s.mu.Lock()
	fault := s.fault()
	if fault != nil {
		s.mu.Unlock()
		if fault.silent {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return nil, errors.New("refused")
	}
	defer s.mu.Unlock()
	l := &modelLink{s: s.modelServer, sink: sink, in: make(chan modelSent, 1000), hungUp: make(chan struct{})}
	s.links = append(s.links, l)
	go l.serve()
	return l, nil
}

// modelLink is a socket.
type modelLink struct {
	s      *modelServer
	sink   bayeux.Sink
	in     chan modelSent
	hungUp chan struct{} // closed by the client's Close
	silent bool          // half-open: what either side sends is lost
	closed bool          // the server knows that it is over
}

type modelSent struct {
	messages []bayeux.Message
	due      time.Time
}

func (l *modelLink) Send(messages []bayeux.Message) {
	l.in <- modelSent{messages, time.Now().Add(l.s.conf.Lag)}
}

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
		time.Sleep(time.Until(sent.due))
		l.s.mu.Lock()
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
	if !l.silent && !l.closed {
		l.sink.Receive([]byte(frame))
	}
}

// --- what happens to it

// cut resets every connection.
func (s *modelServer) cut() {
	s.faults = append(s.faults, modelFault{from: time.Now(), until: time.Now()})
	for _, f := range slices.Clone(s.flights) {
		if !f.silent {
			s.end(f, true)
		}
	}
	for _, l := range slices.Clone(s.links) {
		l.reset()
	}
}

// reset is what both sides see, unless the connection is silent.
func (l *modelLink) reset() {
	if !l.silent {
		l.end()
		l.sink.Lose(errors.New("reset"))
	}
}

// tears reports whether the connection breaks while this is sent: the reply to
// a connect, with events before it.
func (s *modelServer) tears(frames []string) bool {
	if !s.tearing || len(frames) < 2 {
		return false
	}
	s.tearing = false
	s.faults = append(s.faults, modelFault{from: time.Now(), until: time.Now()})
	return true
}

// flap cuts again and again.
func (s *modelServer) flap(d, every time.Duration) {
	for at := every; at < d; at += every {
		s.later(at, s.cut)
	}
}

// silence makes every connection half-open, and those of the time to come, too.
func (s *modelServer) silence(d time.Duration) {
	s.faults = append(s.faults, modelFault{from: time.Now(), until: time.Now().Add(d), silent: true})
	for _, f := range s.flights {
		f.silent = true
	}
	for _, l := range s.links {
		l.silent = true
	}
}

// outage resets every connection, and refuses new ones for a time.
func (s *modelServer) outage(d time.Duration) {
	s.cut()
	s.faults = append(s.faults, modelFault{from: time.Now(), until: time.Now().Add(d)})
}

// forget ends every session; quietly, so that clients find out by themselves,
// or with the answer to the held connect.
func (s *modelServer) forget(quietly bool, frame string) {
	s.faults = append(s.faults, modelFault{from: time.Now(), until: time.Now()})
	for _, ses := range slices.Clone(s.sessions) {
		h := ses.held
		s.remove(ses)
		if h != nil && !quietly {
			h.reply([]string{fmt.Sprintf(frame, h.id)})
		}
	}
}

const (
	adviceHandshake = `{"channel":"/meta/connect","id":%q,"successful":false,"error":"402::Unknown client","advice":{"reconnect":"handshake","interval":0}}`
	adviceNone      = `{"channel":"/meta/connect","id":%q,"successful":false,"error":"403::No more","advice":{"reconnect":"none"}}`
)
