package outbound

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/journal"
	"gws-outbound/internal/journal/journaltest"
)

// confirms is the option of a client whose page confirms what was delivered.
func confirms(o *Options) { o.ConfirmsDelivery = true }

// say has the server send the acknowledgement of record 12.
func (d *desk) say(reference string) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.s.publish(`{"notificationType":"RecordProcessedAcknowledge","referenceId":"` + reference + `","record":{"recordHandle":12}}`)
}

// answered returns the references of the entries that have an answer.
func (d *desk) answered() (references []string) {
	for key, text := range d.Texts() {
		if _, reference, ok := strings.Cut(key, "/entry/"); ok && strings.Contains(text, `"answer":`) {
			references = append(references, reference)
		}
	}
	return references
}

// left returns an entry of the completion of record 12, as a client writes it.
func left(reference string) journal.Entry {
	request, _ := gws.ParseRequest("completeRecord", record("referenceId", reference), false)
	return journal.Entry{ReferenceID: reference, Path: request.Path(), Body: string(request.Body()), Delivery: "accepted", SentAt: time.Now()}
}

// The write that has the answer fails once, as where the browser aborts a transaction: the answer is not confirmed without it.
func TestAnswer_WriteThatFailsOnceIsMadeAgainBeforeItIsConfirmed(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", slow)
		l := d.load(confirms)
		done := l.complete("a")
		pass(afterTheAnswer)
		failed := false
		d.OnStep(func(_ *journaltest.Page, s journaltest.Step) error {
			if s == journaltest.Committing && !failed {
				failed = true
				return errors.New("aborted")
			}
			return nil
		})
		get(d.T, done).resolved(d.T, "a")
		synctest.Wait() // a connect confirms it
		require.True(d, failed)
		l.kill()
		l = d.load(confirms)
		pass(time.Second)
		get(d.T, l.settled("a")).resolved(d.T, "a")
	})
}

// A page that is loaded again signs in, and then cannot reach the server for a while. It has a new session in the end: what the server holds
// for the one before is fetched all the same, and until then nobody is told that it is too late.
func TestReload_ServerIsAwayAfterTheSignIn_TheAnswerOfTheSessionBeforeIsFetched(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", slow)
		l := d.load()
		l.complete("a")
		pass(afterTheAnswer)
		l.kill()
		away := false
		d.OnStep(func(_ *journaltest.Page, s journaltest.Step) error { // the journal is opened by whoever has signed in
			d.s.mu.Lock()
			defer d.s.mu.Unlock()
			if !away {
				away = true
				d.s.outage(3 * time.Second)
			}
			return nil
		})
		l = d.load()
		require.Equal(d, 2, d.s.made)
		if list := l.Unsettled(d.Context()); !list[0].Answered {
			require.True(d, list[0].AnswerableUntil.After(time.Now()), "%v", list[0])
		}
		get(d.T, l.settled("a")).resolved(d.T, "a")
	})
}

// The call waits for a session. The late acknowledgement of the one that it repeats is written
// before it is confirmed, and what is written then is not overwritten.
func TestSentAgain_LateAnswerIsWrittenBeforeItIsConfirmed(t *testing.T) {
	for name, hasEntry := range map[string]bool{"with an entry": true, "without one": false} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(d *desk) {
				if hasEntry {
					d.leave(left("a"))
				}
				l := d.load(confirms)
				pass(time.Second)
				truth := d.fated("a", slow)
				d.s.mu.Lock()
				d.s.outage(2 * time.Second)
				d.s.mu.Unlock()
				synctest.Wait()
				done := l.complete("a") // waits for the connection
				synctest.Wait()
				d.say("a") // is kept by the server until then
				get(d.T, done).resolved(d.T, "a")
				pass(time.Second)
				require.Zero(d, truth.posts)
				require.Equal(d, []string{"a"}, d.answered())
				l.kill() // before the page has confirmed
				l = d.load(confirms)
				l.lists("a accepted")
				require.True(d, l.Unsettled(d.Context())[0].Answered)
				get(d.T, l.settled("a")).resolved(d.T, "a")
			})
		})
	}
}

// The answer comes while it is being written that the request may have been sent.
func TestSentAgain_AnswerIsNotOverwritten(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.leave(left("a"))
		l := d.load(confirms)
		truth := d.fated("a", slow)
		d.Slow(100 * time.Millisecond)
		done := l.complete("a")
		synctest.Wait()
		d.say("a")
		get(d.T, done).resolved(d.T, "a")
		pass(time.Second)
		require.Zero(d, truth.posts)
		require.Equal(d, []string{"a"}, d.answered())
	})
}

