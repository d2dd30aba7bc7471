package outbound

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"gws-outbound/internal/bayeux"
)

// modelServer is GWS with CometD, in memory: what it does is simple enough to
// be the truth against which a client is judged. WebSocket is a bayeux.Transport
// of its own; long-polling is the real transport over its Do.
type modelServer struct {
	conf modelConfig
	me   string // what the sign-in's answer has besides, such as `,"user":{"id":"ann"}`

	mu       sync.Mutex
	sessions []*modelSession // alive
	links    []*modelLink    // open, as far as the server knows
	flights  []*modelFlight  // HTTP requests under way
	faults   []modelFault
	truths   map[string]*modelTruth // by reference
	made     int                    // sessions
	sink     bayeux.Sink            // of the client's newest connection
	far      []modelFault           // times in which the line is longer by farther
	large    time.Time              // until when a large event is under way, at the most
	heaviest int                    // bytes of large events that were under way at a time
	others   time.Time              // until when another client of the browser has its connect held
	asleep   bool                   // the page is: what arrives waits for it
	arrived  []func()               // what has waited
	aborted  []time.Time            // when the client has given up a reply that was arriving, without need
	token    int                    // that requests must carry, where there is one
	busy     time.Time              // until when connects over requests are refused for a while
	interval time.Duration          // that it advises
	tearing  bool                   // the next connection that events are sent on breaks meanwhile
}

// modelConfig is what is the same all through a sequence.
type modelConfig struct {
	Ack          bool // acknowledged delivery
	LongPolling  bool
	Both         bool          // the client has both transports, the socket first
	Old          bool          // as CometD 3.1 does with two sockets of one session
	Rate         int           // bytes that arrive in a second, over each connection; without a bound if 0
	SingleFrames bool          // one message a frame, where that can be
	Lag          time.Duration // of what the client sends
	Seed         uint64        // of the client's backoff
	Journal      bool
}

// The times of CometD's defaults.
const (
	modelHold        = 30 * time.Second
	modelMaxInterval = 10 * time.Second
)

// modelFault is a time in which the network, or the server, doesn't work.
type modelFault struct {
	from, until time.Time
	silent      bool // what is sent is lost, and nobody knows; else nothing can be opened
	sockets     bool // of sockets only, and not of those that are open
	useless     bool // sockets can be opened, and end with the first message
	asleep      bool // it is the page that does nothing
}

// farther is how much longer a round trip takes at times: less than the 3 s in which a client that
// knows a fast line finds out that it is dead.
const farther = 1800 * time.Millisecond

// lag is how long what the client sends takes. The lock is held.
func (s *modelServer) lag() time.Duration {
	if inOne(s.far) != nil {
		return s.conf.Lag + farther
	}
	return s.conf.Lag
}

// longest is what lag has been at the most.
func (s *modelServer) longest() time.Duration {
	if len(s.far) > 0 {
		return s.conf.Lag + farther
	}
	return s.conf.Lag
}

// travel runs f, under the lock, when so many bytes have arrived behind what is under way.
func (s *modelServer) travel(free *time.Time, bytes int, f func()) {
	if s.conf.Rate == 0 {
		f()
		return
	}
	if now := time.Now(); free.Before(now) {
		*free = now
	}
	*free = free.Add(time.Duration(bytes) * time.Second / time.Duration(s.conf.Rate))
	time.AfterFunc(time.Until(*free), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		f()
	})
}

// deliver gives the page what has arrived, in order, if it is awake.
func (s *modelServer) deliver(f func()) {
	if s.asleep {
		s.arrived = append(s.arrived, f)
		return
	}
	f()
}

// sleep has the page take nothing; wake gives it all at once.
func (s *modelServer) sleep(d time.Duration) {
	s.asleep = true
	s.faults = append(s.faults, modelFault{from: time.Now(), until: time.Now().Add(d), asleep: true})
}

func (s *modelServer) wake() {
	s.asleep = false
	for _, f := range s.arrived {
		f()
	}
	s.arrived = nil
}

