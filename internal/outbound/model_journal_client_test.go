package outbound

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/httpx"
)

// deskClient is a client of a page, and what it has sent and heard.
type deskClient struct {
	*life
	r     *deskRun
	page  *deskPage
	agent int
	born  time.Time
	deaf  bool      // callers hear nothing, as where the page hangs and its Worker does not
	gone  bool      // it is closed
	other time.Time // when it has heard of another agent

	own    map[*deskCall]time.Time // when it was asked for these
	owns   map[*deskCall]time.Time // since when it waits for these
	heard  map[*deskCall]time.Time // when an answer to these came first
	asking map[*deskCall]*deskAsk  // what waits

	writing int        // writes under way
	failed  *deskWrite // the last one, if it has failed
	hung    time.Time  // until when the last one to end had been given up
	unread  int        // reads that have failed
}

// alive reports whether somebody may still hear of the client. The mutex of the run is held.
func (c *deskClient) alive() bool { return !c.page.dead && !c.gone }

func (c *deskClient) ended() bool {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	return !c.alive()
}

// request is watcher's. A server gives each agent's cookie another token, and refuses a POST that has not that of
// whose cookie it has.
func (c *deskClient) request(req *httpx.Request, next func() (*httpx.Response, error)) (*httpx.Response, error) {
	var ask *deskAsk
	if req.Method == "POST" && strings.Contains(req.URL, "/outbound-records") {
		var refused bool
		if ask, refused = c.posts(req); refused {
			return &httpx.Response{Status: 403, Header: httpx.Header{"content-type": "application/json"}, Body: []byte(`{"message":"Missing or invalid Csrf token"}`)}, nil
		}
	}
	resp, err := next()
	if err != nil {
		return nil, err
	}
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	if ask != nil && resp.Status == 401 {
		ask.refused++
	}
	if req.Method == "GET" {
		if c.page.me != c.agent && c.other.IsZero() {
			c.other = time.Now()
		}
		name := deskAgents[c.page.me]
		resp = &httpx.Response{Status: resp.Status, Body: []byte(`{"statusCode":0,"user":{"id":"` + name + `"}}`), Header: httpx.Header{
			"content-type": "application/json", "x-csrf-header": "X-CSRF-TOKEN", "x-csrf-token": name,
		}}
	}
	return resp, nil
}

// posts judges a POST that leaves. It may be refused for its token.
func (c *deskClient) posts(req *httpx.Request) (ask *deskAsk, refused bool) {
	var body struct{ ReferenceID string }
	if err := json.Unmarshal(req.Body, &body); err != nil {
		c.r.violation("%v", err)
	}
	r := c.r
	r.mu.Lock()
	defer r.mu.Unlock()
	call, now := r.find(body.ReferenceID), time.Now()
	if refused = req.Header.Get("X-CSRF-TOKEN") != deskAgents[c.page.me]; !refused && c.page.me != call.agent {
		r.blame("%s was sent in another agent's name", call.reference)
	}
	if !c.other.IsZero() && c.other.Before(now) {
		r.blame("%s was sent, though the client has heard of another agent", call.reference)
	}
	ask = c.asking[call]
	if ask == nil {
		r.blame("%s was sent, and nobody asks for that", call.reference)
		return &deskAsk{}, refused
	}
	if ask.posts++; ask.posts > 1+ask.refused {
		r.blame("%s: %d POSTs for one that was asked for, of which %d were refused", call.reference, ask.posts, ask.refused)
	}
	if refused {
		ask.refused++
	}
	call.left = call.left || !refused && call.fate.processes()
	heard, ok := c.heard[call]
	if ask.answered || ok && heard.Before(now) {
		r.blame("%s was sent, though its answer is there", call.reference)
	}
	if _, written := r.store.has[call.reference]; call.kept() && !written && r.store.cleared.Before(ask.at) && !c.refused(call, false, ask.at) {
		r.blame("%s was sent before its entry was written", call.reference)
	}
	return ask, refused
}

// refused reports whether the store has refused what the client knows of a call, or did not answer at some time since then, so
// that the client does not wait for it. The mutex is held.
func (c *deskClient) refused(call *deskCall, answered bool, since time.Time) bool {
	return c.failed != nil && c.failed.has(call.reference, answered) || !c.hung.Before(since)
}