// The POST is refused, to leave again with new headers, when the answer to the one before it comes.
func TestSentAgain_AnsweredWhileItsPOSTIsRefusedDoesNotLeaveAgain(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.leave(left("a"))
		l := d.load()
		truth := d.fated("a", modelFate{Answer: "401", AnswerAfter: time.Second})
		done := l.complete("a")
		pass(beforeTheAnswer)
		d.say("a")
		get(d.T, done).resolved(d.T, "a")
		pass(5 * time.Second)
		require.Equal(d, 1, truth.posts)
	})
}

// The store answers again after it has hung: then it is waited for again.
func TestStore_AfterItHasHungTheEntryGoesFirstAgain(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", modelFate{Answer: "ok", Event: "none"})
		truth := d.fated("b", slow)
		l := d.load()
		d.Slow(time.Hour)
		l.complete("a")
		pass(5 * time.Second)
		d.Slow(0)
		pass(10 * time.Second) // what has failed is written
		require.Equal(d, []string{"a"}, d.keptReferences())
		d.Slow(time.Second)
		l.complete("b")
		pass(beforeTheAnswer)
		l.kill()
		pass(2 * time.Second) // the write that is under way ends
		require.Zero(d, truth.posts)
	})
}

// Another agent signs in while the journal is being read.
func TestUnsettled_AgentChangesMeanwhile_NothingIsListed(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.leave(left("a"))
		l := d.load()
		d.Slow(time.Second)
		listed := make(chan []Unsettled, 1)
		go func() { listed <- l.Unsettled(d.Context()) }()
		pass(500 * time.Millisecond)
		d.s.mu.Lock()
		d.s.me = `,"user":{"id":"bob"}`
		d.s.mu.Unlock()
		l.Seen()
		require.Empty(d, get(d.T, listed))
		require.True(d, l.rest.AgentChanged())
	})
}

func TestSentAgain_AnswerIsInTheJournal(t *testing.T) {
	atDesk(t, func(d *desk) {
		e := left("a")
		e.Answer = json.RawMessage(`{"notificationType":"RecordProcessedAcknowledge","referenceId":"a","record":{"recordHandle":12}}`)
		d.leave(e)
		truth := d.fated("a", slow)
		l := d.load()
		d.s.mu.Lock()
		d.s.outage(time.Minute)
		d.s.mu.Unlock()
		synctest.Wait()
		start := time.Now()
		for range 2 { // the second time, when it was handed over
			get(d.T, l.complete("a")).resolved(d.T, "a")
			get(d.T, l.settled("a")).resolved(d.T, "a")
		}
		require.Zero(d, time.Since(start), "nor is a session waited for")
		require.Zero(d, truth.posts)
		l.lists()
		synctest.Wait()
		kept, _ := d.kept()
		require.Empty(d, kept)
	})
}

// The page has heard of the failure, and tries again.
func TestSentAgain_AfterAnErrorThatTheCallerKnowsItIsSent(t *testing.T) {
	atDesk(t, func(d *desk) {
		e := left("a")
		e.Answer = json.RawMessage(`{"notificationType":"RecordFailed","referenceId":"a"}`)
		d.leave(e)
		truth := d.fated("a", slow)
		l := d.load()
		get(d.T, l.complete("a")).rejected(d.T, RecordError, gws.Accepted)
		require.Zero(d, truth.posts)
		get(d.T, l.complete("a")).resolved(d.T, "a")
		require.Equal(d, 1, truth.posts)
	})
}

// Another request is not answered by what answered the first, though it has its reference.
func TestSentAgain_AnotherRequestWithTheReferenceIsSent(t *testing.T) {
	atDesk(t, func(d *desk) {
		e := left("a")
		e.Answer = json.RawMessage(`{"notificationType":"RecordProcessedAcknowledge","referenceId":"a","first":true}`)
		d.leave(e)
		truth := d.fated("a", slow)
		l := d.load()
		o := get(d.T, call(d.Context(), l.Client, record("referenceId", "a", "callResult", "Busy"), CallOptions{}))
		require.NoError(d, o.err)
		require.NotContains(d, string(o.data), "first")
		require.Equal(d, 1, truth.posts)
	})
}

