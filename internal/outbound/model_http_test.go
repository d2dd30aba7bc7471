package outbound

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
)

// modelFlight is an HTTP request under way.
type modelFlight struct {
	s      *modelServer
	done   chan *httpx.Response // nil if the connection is reset
	arrive func()               // tells the client that a part of the answer has arrived
	silent bool                 // what the server answers is lost
	over   bool
	sent   time.Time // when the answer was; zero before
	gone   func()    // the server sees that the client has hung up; nil if it doesn't matter
}

// Do is httpx.Doer's.
func (s *modelServer) Do(ctx context.Context, req *httpx.Request) (*httpx.Response, error) {
	reset := &httpx.NetworkError{Method: req.Method, URL: req.URL, Err: errors.New("reset")}
	f := &modelFlight{s: s, done: make(chan *httpx.Response, 1), arrive: req.OnProgress}
	s.mu.Lock()
	if truth := s.truthOf(req); truth != nil {
		if truth.attempted.IsZero() {
			truth.attempted = time.Now()
		}
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			truth.returned = time.Now()
		}()
	}
	fault := s.fault(false)
	if fault != nil && !fault.silent {
		s.mu.Unlock()
		return nil, reset
	}
	f.silent = fault != nil
	s.flights = append(s.flights, f)
	lag := s.lag()
	s.mu.Unlock()
	defer s.end(f, false)
	time.AfterFunc(lag, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !f.over && !f.silent {
			s.take(f, req)
		}
	})
	select {
	case resp := <-f.done:
		if resp == nil {
			return nil, reset
		}
		return resp, nil
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		if arriving := !f.sent.IsZero() && time.Since(f.sent) > time.Second; arriving && !f.over && !f.silent && strings.HasSuffix(req.URL, "/cometd") && !s.conf.Both && s.calm(time.Now(), false) {
			s.aborted = append(s.aborted, time.Now())
		}
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
		s.deliver(func() { f.done <- nil })
	}
}

// respond answers, and reports whether the server could have known better.
func (f *modelFlight) respond(status int, contentType, body string) bool {
	if f.over || !f.sent.IsZero() {
		return false
	}
	f.gone, f.sent = nil, time.Now()
	var free time.Time
	f.s.travel(&free, len(body), func() {
		if f.over || f.silent {
			return
		}
		f.over = true
		f.s.flights = slices.DeleteFunc(f.s.flights, func(o *modelFlight) bool { return o == f })
		f.s.deliver(func() {
			f.done <- &httpx.Response{Status: status, Redirected: status == 302, Body: []byte(body), Header: httpx.Header{
				"content-type": contentType, "x-csrf-header": "X-CSRF-TOKEN", "x-csrf-token": "token", "retry-after": "2",
			}}
		})
	})
	f.progress()
	return true
}

// progress tells the client twice a second that the answer is arriving.
func (f *modelFlight) progress() {
	if f.over || f.silent || f.arrive == nil {
		return
	}
	f.s.deliver(f.arrive)
	f.s.later(500*time.Millisecond, f.progress)
}

func (s *modelServer) truthOf(req *httpx.Request) *modelTruth {
	var body struct{ ReferenceID string }
	if req.Method == "POST" && strings.Contains(req.URL, "/outbound-records") && json.Unmarshal(req.Body, &body) == nil {
		if truth := s.truths[body.ReferenceID+"/"+req.URL[strings.LastIndex(req.URL, "/")+1:]]; truth != nil {
			return truth
		}
		return s.truths[body.ReferenceID]
	}
	return nil
}

func (s *modelServer) take(f *modelFlight, req *httpx.Request) {
	switch {
	case s.token > 0 && req.Header.Get("authorization") != fmt.Sprint(s.token):
		if truth := s.truthOf(req); truth != nil {
			truth.posts++
			truth.repeats++
		}
		f.respond(401, "text/plain", "")
	case strings.HasSuffix(req.URL, "/cometd") && time.Now().Before(s.busy):
		f.respond(503, "text/plain", "")
	case req.Method == "GET":
		f.respond(200, "application/json", `{"statusCode":0`+s.me+`}`)
	case strings.Contains(req.URL, "/outbound-records"):
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
	case "busy":
		status, body = 503, ""
	case "gateway":
		status, body = 504, `{"statusCode":504}`
	case "garbage":
		body = "{"
	case "html":
		contentType, body = "text/html", "<html>sign in"
	case "redirect":
		status, body = 302, ""
	}
	f.respond(status, contentType, body)
}

// announce sends the events that answer a POST.
func (s *modelServer) announce(truth *modelTruth, req *httpx.Request) {
	var body struct {
		OperationName, ReferenceID, CampaignName, CallingList string
		ApplicationID                                         int64
	}
	_ = json.Unmarshal(req.Body, &body)
	event := map[string]any{
		"referenceId": body.ReferenceID, "messageType": "OutboundRecordMessage",
		"record": map[string]any{
			"recordHandle": json.Number(req.URL[strings.LastIndex(req.URL, "/")+1:]), "campaignName": body.CampaignName,
			"callingList": body.CallingList, "applicationId": body.ApplicationID,
		},
	}
	as := func(notification string) string {
		event["notificationType"] = notification
		data, _ := json.Marshal(event)
		return string(data)
	}
	times, ack := 1, true
	switch truth.fate.Event {
	case "none":
		return
	case "other":
		ack = false
	case "ack without reference":
		delete(event, "referenceId")
	case "ack twice":
		times = 2
	}
	data := as("RecordFailed")
	if ack {
		op, _, _ := gws.FindOperation(body.OperationName, strings.TrimPrefix(req.URL, "http://model"))
		for _, a := range op.Answers {
			if data = as(a.NotificationType); a.Role == gws.Element {
				s.publish(data)
			}
		}
	}
	truth.events = append(truth.events, modelEvent{at: time.Now(), ack: ack, data: data, sessions: s.subscribed()})
	for range times {
		s.publish(data)
	}
}
