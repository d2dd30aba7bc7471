package journal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/journal"
	"gws-outbound/internal/journal/journaltest"
)

// owner is a client of a page, and its journal.
type owner struct {
	*journal.Journal
	page    *journaltest.Page
	session string // what it was given to go on with
	log     []string
}

var owners int

func open(t *testing.T, b *journaltest.Browser, scope string) *owner {
	t.Helper()
	owners++
	o := &owner{page: b.Page()}
	var session json.RawMessage
	o.Journal, session = journal.Open(t.Context(), journal.Config{
		Store: o.page, Locks: o.page, Scope: scope, Owner: fmt.Sprintf("owner-%d", owners),
		Log: func(line string) { o.log = append(o.log, line) },
	})
	o.session = string(session)
	return o
}

func (o *owner) Kill() { o.page.Kill() }

func (o *owner) references() (list []string) {
	for _, e := range o.Entries() {
		list = append(list, e.ReferenceID)
	}
	return list
}

// put puts an entry and waits until it is safe.
func (o *owner) put(t *testing.T, e journal.Entry) {
	t.Helper()
	safe := make(chan error, 1)
	o.Put(e, func(err error) { safe <- err })
	require.NoError(t, <-safe)
}

func entry(reference string) journal.Entry {
	return journal.Entry{
		ReferenceID: reference, Path: "/api/v2/me/outbound-records/12", Body: `{"operationName":"CompleteRecord"}`,
		Delivery: "unknown", SentAt: time.Now(),
	}
}

func run(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// wait moves the clock of the test's bubble (testing/synctest). Nothing waits
// for it in real time.
func wait(d time.Duration) { time.Sleep(d) } // by the clock of the bubble

func TestWhatADeadOwnerLeavesIsTakenOver(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		first := open(t, b, "s")
		e := entry("a/b")
		first.put(t, e)
		first.SaveSession(json.RawMessage(`{"clientId":"c1"}`), func(error) {})
		synctest.Wait()
		first.Kill()

		second := open(t, b, "s")
		require.Equal(t, `{"clientId":"c1"}`, second.session)
		got := second.Entries()
		require.Len(t, got, 1)
		require.WithinDuration(t, e.SentAt, got[0].SentAt, time.Millisecond)
		got[0].SentAt = e.SentAt
		require.Equal(t, e, got[0])
		require.Empty(t, second.log)

		e.Delivery, e.Answer = "accepted", json.RawMessage(`{"x":1}`)
		second.put(t, e)
		second.Kill() // before it has saved a session of its own
		third := open(t, b, "s")
		require.Equal(t, `{"clientId":"c1"}`, third.session, "which is not lost in between")
		require.Equal(t, json.RawMessage(`{"x":1}`), third.Entries()[0].Answer)

		third.SaveSession(json.RawMessage(`{"clientId":"c2"}`), func(error) {})
		third.Remove("a/b")
		synctest.Wait()
		require.Len(t, b.Texts(), 1)
		third.EndSession()
		third.Close(t.Context())
		require.Empty(t, b.Texts())
	})
}

func TestWhatALivingOwnerHasIsLeftAlone(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		first, second := open(t, b, "s"), open(t, b, "s")
		first.put(t, entry("of the first"))
		first.SaveSession(json.RawMessage(`1`), func(error) {})
		synctest.Wait()
		start := time.Now()
		third := open(t, b, "s")
		require.Less(t, time.Since(start), time.Second)
		require.Empty(t, third.references())
		require.Empty(t, third.session)
		third.Close(t.Context())

		second.put(t, entry("of the second"))
		second.Kill()
		fourth, fifth := open(t, b, "s"), open(t, b, "s")
		require.Equal(t, []string{"of the second"}, fourth.references())
		require.Empty(t, fifth.references(), "it is the fourth's now")
		require.Equal(t, []string{"of the first"}, first.references())
		require.Len(t, b.Texts(), 3)
	})
}

// What one has taken over goes with its session to the next.
func TestWhatWasTakenOverIsLeftInTurn(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		o := open(t, b, "s")
		o.put(t, entry("a"))
		for n := range 3 {
			o.SaveSession(json.RawMessage(fmt.Sprint(n)), func(error) {})
			synctest.Wait()
			o.Kill()
			o = open(t, b, "s")
			require.Equal(t, []string{"a"}, o.references())
			require.Equal(t, fmt.Sprint(n), o.session)
			require.Len(t, b.Texts(), 2)
		}
		o.put(t, entry("a"))
		o.Remove("a")
		o.Close(t.Context())
		require.Empty(t, open(t, b, "s").references())
	})
}

