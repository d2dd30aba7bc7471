//go:build !js

package core

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/redact"
	"gws-outbound/internal/testserver"
	"gws-outbound/internal/wire"
)

// quotesNothing are places of which nothing is ever quoted.
var quotesNothing = []string{"sign-in 401", "sign-in redirect", "POST 401", "POST redirect", "CSRF name", "handshake advice", "connect ext", "CometD garbage", "close", "event", "sign-in HTML", "CometD HTML"}

func TestSecrets_WhateverAServerRepeats(t *testing.T) {
	echo := &testserver.Echo{}
	server := httptest.NewServer(echo)
	t.Cleanup(server.Close)
	for _, transport := range []string{"websocket", "long-polling", "websocket,long-polling"} {
		for _, place := range testserver.EchoPlaces {
			t.Run(transport+" "+place, func(t *testing.T) {
				patience := 300.0
				if afterConnecting.MatchString(place) {
					patience = 20_000
				}
				var mu sync.Mutex
				withheld := 0
				tryAll := func(patience float64) {
					var running sync.WaitGroup
					for i, encoding := range slices.Sorted(maps.Keys(testserver.EchoEncodings)) {
						for turn := i % 6; turn < 6; turn += 4 {
							running.Go(func() {
								id := url.PathEscape(fmt.Sprintf("%s %s %s %d %v", transport, place, encoding, turn, patience))
								texts := textsOver(t, fmt.Sprintf("%s/echo/%s/%s/%s/%d", server.URL, id, url.PathEscape(place), encoding, turn), transport, turn, patience)
								secrets := echo.Seen(id)
								mu.Lock()
								defer mu.Unlock()
								for _, text := range texts {
									assertNoSecret(t, secrets, text)
									withheld += strings.Count(text, redact.Withheld)
								}
							})
						}
					}
					running.Wait()
				}
				tryAll(patience)
				if !slices.Contains(quotesNothing, place) && !(transport == "websocket" && strings.HasPrefix(place, "CometD")) {
					if withheld == 0 {
						tryAll(30 * patience) // on a busy machine it may not have come so far
					}
					require.NotZero(t, withheld)
				}
			})
		}
	}
}

// afterConnecting are places that are reached once the client is connected.
var afterConnecting = regexp.MustCompile("^(POST|event)")

// textsOver returns all texts that a client, and a call of it, comes to.
func textsOver(t *testing.T, base, transport string, turn int, patience float64) []string {
	var mu sync.Mutex
	var texts []string
	// A request may end, and be logged, once the client is closed.
	all := func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(texts)
	}
	c := New(Config{Log: func(_ bayeux.Level, line string) {
		mu.Lock()
		defer mu.Unlock()
		texts = append(texts, line)
	}})
	transports := wire.List{}
	for name := range strings.SplitSeq(transport, ",") {
		transports = append(transports, name)
	}
	p := openPage(t, c)
	create := p.id()
	asked := 0
	p.port.Take(&wire.CreateClient{
		ID: create, Client: 1, Headers: wire.Headers{Ask: true},
		Options: map[string]any{"baseUrl": base, "transports": transports, "logLevel": "debug", "connectTimeout": patience, "requestTimeout": 5000.0, "ackTimeout": 300 + patience/10},
	})
	take := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		texts = append(texts, text)
	}
	call, closing := 0, 0
	for {
		switch m := await(p, func(wire.ToPage) bool { return true }).(type) {
		case *wire.AskHeaders:
			asked++
			pair := fmt.Sprintf("agent:pass%d+word/é", asked)
			p.port.Take(&wire.HeadersAnswer{ID: m.ID, Fields: map[string]string{
				"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)),
				"X-Secret":      "Bearer eyJhbGciOi.JIUz" + strconv.Itoa(asked) + "+/k&I1NiJ9",
			}})
		case *wire.Status:
			take(m.Reason)
		case *wire.Gap:
			take(m.Reason)
		case *wire.Rejected:
			e := m.Error
			e.Event = nil // the caller's, as it came
			take(fmt.Sprintf("%+v", e))
			if m.ID == create {
				return all()
			}
			closing = p.id()
			p.port.Take(&wire.Close{ID: closing, Client: 1})
		case *wire.Resolved:
			switch m.ID {
			case create:
				call = p.id()
				p.port.Take(&wire.Call{ID: call, Client: 1, Method: "completeRecord", Delivery: gws.Unknown, Options: gws.Foreign("undefined"), Request: map[string]any{
					"recordHandle": 12.0, "applicationId": 1.0, "campaignName": "C", "callingList": "List/+of people", "devicePath": "/devices/d",
					"phoneNumber": "+49 30/12345" + strconv.Itoa(turn), "referenceId": "r1",
				}})
			case call:
				closing = p.id()
				p.port.Take(&wire.Close{ID: closing, Client: 1})
			case closing:
				return all()
			}
		}
	}
}

