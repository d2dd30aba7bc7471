//go:build js && wasm

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gopool"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
	"gws-outbound/internal/outbound"
)

// clientOptions are those of createClient.
type clientOptions struct {
	outbound.Options
	signal safejs.Value
}

func readClientOptions(v safejs.Value) (clientOptions, []gws.Problem) {
	o := newObject("options", v)
	opts := clientOptions{Options: outbound.Options{
		CometdPath:     outbound.DefaultCometdPath,
		Credentials:    httpx.Include,
		CSRF:           true,
		ConnectTimeout: 10 * time.Second,
		RequestTimeout: 10 * time.Second,
		AckTimeout:     30 * time.Second,
		Go:             gopool.Go,
	}}
	opts.BaseURL = readBaseURL(o)
	if o.text("cometdPath", &opts.CometdPath) {
		if err := checkPath(opts.CometdPath); err != "" {
			o.problem("cometdPath", err)
		}
	}
	opts.Transports = readTransports(o)
	o.boolean("guest", &opts.Guest)
	opts.FirstTransport = readFirstTransport(o, opts.Transports)
	o.boolean("appendMessageTypeToURL", &opts.AppendMessageTypeToURL)
	readHeaders(o, &opts.Options)
	readCredentials(o, &opts.Options)
	o.boolean("csrf", &opts.CSRF)
	if o.texts("channels", &opts.Channels) {
		for _, channel := range opts.Channels {
			if err := bayeux.CheckChannel(channel); err != nil {
				o.problem("channels", err.Error())
			}
		}
	}
	o.boolean("allowUnknownCallResult", &opts.AllowUnknownCallResult)
	o.milliseconds("connectTimeout", &opts.ConnectTimeout)
	o.milliseconds("requestTimeout", &opts.RequestTimeout)
	o.milliseconds("ackTimeout", &opts.AckTimeout)
	o.bytes("maxMessageSize", &opts.MaxMessageSize)
	var journal bool
	if o.boolean("journal", &journal); journal {
		opts.Journal = openJournal
	}
	readLogLevel(o, &opts.Options)
	opts.signal = o.signal("signal")
	return opts, o.done()
}

func readBaseURL(o *object) string {
	var base string
	if !o.text("baseUrl", &base) {
		location, err := safejs.Global().Get("location")
		if err == nil && !location.IsUndefined() {
			if origin, err := location.Get("origin"); err == nil {
				base, _ = origin.String()
			}
		}
	}
	url, err := gws.ParseBaseURL(base)
	if err != nil {
		o.problem("baseUrl", err.Error())
	}
	return url
}

// checkPath says what is wrong with a path that is to be put behind the base
// URL: it must not lead to another origin.
func checkPath(path string) string {
	switch {
	case !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//"):
		return "must be a path that begins with one /"
	case len(path) > 1024:
		return "is longer than 1024 characters"
	case strings.ContainsAny(path, "?#\\ ") || strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "must be a path alone, without query, fragment, backslash, space or control characters"
	case slices.ContainsFunc(strings.Split(path, "/"), dots):
		return "must not have . or .. as a segment"
	}
	return ""
}

// dots reports whether a segment of a path leads upwards or nowhere: browsers
// take a dot in percent-encoding for one, too.
func dots(segment string) bool {
	segment = strings.ReplaceAll(strings.ToLower(segment), "%2e", ".")
	return segment == "." || segment == ".."
}

func readTransports(o *object) []string {
	names := []string{outbound.WebSocket, outbound.LongPolling}
	o.texts("transports", &names)
	if len(names) == 0 {
		o.problem("transports", "must name at least one transport")
	}
	var known []string
	for _, name := range names {
		switch {
		case name != outbound.WebSocket && name != outbound.LongPolling:
			o.problem("transports", fmt.Sprintf("unknown transport %.40q: there are websocket and long-polling", name))
		case !slices.Contains(known, name):
			known = append(known, name)
		}
	}
	return known
}

// readFirstTransport reads what the loader remembers of the page before: see
// js/src/transport-memory.ts. What is none of the transports is ignored.
func readFirstTransport(o *object, transports []string) string {
	var name string
	if o.text("firstTransport", &name); slices.Contains(transports, name) {
		return name
	}
	return ""
}

func readCredentials(o *object, opts *outbound.Options) {
	var s string
	if !o.text("credentials", &s) {
		return
	}
	switch c := httpx.Credentials(s); c {
	case httpx.Include, httpx.SameOrigin, httpx.Omit:
		opts.Credentials = c
	default:
		o.problem("credentials", fmt.Sprintf("must be include, same-origin or omit, got %.40q", s))
	}
}

// callOptions reads the options of a call of the method.
func (o *object) callOptions(method string) (opts outbound.CallOptions, signal safejs.Value, problems []gws.Problem) {
	o.milliseconds("ackTimeout", &opts.AckTimeout)
	if gws.TakesCallResult(method) {
		o.boolean("allowUnknownCallResult", &opts.AllowUnknownCallResult)
	}
	signal = o.signal("signal")
	return opts, signal, o.done()
}
