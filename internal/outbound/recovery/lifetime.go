package recovery

import (
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/journal"
)

// sessionOutlives is how long a server keeps a session that has lost its connection, by the
// defaults of CometD: it holds a connect for 30 s, and waits 10 s for the next one.
const sessionOutlives = 40 * time.Second

// answerableUntil is [Unsettled.AnswerableUntil]. The mutex is held.
func (k *keeper) answerableUntil(e *Earlier) time.Time {
	switch {
	case e.finished():
		return time.Time{}
	case !e.until.IsZero():
		return e.until
	case e.ours, k.saved != nil:
		return k.lost
	default:
		return k.until
	}
}

// goesOn reports whether the session of that mark is this client's, or goes on in it. That of an entry without a mark, which an
// earlier version of this module has written, is taken for that of the client that has left it. The mutex is held.
func (k *keeper) goesOn(over string) bool {
	return over == "" || over == k.over || k.saved != nil && over == journal.Mark(k.saved.ClientID)
}

// sessionIsOver notes that the session of the earlier client does not go on, or not any longer.
// The mutex is held.
func (k *keeper) sessionIsOver() {
	k.saved, k.until = nil, k.lostAt()
}

// leftBehind notes that the session of the earlier client does not go on, and brings until then what the server holds for it.
func (k *keeper) leftBehind(until time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.saved, k.until = nil, until
}

// ownIsOver notes that the session over which the client's own calls were sent is over. The mutex is held.
func (k *keeper) ownIsOver() {
	for _, e := range k.earlier {
		if e.ours {
			e.ours, e.until = false, k.lostAt()
		}
	}
}

// lostAt is when the server has given up a session that is known to be over. The mutex is held.
func (k *keeper) lostAt() time.Time {
	if now := time.Now(); k.lost.IsZero() || k.lost.After(now) {
		return now
	}
	return k.lost
}

// noteStatus notes what becomes of the client's session, be it one that an earlier client had.
func (k *keeper) noteStatus(s bayeux.Status) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case s.State == bayeux.Closed:
		if k.saved != nil {
			k.sessionIsOver()
		}
		k.ownIsOver()
	case s.State == bayeux.Connected:
		k.lost = time.Time{}
	case k.lost.IsZero():
		k.lost = time.Now().Add(sessionOutlives)
	}
}
