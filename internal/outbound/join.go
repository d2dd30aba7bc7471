package outbound

import (
	"context"
	"errors"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
)

// Identity is who is signed in with the credentials that some options give.
type Identity struct{ signedIn *gws.Auth }

// Identity returns who has signed in first.
func (c *Client) Identity() *Identity { return &Identity{c.rest} }

func (who *Identity) auth() *gws.Auth {
	if who == nil {
		return nil
	}
	return who.signedIn
}

// identifyAgain is how long to wait until who is signed in is asked again, where that got no answer.
const identifyAgain = time.Second

// Identify has the server say who is signed in with the credentials of the options, as [Open] would first. It tries until
// ConnectTimeout is over. An error is an *[Error], its delivery not-sent.
func Identify(ctx context.Context, opts Options) (*Identity, error) {
	doer, _ := opts.doer(httpx.New())
	auth := gws.NewAuth(gws.Config{
		BaseURL: opts.BaseURL, Doer: doer, Headers: opts.headers(), HeadersDynamic: opts.HeadersDynamic,
		Credentials: opts.Credentials, CSRF: opts.CSRF, RequestTimeout: opts.RequestTimeout, Secret: opts.Secrets.AddToken, Sends: opts.Secrets.AddHeader,
	})
	limited, cancel := context.WithTimeout(ctx, opts.ConnectTimeout)
	defer cancel()
	last := errors.New("the server has not answered")
	for {
		err := auth.SignIn(limited)
		switch {
		case err == nil:
			return &Identity{auth}, nil
		case ctx.Err() != nil:
			return nil, AbortedError(ctx, gws.NotSent)
		case final(err):
			e := sessionError(err, gws.NotSent)
			opts.explainSignIn(e, false)
			return nil, e.withSymptom()
		case isPending(err):
			return nil, &Error{Code: ConnectFailed, Message: noSessionWithoutHeaders, Delivery: gws.NotSent}
		case limited.Err() == nil:
			last = err
		}
		select {
		case <-time.After(identifyAgain):
		case <-limited.Done():
			return nil, sessionError(&bayeux.ConnectError{Err: last}, gws.NotSent).withSymptom()
		}
	}
}

func isPending(err error) bool {
	_, pending := errors.AsType[*gws.HeadersPendingError](err)
	return pending
}

// IsFor reports whether the client is for that agent. Where credentials may be others than the client's own (they are said to be alike
// otherwise), the server must name somebody.
func (c *Client) IsFor(who *Identity, alike bool) bool {
	return c.rest.SameAgent(who.signedIn) && (alike || who.signedIn.User() != "")
}

// Ready waits until calls can be made, for ConnectTimeout at most. An error is an *[Error], its delivery not-sent.
func (c *Client) Ready(ctx context.Context) error {
	if err := c.ready(ctx); err != nil {
		return c.explain(err)
	}
	return nil
}

// Status returns what was last passed to OnStatus, or is about to be.
func (c *Client) Status() bayeux.Status {
	status, _ := c.session.Watch()
	return status
}
