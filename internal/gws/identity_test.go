package gws

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// meAs is the answer to the GET for who is signed in, with a CSRF token: user is JSON.
func meAs(user, token string) step {
	return answer(200, `{"statusCode":0,"user":`+user+`}`, "x-csrf-header", "X-CSRF-TOKEN", "x-csrf-token", token)
}

var ann, bob = `{"id":"7c","userName":"ann"}`, `{"id":"8d","userName":"bob"}`

// noticing returns the session of a scenario, and how often it has noticed another agent.
func noticing(t *testing.T, c scenario) (*Auth, *fakeServer, *tokens, *atomic.Int32) {
	s, server, keys := c.session(t)
	noticed := &atomic.Int32{}
	s.config.OnAgentChanged = func(err error) {
		as[*AgentChangedError](t, err)
		noticed.Add(1)
	}
	return s, server, keys, noticed
}

func TestSignIn_AnotherAgentIsNoticed(t *testing.T) {
	for name, test := range map[string]struct {
		first, then string
		changed     bool
	}{
		"the same":                          {ann, ann, false},
		"another":                           {ann, bob, true},
		"another, with the same name":       {ann, `{"id":"8d","userName":"ann"}`, true},
		"the same, with another name":       {ann, `{"id":"7c","userName":"bob"}`, false},
		"the same, without a name":          {ann, `{"id":"7c"}`, false},
		"the same name, without an id":      {ann, `{"userName":"ann"}`, false},
		"another name, without an id":       {ann, `{"userName":"bob"}`, true},
		"names only, the same":              {`{"userName":"ann"}`, `{"userName":"ann"}`, false},
		"names only, another":               {`{"userName":"ann"}`, `{"userName":"bob"}`, true},
		"a name, then an id as well":        {`{"userName":"ann"}`, ann, false},
		"a name, then an id only":           {`{"userName":"ann"}`, `{"id":"7c"}`, true},
		"a number beyond 2^53, the same":    {`{"id":9007199254740992}`, `{"id":9007199254740992.0}`, false},
		"a number beyond 2^53, the next":    {`{"id":9007199254740992}`, `{"id":9007199254740993}`, true},
		"a number, then its digits as text": {`{"id":9007199254740993}`, `{"id":"9007199254740993"}`, false},
		"nobody, then somebody":             {`null`, ann, false},
		"nobody, twice":                     {`null`, `{}`, false},
		"somebody, then nobody":             {ann, `null`, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, _, noticed := noticing(t, scenario{get: []step{meAs(test.first, "1"), meAs(test.then, "2")}})
			require.NoError(t, s.SignIn(t.Context()))
			user := s.User()
			err := s.SignIn(t.Context())
			require.Equal(t, test.changed, s.AgentChanged())
			if !test.changed {
				require.NoError(t, err)
				require.Equal(t, "2", s.RequestHeader().Get("X-CSRF-TOKEN"))
				require.Zero(t, noticed.Load())
				return
			}
			is[*AgentChangedError](t, err)
			require.Equal(t, NotSent, DeliveryOf(err))
			require.NotContains(t, err.Error(), "bob")
			require.Equal(t, user, s.User())
			require.Equal(t, "1", s.RequestHeader().Get("X-CSRF-TOKEN"), "what is another's is not used")
			require.EqualValues(t, 1, noticed.Load())
		})
	}
}

// Who is named last by a server that has named nobody at first is compared from then on.
func TestSignIn_TheFirstToBeNamedCounts(t *testing.T) {
	s, _, _, _ := noticing(t, scenario{get: []step{meAs(`null`, "1"), meAs(ann, "2"), meAs(bob, "3")}})
	require.NoError(t, s.SignIn(t.Context()))
	require.NoError(t, s.SignIn(t.Context()))
	is[*AgentChangedError](t, s.SignIn(t.Context()))
}