// A page that is being reloaded may give up its lock late.
func TestOwnerThatIsAboutToDieIsWaitedFor(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		first := open(t, b, "s")
		first.put(t, entry("a"))
		time.AfterFunc(200*time.Millisecond, first.Kill)
		second := open(t, b, "s")
		require.Equal(t, []string{"a"}, second.references())
	})
}

// What it writes meanwhile, such as an answer that the server will not send again, is found.
func TestOwnerThatIsAboutToDieIsReadAtItsEnd(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		first := open(t, b, "s")
		first.put(t, entry("a"))
		first.put(t, entry("gone"))
		time.AfterFunc(100*time.Millisecond, func() {
			answered := entry("a")
			answered.Answer = json.RawMessage(`{"referenceId":"a"}`)
			first.Put(answered, nil)
			first.Put(entry("late"), nil)
			first.Remove("gone")
		})
		time.AfterFunc(200*time.Millisecond, first.Kill)
		second := open(t, b, "s")
		require.ElementsMatch(t, []string{"a", "late"}, second.references())
		for _, e := range second.Entries() {
			require.Equal(t, e.ReferenceID == "a", e.Answer != nil)
		}
	})
}

func TestAgentsAndServersAreToldApart(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		ann, bob := journal.Scope("https://gws", "ann"), journal.Scope("https://gws", "bob")
		require.NotEqual(t, ann, bob)
		require.NotEqual(t, ann, journal.Scope("https://other", "ann"))
		first := open(t, b, ann)
		first.put(t, entry("a"))
		first.SaveSession(json.RawMessage(`1`), func(error) {})
		synctest.Wait()
		first.Kill()
		for k, text := range b.Texts() {
			require.NotContains(t, k+text, "ann")
		}
		second := open(t, b, bob)
		require.Empty(t, second.references())
		require.Empty(t, second.session)
		require.NoError(t, second.Forget(t.Context()))
		second.Close(t.Context())
		require.Equal(t, []string{"a"}, open(t, b, ann).references())
	})
}

func TestWhatCannotBeReadIsSkipped(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		first := open(t, b, "s")
		first.put(t, entry("good"))
		var good string
		for _, text := range b.Texts() {
			good = text
		}
		first.Kill()
		b.Set(map[string]string{
			"s/o/entry/broken":  `{"v":1,"referenceId":"broken"`,
			"s/o/entry/older":   `{"v":0,"referenceId":"older"}`,
			"s/o/entry/later":   fmt.Sprintf(`{"v":2,"referenceId":"later","time":%d}`, time.Now().UnixMilli()),
			"s/o/entry/expired": `{"v":2,"referenceId":"expired","time":1}`,
			"s/o/entry/renamed": good,
			"s/o/entry/huge":    strings.Repeat(" ", journal.MaxEntry+1),
			"s/o/session":       `[]`,
			"s/o/odd":           `1`,
			"odd":               `1`,
			"":                  ``,
		})
		second := open(t, b, "s")
		require.Equal(t, []string{"good"}, second.references())
		require.Empty(t, second.session)
		second.Close(t.Context())
		require.Len(t, b.Texts(), 5, "what is damaged is removed, what is not ours is left alone")
		require.Contains(t, b.Texts(), "s/o/entry/later", "of a later version of this module")
	})
}

func TestAgeIsBounded(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		first := open(t, b, "s")
		old, young := entry("old"), entry("young")
		old.SentAt = time.Now().Add(-journal.MaxAge - time.Second)
		young.SentAt = time.Now().Add(-journal.MaxAge + time.Minute)
		first.put(t, old)
		first.put(t, young)
		first.Kill()
		other := open(t, b, "of somebody else")
		other.Close(t.Context())
		require.Len(t, b.Texts(), 1)
		require.Equal(t, []string{"young"}, open(t, b, "s").references())
	})
}

func TestNumberIsBounded(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		for page := range 2 {
			o := open(t, b, "s")
			for n := range journal.MaxEntries {
				o.Put(entry(fmt.Sprintf("%d-%d", page, n)), nil)
				wait(time.Millisecond) // so that one is the oldest
			}
			synctest.Wait()
			require.Len(t, b.Texts(), journal.MaxEntries)
			require.Equal(t, fmt.Sprintf("%d-0", page), o.references()[0], "the oldest have gone")
			o.Kill()
		}
	})
}

