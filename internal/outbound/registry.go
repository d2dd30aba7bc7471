package outbound

import (
	"encoding/json"
	"slices"
	"sync"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/journal"
)

// operation is a request that waits for its answer.
type operation struct {
	request gws.Request
	answer  chan answer   // takes one
	begun   chan struct{} // closed when the first element of a list has come
	posted  bool          // the POST may have left; guarded by the registry
	gap     bool          // events may have been lost since then; guarded by the registry
	list    list          // guarded by the registry until there is an answer

	// Of a client with a journal.
	entry    *journal.Entry // while it is written there; guarded by the book
	restored *restored      // what it belongs to, if it is no call of this client
	replaces *restored      // the unsettled call of the same reference; guarded by the book
}

func newOperation(r gws.Request) *operation {
	return &operation{request: r, answer: make(chan answer, 1), begun: make(chan struct{})}
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
	restored    []*operation          // of those before it
	byReference map[string]*operation // of both
}

// add registers an operation, unless its reference is taken. It takes the place
// of one that was restored.
func (r *registry) add(request gws.Request) (*operation, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.own(request.ReferenceID) {
		return nil, false
	}
	op := newOperation(request)
	r.put(op)
	return op, true
}

// put adds an operation to those of its kind, in place of the restored one of its reference.
func (r *registry) put(op *operation) {
	if other := r.byReference[op.request.ReferenceID]; other != nil {
		r.drop(other)
	}
	if r.byReference == nil {
		r.byReference = map[string]*operation{}
	}
	r.byReference[op.request.ReferenceID] = op
	list := r.list(op)
	*list = append(*list, op)
}

// list is where the operation is, or belongs.
func (r *registry) list(op *operation) *[]*operation {
	if op.restored != nil {
		return &r.restored
	}
	return &r.operations
}

// restore registers an operation of a client before this one.
func (r *registry) restore(op *operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(op)
}

// putBack registers again the restored one whose place op has taken, unless its
// answer has come to op meanwhile, which it returns.
func (r *registry) putBack(op, restored *operation) (a answer, late bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case a = <-op.answer:
		return a, true
	default:
	}
	r.put(restored)
	return answer{}, false
}

// all returns the operations of this client.
func (r *registry) all() []*operation {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.operations)
}

func (r *registry) has(reference string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.own(reference)
}

// own reports whether an operation of this client has the reference.
func (r *registry) own(reference string) bool {
	op := r.byReference[reference]
	return op != nil && op.restored == nil
}

func (r *registry) remove(op *operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(op)
}

// drop is remove for who holds the lock.
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
// an event without a reference be meant for it.
func (r *registry) posting(op *operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	op.posted = true
}

// gap notes that events may have been lost.
func (r *registry) gap() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, op := range r.operations {
		op.gap = op.posted
	}
}
