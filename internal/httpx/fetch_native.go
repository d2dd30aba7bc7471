//go:build !js

package httpx

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
)

// Client is a [Doer] on net/http.
type Client struct{ HTTP *http.Client }

// New returns a Doer with a cookie jar of its own.
func New() *Client {
	jar, _ := cookiejar.New(nil) // cannot fail without options
	return &Client{&http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Do makes a request.
func (c *Client) Do(ctx context.Context, r *Request) (*Response, error) {
	failed := func(err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e := &NetworkError{Method: r.Method, URL: withoutQuery(r.URL), Err: err}
		e.noteCutOff()
		return e
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, failed(err)
	}
	for name, value := range r.Header {
		req.Header.Set(name, value)
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return nil, failed(errors.Unwrap(err)) // without the URL, which may hold a query
	}
	defer resp.Body.Close()
	limit := r.limit()
	arriving := newReporter(r.OnProgress)
	defer arriving.stop()
	body, err := io.ReadAll(&watched{io.LimitReader(resp.Body, limit+1), arriving})
	if err != nil {
		return nil, failed(&cutOff{err})
	}
	if int64(len(body)) > limit {
		return nil, ErrTooLarge
	}
	header := Header{}
	for name, values := range resp.Header {
		header[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	result := &Response{Status: resp.StatusCode, Redirected: redirect(resp.StatusCode), Header: header, Body: body}
	result.decode()
	return result, nil
}

// redirect reports whether status sends the client elsewhere.
func redirect(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}