// sends is watcher's.
func (c *deskClient) sends(messages []bayeux.Message) {
	for _, m := range messages {
		if m.ClientID == "" {
			continue
		}
		c.r.mu.Lock()
		if users := c.r.users[m.ClientID]; !slices.Contains(users, c) {
			c.r.users[m.ClientID] = append(users, c)
		}
		c.r.mu.Unlock()
		var ext struct{ Ack *int64 }
		if m.Channel == "/meta/connect" && m.Ext != nil && json.Unmarshal(m.Ext, &ext) == nil && ext.Ack != nil {
			c.confirms(m.ClientID, *ext.Ack)
		}
	}
}

// confirms judges a connect, which tells the server that the batches up to that have arrived. It will not send them again.
func (c *deskClient) confirms(session string, batch int64) {
	r := c.r
	references := r.d.s.sentTo(session, batch)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, reference := range references {
		call := r.find(reference)
		if call == nil || call.known || r.store.has[reference] || !call.kept() {
			continue
		}
		_, again := c.heard[call]
		for _, user := range r.users[session] {
			if user != c && again {
				continue // it was not confirmed yet
			}
			// What those before it have heard was safe before the number of its batch, which this one has read.
			since, waits := user.owns[call]
			heard, ok := user.heard[call]
			switch {
			case !waits, !ok, heard.Before(since), !r.store.cleared.Before(heard), user == c && c.refused(call, true, heard):
			default:
				r.blame("the answer to %s is confirmed, and is not in the store (heard by this client: %v)", reference, user == c)
			}
		}
	}
}

// sentTo returns the references of the events that a session was sent in the batches up to that.
func (s *modelServer) sentTo(session string, batch int64) (references []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.sessions, func(ses *modelSession) bool { return ses.id == session })
	if i < 0 {
		return nil
	}
	for _, q := range s.sessions[i].queue {
		if q.batch != 0 && q.batch <= batch {
			references = append(references, referencesIn([]byte(q.event))...)
		}
	}
	return references
}

// referencesIn returns the references of the events of a frame, but for the elements of lists.
func referencesIn(frame []byte) (references []string) {
	if frame[0] != '[' {
		frame = fmt.Appendf(nil, "[%s]", frame)
	}
	var messages []bayeux.Message
	if json.Unmarshal(frame, &messages) != nil {
		return nil // of HTTP
	}
	for _, m := range messages {
		if e := readEvent(m.Data); m.Channel == channel && e.NotificationType != "ChainedRecord" {
			references = append(references, string(e.ReferenceID))
		}
	}
	return references
}

// hears is watcher's. It may be called with the mutex of the server.
func (c *deskClient) hears(frame []byte) {
	if len(frame) == 0 {
		return
	}
	references := referencesIn(frame)
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	for _, reference := range references {
		if call := c.r.find(reference); call != nil && c.heard[call].IsZero() {
			c.heard[call] = time.Now()
		}
	}
}

// deskHeals is how long it may take until a write that has failed has failed again: the pause is a minute at the most, and
// a store that hangs is given 3 s.
const deskHeals = 64 * time.Second

// observe judges what the clients that live have written of what they have heard.
func (r *deskRun) observe() {
	r.bury()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, page := range r.pages {
		if page == nil {
			continue
		}
		for _, c := range page.clients {
			if c.writing > 0 || !c.other.IsZero() || c.failed != nil && time.Since(c.failed.at) < deskHeals {
				continue
			}
			for call, heard := range c.heard {
				since, waits := c.owns[call]
				if waits && !heard.Before(since) && call.kept() && !call.known && !r.store.has[call.reference] && r.store.cleared.Before(heard) {
					r.blame("the answer to %s has come, and is not written (failed: %v)", call.reference, c.failed != nil)
				}
			}
			for _, call := range r.calls {
				if _, has := r.store.has[call.reference]; has && call.by == c {
					r.blame("%s is still in the store, though its caller knows what it has come to (failed: %v)", call.reference, c.failed != nil)
				}
			}
		}
	}
}
