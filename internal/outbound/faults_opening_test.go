package outbound

import (
	"testing"
	"time"

	"gws-outbound/internal/gwssim"
)

// loginPage is what answers in place of the API where nobody is signed in.
const loginPage = "<!DOCTYPE html><title>Sign in</title><h1>Sign in</h1>"

var html = map[string]string{"Content-Type": "text/html; charset=utf-8"}

func page(at gwssim.Stage, body string, header map[string]string) gwssim.Fault {
	return gwssim.Fault{At: at, Do: gwssim.DoAnswer, Body: body, Header: header}
}

// garbage says that it is compressed.
func garbage(at gwssim.Stage) gwssim.Fault {
	return page(at, "\x1f\x8bnot gzip", map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"})
}

func redirect(at gwssim.Stage) gwssim.Fault {
	return gwssim.Fault{At: at, Do: gwssim.DoAnswer, Status: 302, Header: map[string]string{"Location": "/login"}}
}

func TestFaultsInTheOpening(t *testing.T) { matrix(t, openingFaults) }

// openingFaults happen before there is a session. Those that go away are
// overcome; those that stay are reported when the time is over, with the last of them.
var openingFaults = []fault{
	{name: "nobody listens", browser: true, options: func(o *Options) { o.BaseURL = "http://127.0.0.1:1" },
		want: refused(ConnectFailed, "GET ")},

	{name: "the sign-in is reset", start: faulty(gwssim.Fault{At: gwssim.AtSignIn, Do: gwssim.DoReset}), want: resolved},
	{name: "every sign-in is reset", start: faulty(gwssim.Fault{At: gwssim.AtSignIn, Do: gwssim.DoReset, Times: always}),
		want: refused(ConnectFailed, "GET ")},
	{name: "half an answer to the sign-in", start: faulty(gwssim.Fault{At: gwssim.AtSignIn, Do: gwssim.DoHalf}), want: resolved},
	{name: "each answer to the sign-in is half", browser: true, start: faulty(gwssim.Fault{At: gwssim.AtSignIn, Do: gwssim.DoHalf, Times: always}),
		want: refused(ConnectFailed, "the response was cut off")},
	{name: "the sign-in is closed without an answer", start: faulty(gwssim.Fault{At: gwssim.AtSignIn, Do: gwssim.DoClose}), want: resolved},
	{name: "the sign-in is never answered", options: shortRequestTimeout, start: faulty(gwssim.Fault{At: gwssim.AtSignIn, Do: gwssim.DoSilence}), want: resolved},
	{name: "no sign-in is ever answered", options: shortRequestTimeout, start: faulty(gwssim.Fault{At: gwssim.AtSignIn, Do: gwssim.DoSilence, Times: always}),
		want: refused(ConnectFailed, "no answer within 1.5s")},
	{name: "the sign-in is slow", start: faulty(gwssim.Fault{At: gwssim.AtSignIn, Do: gwssim.DoPieces, DelayMS: 100}), want: resolved},
	{name: "a login page at the sign-in", browser: true, start: faulty(page(gwssim.AtSignIn, loginPage, html)),
		want: refused(HTTPError, "HTML in place of JSON")},
	{name: "a page for any path in place of the sign-in", start: faulty(page(gwssim.AtSignIn, loginPage, html)), want: refused(HTTPError, "; GWS was looked for at http://")},
	{name: "JSON of something else in place of the sign-in", start: faulty(page(gwssim.AtSignIn, `{"error":"no session"}`, nil)), want: refused(HTTPError, "; GWS was looked for at http://")},
	{name: "a redirect at the sign-in", start: faulty(redirect(gwssim.AtSignIn)), want: refused(HTTPError, "redirected")},
	{name: "garbage as gzip at the sign-in", start: faulty(garbage(gwssim.AtSignIn)), want: resolved},
	{name: "an empty answer to the sign-in", start: faulty(page(gwssim.AtSignIn, "", nil)), want: refused(HTTPError, "empty body")},
	{name: "broken JSON at the sign-in", start: faulty(gwssim.Fault{At: gwssim.AtSignIn, Do: gwssim.DoTruncate}),
		want: refused(HTTPError, "not JSON")},

	{name: "an internal error at the sign-in", start: faulty(page(gwssim.AtSignIn, `{"statusCode":4}`, nil)), want: resolved},
	{name: "an internal error at each sign-in", start: faulty(gwssim.Fault{At: gwssim.AtSignIn, Do: gwssim.DoAnswer, Body: `{"statusCode":4}`, Times: always}),
		want: refused(ConnectFailed, "internal error of the server")},

	{name: "the upgrade is reset", over: WebSocket, start: faulty(gwssim.Fault{At: gwssim.AtUpgrade, Do: gwssim.DoReset}), want: resolved},
	{name: "the upgrade is never answered", over: WebSocket, start: faulty(gwssim.Fault{At: gwssim.AtUpgrade, Do: gwssim.DoSilence}), want: resolved},
	{name: "no upgrade is ever answered", over: both, browser: true, start: faulty(gwssim.Fault{At: gwssim.AtUpgrade, Do: gwssim.DoSilence, Times: always}),
		want: want{posts: 1, processed: 1, over: LongPolling}},
	{name: "a WebSocket that opens and keeps silent", over: both, start: faulty(gwssim.Fault{At: gwssim.AtSubscribe, Over: WebSocket, Do: gwssim.DoSilence},
		gwssim.Fault{At: gwssim.AtConnect, Over: WebSocket, Do: gwssim.DoSilence}),
		want: want{posts: 1, processed: 1, over: LongPolling}},
	{name: "the upgrade is redirected", over: WebSocket, start: faulty(redirect(gwssim.AtUpgrade)), want: resolved},

	{name: "the handshake is reset", browser: true, start: faulty(gwssim.Fault{At: gwssim.AtHandshake, Do: gwssim.DoReset}), want: resolved},
	{name: "the answer to the handshake is reset", start: faulty(gwssim.Fault{At: gwssim.AtHandshake, Do: gwssim.DoReset, Processed: true}), want: resolved},
	{name: "half an answer to the handshake", start: faulty(gwssim.Fault{At: gwssim.AtHandshake, Do: gwssim.DoHalf}), want: resolved},
	{name: "the connection is closed at the handshake", start: faulty(gwssim.Fault{At: gwssim.AtHandshake, Do: gwssim.DoClose}), want: resolved},
	{name: "the handshake is never answered", start: faulty(gwssim.Fault{At: gwssim.AtHandshake, Do: gwssim.DoSilence}), want: resolved},
	{name: "no handshake is ever answered", start: faulty(gwssim.Fault{At: gwssim.AtHandshake, Do: gwssim.DoSilence, Times: always}),
		want: refused(ConnectFailed, "no session in time")},
	{name: "the handshake is late", start: faulty(gwssim.Fault{At: gwssim.AtHandshake, Do: gwssim.DoDelay, DelayMS: 700}), want: resolved},
	{name: "the handshake comes in pieces", start: faulty(gwssim.Fault{At: gwssim.AtHandshake, Do: gwssim.DoPieces, DelayMS: 50}), want: resolved},
	{name: "broken JSON at the handshake", start: faulty(gwssim.Fault{At: gwssim.AtHandshake, Do: gwssim.DoTruncate}), want: resolved},
	{name: "a login page at the handshake", start: faulty(page(gwssim.AtHandshake, loginPage, html)), want: resolved},
	{name: "a login page at every handshake", start: faulty(gwssim.Fault{At: gwssim.AtHandshake, Do: gwssim.DoAnswer, Body: loginPage, Header: html, Times: always}),
		want: refused(ConnectFailed, "Sign in")},
	{name: "an empty array at the handshake", start: faulty(page(gwssim.AtHandshake, "[]", nil)), want: resolved},
	{name: "an empty answer to the handshake", start: faulty(page(gwssim.AtHandshake, "", nil)), want: resolved},
	{name: "a redirect at the handshake", over: LongPolling, start: faulty(redirect(gwssim.AtHandshake)), want: resolved},
	{name: "garbage as gzip at the handshake", over: LongPolling, start: faulty(garbage(gwssim.AtHandshake)), want: resolved},
	{name: "JSON with another content type", over: LongPolling, want: resolved,
		start: faulty(gwssim.Fault{At: gwssim.AtHandshake, Do: gwssim.DoAmend, Body: `{}`, Header: map[string]string{"Content-Type": "text/html"}})},
	{name: "the handshake is refused for ever with the advice to retry", start: faulty(gwssim.Fault{At: gwssim.AtHandshake, Do: gwssim.DoAmend, Times: always,
		Body: `{"successful":false,"clientId":null,"error":"500::Not now","advice":{"reconnect":"retry","interval":0}}`}),
		want: refused(HandshakeRefused, "500::Not now")},
	{name: "the handshake is refused with the advice none", start: faulty(gwssim.Fault{At: gwssim.AtHandshake, Do: gwssim.DoAmend,
		Body: `{"successful":false,"clientId":null,"error":"403::No","advice":{"reconnect":"none"}}`}),
		want: want{opening: true, code: HandshakeRefused, delivery: "not-sent", says: "403::No", within: 2 * time.Second}},

	{name: "the subscription is reset", start: faulty(gwssim.Fault{At: gwssim.AtSubscribe, Do: gwssim.DoReset}), want: resolved},
	{name: "the answer to the subscription is reset", start: faulty(gwssim.Fault{At: gwssim.AtSubscribe, Do: gwssim.DoReset, Processed: true}), want: resolved},
	{name: "half an answer to the subscription", start: faulty(gwssim.Fault{At: gwssim.AtSubscribe, Do: gwssim.DoHalf}), want: resolved},
	{name: "broken JSON at the subscription", over: LongPolling, start: faulty(gwssim.Fault{At: gwssim.AtSubscribe, Do: gwssim.DoTruncate}), want: resolved},
	{name: "a login page at the subscription", over: LongPolling, start: faulty(page(gwssim.AtSubscribe, loginPage, html)), want: resolved},
	{name: "the session is unknown at the subscription", start: faulty(gwssim.Fault{At: gwssim.AtSubscribe, Do: gwssim.DoAmend, Body: `{"successful":false,"error":"402::Unknown client"}`}), want: resolved},
	{name: "the subscription is refused", start: faulty(gwssim.Fault{At: gwssim.AtSubscribe, Do: gwssim.DoAmend, Body: `{"successful":false,"error":"403::Denied"}`}),
		want: refused(SubscribeRefused, "403::Denied")},
	{name: "no session is known when it subscribes", start: gwssim.Behavior{RefuseSubscribe: "402::Unknown client"},
		want: refused(ConnectFailed, "402::Unknown client")},

	{name: "the first connect is reset", start: faulty(gwssim.Fault{At: gwssim.AtConnect, Do: gwssim.DoReset}), want: resolved},
	{name: "the answer to the first connect is reset", start: faulty(gwssim.Fault{At: gwssim.AtConnect, Do: gwssim.DoReset, Processed: true}), want: resolved},
	{name: "the session is unknown at the first connect", start: faulty(gwssim.Fault{At: gwssim.AtConnect, Do: gwssim.DoAmend, Body: `{"successful":false,"error":"402::Unknown client","advice":{"reconnect":"handshake","interval":0}}`}), want: resolved},
	{name: "everything is slow", start: gwssim.Behavior{Faults: []gwssim.Fault{
		{At: gwssim.AtSignIn, Do: gwssim.DoDelay, DelayMS: 300, Times: always}, {At: gwssim.AtPost, Do: gwssim.DoDelay, DelayMS: 300, Times: always},
		{At: gwssim.AtCometD, Do: gwssim.DoDelay, DelayMS: 300, Times: always}}}, want: resolved},
}
