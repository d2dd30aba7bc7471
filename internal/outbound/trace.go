package outbound

import (
	"context"
	"strings"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
)

// traces reports whether the log is to have each request and each call. It has methods, paths, references and outcomes; no headers
// and no bodies.
func (opts *Options) traces() bool { return opts.LogFrom <= bayeux.Debug && opts.Log != nil }

// traced is a Doer that logs what becomes of each request.
type traced struct {
	httpx.Doer
	opts *Options
}

// Do is httpx.Doer's.
func (t *traced) Do(ctx context.Context, r *httpx.Request) (*httpx.Response, error) {
	began := time.Now()
	resp, err := t.Doer.Do(ctx, r)
	t.opts.traceRequest(r, resp, err, time.Since(began), "")
	return resp, err
}

func (opts *Options) traceRequest(r *httpx.Request, resp *httpx.Response, err error, took time.Duration, note string) {
	path, _, _ := strings.Cut(strings.TrimPrefix(r.URL, opts.BaseURL), "?")
	status, size := 0, 0 // of one that got no answer, and of a redirect, of which a browser does not say more
	if err == nil {
		status, size = resp.Status, len(resp.Body)
	}
	opts.logf(bayeux.Debug, "%s %s: HTTP status %d, %d bytes, after %v%s", r.Method, path, status, size, took.Round(time.Millisecond), note)
}

// traceCall logs what has become of a call, which has begun then.
func (c *Client) traceCall(method, reference, what string, began time.Time) {
	c.logf(bayeux.Debug, "%s, reference %s: %s after %v", method, gws.Visible(reference, 100), what, time.Since(began).Round(time.Millisecond))
}