func TestSizeIsBounded(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		o := open(t, b, "s")
		e := entry("a")
		e.Answer = json.RawMessage(`{"notificationType":"RecordProcessedAcknowledge","referenceId":"a","x":"` + strings.Repeat("x", journal.MaxEntry) + `"}`)
		o.put(t, e)
		require.Equal(t, e.Answer, o.Entries()[0].Answer)
		o.Kill()
		o = open(t, b, "s")
		require.JSONEq(t, `{"notificationType":"RecordProcessedAcknowledge","referenceId":"a"}`, string(o.Entries()[0].Answer), "that there was an answer is not lost")

		e.Body, e.Answer = strings.Repeat("x", journal.MaxEntry), nil
		var failed error
		o.Put(e, func(err error) { failed = err })
		require.ErrorContains(t, failed, "at most 65536 are kept")
		require.Len(t, o.log, 1)
		saved := false
		o.SaveSession(json.RawMessage(`"`+strings.Repeat("x", journal.MaxEntry)+`"`), func(error) { saved = true })
		require.True(t, saved, "the session goes on without")
	})
}

// What acknowledges an event comes behind what the event has changed.
func TestSessionIsSafeBehindWhatCameBefore(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		o := open(t, b, "s")
		o.put(t, entry("a"))
		b.Slow(time.Second)
		o.Put(entry("b"), nil)
		synctest.Wait() // it is being written
		o.Remove("a")
		saved := make(chan map[string]string, 1)
		o.SaveSession(json.RawMessage(`1`), func(error) { saved <- b.Texts() })
		at := <-saved
		require.Len(t, at, 2, "b, and the session; not a")
	})
}

func TestManyAtOnceAreFewWrites(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		o := open(t, b, "s")
		b.Slow(time.Second)
		start := time.Now()
		safe := make(chan error, 100)
		for n := range 100 {
			o.Put(entry(fmt.Sprint(n)), func(err error) { safe <- err })
		}
		for range 100 {
			require.NoError(t, <-safe)
		}
		require.LessOrEqual(t, time.Since(start), 2*time.Second)
	})
}

func TestStoreThatFails(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		o := open(t, b, "s")
		o.put(t, entry("a"))
		b.Fail(errors.New("the disk is full"))
		safe := make(chan error, 2)
		o.Put(entry("b"), func(err error) { safe <- err })
		require.ErrorContains(t, <-safe, "the disk is full")
		o.Remove("a")
		o.SaveSession(json.RawMessage(`1`), func(err error) { safe <- err })
		require.ErrorContains(t, <-safe, "the disk is full")
		require.Equal(t, []string{"b"}, o.references(), "in memory it is complete")
		require.Len(t, o.log, 1, "and says once that it is not elsewhere")

		b.Fail(nil)
		o.put(t, entry("c"))
		require.Len(t, b.Texts(), 3, "b, c and the session are written now, and a is removed: %v", b.Texts())
	})
}

func TestStoreThatHangs(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		o := open(t, b, "s")
		b.Slow(time.Hour)
		start := time.Now()
		safe := make(chan error, 1)
		o.Put(entry("a"), func(err error) { safe <- err })
		require.ErrorIs(t, <-safe, context.DeadlineExceeded)
		require.LessOrEqual(t, time.Since(start), 3*time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		o.Close(ctx)
		o.Put(entry("b"), func(err error) { safe <- err })
		require.Error(t, <-safe, "it is closed")
		wait(10 * time.Second) // the last write is given up
	})
}

func TestNoStore(t *testing.T) {
	run(t, func(t *testing.T) {
		j, _ := journal.Open(t.Context(), journal.Config{})
		safe := make(chan error, 1)
		j.Put(entry("a"), func(err error) { safe <- err })
		require.NoError(t, <-safe)
		require.Len(t, j.Entries(), 1)
		j.Remove("a")
		require.Empty(t, j.Entries())
		require.NoError(t, j.Forget(t.Context()), "nothing is anywhere")
		j.Close(t.Context())
	})
}

