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
	mu         sync.Mutex
	operations []*operation // of this client
	restored   []*operation // of those before it
}

// add registers an operation, unless its reference is taken. It takes the place
// of one that was restored.
func (r *registry) add(request gws.Request) (*operation, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, op := range r.operations {
		if op.request.ReferenceID == request.ReferenceID {
			return nil, false
		}
	}
	for _, op := range r.restored {
		if op.request.ReferenceID == request.ReferenceID {
			r.drop(op)
			break
		}
	}
	op := newOperation(request)
	r.operations = append(r.operations, op)
	return op, true
}

// restore registers an operation of a client before this one.
func (r *registry) restore(op *operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.restored = append(r.restored, op)
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
	r.drop(op)
	r.restored = append(r.restored, restored)
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
	for _, op := range r.operations {
		if op.request.ReferenceID == reference {
			return true
		}
	}
	return false
}

func (r *registry) remove(op *operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(op)
}

// drop is remove for who holds the lock.
func (r *registry) drop(op *operation) {
	list := &r.operations
	if op.restored != nil {
		list = &r.restored
	}
	for i, o := range *list {
		if o == op {
			*list = append((*list)[:i:i], (*list)[i+1:]...)
			return
		}
	}
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
