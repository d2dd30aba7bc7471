//go:build interop

package interop_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/interop"
	"gws-outbound/internal/outbound"
)

// long is more than anything here may take.
const long = 40 * time.Second

// judge is a server by which the client is judged over one transport, with its
// acknowledged delivery on or off, and the figures of that.
type judge struct {
	kind      interop.Kind
	transport string
	ack       bool

	transports      []string        // of the clients of the scenario; nil for transport alone
	*interop.Server                 // that of the scenario
	brief           *interop.Server // which holds connects, and keeps sessions, for some seconds only

	references              int
	completions, cuts, lost int
	operations              int    // others that were answered
	verdict                 string // "" if it was not asked
}

// judges are all, in the order of the table.
var judges []*judge

func (j *judge) name() string {
	ack := "ack"
	if !j.ack {
		ack = "no-ack"
	}
	return fmt.Sprintf("%s %s %s", j.kind, j.transport, ack)
}

// cut kills every connection, of which there must be some.
func (j *judge) cut(t *testing.T) {
	t.Helper()
	n := j.Cut()
	require.Positive(t, n, "connections to be killed")
	j.cuts += n
}

func (j *judge) sessions() int {
	var out struct{ Sessions int }
	j.Control("sessions", nil, &out)
	return out.Sessions
}

func (j *judge) acknowledge(references ...string) {
	for _, r := range references {
		j.Control("ack", map[string]string{"referenceId": r}, nil)
	}
}

func TestMain(m *testing.M) {
	status := m.Run()
	// One line each, of a fixed width: several runs make one table.
	const columns = "%-13s  %-12s  %-21v  %11v  %16v  %18v  %12v  %s\n"
	fmt.Printf(columns, "server", "transport", "acknowledged delivery", "completions", "other operations", "connections killed", "answers lost", "verdict")
	for _, j := range judges {
		ack := "on"
		switch {
		case !j.kind.HasAck():
			ack = "has none"
		case !j.ack:
			ack = "off"
		}
		if j.verdict == "" {
			continue // by the flag -run
		}
		fmt.Printf(columns, j.kind, j.transport, ack, j.completions, j.operations, j.cuts, j.lost, j.verdict)
	}
	os.Exit(status)
}

// client is a client under judgement, and what it has said.
type client struct {
	*outbound.Client
	j *judge

	mu            sync.Mutex
	status        bayeux.Status
	changed       chan struct{}
	notifications []notification
	log           strings.Builder
}

type notification struct {
	channel string
	n       int
	size    int
}

// open connects a client, which lives until the end of the test.
func (j *judge) open(t *testing.T, channels ...string) *client {
	t.Helper()
	c, err := j.tryOpen(t, channels...)
	require.NoError(t, err)
	status := c.wait(t, "to be connected", func(s bayeux.Status) bool { return s.State == bayeux.Connected })
	require.Equal(t, j.transport, status.Transport)
	require.Equal(t, !j.ack, strings.Contains(c.said(), "no acknowledged delivery"), "what was negotiated; the client said: %s", c.said())
	return c
}

func (j *judge) tryOpen(t *testing.T, channels ...string) (*client, error) {
	c := &client{j: j, changed: make(chan struct{})}
	transports := j.transports
	if transports == nil {
		transports = []string{j.transport}
	}
	opened, err := outbound.Open(t.Context(), outbound.Options{
		BaseURL: j.URL, CometdPath: outbound.DefaultCometdPath, Transports: transports,
		CSRF: true, Channels: channels,
		ConnectTimeout: 10 * time.Second, RequestTimeout: 10 * time.Second, AckTimeout: long,
		OnStatus: c.note, OnNotification: c.notify, Log: c.logLine,
	})
	t.Cleanup(func() {
		if t.Failed() || testing.Verbose() {
			t.Logf("the client said:\n%s", c.said())
		}
	})
	if err != nil {
		return nil, err
	}
	c.Client = opened
	t.Cleanup(c.Close)
	return c, nil
}

func (c *client) note(s bayeux.Status) {
	c.logLine(bayeux.Info, fmt.Sprintf("status %+v", s))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = s
	c.tell()
}

func (c *client) notify(channel string, data json.RawMessage) {
	var d struct {
		N    int
		Text string
	}
	_ = json.Unmarshal(data, &d) // what is missing will be missed
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notifications = append(c.notifications, notification{channel, d.N, len(d.Text)})
	c.tell()
}

// tell wakes who waits. The caller holds the mutex.
func (c *client) tell() {
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *client) logLine(level bayeux.Level, line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(&c.log, "%s %d %s\n", time.Now().Format("05.000"), level, line)
}

func (c *client) said() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log.String()
}

// wait waits for a status.
func (c *client) wait(t *testing.T, what string, wanted func(bayeux.Status) bool) bayeux.Status {
	t.Helper()
	var found bayeux.Status
	c.await(t, what, func() bool {
		found = c.status
		return wanted(c.status)
	})
	return found
}