// Its caller knows what the first one has come to.
func TestSentAgain_AnotherRequestWithTheReferenceIsRefused_TheFirstIsNotUnsettledAgain(t *testing.T) {
	atDesk(t, func(d *desk) {
		e := left("a")
		e.Answer = json.RawMessage(`{"notificationType":"RecordProcessedAcknowledge","referenceId":"a","record":{"recordHandle":12}}`)
		d.leave(e)
		truth := d.fated("a", modelFate{Answer: "refused"})
		l := d.load(confirms)
		get(d.T, l.settled("a")).resolved(d.T, "a")
		l.Delivered("a")
		synctest.Wait()
		require.Empty(d, d.keptReferences())
		get(d.T, call(d.Context(), l.Client, record("referenceId", "a", "callResult", "Busy"), CallOptions{})).rejected(d.T, APIError, gws.Rejected)
		require.Equal(d, 1, truth.posts)
		l.lists()
		synctest.Wait()
		require.Empty(d, d.keptReferences())
	})
}

func TestSentAgain_UnknownCallResultIsLetThrough(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", modelFate{Answer: "ok", Event: "none"})
		l := d.load()
		fields := record("referenceId", "a", "callResult", "Ours")
		call(d.Context(), l.Client, fields, CallOptions{AllowUnknownCallResult: true})
		pass(afterTheAnswer)
		l.kill()
		d.fated("a", slow)
		l = d.load()
		again := l.Unsettled(d.Context())[0].Request
		require.Equal(d, fields, again)
		for _, other := range []gws.Fields{record("referenceId", "a", "callResult", "Theirs"), record("referenceId", "b", "callResult", "Ours")} {
			get(d.T, call(d.Context(), l.Client, other, CallOptions{})).rejected(d.T, InvalidRequest, gws.NotSent)
		}
		get(d.T, call(d.Context(), l.Client, again, CallOptions{})).resolved(d.T, "a")
	})
}

func TestForget_StoreThatFailsOrHangsIsAnError(t *testing.T) {
	for name, spoil := range map[string]func(*desk){
		"fails": func(d *desk) { d.Fail(errors.New("the disk is full")) },
		"hangs": func(d *desk) { d.Slow(time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(d *desk) {
				d.leave(left("a"))
				l := d.load()
				l.lists("a accepted")
				synctest.Wait()
				spoil(d)
				for range 2 { // as long as it is so
					e := outcome{err: l.Forget(d.Context(), "a")}.rejected(d.T, Closed, gws.Accepted)
					require.Equal(d, "a", e.ReferenceID)
					require.Contains(d, e.Message, "could not be removed")
				}
				require.Contains(d, d.keptReferences(), "a")
				outcome{err: l.CloseAndForget()}.rejected(d.T, Closed, gws.NotSent)
				pass(10 * time.Second) // the last write is given up
				d.Fail(nil)
				d.Slow(0)

				l = d.load()
				l.lists("a accepted")
				spoil(d)
				require.Error(d, l.Forget(d.Context(), "a"))
				d.Fail(nil)
				d.Slow(0)
				require.NoError(d, l.Forget(d.Context(), "a"))
				require.Empty(d, d.keptReferences())
				require.NoError(d, l.CloseAndForget())
			})
		})
	}
}

func (d *desk) keptReferences() []string {
	kept, _ := d.kept()
	return kept
}

func TestUnsettled_LivingClientListsWhatOthersLeave(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", modelFate{Answer: "ok", Event: "none"})
		living, other, dying := d.load(), d.load(), d.load()
		dying.complete("a")
		pass(afterTheAnswer)
		living.lists()
		dying.kill()
		start := time.Now()
		living.lists("a accepted")
		other.lists() // who asks first has it
		living.lists("a accepted")
		u := living.Unsettled(d.Context())[0]
		require.False(d, u.Answered)
		require.WithinDuration(d, start, u.AnswerableUntil, time.Second, "nobody goes on with the session of the dead")

		settled := living.settled("a")
		pass(5 * time.Second) // the connections that were cut are back
		d.say("a")
		get(d.T, settled).resolved(d.T, "a")
		synctest.Wait()
		require.Empty(d, d.keptReferences())
	})
}

