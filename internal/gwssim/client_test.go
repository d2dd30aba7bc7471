//go:build !js

package gwssim_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gwssim"
)

// object is a JSON object of which a test looks at some fields.
type object = map[string]any

// client is a raw HTTP and WebSocket client with a cookie jar.
type client struct {
	t     *testing.T
	ctx   context.Context
	sim   *gwssim.Sim
	http  *http.Client
	token string // CSRF
}

func newClient(t *testing.T, sim *gwssim.Sim) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t: t, ctx: ctx, sim: sim, http: &http.Client{
		Jar:           jar,
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// signedIn is a client that has signed in as user.
func signedIn(t *testing.T, sim *gwssim.Sim, user string) *client {
	t.Helper()
	c := newClient(t, sim)
	require.Equal(t, 200, c.signIn(user, "secret").status)
	return c
}

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

// json parses the body as a JSON object.
func (a answer) json(t *testing.T) object {
	t.Helper()
	var o object
	require.NoError(t, json.Unmarshal([]byte(a.body), &o), "%s", a.body)
	return o
}

func (c *client) try(method, path, body string, edit ...func(*http.Request)) (answer, error) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.ctx, method, c.sim.URL+path, strings.NewReader(body))
	require.NoError(c.t, err)
	if method == "POST" {
		req.Header.Set("Content-Type", "application/json")
		if c.token != "" {
			req.Header.Set("X-CSRF-TOKEN", c.token)
		}
	}
	for _, e := range edit {
		e(req)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	read, err := io.ReadAll(res.Body)
	return answer{status: res.StatusCode, header: res.Header, body: string(read)}, err
}

func (c *client) do(method, path, body string, edit ...func(*http.Request)) answer {
	c.t.Helper()
	a, err := c.try(method, path, body, edit...)
	require.NoError(c.t, err)
	return a
}

// signIn is GET /api/v2/me, with credentials if user is not empty; it keeps
// the CSRF token.
func (c *client) signIn(user, password string) answer {
	c.t.Helper()
	a := c.do("GET", "/api/v2/me", "", func(r *http.Request) {
		if user != "" {
			r.SetBasicAuth(user, password)
		}
	})
	if token := a.header.Get("X-CSRF-TOKEN"); token != "" {
		c.token = token
	}
	return a
}

const recordPath = "/api/v2/me/outbound-records/12"

// record is a valid request; edits replace fields, nil removes one.
func record(referenceID string, edits object) string {
	o := object{
		"operationName": "CompleteRecord",
		"devicePath":    "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00",
		"callingList":   "CallingList1",
		"applicationId": 134,
		"campaignName":  "Campaign1",
		"referenceId":   referenceID,
	}
	for k, v := range edits {
		o[k] = v
		if v == nil {
			delete(o, k)
		}
	}
	body, _ := json.Marshal(o)
	return string(body)
}

// post completes record 12.
func (c *client) post(referenceID string) answer {
	c.t.Helper()
	return c.do("POST", recordPath, record(referenceID, nil))
}

// wire is one Bayeux transport of a client.
type wire interface {
	// send sends messages; receive returns the next frame or response.
	send(messages ...object)
	receive() []object
}

// polling is the long-polling wire: responses come in the order of requests.
type polling struct {
	c     *client
	frame chan []object
}

func (c *client) polling() *polling { return &polling{c: c, frame: make(chan []object, 10)} }

func (p *polling) send(messages ...object) {
	p.c.t.Helper()
	body, err := json.Marshal(messages)
	require.NoError(p.c.t, err)
	// In the background, as a connect may be held.
	go func() {
		a, err := p.c.try("POST", "/api/v2/notifications", string(body))
		var frame []object
		if err == nil && a.status == 200 {
			_ = json.Unmarshal([]byte(a.body), &frame)
		}
		p.frame <- frame // nil for a failure
	}()
}

func (p *polling) receive() []object {
	p.c.t.Helper()
	select {
	case frame := <-p.frame:
		return frame
	case <-p.c.ctx.Done():
		require.FailNow(p.c.t, "no response")
		return nil
	}
}

// handshake makes a session and returns its clientId.
func handshake(t *testing.T, w wire, ext object) string {
	t.Helper()
	w.send(handshakeMessage(ext))
	reply := only(t, w.receive(), "/meta/handshake")
	require.Equal(t, true, reply["successful"], "%v", reply)
	return reply["clientId"].(string)
}

func handshakeMessage(ext object) object {
	return object{
		"channel": "/meta/handshake", "id": "1", "version": "1.0", "ext": ext,
		"supportedConnectionTypes": []string{"websocket", "long-polling"},
	}
}

// subscribe subscribes to channels and returns the reply.
func subscribe(t *testing.T, w wire, clientID string, subscription any) object {
	t.Helper()
	w.send(object{"channel": "/meta/subscribe", "id": "2", "clientId": clientID, "subscription": subscription})
	return only(t, w.receive(), "/meta/subscribe")
}

func connectMessage(w wire, clientID, id string, extra object) object {
	m := object{"channel": "/meta/connect", "id": id, "clientId": clientID, "connectionType": "long-polling"}
	if _, ok := w.(*socket); ok {
		m["connectionType"] = "websocket"
	}
	for k, v := range extra {
		m[k] = v
	}
	return m
}

// hold sends a connect and waits until the server holds it, the first one.
func hold(t *testing.T, w wire, sim *gwssim.Sim, ctx context.Context, clientID, id string, extra object) {
	t.Helper()
	w.send(connectMessage(w, clientID, id, extra))
	require.NoError(t, sim.WaitConnected(ctx, 1))
}

// only returns the one message of a frame, which is on this channel.
func only(t *testing.T, frame []object, channel string) object {
	t.Helper()
	require.Len(t, frame, 1, "%v", frame)
	require.Equal(t, channel, frame[0]["channel"])
	return frame[0]
}

// channels are the channels of the messages of a frame.
func channels(frame []object) []string {
	var all []string
	for _, m := range frame {
		all = append(all, m["channel"].(string))
	}
	return all
}

// wires runs a test over both transports.
func wires(t *testing.T, test func(t *testing.T, sim *gwssim.Sim, c *client, w wire)) {
	t.Run("websocket", func(t *testing.T) {
		sim := gwssim.New(t)
		c := signedIn(t, sim, "agent")
		test(t, sim, c, c.dial())
	})
	t.Run("long-polling", func(t *testing.T) {
		sim := gwssim.New(t)
		c := signedIn(t, sim, "agent")
		test(t, sim, c, c.polling())
	})
}