// A store that cannot be read at first is written as soon as it can be, and what it has is found then.
func TestOpen_StoreThatCannotBeReadIsUsedLater(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		before := open(t, b, "s")
		before.put(t, entry("left"))
		before.Kill()
		b.Fail(errors.New("no access"))
		o := open(t, b, "s")
		require.Equal(t, []string{"the journal cannot be kept, and a crash would leave nothing: no access"}, o.log)
		safe := make(chan error, 1)
		o.Put(entry("a"), func(err error) { safe <- err })
		require.ErrorContains(t, <-safe, "no access")
		require.Empty(t, o.takeOver(t))
		require.Len(t, o.log, 1, "it says so once")
		b.Fail(nil)
		wait(2 * time.Second) // it tries again by itself
		synctest.Wait()
		require.Len(t, b.Texts(), 2)
		require.Equal(t, []string{"left"}, o.takeOver(t))
	})
}

// Browsers abort single transactions: what comes next is the session that brings the answers.
func TestOpen_ReadThatFailsOnceIsMadeAgain(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		before := open(t, b, "s")
		before.put(t, entry("left"))
		before.SaveSession(json.RawMessage(`{"clientId":"c"}`), nil)
		synctest.Wait()
		before.Kill()
		fails := true
		b.OnStep(func(_ *journaltest.Page, s journaltest.Step) error {
			if s != journaltest.Getting || !fails {
				return nil
			}
			fails = false
			return errors.New("aborted")
		})
		o := open(t, b, "s")
		require.False(t, fails)
		require.Empty(t, o.log)
		require.Len(t, o.Entries(), 1)
		require.NotEmpty(t, o.session)
	})
}

// Without its own lock others would take over what it writes.
func TestOpen_OwnerWithoutALockWritesNothing(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		page := b.Page()
		var log []string
		for range 2 {
			j, _ := journal.Open(t.Context(), journal.Config{Store: page, Locks: page, Scope: "s", Owner: "one", Log: func(line string) { log = append(log, line) }})
			if len(log) > 0 {
				j.Put(entry("a"), nil)
				synctest.Wait()
				require.Error(t, j.Forget(t.Context()), "nor can it remove what is there")
			}
		}
		require.Len(t, log, 1)
		require.Empty(t, b.Texts())
	})
}

func TestForget(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		o := open(t, b, "s")
		o.put(t, entry("a"))
		o.put(t, entry("b"))
		other := open(t, b, "s")
		other.put(t, entry("c"))
		other.SaveSession(json.RawMessage(`1`), func(error) {})
		living := open(t, b, "s")
		living.put(t, entry("d"))
		synctest.Wait()
		other.Kill()
		start := time.Now()
		require.NoError(t, o.Forget(t.Context()))
		require.Zero(t, time.Since(start))
		require.Empty(t, o.Entries())
		o.EndSession()
		o.Close(t.Context())
		require.Len(t, b.Texts(), 1, "what the living have is theirs")
		require.Equal(t, []string{"d"}, living.references())
	})
}

// takeOver returns the references of what an owner finds.
func (o *owner) takeOver(t *testing.T) (list []string) {
	t.Helper()
	found, _ := o.TakeOver(t.Context())
	for _, e := range found {
		list = append(list, e.ReferenceID)
	}
	return list
}

func TestTakeOver_LivingOwnerFindsWhatOthersLeaveAtAnyTime(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		living, other, dying := open(t, b, "s"), open(t, b, "s"), open(t, b, "s")
		living.SaveSession(json.RawMessage(`1`), func(error) {})
		dying.put(t, entry("a"))
		dying.put(t, entry("b"))
		dying.SaveSession(json.RawMessage(`2`), func(error) {})
		synctest.Wait()
		require.Empty(t, living.takeOver(t), "it lives")
		dying.Kill()
		start := time.Now()
		require.Equal(t, []string{"a", "b"}, living.takeOver(t))
		require.Zero(t, time.Since(start), "nobody is waited for")
		require.Empty(t, other.takeOver(t), "who asks first has them")
		require.Empty(t, living.takeOver(t), "each once")
		synctest.Wait()
		require.Len(t, b.Texts(), 3, "two entries, and the session of the living: %v", b.Texts())

		living.Remove("a")
		require.Empty(t, living.takeOver(t), "what was removed does not come back")
		synctest.Wait()
		living.Kill()
		require.Equal(t, []string{"b"}, open(t, b, "s").references())
	})
}

// On a slow machine the locks of a page that is reloaded may outlive it for longer than a journal takes to open.
func TestTakeOver_PageThatIsBeingReloadedIsWaitedFor(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		reloaded := open(t, b, "s")
		reloaded.put(t, entry("a"))
		time.AfterFunc(1900*time.Millisecond, reloaded.Kill)
		next := open(t, b, "s")
		require.Empty(t, next.references(), "its lock is not free yet")
		require.Equal(t, []string{"a"}, next.takeOver(t))
	})
}

