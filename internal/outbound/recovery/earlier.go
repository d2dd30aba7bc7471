package recovery

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/journal"
	"gws-outbound/internal/jsontext"
)

// Earlier is a call that a client before this one has left without an end. It is also
// the [Call] of the operation that waits for its answer, without a deadline.
type Earlier struct {
	NoCall
	k       *keeper
	request gws.Request

	// What follows belongs to the keeper's mutex.
	entry      journal.Entry
	superseded bool      // a call with its reference is in flight
	dismissed  bool      // it is not to be listed any more
	until      time.Time // see answerableUntil
	ours       bool      // it was sent over this client's session, which goes on

	done chan struct{} // closed when it has come to its end
	err  error         // where that is not the answer
}

// readEntry makes a call of what was left; nil if it is none.
func readEntry(k *keeper, entry journal.Entry) *Earlier {
	request, ok := gws.ReadRequest(entry.Path, entry.Body)
	if !ok || request.ReferenceID == "" || request.ReferenceID != entry.ReferenceID || !journaled(request) {
		return nil
	}
	e := &Earlier{k: k, request: request, entry: entry, done: make(chan struct{})}
	switch {
	case entry.Answer != nil:
		e.entry.Delivery = string(gws.Accepted)
		e.finish(nil)
	case entry.Delivery != string(gws.Accepted):
		e.entry.Delivery = string(gws.Unknown)
	}
	return e
}

// Request returns the request as it was sent.
func (e *Earlier) Request() gws.Request { return e.request }

// Done is closed when the call has come to its end.
func (e *Earlier) Done() <-chan struct{} { return e.done }

// Delivery returns what is known of the request.
func (e *Earlier) Delivery() gws.Delivery {
	e.k.mu.Lock()
	defer e.k.mu.Unlock()
	return gws.Delivery(e.entry.Delivery)
}

// HandOver returns what the call has come to, which takes it off the list: the event that has
// answered it, or the error that it ended with instead.
func (e *Earlier) HandOver() (event json.RawMessage, err error) {
	k := e.k
	k.mu.Lock()
	defer k.mu.Unlock()
	if e.listed() {
		e.dismissed = true
		switch {
		case k.closed:
		case k.config.ConfirmsDelivery:
			k.undelivered[e.entry.ReferenceID] = &e.entry
		default:
			k.journal.Remove(e.entry.ReferenceID)
		}
	}
	return e.entry.Answer, e.err
}

// Answered writes the event that answers the call.
func (e *Earlier) Answered(event json.RawMessage) {
	e.k.mu.Lock()
	defer e.k.mu.Unlock()
	e.answer(event)
}

// answer ends the call with the event. The mutex is held.
func (e *Earlier) answer(event json.RawMessage) {
	if e.dismissed || e.finished() {
		return
	}
	e.entry.Delivery, e.entry.Answer = string(gws.Accepted), event
	e.finish(nil)
	if e.k.writable() {
		e.k.answers = remember(e.k.answers, e.entry.ReferenceID, event)
		e.k.journal.Put(e.entry, nil)
	}
}

// finish ends the call, if that has not happened. The mutex is held.
func (e *Earlier) finish(err error) {
	if !e.finished() {
		e.err = err
		close(e.done)
	}
}

func (e *Earlier) finished() bool {
	select {
	case <-e.done:
		return true
	default:
		return false
	}
}

// succeeded reports whether the answer is an acknowledgement. Then it also answers the same request if that is made again, even after
// the caller has got it. After any other event the caller may want to try again.
func (e *Earlier) succeeded() bool {
	var notification [1]jsontext.Value
	jsontext.Value(e.entry.Answer).Members([]string{"notificationType"}, notification[:])
	name, _ := notification[0].Text()
	_, expected := e.request.Operation.Answer(name)
	return expected && e.err == nil
}

// listed reports whether the call is to be listed. The mutex is held.
func (e *Earlier) listed() bool { return !e.dismissed && !e.superseded }

func (k *keeper) Find(reference string) (*Earlier, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.find(reference)
	return e, e != nil
}

// find returns the earlier call of that reference; nil if there is none. The mutex is held.
func (k *keeper) find(reference string) *Earlier {
	for _, e := range slices.Backward(k.earlier) { // the last to be found counts
		if e.entry.ReferenceID == reference {
			return e
		}
	}
	return nil
}

func (k *keeper) Knows(reference, callResult string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.find(reference)
	return e != nil && e.request.Text("callResult") == callResult
}

func (k *keeper) Unsettled(ctx context.Context) []Unsettled {
	list, _ := k.lookAndList(ctx)
	return list
}

// lookAndList is Unsettled; an error says that there may be more.
func (k *keeper) lookAndList(ctx context.Context) (list []Unsettled, err error) {
	list = []Unsettled{}
	ok, err := k.lookForMore(ctx)
	if !ok {
		return list, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.isForeign() { // of a client that was closed meanwhile, those that have been found are listed
		return list, nil
	}
	earlier := slices.Clone(k.earlier)
	slices.SortFunc(earlier, func(a, b *Earlier) int {
		return cmp.Or(a.entry.SentAt.Compare(b.entry.SentAt), cmp.Compare(a.entry.ReferenceID, b.entry.ReferenceID))
	})
	for _, e := range earlier {
		if !e.listed() {
			continue
		}
		list = append(list, Unsettled{
			Method: e.request.Operation.Method, Request: e.request.Fields(), ReferenceID: e.entry.ReferenceID,
			Delivery: gws.Delivery(e.entry.Delivery), SentAt: e.entry.SentAt,
			Answered: e.entry.Answer != nil, AnswerableUntil: k.answerableUntil(e),
		})
	}
	return list, err
}

func (k *keeper) Forget(ctx context.Context, reference string) error {
	k.mu.Lock()
	e := k.find(reference)
	again := e != nil && e.err == ErrForgotten // which may have failed
	switch {
	case e == nil || !e.listed() && !again:
		k.mu.Unlock()
		return nil
	case !k.writable():
		foreign := k.foreign
		k.mu.Unlock()
		if foreign {
			return errNotTheirs
		}
		return nil
	}
	if !again {
		e.dismissed = true
		k.journal.Remove(reference)
		e.finish(ErrForgotten)
	}
	j := k.journal
	k.mu.Unlock()
	k.host.Dismiss(e)
	ctx, cancel := context.WithTimeout(ctx, forgetLimit)
	defer cancel()
	return j.Written(ctx)
}

func (k *keeper) ForgetAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, forgetLimit)
	defer cancel()
	list, err := k.lookAndList(ctx)
	for _, u := range list {
		err = errors.Join(err, k.Forget(ctx, u.ReferenceID))
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.foreign {
		err = errNotTheirs
	}
	return err
}