func TestPost_NothingIsSentForAnotherAgent(t *testing.T) {
	for _, c := range []scenario{
		{name: "after the refusal of a token", get: []step{meAs(ann, "1"), meAs(bob, "2")}, post: []step{csrfRefusal}, requests: "GET POST GET", delivery: Rejected},
		{name: "after a refusal that mentions no token", get: []step{answer(200, `{"statusCode":0,"user":`+ann+`}`), meAs(bob, "2")}, post: []step{answer(403, "")}, requests: "GET POST GET", delivery: Rejected},
		{name: "after a 401", headers: true, dynamic: true, get: []step{meAs(ann, "1"), meAs(bob, "2")}, post: []step{unauthorized}, requests: "GET POST GET", asked: 2, delivery: Rejected},
		{name: "after a 401 and the refusal of a token", headers: true, dynamic: true, get: []step{meAs(ann, "1"), meAs(ann, "2"), meAs(bob, "3")}, post: []step{unauthorized, csrfRefusal}, requests: "GET POST GET POST GET", asked: 2, delivery: Rejected},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, server, keys, noticed := noticing(t, c)
			err := s.Post(t.Context(), postPath, []byte(`{}`), nil)
			c.check = is[*AgentChangedError]
			c.verify(t, err, server, keys)
			require.EqualValues(t, 1, noticed.Load())

			// Nothing is ever sent again: the script would say so.
			err = s.Post(t.Context(), postPath, []byte(`{}`), func(Delivery) bool { t.Error("sent"); return true })
			is[*AgentChangedError](t, err)
			require.Equal(t, NotSent, DeliveryOf(err))
			is[*AgentChangedError](t, s.SignIn(t.Context()))
			s.Check(t.Context())
			c.verify(t, withDelivery(c.delivery, &AgentChangedError{}), server, keys)
			require.EqualValues(t, 1, noticed.Load())
		})
	}
}

// Headers of which nobody knows whose they are go with the GET only.
func TestNewHeaders_AreUsedOnceTheyAreTheAgents(t *testing.T) {
	second, begun, release := held(meAs(bob, "2"))
	s, server, _, _ := noticing(t, scenario{headers: true, dynamic: true, get: []step{meAs(ann, "1"), second}, post: []step{unauthorized}})
	require.NoError(t, s.SignIn(t.Context()))
	result := make(chan error)
	go func() { result <- s.Post(t.Context(), postPath, nil, nil) }()
	<-begun
	require.Equal(t, "Bearer 1", s.RequestHeader().Get("Authorization"), "as long-polling sends it")
	close(release)
	is[*AgentChangedError](t, <-result)
	require.Equal(t, "Bearer 1", s.RequestHeader().Get("Authorization"))
	require.Equal(t, "Bearer 2", server.sent[2].Header.Get("Authorization"))
}

// What Headers has given is not lost with a GET that gets no answer: the next one has it.
func TestNewHeaders_OutliveASignInThatFails(t *testing.T) {
	s, server, keys, _ := noticing(t, scenario{headers: true, dynamic: true, get: []step{meAs(ann, "1"), noAnswer, meAs(ann, "2")}, post: []step{unauthorized, ok}})
	require.Equal(t, Rejected, DeliveryOf(s.Post(t.Context(), postPath, nil, nil)))
	require.Equal(t, "Bearer 1", s.RequestHeader().Get("Authorization"))
	require.NoError(t, s.SignIn(t.Context()))
	require.Equal(t, "Bearer 2", server.sent[3].Header.Get("Authorization"))
	require.NoError(t, s.Post(t.Context(), postPath, nil, nil))
	require.Equal(t, "Bearer 2", server.sent[4].Header.Get("Authorization"))
	require.Len(t, keys.asked, 2)
}

