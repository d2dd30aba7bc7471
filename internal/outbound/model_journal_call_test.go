package outbound

import (
	"context"
	"errors"
	"fmt"
	"testing/synctest"
	"time"

	"gws-outbound/internal/gws"
)

// deskCall is a call, and what is true of it.
type deskCall struct {
	reference string
	method    string
	agent     int
	asked     int
	fate      modelFate
	left      bool // it has, or may have, reached a server that processes it
	known     bool // a caller knows what it has come to, or has forgotten it
	over      bool // and it has left the store since

	by *deskClient // that was the first to hear that the caller knows
}

// deskAsk is one time that a caller asks for a call.
type deskAsk struct {
	at       time.Time
	answered bool // what is listed has said so
	posts    int
	refused  int // for the token, or the headers, so that it may leave again
}

// kept reports whether the call is written down. A list can be asked for again.
func (call *deskCall) kept() bool { return call.method != "getChainedRecords" }

func (r *deskRun) newCall(c *deskClient, step deskStep) (call *deskCall) {
	call = &deskCall{reference: fmt.Sprintf("ref-%d", len(r.calls)), method: step.Method, agent: c.agent, fate: step.Fate}
	r.d.fated(call.reference, step.Fate)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, call)
	return call
}

func (call *deskCall) fields() gws.Fields {
	fields := record("referenceId", call.reference)
	if call.method == "getChainedRecords" {
		delete(fields, "callingList")
	}
	return fields
}

// call calls.
func (r *deskRun) call(c *deskClient, call *deskCall) { r.ask(c, call, call.fields(), false) }

// callAgain calls once more, as it is listed; or as its caller remembers it, where the store has lost it. The server may have
// another mind then.
func (r *deskRun) callAgain(c *deskClient, list []Unsettled, step deskStep) {
	r.mu.Lock()
	var call *deskCall
	var fields gws.Fields
	answered := false
	if len(list) > 0 {
		u := list[step.Which%len(list)]
		call, fields, answered = r.find(u.ReferenceID), u.Request, u.Answered
	} else if call = r.lost(c); call != nil { // a new one, as far as the client knows
		fields = call.fields()
		call.asked, call.left = 0, false
		delete(c.heard, call)
	}
	r.mu.Unlock()
	if call == nil {
		return
	}
	r.d.s.mu.Lock()
	r.d.s.truths[call.reference].fate = step.Fate
	r.d.s.mu.Unlock()
	r.mu.Lock()
	call.fate = step.Fate
	r.mu.Unlock()
	r.ask(c, call, fields, answered)
}

// lost returns a call that the store has lost; nil if there is none. The mutex is held.
func (r *deskRun) lost(c *deskClient) *deskCall {
	waits, all := r.others(c)
	for _, call := range r.calls {
		_, others := waits[call]
		_, mine := c.owns[call]
		_, has := r.store.has[call.reference]
		if all && !others && !mine && !has && !call.known && call.agent == c.agent && call.kept() {
			return call
		}
	}
	return nil
}

func (r *deskRun) ask(c *deskClient, call *deskCall, fields gws.Fields, answered bool) {
	r.mu.Lock()
	if c.asking[call] != nil { // which is refused
		r.mu.Unlock()
		return
	}
	call.asked++
	again := call.asked > 1
	c.own[call] = time.Now()
	if _, waits := c.owns[call]; !waits {
		c.owns[call] = time.Now()
	}
	c.asking[call] = &deskAsk{at: time.Now(), answered: answered}
	r.mu.Unlock()
	go func() {
		_, err := c.Call(context.Background(), call.method, fields, CallOptions{})
		e, failed := errors.AsType[*Error](err)
		if failed && e.Code == InvalidRequest {
			r.violation("%s: %v", call.reference, err)
		}
		nothing := failed && (e.Delivery == gws.NotSent || e.Delivery == gws.Rejected)
		r.mu.Lock()
		delete(c.asking, call)
		if nothing && !again {
			delete(c.owns, call)
		}
		r.mu.Unlock()
		if nothing && again {
			return // the earlier one is what it was
		}
		r.tell(c, call)
	}()
	synctest.Wait()
}

func (r *deskRun) settle(c *deskClient, u Unsettled) {
	go func() {
		_, err := c.Settled(context.Background(), u.ReferenceID)
		if e, failed := errors.AsType[*Error](err); !failed || e.Code == RecordError {
			r.mu.Lock()
			call := r.find(u.ReferenceID)
			r.mu.Unlock()
			r.tell(c, call)
		}
	}()
	synctest.Wait()
}

// tell notes that the caller knows what has come of a call, unless it cannot hear.
func (r *deskRun) tell(c *deskClient, call *deskCall) {
	r.mu.Lock()
	hears := c.alive() && !c.deaf
	if hears && !call.known {
		call.known, call.by = true, c
	}
	r.mu.Unlock()
	if hears {
		c.Delivered(call.reference)
	}
}

func (r *deskRun) deafen(c *deskClient) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.deaf = true
}

func (r *deskRun) forget(c *deskClient, u Unsettled) {
	began := time.Now()
	r.mu.Lock()
	call := r.find(u.ReferenceID)
	call.known = true // or the error says that it is still there
	r.mu.Unlock()
	err := c.Forget(r.d.Context(), u.ReferenceID)
	r.mu.Lock()
	defer r.mu.Unlock()
	_, kept := r.store.has[u.ReferenceID]
	switch {
	case !c.alive() || c.rest.AgentChanged():
	case err != nil && r.well(began):
		r.blame("%s cannot be forgotten: %v", u.ReferenceID, err)
	case err == nil && kept:
		r.blame("%s was forgotten, and is in the store", u.ReferenceID)
	}
}