// The server sends an agent's events to all of their tabs: that which lives has heard the answer to the call of
// the one that has died, and taken it for nobody's.
func TestUnsettled_LivingClientHasHeardTheAnswer(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", modelFate{Answer: "ok", Event: "none"})
		living, dying := d.load(), d.load()
		dying.complete("a")
		pass(afterTheAnswer)
		dying.net.dead.Store(true) // it hears nothing any more
		dying.page.Kill()
		d.say("a")
		synctest.Wait()
		dying.kill()
		u := living.Unsettled(d.Context())
		require.Len(d, u, 1)
		require.True(d, u[0].Answered)
		synctest.Wait()
		require.Equal(d, []string{"a"}, d.answered())
		get(d.T, living.settled("a")).resolved(d.T, "a")
	})
}

// A call comes to its end, of which the page does not hear, and then its answer comes.
func TestLateAnswer_IsWrittenUntilTheCallerKnowsTheEnd(t *testing.T) {
	atDesk(t, func(d *desk) {
		for _, reference := range []string{"heard", "unheard"} {
			d.fated(reference, modelFate{Answer: "ok", Event: "ack", EventAfter: time.Minute})
		}
		l := d.load(confirms)
		heard, unheard := l.complete("heard"), l.complete("unheard")
		pass(31 * time.Second)
		get(d.T, heard).rejected(d.T, AckTimeout, gws.Accepted)
		get(d.T, unheard).rejected(d.T, AckTimeout, gws.Accepted)
		l.Delivered("heard")
		pass(time.Minute)
		require.Equal(d, []string{"unheard"}, d.answered())
		require.Equal(d, []string{"unheard"}, d.keptReferences())
		l.kill()
		l = d.load(confirms)
		get(d.T, l.settled("unheard")).resolved(d.T, "unheard")
	})
}

// Both tabs are reloaded at once: one has all calls, and where it goes, the other has them.
func TestUnsettled_WhatOneHasTakenOverIsLeftToTheOther(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.leave(left("a"))
		d.leave(left("b"))
		first, second := d.load(), d.load()
		second.lists()
		first.lists("a accepted", "b accepted")
		first.kill()
		second.lists("a accepted", "b accepted")
	})
}

// A call is in flight here when another client leaves one with its reference.
func TestUnsettled_CallInFlightHasTheReferenceOfWhatIsFound(t *testing.T) {
	atDesk(t, func(d *desk) {
		truth := d.fated("a", slow)
		l := d.load()
		d.s.mu.Lock()
		d.s.outage(5 * time.Second)
		d.s.mu.Unlock()
		synctest.Wait()
		done := l.complete("a")
		synctest.Wait()
		e := left("a")
		e.Answer = json.RawMessage(`{"notificationType":"RecordProcessedAcknowledge","referenceId":"a","record":{"recordHandle":12}}`)
		d.leave(e)
		l.lists()
		get(d.T, done).resolved(d.T, "a")
		require.Zero(d, truth.posts)
		l.lists()
		synctest.Wait()
		require.Empty(d, d.keptReferences())
	})
}

func TestUnsettled_SaysWhetherAnAnswerCanStillCome(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", modelFate{Answer: "ok", Event: "ack", EventAfter: 20 * time.Second})
		d.fated("b", modelFate{Answer: "ok", Event: "none"})
		l := d.load()
		l.complete("a")
		l.complete("b")
		pass(afterTheAnswer)
		l.kill()
		l = d.load()
		list := l.Unsettled(d.Context())
		require.Len(d, list, 2)
		for _, u := range list {
			require.False(d, u.Answered)
			require.Zero(d, u.AnswerableUntil, "the session goes on")
		}
		d.s.mu.Lock()
		d.s.outage(2 * time.Second)
		d.s.mu.Unlock()
		synctest.Wait()
		until := l.Unsettled(d.Context())[1].AnswerableUntil
		require.WithinDuration(d, time.Now().Add(40*time.Second), until, time.Second, "it may be lost")
		pass(25 * time.Second)
		list = l.Unsettled(d.Context())
		require.True(d, list[0].Answered)
		require.Zero(d, list[0].AnswerableUntil)
		require.False(d, list[1].Answered)
		require.Zero(d, list[1].AnswerableUntil, "it was not")

		d.s.mu.Lock()
		d.s.forget(true, "")
		d.s.cut()
		d.s.mu.Unlock()
		lost := time.Now()
		pass(time.Minute)
		until = l.Unsettled(d.Context())[1].AnswerableUntil
		require.WithinDuration(d, lost, until, 20*time.Second, "another session has taken its place")
		require.True(d, until.Before(time.Now()))
		l.kill()
		pass(time.Minute)
		l = d.load()
		require.WithinDuration(d, time.Now(), l.Unsettled(d.Context())[1].AnswerableUntil, 2*time.Second, "it is gone")
		l.Close()
	})
}

