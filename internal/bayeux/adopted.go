package bayeux

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"gws-outbound/internal/fmt"
)

// Owner is who has the session that an [Adopted] uses: a page with its own cometd.js. Its methods do not
// wait; what comes of them is said to the Adopted.
type Owner interface {
	// Subscribe subscribes to a channel: in this session, and in each that follows.
	Subscribe(channel string)
	// Unsubscribe ends that.
	Unsubscribe(channel string)
}

// OwnerStatus is what the owner says of its session.
type OwnerStatus struct {
	Up        bool   // the server has answered the last connect
	Session   int    // how many sessions there were: see [Status]
	ClientID  string // "" if it is not known
	Transport string // "" if it is none that has a name here

	// Unacknowledged says that the session is known to be without acknowledged delivery.
	Unacknowledged bool

	// Of what keeps it from being up, at most one is set.
	HandshakeRefused string // what the server has said to the last handshake
	ConnectRefused   string // or to the last connect
	Reason           string // anything else, in words
}

// reason is why it is not up, nil where nothing is known.
func (o *OwnerStatus) reason() error {
	switch {
	case o.HandshakeRefused != "":
		return &HandshakeError{Refusal: parseRefusal(text(o.HandshakeRefused))}
	case o.ConnectRefused != "":
		return &SessionError{parseRefusal(text(o.ConnectRefused))}
	case o.Reason != "":
		return errors.New(o.Reason)
	}
	return nil
}

// Adopted is a session that somebody else opens, keeps, and ends. It signs in, hears its own channels and nothing
// else, and is connected while the owner's session is up and has these channels. It can be used as a [Client],
// but that it can neither look into a silence nor make anything quicker: that is up to the owner.
//
// The methods that say what has happened to the session may be called before Start, from any goroutine,
// one at a time. They do not wait.
type Adopted struct {
	opts  Options
	owner Owner
	box   *mailbox
	ctx   context.Context // done when it is closed
	end   context.CancelFunc
	done  chan struct{} // closed when the loop has ended

	statusWatch
	counts

	// All that follows belongs to the loop.

	subscriptions []*subscription
	is            OwnerStatus
	begun         bool // Connect was called
	established   bool // it was connected once
	signedIn      bool // since this session began
	attempt       int  // counts attempts to sign in: an older one is stale
	retries       retries
	retryAt       time.Time // when the next attempt is made; zero if none is planned
	problem       error     // why it has not signed in, or not all channels
	waiters       int
	alive         []chan struct{} // to be closed when something is heard
	warned        bool
}

// NewAdopted returns an Adopted that is to be started.
func NewAdopted(owner Owner) *Adopted {
	ctx, end := context.WithCancel(context.Background())
	return &Adopted{owner: owner, box: newMailbox(), ctx: ctx, end: end, done: make(chan struct{}), statusWatch: newStatusWatch()}
}

// Start gives it its options. Those count that are not about transports, nor about a session to be resumed or saved.
func (a *Adopted) Start(opts Options) {
	if opts.Random == nil {
		opts.Random = rand.Float64
	}
	a.opts = opts
	go func() {
		defer close(a.done)
		a.box.run(a.ctx, func(p any) {
			a.opts.logf(Warn, "internal error: %v\n%s", p, debug.Stack())
			a.finish(&InternalError{p})
		})
	}()
}

// Connect signs in, and waits until the session has every channel that was subscribed to: as [Client.Connect], also in
// its errors.
func (a *Adopted) Connect(ctx context.Context) error {
	a.box.put(func() {
		a.begun = true
		a.signIn()
		a.update()
	})
	return a.awaitConnected(ctx)
}

// Subscribe is as [Client.Subscribe].
func (a *Adopted) Subscribe(ctx context.Context, channel string, handler Handler) (*Subscription, error) {
	return a.add(ctx, &subscription{pattern: channel, handler: handler})
}

// TrySubscribe is as [Client.TrySubscribe].
func (a *Adopted) TrySubscribe(ctx context.Context, channel string, handler Handler) (*Subscription, error) {
	return a.add(ctx, &subscription{pattern: channel, handler: handler, optional: true})
}

func (a *Adopted) add(ctx context.Context, s *subscription) (*Subscription, error) {
	channel := s.pattern
	if err := CheckChannel(channel); err != nil {
		return nil, err
	}
	s.first = make(chan error, 1)
	result := s.first
	cancel := func() <-chan struct{} { // what the page asks of its session then is its own
		done := make(chan struct{})
		if !a.box.put(func() { a.remove(s); close(done) }) {
			close(done)
		}
		return done
	}
	a.box.put(func() {
		i := slices.IndexFunc(a.subscriptions, func(o *subscription) bool { return o.pattern == channel })
		switch {
		case i < 0:
			a.owner.Subscribe(channel)
		case a.granted(a.subscriptions[i]):
			s.session, s.granted = a.is.Session, true
			s.answered(nil)
		}
		a.subscriptions = append(a.subscriptions, s)
		if !a.begun {
			s.answered(nil) // Connect waits for it
		}
	})
	select {
	case err := <-result:
		if err != nil {
			return nil, err
		}
		return &Subscription{cancel}, nil
	case <-ctx.Done():
		cancel()
		return nil, ctx.Err()
	case <-a.done:
		status, _ := a.Watch()
		return nil, status.Reason
	}
}

