//go:build js

package gwssim

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"gws-outbound/internal/httpx"
)

// Sim is a simulated GWS server in another process. Its methods are requests
// to it; one that fails fails the test. They may be called from several
// goroutines.
type Sim struct {
	// URL is where the server is, such as "http://127.0.0.1:41234".
	URL string

	t    testing.TB
	doer httpx.Doer
}

// New asks the test server, whose URL is in the environment variable
// TEST_SERVER, for a simulator that lives for the length of a test.
func New(t testing.TB) *Sim {
	t.Helper()
	base := os.Getenv("TEST_SERVER")
	if base == "" {
		t.Fatal("TEST_SERVER is not set: run the tests through internal/cmd/testserver")
	}
	s := &Sim{t: t, doer: httpx.New()}
	var made newResult
	if err := s.post(t.Context(), base+"/gwssim-new", struct{}{}, &made); err != nil {
		t.Fatal("ask the test server for a simulator:", err)
	}
	s.URL = made.URL
	t.Cleanup(s.Close)
	return s
}

// Close ends the server.
func (s *Sim) Close() { s.control("close", struct{}{}, nil) }

// Set replaces the behaviour, and all faults. Held connects and delayed events
// stay as they are.
func (s *Sim) Set(b Behavior) { s.control("set", b, nil) }

// Inject adds a fault to those there are, and returns its id.
func (s *Sim) Inject(f Fault) (id int) {
	var added faultID
	s.control("fault", f, &added)
	return added.ID
}

// Withdraw takes a fault back. It does nothing if there is none with this id.
func (s *Sim) Withdraw(id int) { s.control("withdraw", faultID{ID: id}, nil) }

// Reset makes the campaigns again, as they are in the beginning: with the same
// seed the same ones. The seed that every simulator starts with is 1. Preview
// sessions are over.
func (s *Sim) Reset(seed uint64) { s.control("reset", resetArgs{Seed: seed}, nil) }

// SetCampaign unloads, loads or starts a campaign, or stops one that is started
// (by CampaignLoaded), and tells everybody. Preview sessions of one that is not
// started are over; agents keep the records that they have. The error says that
// there is no such campaign or status.
func (s *Sim) SetCampaign(name string, status CampaignStatus) error {
	return s.post(context.Background(), s.verb("campaign"), campaignArgs{CampaignName: name, Status: status}, nil)
}

// Push hands a user the next record of a campaign that they have a preview
// session of, unasked, and returns its handle. The error says that there is no
// such campaign, session or record.
func (s *Sim) Push(user, campaignName string) (recordHandle int64, err error) {
	var pushed pushResult
	err = s.post(context.Background(), s.verb("push"), pushArgs{User: user, CampaignName: campaignName}, &pushed)
	return pushed.RecordHandle, err
}

// State returns what there is to see.
func (s *Sim) State() (state State) {
	s.control("state", struct{}{}, &state)
	return state
}

// Watch waits until the State has a version after this one, and returns it.
func (s *Sim) Watch(ctx context.Context, version int) (state State, err error) {
	err = s.post(ctx, s.verb("watch"), watchArgs{After: version}, &state)
	return state, err
}

// Posts returns every POST of an operation that reached the server, oldest first.
func (s *Sim) Posts() (posts []Post) {
	s.control("posts", struct{}{}, &posts)
	return posts
}

// Requests returns the requests that reached the server, oldest first, and
// without those that only asked whether another may be made (CORS): 10,000 at
// most.
func (s *Sim) Requests() (requests []Request) {
	s.control("requests", struct{}{}, &requests)
	return requests
}

// Struck returns how often each of Behavior.Faults has struck so far, and then
// each of those that Inject has added.
func (s *Sim) Struck() (struck []int) {
	s.control("struck", struct{}{}, &struck)
	return struck
}

// Processed returns how many operations were carried out.
func (s *Sim) Processed() (n int) {
	s.control("processed", struct{}{}, &n)
	return n
}