func TestTakeOver_LivingOwnerIsWaitedForOnceAndOnlySoonAfterOpening(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		living := open(t, b, "s")
		living.put(t, entry("a"))
		took := func(o *owner) time.Duration {
			t.Helper()
			start := time.Now()
			require.Empty(t, o.takeOver(t))
			return time.Since(start).Round(100 * time.Millisecond)
		}
		next := open(t, b, "s")
		require.Equal(t, 2*time.Second, took(next))
		require.Zero(t, took(next), "by now it is known to live")
		late := open(t, b, "s")
		wait(11 * time.Second)
		require.Zero(t, took(late))

		dead := open(t, b, "s")
		dead.put(t, entry("c"))
		dead.Kill()
		after := open(t, b, "s")
		require.Equal(t, []string{"c"}, after.references())
		require.Zero(t, took(after), "it was the other one that was being reloaded")

		first := open(t, b, "t")
		newer := open(t, b, "t")
		newer.put(t, entry("b"))
		require.Zero(t, took(first), "who has come since is not being reloaded")
	})
}

// A request of this owner may come to nothing: then that of the dead, which may have been processed, counts again.
func TestTakeOver_EntryOfAReferenceThatIsInUse(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(t *testing.T, o *owner)
		want []string // what is found then
		kept int      // texts that are left
	}{
		"until its request comes to nothing": {func(_ *testing.T, o *owner) { o.Withdraw("a") }, []string{"a"}, 1},
		"until its owner dies":               {func(_ *testing.T, o *owner) { o.Kill() }, nil, 2},
		"and is removed with its entry":      {func(_ *testing.T, o *owner) { o.Remove("a") }, nil, 0},
		"and is forgotten with it":           {func(t *testing.T, o *owner) { require.NoError(t, o.Forget(t.Context())) }, nil, 0},
		"that is answered": {func(_ *testing.T, o *owner) {
			answered := entry("a")
			answered.Answer = json.RawMessage(`{"referenceId":"a"}`)
			o.Put(answered, nil)
		}, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				b := journaltest.NewBrowser()
				living, dying := open(t, b, "s"), open(t, b, "s")
				dying.put(t, entry("a"))
				dying.Kill()
				living.put(t, entry("a"))
				for range 2 {
					require.Empty(t, living.takeOver(t))
				}
				test.end(t, living)
				require.Equal(t, test.want, living.takeOver(t))
				synctest.Wait()
				require.Len(t, b.Texts(), test.kept, "%v", b.Texts())
				require.Empty(t, living.takeOver(t))
			})
		})
	}
}

// The original must not go without its copy: here one write fails while the entry changes hands.
// The request was sent again by an owner without a session, to whom nothing was moved yet.
func TestTakeOver_EntryInUseThatADeadOwnerHadBefore(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		first := open(t, b, "s")
		first.put(t, entry("a"))
		first.Kill()
		o := open(t, b, "s")
		inUse := entry("a")
		inUse.Body = "in use"
		o.put(t, inUse)
		wait(time.Second)
		second := open(t, b, "s")
		second.put(t, entry("a"))
		second.Kill()
		require.Empty(t, o.takeOver(t))
		require.Equal(t, "in use", o.Entries()[0].Body)
		o.Kill()
		last := open(t, b, "s")
		require.Len(t, last.Entries(), 1)
	})
}

func TestSaveSession_WriteThatFailsIsMadeAgainWhole(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		first := open(t, b, "s")
		answered := entry("a")
		answered.Answer = json.RawMessage(`{"referenceId":"a"}`)
		first.put(t, answered)
		first.SaveSession(json.RawMessage(`1`), func(error) {})
		synctest.Wait()
		first.Kill()
		o := open(t, b, "s")
		b.Fail(errors.New("once"))
		o.SaveSession(json.RawMessage(`2`), func(error) {})
		synctest.Wait()
		b.Fail(nil)
		o.put(t, entry("b"))
		require.Len(t, b.Texts(), 3, "a, b and a session: %v", b.Texts())
		o.Kill()
		o = open(t, b, "s")
		require.ElementsMatch(t, []string{"a", "b"}, o.references())
		require.Equal(t, `2`, o.session)
	})
}

