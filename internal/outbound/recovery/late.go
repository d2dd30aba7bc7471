package recovery

import (
	"encoding/json"
	"slices"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/journal"
)

// mostHeard is how many answers are remembered for which no call waited.
const mostHeard = 100

// heard is an answer for which no call waited.
type heard struct {
	reference string
	event     json.RawMessage
}

func (k *keeper) Late(reference string, event json.RawMessage) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if reference == "" || !k.writable() {
		return
	}
	if e := k.undelivered[reference]; e != nil {
		if e.Answer == nil {
			e.Delivery, e.Answer = string(gws.Accepted), event
			k.journal.Put(*e, nil)
		}
		return
	}
	if e := k.find(reference); e != nil && e.listed() { // which is about to be waited for
		e.answer(event)
		return
	}
	// A server that sends an agent's events to all of their sessions sends the answers to the calls of
	// another tab, too. Should that die, this client may be the one that takes over its calls.
	if len(event) > journal.MaxEntry {
		return
	}
	if len(k.heard) == mostHeard {
		k.heard = slices.Delete(k.heard, 0, 1)
	}
	k.heard = append(k.heard, heard{reference, event})
}

// answerHeard answers what was found with what was heard before. The mutex is held.
func (k *keeper) answerHeard(e *Earlier) {
	for _, h := range k.heard {
		if h.reference == e.entry.ReferenceID {
			e.answer(h.event)
			return
		}
	}
}
