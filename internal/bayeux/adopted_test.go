package bayeux

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// asked is an owner that notes what it is asked for.
type asked []string

func (a *asked) Subscribe(channel string)   { *a = append(*a, "+"+channel) }
func (a *asked) Unsubscribe(channel string) { *a = append(*a, "-"+channel) }

// lent is an Adopted, and what came of it.
type lent struct {
	*Adopted
	t     *testing.T
	asked asked
	gaps  int
	warns []string
	heard []string
}

// adopt runs a test with an Adopted that is being connected to /a, by way of a session that is up.
func adopt(t *testing.T, opts Options, test func(l *lent, connected <-chan error)) {
	synctest.Test(t, func(t *testing.T) {
		l := &lent{t: t}
		l.Adopted = NewAdopted(&l.asked)
		opts.OnGap = func(string) { l.gaps++ }
		opts.LogFrom = Warn
		opts.Log = func(_ Level, line string) { l.warns = append(l.warns, line) }
		opts.Random = func() float64 { return 0.5 }
		l.Start(opts)
		defer l.Close(t.Context())
		_, err := l.Subscribe(t.Context(), "/a", func(m Message) { l.heard = append(l.heard, string(m.Data)) })
		require.NoError(t, err)
		connected := make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			connected <- l.Connect(ctx)
		}()
		l.SetStatus(OwnerStatus{Up: true, Session: 1})
		test(l, connected)
	})
}

func (l *lent) is(state State) Status {
	l.t.Helper()
	synctest.Wait()
	status, _ := l.Watch()
	require.Equal(l.t, state, status.State)
	return status
}

func TestAdopted_IsConnectedWithAllItsChannels(t *testing.T) {
	adopt(t, Options{}, func(l *lent, connected <-chan error) {
		require.EqualError(t, l.is(Connecting).Reason, "the server has not confirmed the subscription to /a")
		l.Granted("/a")
		require.NoError(t, <-connected)
		l.Deliver("/a", Message{Channel: "/a", Data: []byte("1")})
		l.Missing("/a", "it could not be sent")
		require.EqualError(t, l.is(Reconnecting).Reason, "it could not be sent")
		l.Refused("/a", "403::no longer") // it was granted before: the owner tries again
		require.ErrorContains(t, l.is(Reconnecting).Reason, "403::no longer")
		l.Granted("/a")
		require.NoError(t, l.is(Connected).Reason)
		require.Equal(t, []string{"1"}, l.heard)
		require.Equal(t, asked{"+/a"}, l.asked)
	})
}

func TestAdopted_WhatMayBeMissing(t *testing.T) {
	adopt(t, Options{}, func(l *lent, connected <-chan error) {
		l.Granted("/a")
		require.NoError(t, <-connected)
		l.SetStatus(OwnerStatus{Session: 1, Reason: "away"})
		require.EqualError(t, l.is(Reconnecting).Reason, "away")
		require.Zero(t, l.gaps, "acknowledged delivery brings it again")
		l.SetStatus(OwnerStatus{Up: true, Session: 1, Unacknowledged: true})
		l.is(Connected)
		l.SetStatus(OwnerStatus{Session: 1, Unacknowledged: true, ConnectRefused: "402::gone"})
		_, lost := errors.AsType[*SessionError](l.is(Reconnecting).Reason)
		require.True(t, lost)
		require.Equal(t, 1, l.gaps)
		l.SetStatus(OwnerStatus{Up: true, Session: 2, Unacknowledged: true})
		require.ErrorContains(t, l.is(Reconnecting).Reason, "has not confirmed the subscription")
		require.Equal(t, 2, l.gaps)
		l.Granted("/a")
		require.Equal(t, 2, l.is(Connected).Session)
		l.Lost("/a", "it is too long")
		synctest.Wait()
		require.Equal(t, 3, l.gaps)
		require.Len(t, l.warns, 2)
		require.Contains(t, l.warns[0], "no acknowledged delivery")
		require.Contains(t, l.warns[1], "it is too long")
	})
}

func TestAdopted_MoreChannelsLater(t *testing.T) {
	adopt(t, Options{}, func(l *lent, connected <-chan error) {
		l.Granted("/a")
		require.NoError(t, <-connected)
		got := make(chan error, 1)
		var second *Subscription
		subscribe := func(channel string) {
			go func() {
				s, err := l.Subscribe(context.Background(), channel, func(Message) {})
				second = s
				got <- err
			}()
			l.is(Connected) // meanwhile, too
		}
		subscribe("/b")
		l.Refused("/b", "403::denied")
		var refused *SubscribeError
		require.ErrorAs(t, <-got, &refused)
		require.Equal(t, 403, refused.Code)
		subscribe("/a") // it is there already
		require.NoError(t, <-got)
		second.Cancel()
		subscribe("/c")
		l.Granted("/c")
		require.NoError(t, <-got)
		second.Cancel()
		l.is(Connected)
		require.Equal(t, asked{"+/a", "+/b", "-/b", "+/c", "-/c"}, l.asked)
	})
}

