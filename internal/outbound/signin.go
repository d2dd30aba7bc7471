package outbound

import (
	"context"
	"errors"
	"strings"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/bayeux/longpolling"
	"gws-outbound/internal/fmt"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
)

// signIn signs in, and finds out why where that gets no response, and the client is not open yet.
func (c *Client) signIn(ctx context.Context) error {
	opened := c.opened.Load()
	url := c.opts.BaseURL + gws.MePath
	if !opened && httpx.Mixed(url) { // nothing is sent
		e := &httpx.NetworkError{Method: "GET", URL: url, Err: errors.New("mixed content")}
		httpx.Explain(ctx, e)
		return e
	}
	err := c.rest.SignIn(ctx)
	if e, ok := errors.AsType[*httpx.NetworkError](err); ok && !opened && c.online() {
		httpx.Explain(ctx, e)
		if e.Cause == httpx.NothingAnswers && !c.warned.Swap(true) {
			c.logf(bayeux.Warn, "%v; it is tried again until connectTimeout is over", err)
		}
	}
	return err
}

// warnOfPolicy says that long-polling is in use only since the page's policy forbids WebSockets.
func (c *Client) warnOfPolicy(s bayeux.Status) {
	if s.State != bayeux.Connected || s.Transport != LongPolling {
		return
	}
	if origin := httpx.ForbiddenSocket(c.opts.BaseURL); origin != "" && !c.warned.Swap(true) {
		c.logf(bayeux.Warn, "the Content-Security-Policy forbids a WebSocket, and long-polling is used: connect-src must have %s (errors.md#connect-src)", origin)
	}
}

// final reports whether the opening of a client is over with this failure. That the server does not allow the
// page, or has no CometD where that is looked for, may be said by a proxy, while the server starts: only the second time is it final.
func (c *Client) final(err error) bool {
	if e, ok := errors.AsType[*longpolling.StatusError](err); ok && (e.Status == 404 || e.Status == 405) {
		c.missing++
		return c.missing > 1
	}
	if e, ok := errors.AsType[*httpx.NetworkError](err); ok {
		httpx.NotePolicy(e) // worker.js may have another policy than the page, which has signed in
		switch e.Cause {
		case httpx.MixedContent, httpx.PolicyForbids:
			return true
		case httpx.CORSForbids:
			c.forbidden++
			return c.forbidden > 1
		}
	}
	return final(err)
}

// symptoms is where errors.md explains an error of the opening whose message does not say so itself, by code.
var symptoms = map[Code]string{
	ConnectFailed:    "errors.md#connecting",
	APIError:         "errors.md#connecting",
	HTTPError:        "errors.md#connecting",
	HandshakeRefused: "errors.md#handshake-refused",
	SubscribeRefused: "errors.md#subscribe-refused",
	Disconnected:     "errors.md#disconnected",
	Unauthorized:     "errors.md#unauthorized",
	AgentChanged:     "errors.md#agent-changed",
}

// explainOpening adds to an error of the opening which option may be wrong, and where errors.md explains it.
func (c *Client) explainOpening(e *Error) *Error {
	c.opts.explainSignIn(e, c.rest.SignedIn())
	if status, _ := c.session.Watch(); e.Code == ConnectFailed && c.opts.Adopted == nil && c.rest.SignedIn() && status.Session == 0 &&
		!strings.Contains(e.Message, "errors.md#") {
		e.Message += fmt.Sprintf("; GET %s was answered, CometD at %q was not: look at cometdPath, and at CORS and proxies there (errors.md#cometd-path)", gws.MePath, c.opts.CometdPath)
	}
	if _, ok := errors.AsType[*bayeux.CookieError](e.Err); ok {
		if page := httpx.OtherLoopback(c.opts.BaseURL); page != "" {
			e.Message += "; the page is at " + page + ", for a browser another site than baseUrl: use one name in both"
		}
		e.Message += " (errors.md#forgotten-session)"
	}
	return e.withSymptom()
}

// explainSignIn adds to an error of signing in which option may be wrong.
func (opts *Options) explainSignIn(e *Error, signedIn bool) {
	if i := strings.Index(strings.ToLower(opts.BaseURL), "/api/v2"); i >= 0 && !signedIn {
		e.Message += fmt.Sprintf("; baseUrl ends in %s, which is put behind it in any case: leave it out (errors.md#base-url)", opts.BaseURL[i:])
	}
	answer, _ := errors.AsType[*gws.HTTPError](e.Err)
	switch {
	case e.Code == HTTPError && answer != nil && (answer.Foreign || answer.Status == 404):
		e.Message += fmt.Sprintf("; GWS was looked for at %s, which is baseUrl, or else the page's own origin (errors.md#not-gws)", opts.BaseURL)
	case e.Code == Unauthorized && opts.Headers == nil:
		e.Message += "; no headers were given, so that the browser's cookie has to sign in"
	case e.Code == Unauthorized:
		e.Message += "; look at the user name and password, or the token, in headers"
	}
}

// withSymptom returns the error with where errors.md explains it, if its message does not say so.
func (e *Error) withSymptom() *Error {
	if symptom := symptoms[e.Code]; symptom != "" && !strings.Contains(e.Message, "errors.md#") {
		e.Message += " (" + symptom + ")"
	}
	return e
}