func (a *Adopted) remove(s *subscription) {
	i := slices.Index(a.subscriptions, s)
	if i < 0 {
		return
	}
	a.subscriptions = slices.Delete(a.subscriptions, i, i+1)
	if !slices.ContainsFunc(a.subscriptions, func(o *subscription) bool { return o.pattern == s.pattern }) {
		a.owner.Unsubscribe(s.pattern)
	}
	a.update()
}

// AddWaiters is as [Client.AddWaiters]; it is of use only while signing in has to be tried again.
func (a *Adopted) AddWaiters(change int) {
	a.box.put(func() {
		a.waiters += change
		if in := a.retries.postponed() + a.retries.delay(true, a.opts.Random); change > 0 && a.retryAt.After(time.Now().Add(in)) {
			a.signInAfter(in)
		}
	})
}

// Wake has signing in tried again at once, where that has to be, unless the server has asked for a pause. Whether the
// connection lives, the owner finds out.
func (a *Adopted) Wake() {
	a.box.put(func() {
		if !a.retryAt.IsZero() && a.retries.postponed() == 0 {
			a.signInAfter(0)
		}
	})
}

// Away does nothing: the requests are the owner's.
func (a *Adopted) Away() {}

// NoteRequest is as [Client.NoteRequest]; nobody asks for the time that it takes.
func (a *Adopted) NoteRequest() (end func(answered bool)) { return func(bool) {} }

// Alive returns a channel that is closed when the next event or answer to a connect comes from the server.
func (a *Adopted) Alive() <-chan struct{} {
	alive := make(chan struct{})
	a.box.put(func() { a.alive = append(a.alive, alive) })
	return alive
}

// Close ends the use of the session, which goes on. It does not wait for the server.
func (a *Adopted) Close(context.Context) {
	a.End(ErrClosed)
	<-a.done
}

// End is Close for that reason, and does not wait.
func (a *Adopted) End(reason error) { a.box.put(func() { a.finish(reason) }) }

func (a *Adopted) finish(reason error) {
	if a.ctx.Err() != nil {
		return
	}
	a.end()
	a.attempt++
	for _, s := range a.subscriptions {
		s.answered(reason)
	}
	a.report(Status{State: Closed, Reason: reason, Session: a.is.Session})
}

// SetStatus says what has become of the session. After a new session it comes before what is said of its channels.
// It also says that something was heard from the server, where Up is true.
func (a *Adopted) SetStatus(is OwnerStatus) {
	a.box.put(func() {
		if a.ctx.Err() != nil {
			return
		}
		was := a.is
		a.is = is
		if is.ClientID != "" && is.ClientID != was.ClientID && a.opts.Secret != nil {
			a.opts.Secret(is.ClientID)
		}
		if is.Up {
			a.hear()
		}
		if is.Unacknowledged && is.Session > 0 && !a.warned {
			a.warned = true
			a.opts.logf(Warn, "the page's own CometD session has no acknowledged delivery (the AckExtension of cometd.js, and that of the server): what the server writes into a connection that has just died is lost")
		}
		renewed := is.Session != was.Session && was.Session > 0
		if renewed && a.begun {
			a.signIn() // it may be somebody else's
		}
		a.update() // first, as OnGap has it
		switch {
		case renewed:
			const lost = "the page's cometd.js has a new session: what the server held for the one before is lost"
			a.opts.logf(Info, lost)
			a.gap(lost)
		case was.Up && !is.Up && is.Unacknowledged:
			a.gap(fmt.Sprintf("without acknowledged delivery, the page's cometd.js has lost its connection: %v", is.reason()))
		}
	})
}

// Granted says that the session has the channel.
func (a *Adopted) Granted(channel string) {
	a.box.put(func() {
		for _, s := range a.subscribed(channel) {
			s.session, s.granted = a.is.Session, true
			s.answered(nil)
		}
		if a.signedIn {
			a.problem = nil
		}
		a.update()
	})
}

// Refused says that the server has refused the channel, in its words. Where the session had it before, the owner tries again.
func (a *Adopted) Refused(channel, words string) {
	a.box.put(func() {
		refused := &SubscribeError{Refusal: parseRefusal(text(words)), Channel: channel}
		list := a.without(channel, refused)
		switch {
		case refused.unknownSession(): // the owner will have another one
		case a.begun && !a.established && !optional(list):
			a.finish(refused)
			return
		default: // who has heard it before may do so again in another session
			for _, s := range list {
				if s.first != nil {
					a.remove(s)
					s.answered(refused)
				}
			}
			if optional(list) {
				a.problem = nil
			}
		}
		a.update()
	})
}