// What the session of one client has not brought, that of the next one does not bring, whoever goes on with it.
func TestUnsettled_SessionOfTheCallIsOver_NoLaterClientSaysThatItGoesOn(t *testing.T) {
	atDesk(t, func(d *desk) {
		isOver := func(u Unsettled) {
			d.Helper()
			require.False(d, u.AnswerableUntil.IsZero() || u.AnswerableUntil.After(time.Now()), "%v", u)
		}
		d.fated("a", modelFate{Answer: "ok", Event: "none"})
		d.fated("b", modelFate{Answer: "ok", Event: "none"})
		l := d.load()
		l.complete("a")
		pass(afterTheAnswer)
		l.kill()
		d.s.mu.Lock()
		d.s.forget(true, "")
		d.s.mu.Unlock()
		l = d.load()
		l.lists("a accepted")
		isOver(l.Unsettled(d.Context())[0])
		l.complete("b")
		pass(afterTheAnswer)
		l.kill()

		l = d.load()
		require.Equal(d, 2, d.s.made, "it goes on with the second session")
		l.lists("a accepted", "b accepted")
		isOver(l.Unsettled(d.Context())[0])
		require.Zero(d, l.Unsettled(d.Context())[1].AnswerableUntil)
	})
}

// The next client goes on with one session alone.
func TestUnsettled_TwoTabsDieAtOnce_TheCallOfOneIsSaidToBeAnswerable(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", modelFate{Answer: "ok", Event: "none"})
		d.fated("b", modelFate{Answer: "ok", Event: "none"})
		first, second := d.load(), d.load()
		first.complete("a")
		pass(afterTheAnswer)
		second.complete("b")
		pass(afterTheAnswer)
		first.kill()
		second.kill()
		l := d.load()
		l.lists("a accepted", "b accepted")
		answerable := 0
		for _, u := range l.Unsettled(d.Context()) {
			if u.AnswerableUntil.IsZero() {
				answerable++
			}
		}
		require.Equal(d, 1, answerable)
		require.Equal(d, 2, d.s.made)
	})
}

// The call is of a page that is gone, over a session that others use.
func TestUnsettled_SessionOfTheClientItselfIsLost_SaysUntilWhen(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", modelFate{Answer: "ok", Event: "none"})
		l := d.load(confirms)
		done := l.complete("a")
		pass(31 * time.Second)
		get(d.T, done).rejected(d.T, AckTimeout, gws.Accepted)
		l.CallerGone("a")
		l.lists("a accepted")
		until := func() time.Time { return l.Unsettled(d.Context())[0].AnswerableUntil }
		require.Zero(d, until(), "the session goes on")
		d.s.mu.Lock()
		d.s.outage(2 * time.Second)
		d.s.mu.Unlock()
		synctest.Wait()
		require.WithinDuration(d, time.Now().Add(40*time.Second), until(), time.Second, "it may be lost")
		pass(25 * time.Second)
		require.Zero(d, until(), "it was not")
		l.session.End(errors.New("the server has ended it"))
		synctest.Wait()
		require.Equal(d, time.Now(), until())
	})
}

// Two tabs have sent it, and one of them has died before the answer came.
func TestUnsettled_CallThatAnotherTabHasSentAsWellIsAnsweredWithItsAnswer(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", slow)
		living, dying := d.load(), d.load()
		dying.complete("a")
		pass(beforeTheAnswer)
		d.fated("a", modelFate{Answer: "ok", Event: "none"}) // it is done already
		done := living.complete("a")
		pass(afterTheAnswer - beforeTheAnswer)
		dying.kill()
		get(d.T, done).resolved(d.T, "a")
		living.lists("a accepted")
		require.True(d, living.Unsettled(d.Context())[0].Answered)
		get(d.T, living.settled("a")).resolved(d.T, "a")
		synctest.Wait()
		require.Empty(d, d.keptReferences())
	})
}

