package core

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
	"gws-outbound/internal/outbound"
	"gws-outbound/internal/wire"
)

// readOptions reads the options of createClient; package contract has a table of them.
func (p *Port) readOptions(m *wire.CreateClient) (outbound.Options, []gws.Problem) {
	o := readObject(m.Options)
	opts := p.optionsOf(o, m)
	return opts, o.done()
}

func (p *Port) optionsOf(o *object, m *wire.CreateClient) outbound.Options {
	opts := outbound.Options{
		CometdPath:     outbound.DefaultCometdPath,
		Credentials:    httpx.Include,
		CSRF:           true,
		ConnectTimeout: 10 * time.Second,
		RequestTimeout: 10 * time.Second,
		AckTimeout:     30 * time.Second,
	}
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
	p.readHeaders(o, m, &opts)
	readCredentials(o, &opts)
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
		opts.Journal = p.core.config.Journal
	}
	opts.Secrets = &p.core.secrets
	if from, ok := readLogLevel(o); ok {
		opts.Log, opts.LogFrom = p.core.config.Log, from
	}
	o.signal()
	return opts
}

// readHeaders reads the option headers, whose values the page has read, or asks for.
func (p *Port) readHeaders(o *object, m *wire.CreateClient, opts *outbound.Options) {
	switch h := m.Headers; {
	case h.Refused != "":
		o.problem("headers", h.Refused)
	case h.Ask:
		opts.HeadersDynamic = true
		opts.Headers = func(ctx context.Context, _ bool) (httpx.Header, error) { return p.ask(ctx, m.Client) }
	case h.Fields != nil:
		opts.Headers = func(context.Context, bool) (httpx.Header, error) { return h.Fields, nil }
	}
}

// readLogLevel reads which lines are to be logged; ok is false if none are.
func readLogLevel(o *object) (from bayeux.Level, ok bool) {
	level := "warn"
	o.text("logLevel", &level)
	switch level {
	case "debug":
		return bayeux.Debug, true
	case "info":
		return bayeux.Info, true
	case "warn":
		return bayeux.Warn, true
	case "off":
	default:
		o.problem("logLevel", fmt.Sprintf("must be off, warn, info or debug, got %.40q", level))
	}
	return 0, false
}

// readBaseURL reads an option for which the page has put its own origin where there is none.
func readBaseURL(o *object) string {
	var base string
	o.text("baseUrl", &base)
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
		o.problem("credentials", "must be include, same-origin or omit") // what was passed may be a password
	}
}

// readCallOptions reads the options of a call of the method.
func readCallOptions(method string, given any) (opts outbound.CallOptions, problems []gws.Problem) {
	o := readObject(given)
	o.milliseconds("ackTimeout", &opts.AckTimeout)
	if gws.TakesCallResult(method) {
		o.boolean("allowUnknownCallResult", &opts.AllowUnknownCallResult)
	}
	o.signal()
	return opts, o.done()
}

// readCloseOptions reads the options of close.
func readCloseOptions(given any) (forget bool, problems []gws.Problem) {
	o := readObject(given)
	o.boolean("forget", &forget)
	return forget, o.done()
}