// beBusy has connects over requests be refused, and asks for a pause.
func (s *modelServer) beBusy(d time.Duration) {
	s.busy = time.Now().Add(d)
	s.faults = append(s.faults, modelFault{from: time.Now(), until: s.busy.Add(2 * time.Second)})
}

// withoutSockets has new sockets be refused, swallowed, or of no use.
func (s *modelServer) withoutSockets(d time.Duration, how int) {
	s.faults = append(s.faults, modelFault{from: time.Now(), until: time.Now().Add(d), sockets: true, silent: how == 1, useless: how == 2})
}

// publishLarge sends an event that takes its time, one after the other.
func (s *modelServer) publishLarge() {
	const bytes = 120_000
	if s.conf.Rate == 0 || time.Now().Before(s.large) {
		return
	}
	s.heaviest = bytes
	s.large = time.Now().Add(s.slowly())
	s.publish(`{"notificationType":"Other","more":"` + strings.Repeat("x", bytes) + `"}`)
}

// slowly is how long the largest event may take. It can come three times, each time behind the one before:
// silence of 3 s, and once more of 3 s, has a socket be given up.
func (s *modelServer) slowly() time.Duration {
	if s.heaviest == 0 {
		return 0
	}
	return 3 * time.Duration(s.heaviest) * time.Second / time.Duration(s.conf.Rate)
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

var answers = []string{"ok", "ok", "ok", "ok", "partial", "refused", "400", "401", "408", "500", "busy", "gateway", "garbage", "html", "redirect", "reset", "never"}
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
func (s *modelServer) fault(socket bool) *modelFault {
	return inOne(slices.DeleteFunc(slices.Clone(s.faults), func(f modelFault) bool { return f.asleep || f.sockets && !socket }))
}

// inOne returns the one of these that is on, nil if none is.
func inOne(faults []modelFault) *modelFault {
	now := time.Now()
	for i := range faults {
		if f := &faults[i]; !now.Before(f.from) && now.Before(f.until) {
			return f
		}
	}
	return nil
}

// wellFor is how long all must have been well for a client that somebody waits
// for to have what was sent to it. After a reset that is 2 s of backoff, and 3 s
// of short connects. After silence it is, over a socket, 10 s for a reply that
// does not come besides; over long-polling it is the whole time of a held
// connect: if that request alone has died, nothing tells.
func (s *modelServer) wellFor(silent bool) time.Duration {
	d := 5*time.Second + 5*s.longest() + s.slowly() + 2*s.interval
	switch {
	case silent && (s.conf.LongPolling || s.conf.Both):
		d += modelHold + 10*time.Second
	case silent:
		d += 10 * time.Second
	}
	return d
}

// silentWithin reports whether something has happened in that time before at of
// which a client that waits for nothing has not heard.
func (s *modelServer) silentWithin(d time.Duration, at time.Time) bool {
	return slices.ContainsFunc(s.faults, func(f modelFault) bool {
		return f.silent && !f.from.After(at) && at.Sub(f.until) < d
	})
}

// calm reports whether all has been well for long enough before that time. Where a
// client has both transports, and it is not for a socket's sake, it does not matter whether sockets
// can be had: only that it takes a while to find out. (Where new ones are swallowed, a client that has
// one keeps to it for as long as a server may be silent, and says that it is not connected.)
func (s *modelServer) calm(at time.Time, socket bool) bool {
	return !slices.ContainsFunc(s.faults, func(f modelFault) bool {
		until := f.until
		if f.sockets && !f.silent && !socket && s.conf.Both {
			until = f.from.Add(min(f.until.Sub(f.from), 10*time.Second))
		}
		return !f.from.After(at) && at.Sub(until) < s.wellFor(f.silent)
	})
}

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
		l.s.deliver(func() { l.sink.Lose(errors.New("reset")) })
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
	s.faults = append(s.faults, modelFault{from: time.Now(), until: time.Now(), silent: quietly})
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
