package outbound

import (
	"encoding/json"
	"slices"
	"sync"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/outbound/recovery"
)

// operation is a request that waits for its answer.
type operation struct {
	request gws.Request
	answer  chan answer   // takes one
	begun   chan struct{} // closed when the first element of a list has come
	posted  bool          // the POST may have left; guarded by the registry
	gap     bool          // events may have been lost since then; guarded by the registry
	list    list          // guarded by the registry until there is an answer

	kept       recovery.Call // what outlives this client
	earlier    bool          // it is a call of a client before this one
	superseded *operation    // the earlier call that it has superseded; guarded by the registry
}

func newOperation(r gws.Request) *operation {
	return &operation{request: r, answer: make(chan answer, 1), begun: make(chan struct{}), kept: recovery.NoCall{}}
}

// answered returns the answer to the earlier call that the operation has superseded, or what
// has come before its request has left.
func (op *operation) answered() (answer, bool) {
	select {
	case a := <-op.answer:
		return a, true
	default:
	}
	if event := op.kept.Answer(); event != nil {
		return answerOf(event), true
	}
	return answer{}, false
}

// answerOf is the answer that an event is which was found in the journal.
func answerOf(event json.RawMessage) answer {
	return answer{notification: readEvent(event).NotificationType, event: event}
}

// answer is the event that ends an operation.
type answer struct {
	notification string // its notificationType
	event        json.RawMessage
	problem      string // what is wrong with it; "" if that is for its type to say
}

// registry holds the operations that wait, oldest first.
type registry struct {
	mu          sync.Mutex
	operations  []*operation          // of this client
	earlier     []*operation          // of those before it
	byReference map[string]*operation // of both
	ended       []gws.Request         // the last ones of this client that have come to their end, oldest first
}

// mostEnded is how many of those are remembered.
const mostEnded = 100

// add registers an operation, unless one of this client has its reference. It takes the place
// of an earlier one.
func (r *registry) add(request gws.Request, kept recovery.Recovery) (*operation, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.own(request.ReferenceID) {
		return nil, false
	}
	op := newOperation(request)
	op.kept = kept.Track(request)
	if op.superseded = r.byReference[request.ReferenceID]; op.superseded != nil {
		r.drop(op.superseded)
	}
	r.put(op)
	return op, true
}

// put adds an operation to those of its kind.
func (r *registry) put(op *operation) {
	if r.byReference == nil {
		r.byReference = map[string]*operation{}
	}
	r.byReference[op.request.ReferenceID] = op
	list := r.list(op)
	*list = append(*list, op)
}

// list is where the operation is, or belongs.
func (r *registry) list(op *operation) *[]*operation {
	if op.earlier {
		return &r.earlier
	}
	return &r.operations
}

// addEarlier registers a call of a client before this one. It may be superseded.
func (r *registry) addEarlier(e *recovery.Earlier) {
	op := newOperation(e.Request())
	op.kept, op.earlier, op.posted = e, true, true
	r.mu.Lock()
	defer r.mu.Unlock()
	if other := r.byReference[op.request.ReferenceID]; other != nil {
		other.superseded = op
		return
	}
	r.put(op)
}

// removeEarlier removes a call of a client before this one.
func (r *registry) removeEarlier(e *recovery.Earlier) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if op := r.byReference[e.Request().ReferenceID]; op != nil && op.kept == recovery.Call(e) {
		r.drop(op)
	}
}

// end removes an operation of this client, whose caller gets the error, nil if there is none.
func (r *registry) end(op *operation, failed *Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(op)
	if r.ended = append(r.ended, op.request); len(r.ended) > mostEnded {
		r.ended = slices.Delete(r.ended, 0, 1)
	}
	waitsAgain := false
	if failed != nil {
		waitsAgain = op.kept.Ended(failed.Delivery, failed)
	} else {
		op.kept.Ended(gws.Accepted, nil)
	}
	if waitsAgain && op.superseded != nil {
		r.put(op.superseded)
	}
}

func (r *registry) has(reference string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.own(reference)
}

// own reports whether an operation of this client has the reference.
func (r *registry) own(reference string) bool {
	op := r.byReference[reference]
	return op != nil && !op.earlier
}

// drop removes an operation. The lock is held.
func (r *registry) drop(op *operation) {
	if r.byReference[op.request.ReferenceID] != op {
		return
	}
	delete(r.byReference, op.request.ReferenceID)
	list := r.list(op)
	i := slices.Index(*list, op)
	*list = slices.Delete(*list, i, i+1)
}

// len returns how many of this client wait.
func (r *registry) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.operations)
}

// posting notes that the POST of an operation is about to leave: only from then on can
// an event without a reference be meant for it. It reports whether the operation still waits: one that
// has been answered meanwhile is not to leave, nor to leave again.
func (r *registry) posting(op *operation) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	op.posted = true
	return r.byReference[op.request.ReferenceID] == op
}

// gap notes that events may have been lost.
func (r *registry) gap() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, op := range r.operations {
		op.gap = op.posted
	}
}
