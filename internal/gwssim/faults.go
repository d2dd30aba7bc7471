//go:build !js

package gwssim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// armed is a fault that may strike.
type armed struct {
	Fault
	id   int
	left int // how often; for ever if negative
	seen int // requests of its kind
	hit  int // of them
}

// Struck returns how often each of Behavior.Faults has struck so far, and then
// each of those that Inject has added.
func (s *Sim) Struck() []int {
	s.mu.Lock()
	defer s.unlock()
	struck := []int{}
	for _, a := range s.faults {
		struck = append(struck, a.hit)
	}
	return struck
}

// Inject adds a fault to those there are, and returns its id.
func (s *Sim) Inject(f Fault) (id int) {
	s.mu.Lock()
	defer s.unlock()
	s.changed()
	return s.arm(f)
}

// Withdraw takes a fault back. It does nothing if there is none with this id.
func (s *Sim) Withdraw(id int) {
	s.mu.Lock()
	defer s.unlock()
	s.faults = slices.DeleteFunc(s.faults, func(a *armed) bool { return a.id == id })
	s.changed()
}

// check returns an error that says what cannot be.
func (f Fault) check() error {
	switch f.At {
	case AtSignIn, AtPost, AtUpgrade, AtHandshake, AtSubscribe, AtConnect, AtHeld, AtDisconnect, AtCometD, AtAll, AtAcknowledgement:
		switch f.Do {
		case DoReset, DoClose, DoSilence, DoAnswer, DoDelay, DoPieces, DoHalf, DoTruncate, DoAmend:
		default:
			return fmt.Errorf("do: %q is no action", f.Do)
		}
	case AtEvent:
		switch f.Do {
		case DoSilence, DoDelay, DoAmend:
		default:
			return fmt.Errorf("do: %q, of an event there are only %q, %q and %q", f.Do, DoSilence, DoDelay, DoAmend)
		}
	default:
		return fmt.Errorf("at: %q is no stage", f.At)
	}
	if f.Do == DoAmend {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal([]byte(f.Body), &fields); err != nil || fields == nil {
			return errors.New("body: must be a JSON object, as text")
		}
	}
	if f.Over != "" && f.Over != typeWebSocket && f.Over != typeLongPolling {
		return fmt.Errorf("over: %q is no transport", f.Over)
	}
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		return fmt.Errorf("status: %d, must be 200 to 599", f.Status)
	}
	const longest = 10 * 60_000
	if f.DelayMS < 0 || f.DelayMS > longest {
		return fmt.Errorf("delayMS: %d, must be 0 to %d", f.DelayMS, longest)
	}
	return nil
}

// arm readies a fault. The caller holds the mutex.
func (s *Sim) arm(f Fault) (id int) {
	s.lastFault++
	a := &armed{Fault: f, id: s.lastFault, left: f.Times}
	if a.left == 0 {
		a.left = 1
	}
	s.faults = append(s.faults, a)
	return a.id
}

// strike returns what is to happen to a request over a transport, "" for neither, of an HTTP
// session, 0 for that of none; nil for nothing. The caller holds the mutex.
func (s *Sim) strike(at Stage, over string, session int) *Fault {
	for _, a := range s.faults {
		if at == "" || !a.At.covers(at) || a.left == 0 || a.Over != "" && a.Over != over || a.Session != 0 && a.Session != session {
			continue
		}
		if a.seen++; a.Every > 1 && a.seen%a.Every != 0 {
			continue
		}
		if a.left > 0 {
			a.left--
		}
		a.hit++
		s.changed()
		return &a.Fault
	}
	return nil
}

func (whole Stage) covers(at Stage) bool {
	switch {
	case whole == at:
		return true
	case at == AtAcknowledgement, at == AtEvent:
		return false
	case whole == AtCometD:
		return at != AtSignIn && at != AtPost
	}
	return whole == AtAll
}

// processes reports whether the server does what it was asked.
func (f *Fault) processes() bool {
	switch f.Do {
	case DoReset, DoClose, DoSilence, DoAnswer:
		return f.Processed
	}
	return true
}

// messageStage is the stage of Bayeux messages that came together.
func messageStage(requests []*request) Stage {
	for _, m := range requests {
		switch m.Channel {
		case metaHandshake:
			return AtHandshake
		case metaSubscribe:
			return AtSubscribe
		case metaDisconnect:
			return AtDisconnect
		case metaConnect:
			if m.Advice.Timeout != nil && *m.Advice.Timeout == 0 {
				return AtConnect
			}
			return AtHeld
		}
	}
	return AtCometD
}

// acknowledges reports whether an array of messages has an event of a record.
func acknowledges(messages []byte) bool {
	return bytes.Contains(messages, []byte(`{"channel":"`+outboundChannel+`"`))
}

// amend puts fields into the replies of an array of messages.
func amend(messages []byte, fields string) []byte {
	var all []map[string]json.RawMessage
	var changes map[string]json.RawMessage
	if err := json.Unmarshal(messages, &all); err != nil {
		panic(fmt.Errorf("amend what the simulator has encoded: %w", err))
	}
	if err := json.Unmarshal([]byte(fields), &changes); err != nil {
		panic(fmt.Errorf("Fault.Body: %w", err))
	}
	for _, m := range all {
		if !strings.HasPrefix(string(m["channel"]), `"/meta/`) {
			continue
		}
		for name, value := range changes {
			if string(value) == "null" {
				delete(m, name)
			} else {
				m[name] = value
			}
		}
	}
	amended, _ := json.Marshal(all) // it was JSON before
	return amended
}

// pieces cuts what is to be sent into five.
func pieces(whole []byte) [][]byte {
	const n = 5
	var cut [][]byte
	for i := range n {
		cut = append(cut, whole[len(whole)*i/n:len(whole)*(i+1)/n])
	}
	return cut
}
