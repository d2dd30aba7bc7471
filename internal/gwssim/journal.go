//go:build !js

package gwssim

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// mostNoted is how many requests, and how many events, are remembered for
// people to see.
const mostNoted = 100

// changed has those know who wait for a change. The caller holds the mutex.
func (s *Sim) changed() { s.version++ }

// State returns what there is to see.
func (s *Sim) State() State {
	s.mu.Lock()
	defer s.unlock()
	return s.state()
}

// Watch waits until the State has a version after this one, and returns it.
func (s *Sim) Watch(ctx context.Context, version int) (State, error) {
	err := s.wait(ctx, "a change", func() (bool, int) { return s.version > version, s.version })
	if err != nil {
		return State{}, err
	}
	return s.State(), nil
}

func (s *Sim) state() State {
	state := State{
		Version:   s.version,
		Campaigns: s.world.state(),
		Sessions:  []SessionState{},
		Requests:  []Exchange{},
		Events:    []SentEvent{},
		Faults:    []FaultState{},
		Behavior:  s.behavior,
	}
	for _, l := range s.logins {
		if s.seen(l) {
			state.Sessions = append(state.Sessions, s.sessionState(l))
		}
	}
	slices.SortFunc(state.Sessions, func(a, b SessionState) int { return a.ID - b.ID })
	for _, x := range s.exchanges {
		state.Requests = append(state.Requests, *x)
	}
	for _, e := range s.events {
		state.Events = append(state.Events, *e)
	}
	for _, a := range s.faults {
		state.Faults = append(state.Faults, FaultState{ID: a.id, Fault: a.Fault, Left: a.left, Struck: a.hit})
	}
	return state
}

func (s *Sim) sessionState(l *login) SessionState {
	state := SessionState{ID: l.id, User: l.user, Since: l.since.UnixMilli(), CometD: []CometDState{}}
	for _, ses := range s.sessions {
		if ses.login != l.id {
			continue
		}
		c := CometDState{Transport: typeWebSocket, Connected: ses.longPolling || ses.socket != nil, Channels: []string{}, Queued: len(ses.queue)}
		if ses.longPolling && ses.socket == nil {
			c.Transport = typeLongPolling
		}
		for channel := range ses.channels {
			c.Channels = append(c.Channels, channel)
		}
		slices.Sort(c.Channels)
		state.CometD = append(state.CometD, c)
	}
	return state
}

// noteEvents remembers events that are sent, or that a fault keeps back. There
// is nil for those that people need not see: the device's. The caller holds the
// mutex.
func (s *Sim) noteEvents(user string, events []event, struck Action) []*SentEvent {
	noted := make([]*SentEvent, len(events))
	for i, e := range events {
		if e.Channel == internalChannel {
			continue
		}
		var data struct {
			NotificationType string `json:"notificationType"`
			ReferenceID      string `json:"referenceId"`
			Record           struct {
				RecordHandle int64 `json:"recordHandle"`
			} `json:"record"`
		}
		_ = json.Unmarshal(e.Data, &data) // a published event may be anything
		s.noted++
		noted[i] = &SentEvent{
			N: s.noted, At: time.Now().UnixMilli(), User: user, Channel: e.Channel, NotificationType: data.NotificationType,
			ReferenceID: data.ReferenceID, RecordHandle: data.Record.RecordHandle, Fault: struck,
		}
		s.events = remember(s.events, noted[i])
	}
	s.changed()
	return noted
}

// cut shortens a text that came with a request.
func cut(text string) string {
	const longest = 200
	return strings.ToValidUTF8(text[:min(len(text), longest)], "")
}

func remember[T any](all []T, newest T) []T {
	if len(all) >= mostNoted {
		all = slices.Delete(all, 0, len(all)-mostNoted+1)
	}
	return append(all, newest)
}

// exchangeKey is where the context of a request has its Exchange.
type exchangeKey struct{}

// exchangeOf is the Exchange of a request; one that nobody sees for a request
// that is none of the journal's. It is guarded by the mutex.
func exchangeOf(r *http.Request) *Exchange {
	if x, ok := r.Context().Value(exchangeKey{}).(*Exchange); ok {
		return x
	}
	return &Exchange{}
}

// note says whose request it is. The caller holds the mutex.
func (x *Exchange) note(l *login) {
	if l != nil {
		x.Session, x.User = l.id, l.user
	}
}

// withJournal remembers the requests and what comes of them, apart from those
// that control the simulator.
func (s *Sim) withJournal(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/gwssim/") {
			next.ServeHTTP(w, r)
			return
		}
		s.mu.Lock()
		s.noted++
		x := &Exchange{
			N: s.noted, At: time.Now().UnixMilli(), Method: r.Method, Path: cut(r.URL.Path), Outcome: OutcomePending,
		}
		x.note(s.loginOf(r))
		s.exchanges = remember(s.exchanges, x)
		s.changed()
		s.unlock()
		j := &journaled{ResponseWriter: w, sim: s, exchange: x}
		defer j.end()
		next.ServeHTTP(j, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x)))
		j.returned = true
	})
}

// journaled sees what a request is answered with, and notes it before the
// client can know.
type journaled struct {
	http.ResponseWriter
	sim      *Sim
	exchange *Exchange
	body     []byte // its beginning, of an answer that may have a statusCode
	taken    bool   // the connection
	returned bool   // the handler
}

func (j *journaled) WriteHeader(status int) {
	j.sim.mu.Lock()
	j.exchange.Outcome, j.exchange.Status = OutcomeAnswered, status
	j.sim.changed()
	j.sim.unlock()
	j.ResponseWriter.WriteHeader(status)
}

func (j *journaled) Write(b []byte) (int, error) {
	const enough = 4096
	if room := enough - len(j.body); room > 0 {
		j.body = append(j.body, b[:min(room, len(b))]...)
		var answer struct {
			StatusCode    *int   `json:"statusCode"`
			StatusMessage string `json:"statusMessage"`
		}
		_ = json.Unmarshal(j.body, &answer) // it has neither if it is no answer of GWS
		j.sim.mu.Lock()
		x := j.exchange
		x.Outcome, x.Status = OutcomeAnswered, cmp.Or(x.Status, http.StatusOK)
		x.StatusCode, x.StatusMessage = answer.StatusCode, cut(answer.StatusMessage)
		j.sim.changed()
		j.sim.unlock()
	}
	return j.ResponseWriter.Write(b)
}

// Unwrap lets a ResponseController flush.
func (j *journaled) Unwrap() http.ResponseWriter { return j.ResponseWriter }

// Hijack gives the connection away: to a WebSocket, which lives long, or to be
// reset.
func (j *journaled) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	j.sim.mu.Lock() // also meanwhile: to hijack sends the header
	defer j.sim.unlock()
	conn, rw, err := http.NewResponseController(j.ResponseWriter).Hijack()
	if err == nil {
		j.taken = true
		j.exchange.Outcome = OutcomeCut
		if j.exchange.Status == http.StatusSwitchingProtocols {
			j.exchange.Outcome = OutcomeUpgraded
		}
		j.sim.changed()
	}
	return conn, rw, err
}

// end notes that a request has come to its end without an answer.
func (j *journaled) end() {
	j.sim.mu.Lock()
	defer j.sim.unlock()
	if !j.returned && !j.taken {
		j.exchange.Outcome = OutcomeGone
		j.sim.changed()
	}
}
