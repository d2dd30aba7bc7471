package core

import (
	"context"
	"slices"
	"strings"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/fmt"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
	"gws-outbound/internal/outbound"
	"gws-outbound/internal/wire"
)

// optionsReader reads the options of createClient: the table of package contract says which there are.
type optionsReader struct {
	*object
	port    *Port
	message *wire.CreateClient
	opts    outbound.Options
}

func (p *Port) readOptions(m *wire.CreateClient) (outbound.Options, []gws.Problem) {
	r := &optionsReader{object: readObject(m.Options), port: p, message: m}
	r.opts.Secrets = &p.core.secrets
	r.opts.AwaitTurn = p.core.config.Turns
	r.readEach()
	r.firstTransport()
	return r.opts, r.done()
}

// baseUrl has the page's own origin where there is none.
func (r *optionsReader) baseUrl() {
	var base string
	r.text("baseUrl", &base)
	url, err := gws.ParseBaseURL(base)
	switch {
	case base == "null":
		r.problem("baseUrl", "must be given: this page has no origin of its own, as in a sandboxed frame or a file")
	case err != nil:
		r.problem("baseUrl", err.Error())
	case !httpx.CanParseURL(url):
		r.problem("baseUrl", "is not a URL that the browser can use")
	}
	r.opts.BaseURL = url
}

// ofOwnSession are the options that say how a session is to be opened.
var ofOwnSession = []string{"cometdPath", "transports", "guest", "appendMessageTypeToURL"}

// cometd stays on the page, which has looked at it.
func (r *optionsReader) cometd() {
	switch m := r.message; {
	case m.CometD.Refused != "":
		r.problem("cometd", m.CometD.Refused)
	case m.CometD.Adopted:
		r.opts.Adopted = r.port.adoptedBy(m.Client)
		for _, name := range ofOwnSession {
			if v := r.values[name]; v != nil && v != false {
				r.problem(name, "has no meaning beside cometd, since no session is opened then: leave one of them out")
			}
		}
	default:
		if r.read["cometd"] = true; r.values["cometd"] != nil { // started without the loader
			r.problem("cometd", "is an option of createClient of the npm package alone")
		}
	}
}

func (r *optionsReader) cometdPath(byDefault string) {
	r.opts.CometdPath = byDefault
	if r.text("cometdPath", &r.opts.CometdPath) {
		if err := checkPath(r.opts.CometdPath); err != "" {
			r.problem("cometdPath", err)
		}
	}
}

func (r *optionsReader) transports(byDefault []string) {
	names := byDefault
	r.texts("transports", &names)
	if len(names) == 0 {
		r.problem("transports", "must name at least one transport")
	}
	for _, name := range names {
		switch {
		case name != outbound.WebSocket && name != outbound.LongPolling:
			r.problem("transports", fmt.Sprintf("unknown transport %.40q: there are websocket and long-polling", name))
		case !slices.Contains(r.opts.Transports, name):
			r.opts.Transports = append(r.opts.Transports, name)
		}
	}
}

// firstTransport is what the loader remembers of the page before: see js/src/transport-memory.ts. What is none
// of the transports is ignored.
func (r *optionsReader) firstTransport() {
	if name := r.message.FirstTransport; slices.Contains(r.opts.Transports, name) {
		r.opts.FirstTransport = name
	}
}

// headers has values that the page has read, or asks for.
func (r *optionsReader) headers() {
	switch h := r.message.Headers; {
	case h.Refused != "":
		r.problem("headers", h.Refused)
	case h.Ask:
		r.opts.HeadersDynamic = true
		r.opts.Headers = func(ctx context.Context, _ bool) (httpx.Header, error) { return r.port.ask(ctx, r.message.Client) }
	case h.Fields != nil:
		r.opts.Headers = func(context.Context, bool) (httpx.Header, error) { return h.Fields, nil }
	}
}

func (r *optionsReader) credentials(byDefault string) {
	name := byDefault
	r.text("credentials", &name)
	switch c := httpx.Credentials(name); c {
	case httpx.Include, httpx.SameOrigin, httpx.Omit:
		r.opts.Credentials = c
	default:
		r.problem("credentials", "must be include, same-origin or omit") // what was passed may be a password
	}
}

func (r *optionsReader) channels(byDefault []string) {
	r.opts.Channels = byDefault
	r.texts("channels", &r.opts.Channels)
	for _, channel := range r.opts.Channels {
		if err := bayeux.CheckChannel(channel); err != nil {
			r.problem("channels", err.Error())
		}
	}
}

func (r *optionsReader) journal(byDefault bool) {
	journal := byDefault
	if r.boolean("journal", &journal); journal {
		r.opts.Journal = r.port.core.config.Journal
	}
}

func (r *optionsReader) logLevel(byDefault string) {
	name := byDefault
	r.text("logLevel", &name)
	level, known := map[string]bayeux.Level{"debug": bayeux.Debug, "info": bayeux.Info, "warn": bayeux.Warn}[name]
	switch {
	case known:
		r.opts.Log, r.opts.LogFrom = r.port.core.config.Log, level
	case name != "off":
		r.problem("logLevel", fmt.Sprintf("must be off, warn, info or debug, got %.40q", name))
	}
}

// log stays on the page, which takes the lines.
func (r *optionsReader) log() {
	if r.read["log"] = true; r.values["log"] != nil {
		r.problem("log", "must be a function, which createClient of the npm package alone takes")
	}
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
