package gws

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"gws-outbound/internal/httpx"
)

const (
	base     = "https://gws.example.com/prefix"
	postPath = "/api/v2/me/outbound-records/12"
)

// step answers one request.
type step func(ctx context.Context, req *httpx.Request) (*httpx.Response, error)

// fakeServer is a Doer that answers by script, GETs and POSTs each in turn.
type fakeServer struct {
	t    *testing.T
	mu   sync.Mutex
	get  []step
	post []step
	sent []*httpx.Request
}

func (f *fakeServer) Do(ctx context.Context, req *httpx.Request) (*httpx.Response, error) {
	next, err := f.take(req)
	if err != nil {
		return nil, err
	}
	return next(ctx, req)
}

func (f *fakeServer) take(req *httpx.Request) (step, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent = append(f.sent, req)
	script, url := &f.get, base+MePath
	if req.Method == "POST" {
		script, url = &f.post, base+postPath
	}
	if req.URL != url {
		f.t.Errorf("%s %s, expected %s", req.Method, req.URL, url)
	}
	if len(*script) == 0 {
		f.t.Errorf("one %s too many", req.Method)
		return nil, fmt.Errorf("one %s too many", req.Method)
	}
	next := (*script)[0]
	*script = (*script)[1:]
	return next, nil
}

// requests returns what was sent, in order, such as "GET POST POST".
func (f *fakeServer) requests() (methods string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, req := range f.sent {
		if i > 0 {
			methods += " "
		}
		methods += req.Method
	}
	return methods
}

// answer is a step with a body of JSON, or of HTML if it begins with "<".
func answer(status int, body string, header ...string) step {
	h := httpx.Header{}
	for i := 0; i < len(header); i += 2 {
		h[header[i]] = header[i+1]
	}
	return func(context.Context, *httpx.Request) (*httpx.Response, error) {
		return &httpx.Response{Status: status, Header: h, Body: []byte(body)}, nil
	}
}

const okBody = `{"statusCode":0}`

var (
	ok           = answer(200, okBody)
	unauthorized = answer(401, `{"statusCode":20,"statusMessage":"who?"}`)
	csrfRefusal  = answer(403, `{"message":"Missing or invalid Csrf token"}`)
	errReset     = errors.New("connection reset")
)

// me is the answer to the GET, with a CSRF token.
func me(token string) step {
	return answer(200, `{"statusCode":0,"user":{}}`, "x-csrf-header", "X-CSRF-TOKEN", "x-csrf-token", token)
}

func redirected(status int) step {
	return func(context.Context, *httpx.Request) (*httpx.Response, error) {
		return &httpx.Response{Status: status, Redirected: true}, nil
	}
}

func fails(err error) step {
	return func(context.Context, *httpx.Request) (*httpx.Response, error) { return nil, err }
}

func noAnswer(_ context.Context, req *httpx.Request) (*httpx.Response, error) {
	return nil, &httpx.NetworkError{Method: req.Method, URL: req.URL, Err: errReset}
}

// hangs answers only with the end of the context.
func hangs(ctx context.Context, _ *httpx.Request) (*httpx.Response, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// hangsUp is hangs, with an error that doesn't say so.
func hangsUp(ctx context.Context, req *httpx.Request) (*httpx.Response, error) {
	<-ctx.Done()
	return noAnswer(ctx, req)
}

// tokens is a Headers function that gives a new bearer token each time it is
// asked, and counts.
type tokens struct {
	mu    sync.Mutex
	asked []bool // the argument again of each call
	err   error  // from the second call on
}

func (k *tokens) headers(_ context.Context, again bool) (httpx.Header, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked = append(k.asked, again)
	if len(k.asked) > 1 && k.err != nil {
		return nil, k.err
	}
	return httpx.Header{"Authorization": fmt.Sprintf("Bearer %d", len(k.asked)), "x-csrf-token": "the caller's"}, nil
}