// Clients of one program have headers of their own, and one may rotate its.
func TestSecrets_OfOneClientAreWithheldHoweverManyAnotherHasSent(t *testing.T) {
	echo := &testserver.Echo{}
	server := httptest.NewServer(echo)
	t.Cleanup(server.Close)
	c := newCore()
	p := openPage(t, c)
	id := p.id()
	p.port.Take(&wire.CreateClient{
		ID: id, Client: 1, Headers: wire.Headers{Fields: map[string]string{"Authorization": "Bearer of-the-first-client"}},
		Options: map[string]any{"baseUrl": server.URL + "/echo/first/POST%20500/plain/0", "transports": wire.List{"long-polling"}, "ackTimeout": 2000.0},
	})
	p.resolved(id)
	for i := range 300 {
		c.secrets.AddHeader("Bearer of-another-client-" + strconv.Itoa(i))
		c.secrets.AddToken("token-of-another-client-" + strconv.Itoa(i))
	}
	e := p.rejected(p.call(1, nil))
	require.Contains(t, e.Message, redact.Withheld)
	assertNoSecret(t, echo.Seen("first"), e.Message)
	p.resolved(p.close(1))
}

var base64Word = regexp.MustCompile(`[A-Za-z0-9+/_-]{8,}`)

// assertNoSecret reads a text in every way that the server has, up to three times.
func assertNoSecret(t *testing.T, secrets []string, text string) {
	const piece = 12 // bytes that are found nowhere else
	texts := []string{text}
	for range 3 {
		for _, s := range texts {
			if r, err := url.QueryUnescape(s); err == nil {
				texts = append(texts, r)
			}
			texts = append(texts, percent.ReplaceAllStringFunc(s, func(s string) string {
				n, _ := strconv.ParseUint(s[1:], 16, 8)
				return string([]byte{byte(n)})
			}), html.UnescapeString(s), unit.ReplaceAllStringFunc(s, func(s string) string {
				r, _ := strconv.Unquote(`"` + s + `"`)
				return r
			}), strings.ReplaceAll(s, `\/`, "/"))
		}
		seen := map[string]bool{}
		var fewer []string
		for _, s := range texts {
			if !seen[s] {
				fewer = append(fewer, s)
			}
			seen[s] = true
		}
		texts = fewer
	}
	for _, s := range texts {
		for _, word := range base64Word.FindAllString(s, -1) {
			for skip := range 4 {
				b, _ := base64.RawStdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(word[skip : len(word)-(len(word)-skip)%4]))
				texts = append(texts, string(b))
			}
		}
	}
	for _, secret := range secrets {
		for _, part := range append(strings.Fields(secret), secret) {
			if len(part) < 6 || part == "Bearer" || part == "Basic" {
				continue
			}
			size := min(len(part), piece)
			for at := 0; at+size <= len(part); at++ {
				for _, s := range texts {
					if strings.Contains(s, part[at:at+size]) {
						t.Errorf("%q of %q is in %s", part[at:at+size], secret, text)
						return
					}
				}
			}
		}
	}
}

var percent, unit = regexp.MustCompile(`%[0-9a-fA-F]{2}`), regexp.MustCompile(`\\u[0-9a-fA-F]{4}|\\\\`)

// Whatever a message has of texts is cleaned, or is known to be no text.
func TestClean_EveryTextOfEveryMessage(t *testing.T) {
	const secret = "a-secret-of-twenty-2"
	c := newCore()
	c.secrets.AddToken(secret)
	noText := []string{"Error.Code", "Error.Delivery", "Error.ReferenceID", "Error.Event", "Error.Cause.Of", "Delivery", "ReferenceID", "Level", "State", "Transport", "Channel", "Data", "Value"}
	for _, m := range []wire.ToPage{&wire.Resolved{}, &wire.Rejected{}, &wire.Known{}, &wire.Status{}, &wire.Notification{}, &wire.AskHeaders{}, &wire.Log{}, &wire.Pong{}} {
		var have []string
		each(reflect.ValueOf(m).Elem(), "", func(path string, v reflect.Value) {
			if v.Kind() == reflect.String {
				v.SetString(secret)
			} else {
				v.SetBytes([]byte(`"` + secret + `"`))
			}
		})
		c.clean(m)
		each(reflect.ValueOf(m).Elem(), "", func(path string, v reflect.Value) {
			if strings.Contains(fmt.Sprintf("%s", v.Interface()), secret) {
				have = append(have, strings.TrimPrefix(path, "."))
			}
		})
		require.Subset(t, noText, have, "%T", m)
	}
}

// each calls a function with each field that can hold text, those in lists included.
func each(v reflect.Value, path string, f func(path string, v reflect.Value)) {
	switch {
	case v.Kind() == reflect.String, v.Type() == reflect.TypeFor[json.RawMessage]():
		f(path, v)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			each(v.Field(i), path+"."+v.Type().Field(i).Name, f)
		}
	case v.Kind() == reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		each(v.Index(0), path, f)
	}
}
