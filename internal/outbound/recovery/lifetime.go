package recovery

import (
	"time"

	"gws-outbound/internal/bayeux"
)

// sessionOutlives is how long a server keeps a session that has lost its connection, by the
// defaults of CometD: it holds a connect for 30 s, and waits 10 s for the next one.
const sessionOutlives = 40 * time.Second

// answerableUntil is [Unsettled.AnswerableUntil]. The mutex is held.
func (k *keeper) answerableUntil(e *Earlier) time.Time {
	switch {
	case e.finished(), e.ours:
		return time.Time{}
	case !e.until.IsZero():
		return e.until
	default:
		return k.until
	}
}

// sessionIsOver notes that the session of the earlier client does not go on, or not any longer.
// The mutex is held.
func (k *keeper) sessionIsOver() {
	k.saved = nil
	if now := time.Now(); k.until.IsZero() || k.until.After(now) {
		k.until = now
	}
}

// leftBehind notes that the session of the earlier client does not go on, and brings until then what the server holds for it.
func (k *keeper) leftBehind(until time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.saved, k.until = nil, until
}

// newSession notes that the client has another session than that over which its own calls were sent. The mutex is held.
func (k *keeper) newSession() {
	for _, e := range k.earlier {
		if e.ours {
			e.ours, e.until = false, time.Now()
		}
	}
}

// noteStatus notes what becomes of the session of the earlier client, where this one goes on with it.
func (k *keeper) noteStatus(s bayeux.Status) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.saved == nil:
	case s.State == bayeux.Closed:
		k.sessionIsOver()
	case s.State == bayeux.Connected:
		k.until = time.Time{}
	case k.until.IsZero():
		k.until = time.Now().Add(sessionOutlives)
	}
}
