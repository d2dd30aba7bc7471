package httpx

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/jsbridge"
)

// policyTime is how long the browser may take to report what a policy forbids, and probeTime how long it is waited for an answer
// that nobody may read.
const (
	policyTime = 100 * time.Millisecond
	probeTime  = 3 * time.Second
)

// Mixed reports whether the browser refuses each request to url, since the page came over https and url is not: only that to
// this machine is allowed.
func Mixed(url string) bool {
	if !strings.HasPrefix(url, "http://") || !strings.HasPrefix(pageOrigin(), "https://") {
		return false
	}
	return !isLoopback(hostOf(originOf(url)))
}

// Explain finds out what it can of why a request got no response, and notes it in e. For that it sends a GET without credentials
// to the same URL, whose answer nobody may read.
func Explain(ctx context.Context, e *NetworkError) {
	if e.Cause != Unexplained {
		return
	}
	origin, page := originOf(e.URL), pageOrigin()
	note := func(c Cause) { e.Cause, e.words = c, c.in(origin, page) }
	if Mixed(e.URL) {
		note(MixedContent)
		return
	}
	answered, err := probe(ctx, e.URL)
	switch {
	case err != nil || ctx.Err() != nil:
	case policy().forbids(ctx, origin):
		note(PolicyForbids)
	case answered && origin != page:
		note(CORSForbids)
	case !answered:
		note(NothingAnswers)
	}
}

// NotePolicy notes in e whether a policy has forbidden the request, as far as that was reported by now: it does not wait.
func NotePolicy(e *NetworkError) {
	if origin := originOf(e.URL); e.Cause == Unexplained && policy().has(origin) {
		e.Cause, e.words = PolicyForbids, PolicyForbids.in(origin, pageOrigin())
	}
}

// fits reports whether a browser takes the fields.
func (h Header) fits() bool {
	const inNames = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for name, value := range h {
		if name == "" || strings.Trim(name, inNames) != "" || strings.ContainsFunc(value, func(r rune) bool { return r > 0xff || r == 0 || r == '\r' || r == '\n' }) {
			return false
		}
	}
	return true
}

func pageOrigin() string {
	origin, err := safejs.Global().Get("origin")
	if err != nil || jsbridge.TypeOf(origin) != "string" {
		return ""
	}
	text, _ := origin.String()
	return text
}

// probe reports whether anything answers. An error is one of making the request.
func probe(ctx context.Context, url string) (answered bool, err error) {
	fetch, err := safejs.Global().Get("fetch")
	if err != nil {
		return false, err
	}
	promise, err := fetch.Invoke(url, map[string]any{"mode": "no-cors", "credentials": "omit", "cache": "no-store"})
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	_, err = jsbridge.Await(ctx, promise)
	return err == nil, nil
}

// policyReports are the origins that a Content-Security-Policy has forbidden requests to.
type policyReports struct {
	mu      sync.Mutex
	origins map[string]bool
	more    chan struct{} // closed at the next report
}

// policy listens for what the policy of this scope forbids, from the first call on.
var policy = sync.OnceValue(func() *policyReports {
	p := &policyReports{origins: map[string]bool{}, more: make(chan struct{})}
	listener, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		if len(args) > 0 {
			p.take(args[0])
		}
		return nil
	})
	if err != nil {
		return p
	}
	// Called without its object: that may stand for the real global.
	if listen, err := safejs.Global().Get("addEventListener"); err == nil && jsbridge.TypeOf(listen) == "function" {
		_, _ = listen.Invoke("securitypolicyviolation", listener)
	}
	return p
})

func (p *policyReports) take(event safejs.Value) {
	text := func(name string) string {
		v, err := jsbridge.Get(event, name)
		if err != nil || jsbridge.TypeOf(v) != "string" {
			return ""
		}
		s, _ := v.String()
		return s
	}
	if text("disposition") == "report" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	const most = 100 // a page can make such events itself
	if len(p.origins) < most {
		p.origins[originOf(text("blockedURI"))] = true
	}
	close(p.more)
	p.more = make(chan struct{})
}

// forbids reports whether requests to an origin were forbidden; a report of that may just be coming.
func (p *policyReports) forbids(ctx context.Context, origin string) bool {
	ctx, cancel := context.WithTimeout(ctx, policyTime)
	defer cancel()
	for {
		p.mu.Lock()
		found, more := p.origins[origin], p.more
		p.mu.Unlock()
		if found {
			return true
		}
		select {
		case <-more:
		case <-ctx.Done():
			return false
		}
	}
}

// has reports whether requests to an origin were forbidden by now.
func (p *policyReports) has(origin string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.origins[origin]
}

// AwaitForbidden waits for a report that the policy forbids a socket to url, which is being opened: Chromium says nothing
// else then, neither that it has failed nor that it is closed. It returns nil if none comes.
func AwaitForbidden(ctx context.Context, url string) error {
	origin := originOf(url)
	if !policy().forbids(ctx, origin) {
		return nil
	}
	e := &NetworkError{Method: "GET", URL: withoutQuery(url), Err: errors.New("no WebSocket"), Cause: PolicyForbids}
	e.words = e.Cause.in("http"+strings.TrimPrefix(origin, "ws"), pageOrigin())
	return e
}

// ForbiddenSocket returns the origin of WebSockets to url where the policy has forbidden one, else "". What was forbidden before
// the first call is not known.
func ForbiddenSocket(url string) string {
	origin := socketOrigin(originOf(url))
	if !policy().has(origin) {
		return ""
	}
	return origin
}

// socketOrigin returns the origin for WebSockets, of one for requests.
func socketOrigin(origin string) string { return "ws" + strings.TrimPrefix(origin, "http") }

// OtherLoopback returns how the page calls this machine where url calls it otherwise: localhost and 127.0.0.1 are two sites
// for a browser, so that no cookie passes. It returns "" for all else.
func OtherLoopback(url string) string {
	page, server := hostOf(pageOrigin()), hostOf(originOf(url))
	if page == server || !isLoopback(page) || !isLoopback(server) {
		return ""
	}
	return page
}

// hostOf returns the host of an origin, without its port.
func hostOf(origin string) string {
	_, host, _ := strings.Cut(origin, "://")
	if name, _, ok := strings.Cut(host, ":"); ok && !strings.HasPrefix(host, "[") {
		host = name
	}
	return host
}

func isLoopback(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasPrefix(host, "127.") || strings.HasPrefix(host, "[::1]")
}

// in puts the cause into words, for a request to the origin of a server from a page of another.
func (c Cause) in(origin, page string) string {
	switch c {
	case MixedContent:
		return "a page that came over https may not ask " + origin + " over http: baseUrl must be https as well (errors.md#mixed-content)"
	case PolicyForbids:
		return "the Content-Security-Policy forbids it: connect-src must have " + origin + " and " + socketOrigin(origin) + " (errors.md#connect-src)"
	case CORSForbids:
		return origin + " answers, and does not let this page read it (CORS): for requests from " + page +
			" it must allow that origin by name, credentials, and the headers that are sent (errors.md#cors)"
	case NothingAnswers:
		return "nothing answers at " + origin + ": the server is down; its name, port or certificate is wrong; or the network, or the page's policy (connect-src), is in the way (errors.md#no-answer)"
	default:
		return ""
	}
}

// originOf returns the origin of an absolute URL as gws.ParseBaseURL returns it, or of one below that.
func originOf(url string) string {
	scheme, rest, _ := strings.Cut(url, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + strings.ToLower(host)
}
