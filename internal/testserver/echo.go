//go:build !js

package testserver

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Echo is a server of GWS that repeats, at one place of its answers, all that it has got and given as a secret: header
// fields, CSRF tokens, ids of sessions, cookies, the body of a request. Its base URL is
//
//	/echo/{id}/{place}/{encoding}/{turn}
//
// The id tells tests apart. At other places it answers as a server that works. As quotations end after some
// characters, the turn says what the repetition begins with: it has the secrets in another order, and some more letters before.
type Echo struct {
	mu      sync.Mutex
	seen    map[string][]string    // by the id, each secret once
	given   map[string][]string    // ids of sessions that may not have arrived, by the id
	waiting map[string]chan []byte // events, by the id
}

// EchoPlaces are the places where it can repeat them.
var EchoPlaces = []string{
	"sign-in 401", "sign-in 403", "sign-in 404", "sign-in 500", "sign-in HTML", "sign-in text", "sign-in status", "sign-in redirect",
	"CSRF name", "Retry-After",
	"POST 401", "POST 403", "POST 404", "POST 500", "POST HTML", "POST text", "POST status", "POST status 403", "POST cut", "POST redirect",
	"handshake", "handshake none", "handshake types", "handshake advice", "connect", "connect none", "connect ext", "subscribe",
	"disconnect", "CometD 403", "CometD 500", "CometD HTML", "CometD text", "CometD garbage",
	"close", "event", "event type",
}

// EchoEncodings are the ways in which it writes them.
var EchoEncodings = map[string]func(string) string{
	"plain":   func(s string) string { return s },
	"percent": url.QueryEscape,
	"every":   func(s string) string { return each(s, "%%%02x") },
	"json": func(s string) string {
		b, _ := json.Marshal(s)
		return strings.ReplaceAll(strings.Trim(string(b), `"`), "/", `\/`)
	},
	"units":  func(s string) string { return each(s, `\u%04x`) },
	"html":   html.EscapeString,
	"base64": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"inside": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("{" + s + "}")) },
}

func each(s, format string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

// saw remembers secrets.
func (e *Echo) saw(id string, values ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.seen == nil {
		e.seen = map[string][]string{}
	}
	for _, v := range values {
		if v != "" && !slices.Contains(e.seen[id], v) {
			e.seen[id] = append(e.seen[id], v)
		}
	}
}

// Seen returns all that a client of that id must keep secret.
func (e *Echo) Seen(id string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append(slices.Clone(e.seen[id]), e.given[id]...)
}

// gave remembers the id of a session that only the reply to its handshake has.
func (e *Echo) gave(id, session string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.given == nil {
		e.given = map[string][]string{}
	}
	e.given[id] = append(e.given[id], session)
}

// ServeHTTP serves it, to any origin.
func (e *Echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if origin := r.Header.Get("Origin"); origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
		h.Set("Access-Control-Expose-Headers", "X-CSRF-HEADER, X-CSRF-TOKEN, Retry-After")
	}
	if r.Method == http.MethodOptions {
		return
	}
	parts := strings.SplitN(strings.TrimPrefix(r.URL.EscapedPath(), "/echo/"), "/", 5)
	if len(parts) < 5 {
		http.NotFound(w, r)
		return
	}
	id := parts[0]
	if parts[4] == "seen" {
		_ = json.NewEncoder(w).Encode(e.Seen(id))
		return
	}
	place, _ := url.PathUnescape(parts[1])
	turn, _ := strconv.Atoi(parts[3])
	body, _ := io.ReadAll(r.Body)
	a := echoAnswer{Echo: e, id: id, place: place, encode: EchoEncodings[parts[2]], turn: turn, body: body, w: w, r: r}
	for name, values := range r.Header {
		if strings.HasPrefix(name, "X-Secret") || name == "Authorization" {
			e.saw(id, values...)
		}
	}
	for _, c := range r.Cookies() {
		if strings.HasPrefix(c.Name, "seen") {
			e.saw(id, c.Value)
		}
	}
	switch {
	case parts[4] == "api/v2/me":
		a.signIn()
	case strings.HasPrefix(parts[4], "api/v2/me/"):
		a.post()
	case strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		a.socket()
	default:
		a.cometd()
	}
}

