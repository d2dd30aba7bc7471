package longpolling

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/fmt"
	"gws-outbound/internal/httpx"
)

// post sends messages as one array and returns the body of the response, of
// which it only checks that the status is 200. If ctx ends first, the error is
// its cause. While the response is arriving, progress is called.
func post(ctx context.Context, o Options, messages []bayeux.Message, progress func()) (frame []byte, err error) {
	defer func() {
		if p := recover(); p != nil { // in a browser it would end the whole program
			err = &bayeux.InternalError{Value: p}
		}
	}()
	body, err := bayeux.Encode(messages)
	if err != nil {
		return nil, fmt.Errorf("encoding messages: %w", err)
	}
	limit := cmp.Or(o.MaxMessageSize, bayeux.DefaultMaxMessageSize)
	resp, err := o.Doer.Do(ctx, &httpx.Request{
		Method:      "POST",
		URL:         address(o, messages),
		Header:      header(o),
		Body:        body,
		Credentials: o.Credentials,
		MaxBody:     int64(limit),
		KeepAlive:   slices.ContainsFunc(messages, isDisconnect),
		OnProgress:  progress,
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, httpx.ErrTooLarge):
		return nil, &bayeux.TooLargeError{Limit: limit}
	case err != nil:
		return nil, &requestError{err}
	case resp.Status != 200:
		return nil, &StatusError{Status: resp.Status, Quote: quote(resp.Body), After: resp.RetryAfter(time.Now())}
	}
	return resp.Body, nil
}

// isDisconnect reports whether m ends the session: a page does that when it
// goes away.
func isDisconnect(m bayeux.Message) bool { return m.Channel == metaDisconnect }

// address is where messages go.
func address(o Options, messages []bayeux.Message) string {
	if !o.AppendMessageType || len(messages) != 1 || strings.Contains(o.URL[strings.LastIndex(o.URL, "/")+1:], ".") {
		return o.URL
	}
	switch kind, meta := strings.CutPrefix(messages[0].Channel, "/meta/"); {
	case meta && (kind == "handshake" || kind == "connect" || kind == "disconnect"):
		return strings.TrimSuffix(o.URL, "/") + "/" + kind
	}
	return o.URL
}

func header(o Options) httpx.Header {
	h := httpx.Header{"Content-Type": "application/json"}
	if o.Header == nil {
		return h
	}
	for name, value := range o.Header() {
		if !strings.EqualFold(name, "Content-Type") {
			h[name] = value
		}
	}
	return h
}