// Missing says that the session does not have the channel, or not any more, and why. The owner tries again.
func (a *Adopted) Missing(channel, reason string) {
	a.box.put(func() {
		a.without(channel, errors.New(reason))
		a.update()
	})
}

// without notes that the session does not have the channel, and returns the subscriptions to it.
func (a *Adopted) without(channel string, why error) []*subscription {
	a.problem = why
	list := a.subscribed(channel)
	for _, s := range list {
		s.session = 0
	}
	return list
}

// Deliver takes an event of the channel or pattern that was subscribed to.
func (a *Adopted) Deliver(subscription string, m Message) {
	a.box.put(func() {
		a.hear()
		a.events.Add(1)
		if a.opts.traces() {
			a.opts.logf(Debug, "the page's own session, received an event of %d bytes: %s", len(m.Data), shown(m.Channel))
		}
		for _, s := range a.subscribed(subscription) {
			a.opts.call(s, &m)
		}
	})
}

// Lost says that an event could not be delivered, and why.
func (a *Adopted) Lost(subscription, why string) {
	a.box.put(func() {
		a.hear()
		a.dropped.Add(1)
		left := fmt.Sprintf("an event on %s of the page's cometd.js is left out: %s", subscription, why)
		a.opts.logf(Warn, "%s", left)
		a.gap(left)
	})
}

// subscribed returns the subscriptions to a channel or pattern.
func (a *Adopted) subscribed(pattern string) (list []*subscription) {
	for _, s := range a.subscriptions {
		if s.pattern == pattern {
			list = append(list, s)
		}
	}
	return list
}

func (a *Adopted) granted(s *subscription) bool { return a.is.Session > 0 && s.session == a.is.Session }

func (a *Adopted) hear() {
	for _, alive := range a.alive {
		close(alive)
	}
	a.alive = nil
}

func (a *Adopted) gap(reason string) {
	if a.opts.OnGap != nil {
		a.opts.OnGap(reason)
	}
}

// signIn signs in, and goes on trying.
func (a *Adopted) signIn() {
	a.attempt++
	a.retryAt = time.Time{}
	if a.signedIn = a.opts.Prepare == nil; a.signedIn {
		return
	}
	attempt := a.attempt
	go func() {
		err := a.opts.prepare(a.ctx)
		a.box.put(func() {
			if a.attempt == attempt {
				a.triedToSignIn(err)
			}
		})
	}()
}

func (a *Adopted) triedToSignIn(err error) {
	switch {
	case err == nil:
		a.signedIn, a.problem = true, nil
		a.retries.steady()
	case !a.established && a.opts.Final != nil && a.opts.Final(err):
		a.finish(err)
		return
	default:
		a.problem = err
		a.retries.failed()
		a.signInAfter(a.retries.heed(err, 0) + a.retries.delay(a.waiters > 0, a.opts.Random))
		return
	}
	a.update()
}

// signInAfter has signing in tried again in d, and not at the time that was planned before.
func (a *Adopted) signInAfter(d time.Duration) {
	a.attempt++
	a.retryAt = time.Now().Add(d)
	attempt := a.attempt
	time.AfterFunc(d, func() {
		a.box.put(func() {
			if a.attempt == attempt {
				a.signIn()
				a.update()
			}
		})
	})
	a.update()
}

// missing returns a subscription that keeps it from being connected, or nil: one that is being added does not, nor one that the session can do without.
func (a *Adopted) missing() *subscription {
	i := slices.IndexFunc(a.subscriptions, func(s *subscription) bool { return !a.granted(s) && s.first == nil && !s.optional })
	if i < 0 {
		return nil
	}
	return a.subscriptions[i]
}

// update reports what follows from all that is known.
func (a *Adopted) update() {
	if a.ctx.Err() != nil || !a.begun {
		return
	}
	missing := a.missing()
	s := Status{State: Connecting, Transport: a.is.Transport, Session: a.is.Session}
	if a.established {
		s.State = Reconnecting
	}
	switch {
	case !a.signedIn && a.problem != nil:
		s.Reason, s.RetryIn = a.problem, max(time.Until(a.retryAt), 0)
	case !a.is.Up || a.is.Session == 0:
		s.Reason = a.is.reason()
	case missing != nil && a.problem != nil:
		s.Reason = a.problem
	case missing != nil:
		s.Reason = fmt.Errorf("the server has not confirmed the subscription to %s", missing.pattern)
	case a.signedIn:
		a.established, a.problem = true, nil
		s.State = Connected
	}
	a.report(s)
}

func (a *Adopted) report(s Status) { a.statusWatch.report(s, &a.opts) }

// optional reports whether the session goes on without a channel that has these subscriptions.
func optional(list []*subscription) bool {
	return !slices.ContainsFunc(list, func(s *subscription) bool { return !s.optional })
}