// Sessions returns how many CometD sessions are alive.
func (s *Sim) Sessions() (n int) {
	s.control("sessions", struct{}{}, &n)
	return n
}

// Cut resets the TCP connection of every WebSocket and of every held
// long-polling request. The sessions live on, until they expire.
func (s *Sim) Cut() { s.control("cut", struct{}{}, nil) }

// Expire forgets all CometD sessions; sockets stay open. A connect that is
// held is answered with 402, as the next one would be.
func (s *Sim) Expire() { s.control("expire", struct{}{}, nil) }

// ExpireHTTP forgets all HTTP sessions, with their cookies and CSRF tokens.
// CometD sessions live on.
func (s *Sim) ExpireHTTP() { s.control("expire-http", struct{}{}, nil) }

// Become makes every HTTP session another user's, under the cookie that it has, with a CSRF token of its own.
// CometD sessions stay whose they are.
func (s *Sim) Become(user string) error {
	return s.post(context.Background(), s.verb("become"), becomeArgs{User: user}, nil)
}

// Kick ends every CometD session from the server's side: a /meta/disconnect
// without id, and the answer to the held connect with the advice "none". A
// long-polling session that has no connect held hears nothing of it.
func (s *Sim) Kick() { s.control("kick", struct{}{}, nil) }

// Publish sends an event to every CometD session that has subscribed to the
// channel. The data must be valid JSON.
func (s *Sim) Publish(channel string, data json.RawMessage) {
	s.control("publish", publishArgs{Channel: channel, Data: data}, nil)
}

// PublishText sends a text in place of a message, which may be anything, to every
// CometD session that has subscribed to the channel.
func (s *Sim) PublishText(channel, message string) {
	s.control("publish", publishArgs{Channel: channel, Message: message}, nil)
}

// Ack sends the acknowledgements that Behavior.HoldAck has kept for a
// referenceId ("" for POSTs without one). It does nothing if there are none.
func (s *Sim) Ack(referenceID string) { s.control("ack", ackArgs{ReferenceID: referenceID}, nil) }

// WaitPosts waits until at least n POSTs have arrived. What a POST asks for has
// been done then, also if it is not answered yet.
func (s *Sim) WaitPosts(ctx context.Context, n int) error {
	return s.post(ctx, s.verb("wait-posts"), waitArgs{N: n}, nil)
}

// WaitSessions waits until exactly n CometD sessions are alive.
func (s *Sim) WaitSessions(ctx context.Context, n int) error {
	return s.post(ctx, s.verb("wait-sessions"), waitArgs{N: n}, nil)
}

// WaitConnected waits until exactly n CometD sessions have a connect that the
// server holds.
func (s *Sim) WaitConnected(ctx context.Context, n int) error {
	return s.post(ctx, s.verb("wait-connected"), waitArgs{N: n}, nil)
}

func (s *Sim) verb(name string) string { return s.URL + "/gwssim/" + name }

// control calls a verb. The context is not the test's: Close runs when that
// has ended.
func (s *Sim) control(verb string, in, out any) {
	s.t.Helper()
	if err := s.post(context.Background(), s.verb(verb), in, out); err != nil {
		s.t.Errorf("simulator: %s: %v", verb, err)
	}
}

func (s *Sim) post(ctx context.Context, url string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	response, err := s.doer.Do(ctx, &httpx.Request{
		Method:      "POST",
		URL:         url,
		Header:      httpx.Header{"Content-Type": "application/json"},
		Body:        body,
		Credentials: httpx.Omit,
	})
	if err != nil {
		return err
	}
	if response.Status != 200 {
		var failed errorResult
		_ = json.Unmarshal(response.Body, &failed)
		return fmt.Errorf("status %d: %s", response.Status, failed.Error)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(response.Body, out); err != nil {
		return fmt.Errorf("parse the response: %w", err)
	}
	return nil
}
