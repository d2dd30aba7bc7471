//go:build !js

package gwssim

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
)

// The transports of Bayeux that the simulator speaks.
const (
	typeWebSocket   = "websocket"
	typeLongPolling = "long-polling"
)

// origin is where messages came from.
type origin struct {
	user    string
	login   int     // id of the HTTP session
	socket  *socket // nil for long-polling
	browser string  // cookie BAYEUX_BROWSER, for long-polling
	alone   bool    // there is one message
	fault   *Fault  // that is to strike the answer, on a WebSocket; nil for none
}

func (from origin) connectionType() string {
	if from.socket != nil {
		return typeWebSocket
	}
	return typeLongPolling
}

// handle takes one message. Either it returns the answer, several messages if
// events go with it, or the connect that is now held. The caller holds the
// mutex.
func (s *Sim) handle(m *request, from origin) ([]any, *held) {
	ses := s.find(m.ClientID, from)
	if ses == nil && m.Channel != metaHandshake {
		return s.unknownClient(m), nil
	}
	if ses != nil {
		ses.login = from.login
		ses.socket = from.socket
	}
	if m.Channel != metaConnect {
		defer s.changed()
		s.prolong(ses)
	}
	switch m.Channel {
	case metaHandshake:
		return s.handshake(m, from), nil
	case metaConnect:
		return s.connect(ses, m, from)
	case metaSubscribe:
		return s.subscribe(ses, m), nil
	case metaUnsubscribe:
		return unsubscribe(ses, m), nil
	case metaDisconnect:
		// The held connect is answered first, as the session is no more after.
		s.end(ses, ses.lastConnectReply)
		return []any{&reply{Channel: metaDisconnect, ID: m.ID, Successful: true}}, nil
	default:
		return refuse(m, "403::Publish denied"), nil
	}
}

// find returns the session with this id, if it is the user's. As with CometD, over
// long-polling those are found that were made so, by the same browser; over a
// WebSocket all are.
func (s *Sim) find(id string, from origin) *session {
	ses := s.sessions[id]
	if ses == nil || ses.user != from.user || from.socket == nil && (!ses.longPolling || ses.browser != from.browser) {
		return nil
	}
	return ses
}

func refuse(m *request, text string) []any {
	return []any{&reply{Channel: m.Channel, ID: m.ID, Error: text, Subscription: m.Subscription}}
}

// unknownClient answers a message of no session. Only a connect gets advice.
func (s *Sim) unknownClient(m *request) []any {
	r := &reply{Channel: m.Channel, ID: m.ID, Error: "402::Unknown client", Subscription: m.Subscription}
	if m.Channel == metaConnect {
		r.Advice = map[string]any{"reconnect": "handshake", "interval": 0}
	}
	return []any{r}
}

func (s *Sim) handshake(m *request, from origin) []any {
	b := s.behavior
	switch {
	case b.Nonsense != "":
		return []any{nonsense(b.Nonsense)}
	case b.RefuseHandshake != "":
		r := &reply{Channel: metaHandshake, ID: m.ID, Error: b.RefuseHandshake}
		if b.RefuseHandshakeAdvice != "" {
			r.Advice = map[string]any{"reconnect": b.RefuseHandshakeAdvice}
		}
		return []any{r}
	case from.user == "":
		return refuse(m, "403::Not signed in")
	case m.Version == "":
		return refuse(m, "400::Missing version")
	case !slices.Contains(m.SupportedConnectionTypes, from.connectionType()):
		return refuse(m, "400::Unsupported connection types")
	}
	ses := &session{
		id:          rand.Text(),
		user:        from.user,
		login:       from.login,
		longPolling: from.socket == nil,
		browser:     from.browser,
		socket:      from.socket,
		channels:    make(map[string]bool),
		acks:        wantsAcks(m.Ext.Ack) && !b.NoAckExtension && !b.Direct,
	}
	s.add(ses)
	s.startExpiry(ses)
	r := &reply{
		Channel:        metaHandshake,
		ID:             m.ID,
		Successful:     true,
		ClientID:       ses.id,
		Version:        "1.0",
		MinimumVersion: "1.0",
		Advice:         s.advice(),
	}
	if !b.NoWebSocket {
		r.SupportedConnectionTypes = append(r.SupportedConnectionTypes, typeWebSocket)
	}
	if !b.NoLongPolling {
		r.SupportedConnectionTypes = append(r.SupportedConnectionTypes, typeLongPolling)
	}
	if ses.acks {
		r.Ext = map[string]any{"ack": true}
	}
	return []any{r}
}

