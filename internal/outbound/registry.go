package outbound

import (
	"encoding/json"
	"slices"
	"sync"

	"gws-outbound/internal/gws"
)

// operation is a request that waits for its answer.
type operation struct {
	request gws.Request
	answer  chan answer   // takes one
	begun   chan struct{} // closed when the first element of a list has come
	posted  bool          // the POST may have left; guarded by the registry
	gap     bool          // events may have been lost since then; guarded by the registry
	list    list          // guarded by the registry until there is an answer
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
	operations  []*operation
	byReference map[string]*operation
}

// add registers an operation, unless its reference is taken.
func (r *registry) add(request gws.Request) (*operation, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byReference[request.ReferenceID] != nil {
		return nil, false
	}
	op := &operation{request: request, answer: make(chan answer, 1), begun: make(chan struct{})}
	if r.byReference == nil {
		r.byReference = map[string]*operation{}
	}
	r.byReference[request.ReferenceID] = op
	r.operations = append(r.operations, op)
	return op, true
}

func (r *registry) has(reference string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byReference[reference] != nil
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
	i := slices.Index(r.operations, op)
	r.operations = slices.Delete(r.operations, i, i+1)
}

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
