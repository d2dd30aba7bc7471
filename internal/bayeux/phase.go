package bayeux

import (
	"slices"

	"gws-outbound/internal/fmt"
)

// phase is where the client stands between its start and its end. What may
// follow what is in the table of transitions.
type phase string

const (
	fresh       phase = "fresh"       // nothing was begun
	signingIn   phase = "signing in"  // Options.Prepare runs
	opening     phase = "opening"     // a connection is being opened
	handshaking phase = "handshaking" // a session is asked for
	subscribing phase = "subscribing" // what the server has not confirmed in this session is asked for
	connecting  phase = "connecting"  // a connect is under way that is answered at once
	connected   phase = "connected"   // connects are held, or would be
	pausing     phase = "pausing"     // connected; the next connect comes later
	waiting     phase = "waiting"     // the attempt has failed; the next one comes later
	leaving     phase = "leaving"     // Close was called: the session is being ended
	ended       phase = "ended"       // for good
)

// transition is one or more ways from one phase to another.
type transition struct {
	from []phase
	to   phase
	on   string // what happens
	does string // what the client does then
}

var (
	attempting = []phase{signingIn, opening, handshaking, subscribing, connecting}
	working    = []phase{connected, pausing}
	inSession  = []phase{subscribing, connecting, connected, pausing}
	alive      = slices.Concat([]phase{fresh}, attempting, working, []phase{waiting})
)

// transitions are all that there are. ARCHITECTURE.md shows them; a test compares.
var transitions = []transition{
	{slices.Concat([]phase{fresh, waiting}, attempting[1:]), signingIn, "Connect is called; the pause after a failure is over, or something wakes the client; the previous session cannot be resumed", "sign in where there is no session, or the server wanted it"},
	{[]phase{fresh, waiting, signingIn}, opening, "the same, and nobody has to sign in; signed in", "open a connection; the next transport beside it, for the handshake while a socket is being opened, or if that takes its time"},
	{slices.Concat(attempting[1:], working), opening, "the transport cannot be opened, or is of no use", "open the next one"},
	{attempting[1:], handshaking, "the connection is open, and there is no session; the previous session cannot be resumed; the server does not know over a socket what was made over requests", "ask for a session"},
	{slices.Concat(attempting[1:], working, []phase{waiting}), subscribing, "the server gave a session; the connection is open, again or after the handshake; the session moves to another connection, or back to one that was silent", "send the subscriptions that the server has not confirmed; in a new session, beside them, a connect that is answered at once"},
	{[]phase{subscribing}, connecting, "all are confirmed, and no connect was answered yet", "send a connect that is answered at once, unless that was done"},
	{[]phase{subscribing, connecting, pausing}, connected, "the server answered the connect, and all are confirmed; the pause is over", "send a connect that is held"},
	{[]phase{subscribing, connecting, connected}, pausing, "the server answered the connect, and wants a pause, or does not hold connects", "wait"},
	{slices.Concat(attempting, working), waiting, "a step failed, or the server has lost the session", "wait: at first for less than a second, then for longer; a session that was lost is made again at once"},
	{alive, leaving, "Close is called", "end the session at the server"},
	{slices.Concat(alive, []phase{leaving}), ended, "the server ended it, or refused for good; the session was ended; Close cannot wait any longer", "tell who waits"},
}

// in reports whether the client is in one of these phases.
func (c *Client) in(phases ...phase) bool { return slices.Contains(phases, c.phase) }

// enter goes on to a phase.
func (c *Client) enter(to phase) {
	if c.phase == to {
		return
	}
	if !slices.ContainsFunc(transitions, func(t transition) bool { return t.to == to && slices.Contains(t.from, c.phase) }) {
		panic(fmt.Sprintf("there is no way from %q to %q", c.phase, to))
	}
	c.phase = to
}