func TestAdopted_SignsInForEachSession(t *testing.T) {
	var results []error
	tries := 0
	prepare := func(context.Context) error {
		tries++
		err := results[0]
		results = results[1:]
		return err
	}
	away, final := errors.New("away"), errors.New("refused")
	opts := Options{Prepare: prepare, Final: func(err error) bool { return err == final }}

	results = []error{away, nil, final, nil}
	adopt(t, opts, func(l *lent, connected <-chan error) {
		l.Granted("/a")
		status := l.is(Connecting)
		require.Equal(t, away, status.Reason)
		require.Equal(t, 500*time.Millisecond, status.RetryIn)
		require.NoError(t, <-connected)
		l.SetStatus(OwnerStatus{Up: true, Session: 2})
		l.Granted("/a")
		require.Equal(t, final, l.is(Reconnecting).Reason, "a session is worth waiting for")
		wait(time.Second)
		l.is(Connected)
		require.Equal(t, 4, tries)
	})
	results = []error{final}
	adopt(t, opts, func(l *lent, connected <-chan error) {
		require.Equal(t, final, <-connected)
		require.Equal(t, final, l.is(Closed).Reason)
	})
	results = []error{nil}
	adopt(t, opts, func(l *lent, connected <-chan error) {
		l.Refused("/a", "402::session_unknown") // that refuses the session, and there will be another one
		l.is(Connecting)
		l.SetStatus(OwnerStatus{Reason: "the session is away", Session: 1})
		require.ErrorContains(t, <-connected, "no session in time: the session is away")
	})
}

func TestAdopted_ChannelThatItCanDoWithout(t *testing.T) {
	adopt(t, Options{}, func(l *lent, connected <-chan error) {
		l.Granted("/a")
		require.NoError(t, <-connected)
		try := func() <-chan error {
			result := make(chan error, 1)
			go func() {
				_, err := l.TrySubscribe(context.Background(), "/b", func(m Message) { l.heard = append(l.heard, string(m.Data)) })
				result <- err
			}()
			synctest.Wait()
			return result
		}
		refused := try()
		l.Refused("/b", "403::no")
		require.ErrorContains(t, <-refused, "403::no")
		l.is(Connected)
		granted := try()
		l.Granted("/b")
		require.NoError(t, <-granted)
		l.SetStatus(OwnerStatus{Up: true, Session: 2})
		l.Granted("/a")
		l.Refused("/b", "403::no")
		require.NoError(t, l.is(Connected).Reason)
		l.Granted("/b") // the owner tries again
		l.Deliver("/b", Message{Channel: "/b", Data: []byte("1")})
		l.is(Connected)
		require.Equal(t, []string{"1"}, l.heard)
	})
}

func TestAdopted_SigningInThatIsPutOffForLongIsTriedSooner(t *testing.T) {
	for name, test := range map[string]struct {
		happens func(*lent)
		within  time.Duration
	}{
		"for who comes to wait":        {func(l *lent) { l.AddWaiters(1) }, time.Second},
		"once the network is back":     {func(l *lent) { l.Wake() }, 0},
		"but for who waits no longer":  {func(l *lent) { l.AddWaiters(-1) }, -1},
		"and only once for many times": {func(l *lent) { l.Wake(); l.AddWaiters(1); l.Wake() }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			away := true
			var tried []time.Time
			prepare := func(context.Context) error {
				tried = append(tried, time.Now())
				if away {
					return errors.New("away")
				}
				return nil
			}
			adopt(t, Options{Prepare: prepare}, func(l *lent, _ <-chan error) {
				l.Granted("/a")
				wait(70 * time.Second)
				require.Greater(t, l.is(Connecting).RetryIn, 15*time.Second)
				away = false
				tries := len(tried)
				from := time.Now()
				test.happens(l)
				wait(max(test.within, 0) + 100*time.Millisecond)
				if test.within < 0 {
					l.is(Connecting)
					return
				}
				l.is(Connected)
				require.Equal(t, from.Add(test.within), tried[tries])
				wait(time.Minute)
				require.Len(t, tried, tries+1)
			})
		})
	}
}