// Many POSTs were refused: one GET says for all of them that it is another agent.
func TestPost_ManyRefusedAreNotSentAgainForAnotherAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 20
		refresh, begun, release := held(meAs(bob, "2"))
		script := scenario{get: []step{meAs(ann, "1"), refresh}}
		for range n {
			script.post = append(script.post, csrfRefusal)
		}
		s, server, _, noticed := noticing(t, script)
		require.NoError(t, s.SignIn(t.Context()))
		results := make(chan error, n)
		for range n {
			go func() { results <- s.Post(t.Context(), postPath, nil, nil) }()
		}
		<-begun
		synctest.Wait()
		close(release)
		for range n {
			err := <-results
			is[*AgentChangedError](t, err)
			require.Contains(t, []Delivery{Rejected, NotSent}, DeliveryOf(err))
		}
		require.Len(t, server.get, 0)
		require.EqualValues(t, 1, noticed.Load())
	})
}

func TestCheck(t *testing.T) {
	t.Run("before the first sign-in nothing is asked", func(t *testing.T) {
		s, server, _, _ := noticing(t, scenario{})
		s.Check(t.Context())
		require.Empty(t, server.requests())
	})
	t.Run("a POST waits for it, and is not sent for another agent", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			check, begun, release := held(meAs(bob, "2"))
			s, server, _, noticed := noticing(t, scenario{csrfOff: true, get: []step{meAs(ann, "1"), check}})
			require.NoError(t, s.SignIn(t.Context()))
			s.Check(t.Context())
			s.Check(t.Context()) // is under way
			<-begun
			result := make(chan error)
			go func() {
				result <- s.Post(t.Context(), postPath, nil, func(Delivery) bool { t.Error("sent"); return true })
			}()
			synctest.Wait()
			close(release)
			err := <-result
			is[*AgentChangedError](t, err)
			require.Equal(t, NotSent, DeliveryOf(err))
			require.Equal(t, "GET GET", server.requests())
			require.EqualValues(t, 1, noticed.Load())
		})
	})
	for name, nothing := range map[string]step{"no network": noAnswer, "503": answer(503, ""), "401": unauthorized, "a sign-in page": answer(200, "<html>")} {
		t.Run("proves nothing: "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, server, _, noticed := noticing(t, scenario{get: []step{meAs(ann, "1"), nothing, meAs(ann, "2")}, post: []step{ok}})
				require.NoError(t, s.SignIn(t.Context()))
				s.Check(t.Context())
				synctest.Wait()
				require.NoError(t, s.Post(t.Context(), postPath, nil, nil))
				require.Equal(t, "1", server.sent[2].Header.Get("X-CSRF-TOKEN"))
				s.Check(t.Context())
				synctest.Wait()
				require.Equal(t, "GET GET POST GET", server.requests())
				require.Zero(t, noticed.Load())
			})
		})
	}
	t.Run("it ends with its context, and the POST goes on", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, server, _, _ := noticing(t, scenario{get: []step{meAs(ann, "1"), hangs}, post: []step{ok}})
			require.NoError(t, s.SignIn(t.Context()))
			ctx, cancel := context.WithCancel(t.Context())
			s.Check(ctx)
			synctest.Wait()
			cancel()
			require.NoError(t, s.Post(t.Context(), postPath, nil, nil))
			require.Equal(t, "GET GET POST", server.requests())
		})
	})
	t.Run("who gives up waiting for it has sent nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, _, _, _ := noticing(t, scenario{get: []step{meAs(ann, "1"), hangs}})
			require.NoError(t, s.SignIn(t.Context()))
			s.Check(t.Context())
			ctx, cancel := context.WithCancel(t.Context())
			result := make(chan error)
			go func() { result <- s.Post(ctx, postPath, nil, func(Delivery) bool { t.Error("sent"); return true }) }()
			synctest.Wait()
			cancel()
			err := <-result
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, NotSent, DeliveryOf(err))
		})
	})
}

func TestSignIn_IsComparedWithTheFirst(t *testing.T) {
	var get []step
	for i := range 5 {
		get = append(get, meAs(ann, fmt.Sprint(i)))
	}
	s, _, _, noticed := noticing(t, scenario{get: append(get, meAs(bob, "x"))})
	for range 5 {
		require.NoError(t, s.SignIn(t.Context()))
	}
	is[*AgentChangedError](t, s.SignIn(t.Context()))
	require.EqualValues(t, 1, noticed.Load())
}
