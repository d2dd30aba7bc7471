package outbound

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
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
	tearing  bool                   // the next connection that events are sent on breaks meanwhile
}

// modelConfig is what is the same all through a sequence.
type modelConfig struct {
	Ack          bool // acknowledged delivery
	LongPolling  bool
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

// silentWithin reports whether something has happened in that time before at of
// which a client that waits for nothing was not told.
func (s *modelServer) silentWithin(d time.Duration, at time.Time) bool {
	return slices.ContainsFunc(s.faults, func(f modelFault) bool {
		return f.silent && !f.from.After(at) && at.Sub(f.until) < d
	})
}

// calm reports whether all has been well for long enough before that time.
func (s *modelServer) calm(at time.Time) bool {
	return !slices.ContainsFunc(s.faults, func(f modelFault) bool {
		return !f.from.After(at) && at.Sub(f.until) < s.wellFor(f.silent)
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