func TestQueue_WriteThatFailsIsMadeAgainByItself(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		o := open(t, b, "s")
		b.Fail(errors.New("the disk is full"))
		o.Put(entry("a"), nil)
		wait(3 * time.Minute)
		require.True(t, o.Idle(), "nobody is to wait for it")
		b.Fail(nil)
		wait(time.Minute)
		synctest.Wait()
		require.Len(t, b.Texts(), 1)
	})
}

// Of two entries of one reference the one with an answer counts: the server does not send that again.
func TestOpen_AnsweredEntryIsPreferred(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		first, second := open(t, b, "s"), open(t, b, "s")
		answered := entry("a")
		answered.Answer = json.RawMessage(`{"referenceId":"a"}`)
		first.put(t, answered)
		wait(time.Second)
		second.put(t, entry("a"))
		first.Kill()
		second.Kill()
		o := open(t, b, "s")
		require.Len(t, o.Entries(), 1)
		require.NotNil(t, o.Entries()[0].Answer)
		synctest.Wait()
		require.Len(t, b.Texts(), 1)
	})
}

func TestOpen_SessionOfAnIdleOwnerWhoLivesIsKept(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		idle := open(t, b, "s")
		idle.SaveSession(json.RawMessage(`1`), func(error) {})
		wait(journal.MaxAge + time.Hour)
		for _, scope := range []string{"s", "of somebody else"} {
			o := open(t, b, scope)
			o.Close(t.Context())
			require.Len(t, b.Texts(), 1, scope)
		}
		idle.put(t, entry("a"))
		idle.Kill()
		o := open(t, b, "s")
		require.Equal(t, `1`, o.session)
		o.Kill()
		wait(journal.MaxAge + time.Hour)
		o = open(t, b, "of somebody else")
		o.Close(t.Context())
		require.Empty(t, b.Texts(), "nobody lives")
	})
}

// As of a machine that has slept for a week.
func TestOpen_OldSessionOfAnOwnerWhoLivesIsKept(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		asleep := open(t, b, "s")
		asleep.SaveSession(json.RawMessage(`1`), func(error) {})
		synctest.Wait()
		old := b.Texts()
		wait(journal.MaxAge + time.Hour)
		b.Set(old)
		o := open(t, b, "s")
		o.Close(t.Context())
		require.Len(t, b.Texts(), 1)
	})
}

// The store can be read, but not written: what has been taken over and removed is still there.
func TestTakeOver_WhatWasRemovedDoesNotComeBack(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		living, dying := open(t, b, "s"), open(t, b, "s")
		dying.put(t, entry("a"))
		dying.put(t, entry("b"))
		dying.Kill()
		b.FailWrites(errors.New("the disk is full"))
		require.Equal(t, []string{"a", "b"}, living.takeOver(t))
		living.Remove("a")
		require.Empty(t, living.takeOver(t))
		b.FailWrites(nil)
		living.put(t, entry("c"))
		living.Kill()
		require.ElementsMatch(t, []string{"b", "c"}, open(t, b, "s").references())
	})
}

func TestForget_StoreThatFailsIsAnError(t *testing.T) {
	run(t, func(t *testing.T) {
		b := journaltest.NewBrowser()
		o := open(t, b, "s")
		o.put(t, entry("a"))
		b.Fail(errors.New("the disk is broken"))
		require.ErrorContains(t, o.Forget(t.Context()), "the disk is broken")
		o.Remove("b")
		require.ErrorContains(t, o.Written(t.Context()), "the disk is broken", "while it is still there")
		b.Fail(nil)
		require.NoError(t, o.Written(t.Context()))
		require.Empty(t, b.Texts())
	})
}

// A lock that is taken by who has ended is nobody's to take.
func TestTakeOver_AfterTheEndOrDuringItNothingIsTaken(t *testing.T) {
	for name, before := range map[string]time.Duration{"after": 0, "during": 50 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				b := journaltest.NewBrowser()
				closing, dying := open(t, b, "s"), open(t, b, "s")
				dying.put(t, entry("a"))
				dying.Kill()
				b.Slow(100 * time.Millisecond)
				if before > 0 {
					go closing.TakeOver(t.Context())
					wait(before)
				}
				closing.Close(t.Context())
				if before == 0 {
					require.Empty(t, closing.takeOver(t))
				}
				require.Equal(t, []string{"a"}, open(t, b, "s").references())
			})
		})
	}
}
