package recovery

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
)

// Recovery is what a client does so that its calls outlive it: [None], or what [New] returns.
type Recovery interface {
	// Attach adds to the options of the client's session what it takes to go on with the
	// session of an earlier client, and to leave this one to the next.
	Attach(*bayeux.Options)

	// Connected says that the client has its session.
	Connected()

	// Track returns what is kept of a call that begins. It takes the place of an earlier
	// call of its reference. Like Answered and Ended of a [Call] it is called with the
	// lock of the table of calls, so that no event comes in between.
	Track(gws.Request) Call

	// Knows reports whether an earlier call of that reference had this callResult.
	Knows(reference, callResult string) bool

	// Late takes an answer for which no call waits: the one of that reference may have come to
	// another end, of which its caller does not know yet, or be another client's.
	Late(reference string, event json.RawMessage)

	// Delivered says that the caller knows what the call of that reference has come to.
	Delivered(reference string)

	// CallerGone says that nobody is left to know it: what is written of the call is an earlier call's from then on.
	CallerGone(reference string)

	// Unsettled lists the earlier calls, oldest first, and looks first for what clients have
	// left that are no more.
	Unsettled(context.Context) []Unsettled

	// Find returns the earlier call of that reference.
	Find(reference string) (*Earlier, bool)

	// Forget removes an earlier call. An error says that the store still has it.
	Forget(ctx context.Context, reference string) error

	// ForgetAll removes all that Unsettled lists. An error says that the store still has some of it.
	ForgetAll(context.Context) error

	// NeedsSession reports whether the session may still bring what an earlier call waits
	// for, or would have to bring once more what is not written yet.
	NeedsSession() bool

	// Leave says that the page goes away: whoever gets something from now on may not live to hear it.
	Leave()

	// Close waits until callers know what their calls have come to, and ends. What is
	// unsettled stays for the next client; with forget nothing stays, and an error says
	// that something does.
	Close(forget bool) error

	// Abandon ends without having been connected. Everything stays.
	Abandon()
}

// Call is what is kept of one call.
type Call interface {
	// Begin writes that the request may have been sent. The channel is closed when that is
	// safe, or cannot be.
	Begin() <-chan struct{}

	// Accepted says that GWS has taken the request.
	Accepted()

	// Answered writes the event that answers the request, before the server learns of its
	// arrival.
	Answered(event json.RawMessage)

	// Answer returns the event that has answered this very request before; nil if there is none.
	Answer() json.RawMessage

	// Ended says what the caller gets: err is nil where the answer is what was asked for.
	// It reports whether the earlier call whose place this one has taken waits again.
	Ended(d gws.Delivery, err error) (waitsAgain bool)
}

// Unsettled is a call that a client before this one has left without an end.
type Unsettled struct {
	Method      string     // of the JavaScript client
	Request     gws.Fields // that can be passed to it again
	ReferenceID string
	Delivery    gws.Delivery // Accepted or Unknown
	SentAt      time.Time

	// Answered says that the answer is there: the call settles at once.
	Answered bool

	// AnswerableUntil is when the CometD session has ended that would bring the answer, or will
	// have ended at the latest, as far as that is known. It is zero while that session goes on
	// in this client, and once the answer is there.
	AnswerableUntil time.Time
}

// Host is the client, as recovery knows it.
type Host interface {
	SignIn(context.Context) error
	Agent() string      // who has signed in first
	AgentChanged() bool // somebody else has since

	// Await has the answers to earlier calls looked for. Nothing is locked when it is called.
	Await([]*Earlier)
	// Dismiss ends that. Nothing is locked when it is called.
	Dismiss(*Earlier)

	// AddWaiters says how many more, or fewer, wait for something that the session may bring.
	AddWaiters(int)
	Warn(string)
}

// ErrForgotten is what an earlier call ends with that was forgotten.
var ErrForgotten = errors.New("it was forgotten, as the page has asked: nobody waits for its answer any more")
