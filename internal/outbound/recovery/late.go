package recovery

import (
	"encoding/json"
	"slices"
	"time"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/journal"
)

// mostHeard is how many answers are remembered for which no call waited, and how many that calls had.
const mostHeard = 100

// heard is an answer.
type heard struct {
	reference string
	event     json.RawMessage
	at        time.Time
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
	k.late = remember(k.late, reference, event)
}

func remember(list []heard, reference string, event json.RawMessage) []heard {
	if len(event) > journal.MaxEntry {
		return list
	}
	if len(list) == mostHeard {
		list = slices.Delete(list, 0, 1)
	}
	return append(list, heard{reference, slices.Clone(event), time.Now()}) // it is a part of a frame, which may be large
}

// answerHeard gives an earlier call its answer, if this client has heard that before it found the call. An answer that is older than the
// request does not count, since references may be used again. The mutex is held.
func (k *keeper) answerHeard(e *Earlier) {
	for _, h := range slices.Concat(k.late, k.answers) {
		if h.reference == e.entry.ReferenceID && !h.at.Before(e.entry.SentAt) {
			e.answer(h.event)
			return
		}
	}
}
