package gws

import (
	"context"

	"gws-outbound/internal/httpx"
	"gws-outbound/internal/jsontext"
)

// identity is what the answer to GET /api/v2/me calls who is signed in; zero if it names nobody.
type identity struct {
	id       string // user.id; of an integer its digits, however many
	userName string // user.userName
}

var meNames, userNames = []string{"user"}, []string{"id", "userName"}

func readIdentity(body []byte) identity {
	me, _ := jsontext.Read(body)
	var user [1]jsontext.Value
	var f [2]jsontext.Value
	me.Members(meNames, user[:])
	user[0].Members(userNames, f[:])
	return identity{id: nameOf(f[0]), userName: nameOf(f[1])}
}

// nameOf returns a name that is a text or a number; "" for all else, and for what is too long.
func nameOf(v jsontext.Value) string {
	name, ok := v.Text()
	if !ok && v.IsNumber() {
		if name, ok = jsontext.Integer(string(v)); !ok {
			name = string(v)
		}
	}
	if len(name) > MaxLongText {
		return ""
	}
	return name
}

// name returns the id, or else the user name.
func (i identity) name() string {
	if i.id != "" {
		return i.id
	}
	return i.userName
}

// is reports whether both are the same agent: by the ids, or by the user names where one of
// them has no id. Who cannot be compared is not the same, unless nobody is named at all.
func (i identity) is(other identity) bool {
	switch {
	case i.id != "" && other.id != "":
		return i.id == other.id
	case i.userName != "" && other.userName != "":
		return i.userName == other.userName
	default:
		return i == other
	}
}

// AgentChangedError says that the server no longer names the agent of the first sign-in. Nothing
// more is sent then. It has no name in it.
type AgentChangedError struct{}

func (*AgentChangedError) Error() string {
	return "another agent is signed in now than when the client was created"
}

// User returns who is signed in, by what the answer to the first sign-in calls them: the id, or else the
// user name; "" before that, and as long as no answer names anybody.
func (s *Auth) User() string { return s.snapshot().agent.name() }

// SameAgent reports whether both have signed in as one agent, as far as the server names any.
func (s *Auth) SameAgent(other *Auth) bool {
	mine, theirs := s.snapshot(), other.snapshot()
	return mine.signIns > 0 && theirs.signIns > 0 && !mine.changed && theirs.agent.is(mine.agent)
}

// AgentChanged reports whether the server has named another agent since.
func (s *Auth) AgentChanged() bool { return s.snapshot().changed }

// Protected reports whether a POST carries a CSRF token. It belongs to one agent's session, so that the server refuses
// the POST once the cookie is somebody else's.
func (s *Auth) Protected() bool { return s.snapshot().csrf != csrfToken{} }

// Check asks the server who is signed in, unless that is being asked already, or nobody has signed in yet. It does
// not wait: a POST does, and [Config.OnAgentChanged] hears of another agent. An answer that cannot be had proves nothing. The
// end of ctx ends the check.
func (s *Auth) Check(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight != nil || s.state.signIns == 0 || s.state.changed {
		return
	}
	f := s.startSignIn(ctx, false)
	f.waiters++
	go func() { _ = s.waitFor(ctx, f) }()
}

// awaitCheck waits for the sign-in that is under way, if there is one. What it comes to is in the state.
func (s *Auth) awaitCheck(ctx context.Context) {
	s.mu.Lock()
	f := s.flight
	if f != nil {
		f.waiters++
	}
	s.mu.Unlock()
	if f != nil {
		_ = s.waitFor(ctx, f)
	}
}

// signedIn notes what f has brought. Another agent than the first one ends all: nothing of theirs is kept.
func (s *Auth) signedIn(f *signIn, headers httpx.Header, csrf csrfToken, agent identity) error {
	changed := false
	s.update(f, func(st *state) {
		switch {
		case st.agent == identity{}: // nobody was named so far
			st.agent = agent
		case !agent.is(st.agent):
			st.changed, changed = true, true
			return
		}
		st.headers, st.csrf = headers, csrf
		st.signIns++
	})
	if !changed {
		return nil
	}
	err := &AgentChangedError{}
	if s.config.OnAgentChanged != nil {
		s.config.OnAgentChanged(err)
	}
	return err
}
