package outbound

import (
	"context"

	"gws-outbound/internal/bayeux"
)

// session is what brings the events: a [bayeux.Client], or the page's own session, a [bayeux.Adopted].
type session interface {
	Connect(context.Context) error
	Subscribe(ctx context.Context, channel string, handler bayeux.Handler) (*bayeux.Subscription, error)
	TrySubscribe(ctx context.Context, channel string, handler bayeux.Handler) (*bayeux.Subscription, error)
	Watch() (bayeux.Status, <-chan struct{})
	AddWaiters(int)
	NoteRequest() (end func(answered bool))
	Events() int
	Dropped() int
	Alive() <-chan struct{}
	Wake()
	Away()
	End(reason error)
	Close(context.Context)
}

var (
	_ session = (*bayeux.Client)(nil)
	_ session = (*bayeux.Adopted)(nil)
)

// newSession returns the session that the options ask for.
func (opts Options) newSession(o bayeux.Options) session {
	if opts.Adopted == nil {
		return bayeux.New(o)
	}
	opts.Adopted.Start(o)
	return opts.Adopted
}