// received waits for so many notifications, and returns them.
func (c *client) received(t *testing.T, n int) []notification {
	t.Helper()
	c.await(t, fmt.Sprintf("for %d notifications", n), func() bool { return len(c.notifications) >= n })
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.notifications
}

func (c *client) await(t *testing.T, what string, there func() bool) {
	t.Helper()
	late := time.After(long)
	for {
		c.mu.Lock()
		ok, changed := there(), c.changed
		c.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-late:
			require.FailNow(t, "waited in vain "+what, "the client said:\n%s", c.said())
		}
	}
}

// waitForNewSession waits until the client is connected in a session made after this one.
func (c *client) waitForNewSession(t *testing.T, old int) {
	t.Helper()
	c.wait(t, "for a new session", func(s bayeux.Status) bool { return s.State == bayeux.Connected && s.Session > old })
}

func (c *client) session() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status.Session
}

// call is one under way.
type call struct {
	reference string
	accepted  chan struct{} // closed when the POST has been answered
	done      chan struct{} // closed at the end
	data      json.RawMessage
	err       error
}

// newReference returns a number of its own for a record, and a reference.
func (j *judge) newReference() (n int, reference string) {
	j.references++
	return j.references, fmt.Sprintf("ref-%d", j.references)
}

// call starts a call of a method. What it resolves with must pass the check, if
// there is one.
func (c *client) call(t *testing.T, method string, f gws.Fields, ackTimeout time.Duration, check func(json.RawMessage) error) *call {
	p := &call{reference: f["referenceId"].(string), accepted: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		var once sync.Once
		p.data, p.err = c.Call(context.WithoutCancel(t.Context()), method, f, outbound.CallOptions{
			AckTimeout: ackTimeout, OnProgress: func(d gws.Delivery) {
				if d == gws.Accepted {
					once.Do(func() { close(p.accepted) })
				}
			}})
		if p.err == nil && check != nil {
			p.err = check(p.data)
		}
	}()
	return p
}

// complete starts the completion of a record.
func (c *client) complete(t *testing.T, ackTimeout time.Duration) *call {
	n, reference := c.j.newReference()
	return c.call(t, "completeRecord", gws.Fields{
		"recordHandle": float64(n), "applicationId": 134.0, "campaignName": "Campaign1", "callingList": "CallingList1",
		"devicePath": "/devices/1", "callResult": "Answer", "referenceId": reference,
	}, ackTimeout, func(data json.RawMessage) error { return acknowledges(data, n) })
}

// acknowledges checks that data is the acknowledgement of record n.
func acknowledges(data json.RawMessage, n int) error {
	var e struct {
		NotificationType string
		ReferenceID      string `json:"referenceId"`
		Record           struct{ RecordHandle int }
	}
	err := json.Unmarshal(data, &e)
	if err != nil || e.NotificationType != "RecordProcessedAcknowledge" || e.ReferenceID != fmt.Sprintf("ref-%d", n) || e.Record.RecordHandle != n {
		return fmt.Errorf("resolved with something else: %v: %s", err, data)
	}
	return nil
}

// completeAll completes n records, so many at a time, and requires that all
// are acknowledged.
func (c *client) completeAll(t *testing.T, n, atATime int) {
	t.Helper()
	left := n
	var pending []*call
	for left > 0 || len(pending) > 0 {
		for left > 0 && len(pending) < atATime {
			pending = append(pending, c.complete(t, 0))
			left--
		}
		pending[0].resolved(t, c)
		pending = pending[1:]
	}
}

// acceptedAll starts n completions, and waits until their POSTs are answered.
func (c *client) acceptedAll(t *testing.T, n int, ackTimeout time.Duration) []*call {
	t.Helper()
	var all []*call
	for range n {
		all = append(all, c.complete(t, ackTimeout))
	}
	for _, p := range all {
		p.isAccepted(t)
	}
	return all
}

// isAccepted waits until the POST is answered.
func (p *call) isAccepted(t *testing.T) {
	t.Helper()
	select {
	case <-p.accepted:
	case <-p.done:
		require.NoError(t, p.err, "before it was answered")
	case <-time.After(long):
		require.FailNow(t, "a POST was not answered")
	}
}

func (p *call) end(t *testing.T) error {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(2 * long):
		require.FailNow(t, "a call came to no end", p.reference)
	}
	return p.err
}

// resolved requires that the acknowledgement came.
func (p *call) resolved(t *testing.T, c *client) {
	t.Helper()
	err := p.end(t)
	if e, ok := errors.AsType[*outbound.Error](err); ok && e.Code == outbound.AckTimeout {
		c.j.lost++
	}
	require.NoError(t, err, p.reference)
	c.j.completions++
}

func references(all []*call) (names []string) {
	for _, p := range all {
		names = append(names, p.reference)
	}
	return names
}