// wantsAcks reads ext.ack of a handshake: true, or an object that says so.
func wantsAcks(raw json.RawMessage) bool {
	var simple bool
	if json.Unmarshal(raw, &simple) == nil {
		return simple
	}
	var object struct {
		Enabled bool `json:"enabled"`
	}
	return json.Unmarshal(raw, &object) == nil && object.Enabled
}

func (s *Sim) connect(ses *session, m *request, from origin) ([]any, *held) {
	if m.ConnectionType != from.connectionType() {
		return refuse(m, "400::Wrong connectionType"), nil
	}
	s.supersede(ses, from)
	s.stop(ses.expiry)
	ses.expiry = nil
	ses.acknowledge(m.Ext.Ack)
	ses.crowded = from.socket == nil && from.alone && len(ses.queue) == 0 && s.crowded(ses)
	if ses.crowded {
		s.startExpiry(ses)
		return ses.flush(m.ID, map[string]any{"reconnect": "retry", "interval": crowdedMS, "multiple-clients": true}), nil
	}
	timeout := s.timeout()
	if m.Advice.Timeout != nil {
		timeout = min(timeout, max(0, *m.Advice.Timeout))
	}
	if timeout == 0 || len(ses.queue) > 0 {
		s.startExpiry(ses)
		return ses.flush(m.ID, s.advice()), nil
	}
	h := &held{id: m.ID, socket: from.socket, fault: from.fault, answered: make(chan outcome, 1)}
	h.timer = s.after(milliseconds(timeout), func() { s.answerHeld(ses) })
	ses.held = h
	return nil, h
}

// crowded reports whether no connect of the session is held, since those of others of
// its browser are. As with CometD it does not matter whether one was to be held.
func (s *Sim) crowded(ses *session) bool {
	held := 0
	for _, other := range s.sessions {
		if other != ses && other.browser == ses.browser && other.held != nil && other.held.socket == nil {
			held++
		}
	}
	return s.behavior.SessionsPerBrowser > 0 && held >= s.behavior.SessionsPerBrowser
}

// subscribe answers every channel of a request with one reply, which repeats
// the subscription as it came.
func (s *Sim) subscribe(ses *session, m *request) []any {
	channels := subscriptions(m.Subscription)
	if len(channels) == 0 {
		return refuse(m, "400::Missing subscription")
	}
	b := s.behavior
	for _, channel := range channels {
		if b.RefuseSubscribe != "" && (b.RefuseChannel == "" || b.RefuseChannel == channel) {
			return refuse(m, b.RefuseSubscribe)
		}
		if !strings.HasPrefix(channel, "/") || strings.HasPrefix(channel, "/meta/") {
			return refuse(m, "403::Subscription denied")
		}
	}
	for _, channel := range channels {
		ses.channels[channel] = true
	}
	return []any{&reply{Channel: metaSubscribe, ID: m.ID, Successful: true, Subscription: m.Subscription}}
}

func unsubscribe(ses *session, m *request) []any {
	channels := subscriptions(m.Subscription)
	if len(channels) == 0 {
		return refuse(m, "400::Missing subscription")
	}
	for _, channel := range channels {
		delete(ses.channels, channel)
	}
	return []any{&reply{Channel: metaUnsubscribe, ID: m.ID, Successful: true, Subscription: m.Subscription}}
}

// subscriptions reads a subscription: one channel, or an array of them. It
// returns nil for anything else.
func subscriptions(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil && one != "" {
		return []string{one}
	}
	var several []string
	if json.Unmarshal(raw, &several) == nil {
		return several
	}
	return nil
}

// timeout is how long a connect is held, in milliseconds.
func (s *Sim) timeout() int {
	if s.behavior.TimeoutMS > 0 {
		return s.behavior.TimeoutMS
	}
	return 30_000
}

// advice is what goes with successful replies.
func (s *Sim) advice() map[string]any {
	return map[string]any{"reconnect": "retry", "interval": s.behavior.IntervalMS, "timeout": s.timeout()}
}