// A living client has heard the answer to the first request of a reference, which is used again.
func TestUnsettled_AnswerThatIsOlderThanTheRequestIsNotItsAnswer(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", slow)
		living, dying := d.load(), d.load()
		get(d.T, dying.complete("a")).resolved(d.T, "a")
		pass(time.Second)
		d.fated("a", modelFate{Answer: "ok", Event: "none"})
		dying.complete("a")
		pass(afterTheAnswer)
		dying.kill()
		living.lists("a accepted")
		require.False(d, living.Unsettled(d.Context())[0].Answered)
		require.Empty(d, d.answered())
		d.say("a")
		get(d.T, living.settled("a")).resolved(d.T, "a")
	})
}

// A page that goes away, and has closed its client, forgets what is left.
func TestCloseAndForget_ClosedBefore_WhatIsStillKeptIsSaid(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.leave(left("a"))
		l := d.load()
		l.Close()
		outcome{err: l.CloseAndForget()}.rejected(d.T, Closed, gws.NotSent)
		require.Equal(d, []string{"a"}, d.keptReferences())
	})
}

// The page goes away just when a call has begun, and does not live to hear that it was given up.
func TestLeave_CallThatHasJustBegunStaysInTheJournal(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.fated("a", slow)
		l := d.load()
		pass(time.Second)
		l.recovery.Leave() // as Leave does once it has seen that nothing is pending
		done := l.complete("a")
		pass(beforeTheAnswer)
		l.Close()
		get(d.T, done).rejected(d.T, Closed, gws.Unknown)
		synctest.Wait()
		l.kill()
		l = d.load()
		l.lists("a unknown")
	})
}

func TestClose_CallStaysInTheJournalUntilItsCallerKnows(t *testing.T) {
	for name, lives := range map[string]bool{"who lives to hear it": true, "who does not": false} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(d *desk) {
				d.fated("a", slow)
				l := d.load(confirms)
				done := l.complete("a")
				pass(beforeTheAnswer)
				closed := make(chan struct{})
				go func() {
					l.Close()
					close(closed)
				}()
				get(d.T, done).rejected(d.T, Closed, gws.Unknown)
				if lives {
					l.Delivered("a")
				}
				<-closed
				l.kill()
				l = d.load(confirms)
				if lives {
					l.lists()
				} else {
					l.lists("a unknown")
				}
			})
		})
	}
}

func TestAgentChanged_EventDataAreNotWritten(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.leave(left("a"))
		d.fated("b", slow)
		l := d.load(confirms)
		l.lists("a accepted")
		done := l.complete("b")
		pass(beforeTheAnswer)
		d.s.me = `,"user":{"id":"bob"}`
		l.Seen()
		get(d.T, done).rejected(d.T, AgentChanged, gws.Accepted)
		d.say("a")
		synctest.Wait()
		require.Empty(d, d.answered())
		require.ElementsMatch(d, []string{"a", "b"}, d.keptReferences(), "as they were")
	})
}

func TestEntry_OfAnotherPathPrefixIsRead(t *testing.T) {
	atDesk(t, func(d *desk) {
		e := left("a")
		e.Path = strings.Replace(e.Path, "/api/v2/", "/internal-api/v1/", 1)
		require.NotEqual(d, left("a").Path, e.Path)
		d.leave(e)
		truth := d.fated("a", slow)
		l := d.load()
		l.lists("a accepted")
		synctest.Wait()
		require.Equal(d, []string{"a"}, d.keptReferences())
		get(d.T, l.complete("a")).resolved(d.T, "a")
		require.Equal(d, 1, truth.posts)
	})
}

// What hangs costs the first call its time, not its success, and is said once.
func TestStore_OpenedWhileItHangs(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.Slow(time.Hour)
		l := d.load()
		d.fated("a", modelFate{Answer: "ok", Event: "ack"})
		get(d.T, l.complete("a")).resolved(d.T, "a")
		require.Empty(d, l.Unsettled(d.Context()))
		require.Len(d, l.log, 1, "%v", l.log)
		require.Contains(d, l.log[0], "journal")
		pass(time.Minute)
		d.Slow(0)
		pass(2 * time.Minute)
		d.fated("b", slow)
		l.complete("b")
		pass(beforeTheAnswer)
		l.kill()
		require.Len(d, l.log, 1, "%v", l.log)
		l = d.load()
		l.lists("b unknown")
		ctx, cancel := context.WithCancel(d.Context())
		cancel()
		require.Len(d, l.Unsettled(ctx), 1, "it lists what it knows")
	})
}