// echoAnswer is an answer of it.
type echoAnswer struct {
	*Echo
	id, place string
	encode    func(string) string
	turn      int
	body      []byte
	w         http.ResponseWriter
	r         *http.Request
}

// all is what it repeats, with a session that it is about to give.
func (a *echoAnswer) all(session ...string) string {
	a.mu.Lock()
	values := append(slices.Clone(a.seen[a.id]), session...)
	a.mu.Unlock()
	if len(values) > 0 {
		n := a.turn % len(values)
		values = append(values[n:], values[:n]...)
	}
	var b strings.Builder
	b.WriteString(strings.Repeat("x", 13*a.turn))
	for _, v := range values {
		b.WriteString(" '" + a.encode(v) + "'")
	}
	b.WriteString(a.encode(string(a.body)))
	return b.String()
}

func (a *echoAnswer) write(status int, contentType, body string) {
	a.w.Header().Set("Content-Type", contentType)
	a.w.WriteHeader(status)
	_, _ = io.WriteString(a.w, body)
}

// refuse answers as the place says if that is of this kind of request; ok is false if it is not.
func (a *echoAnswer) refuse(kind string) (ok bool) {
	how, ok := strings.CutPrefix(a.place, kind+" ")
	if !ok {
		return false
	}
	inJSON, _ := json.Marshal(a.all())
	switch how {
	case "HTML":
		a.write(200, "text/html", "<title>Sign in</title>"+a.all())
	case "text":
		a.write(200, "text/plain", a.all())
	case "cut":
		a.write(403, "text/plain", a.all()[:150]+"…")
	case "status":
		a.write(200, "application/json", `{"statusCode":3,"statusMessage":`+string(inJSON)+`}`)
	case "status 403":
		a.write(403, "application/json", `{"statusCode":5,"statusMessage":`+string(inJSON)+`}`)
	case "redirect":
		a.w.Header().Set("Location", "/echo?"+url.QueryEscape(a.all()))
		a.w.WriteHeader(302)
	default:
		status, err := strconv.Atoi(how)
		if err != nil {
			return false
		}
		a.write(status, "application/json", `{"timestamp":1,"message":`+string(inJSON)+`}`)
	}
	return true
}

func (a *echoAnswer) signIn() {
	if a.refuse("sign-in") {
		return
	}
	switch a.place {
	case "CSRF name":
		a.w.Header().Set("X-CSRF-HEADER", a.all())
		a.w.Header().Set("X-CSRF-TOKEN", a.token())
	case "Retry-After":
		a.w.Header().Set("Retry-After", a.all())
		a.write(503, "text/plain", "busy")
		return
	default:
		a.w.Header().Set("X-CSRF-HEADER", "X-Secret-CSRF")
		a.w.Header().Set("X-CSRF-TOKEN", a.token())
	}
	a.write(200, "application/json", `{"statusCode":0,"user":{"id":"u1"}}`)
}

// token makes a new secret.
func (a *echoAnswer) token() string {
	t := random()
	a.saw(a.id, t)
	return t
}

func random() string { return strings.ToLower(rand.Text()) + "+/=" + rand.Text() }

func (a *echoAnswer) post() {
	var request struct{ ReferenceID, PhoneNumber, CallingList string }
	_ = json.Unmarshal(a.body, &request)
	a.saw(a.id, request.PhoneNumber, request.CallingList)
	if a.refuse("POST") {
		return
	}
	event := map[string]any{"notificationType": "RecordError", "referenceId": request.ReferenceID, "text": a.all()}
	if a.place == "event type" {
		event["notificationType"] = a.all()
	}
	a.write(200, "application/json", `{"statusCode":0}`)
	data, _ := json.Marshal(event)
	a.events(a.id) <- data
}
