package outbound

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
)

func TestFaultsOfThePOST(t *testing.T) { matrix(t, postFaults) }

func after(f gwssim.Fault) gwssim.Fault {
	f.Processed = true
	return f
}

// shortRequestTimeout gives up a request soon.
func shortRequestTimeout(o *Options) { o.RequestTimeout = 1500 * time.Millisecond }

// graceful is an error after which an acknowledgement was waited for.
func graceful(code Code, says string) want {
	return want{code: code, delivery: gws.Unknown, says: says, posts: 1, atLeast: grace}
}

// utf16LE is ASCII text in UTF-16.
func utf16LE(ascii string) string { return strings.Join(strings.Split(ascii, ""), "\x00") + "\x00" }

// postFaults happen to the POST. What may have been processed is waited for.
var postFaults = []fault{
	{name: "the POST is reset", browser: true, then: faulty(gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoReset}), want: graceful(NetworkError, "POST ")},
	{name: "the answer to the POST is reset", browser: true, then: faulty(gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoReset, Processed: true}), want: resolved},
	{name: "the POST is closed without an answer", then: faulty(gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoClose}), want: graceful(NetworkError, "POST ")},
	{name: "half an answer to the POST", then: faulty(gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoHalf}), want: resolved},
	{name: "half an answer to the POST, and no acknowledgement", then: gwssim.Behavior{NoAck: true, Faults: []gwssim.Fault{{At: gwssim.AtPost, Do: gwssim.DoHalf}}},
		want: want{code: NetworkError, delivery: gws.Unknown, says: "the response was cut off", posts: 1, processed: 1, atLeast: grace}},
	{name: "the POST is never answered", options: shortRequestTimeout, then: faulty(gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoSilence}), want: graceful(RequestTimeout, "no answer within 1.5s")},
	{name: "the POST is processed and never answered", options: shortRequestTimeout, then: faulty(gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoSilence, Processed: true}), want: resolved},
	{name: "the answer to the POST is late", then: faulty(gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoDelay, DelayMS: 700}), want: resolved},
	{name: "the answer to the POST is too late, and so is the acknowledgement", options: shortRequestTimeout, want: resolved,
		then: gwssim.Behavior{AckDelayMS: 2500, Faults: []gwssim.Fault{{At: gwssim.AtPost, Do: gwssim.DoDelay, DelayMS: 60_000}}}},
	{name: "the answer to the POST comes in pieces", then: faulty(gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoPieces, DelayMS: 50}), want: resolved},
	{name: "broken JSON after the POST", then: faulty(gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoTruncate}), want: resolved},
	{name: "broken JSON after the POST, and no acknowledgement", then: gwssim.Behavior{NoAck: true, Faults: []gwssim.Fault{{At: gwssim.AtPost, Do: gwssim.DoTruncate}}},
		want: want{code: HTTPError, delivery: gws.Unknown, says: "not JSON", posts: 1, processed: 1, atLeast: grace}},
	{name: "a login page after the POST", then: faulty(page(gwssim.AtPost, loginPage, html)), want: graceful(HTTPError, "HTML in place of JSON")},
	{name: "a login page after the POST was processed", then: faulty(after(page(gwssim.AtPost, loginPage, html))), want: resolved},
	{name: "a redirect after the POST", browser: true, then: faulty(redirect(gwssim.AtPost)), want: graceful(HTTPError, "redirected")},
	{name: "an empty answer to the POST", then: faulty(page(gwssim.AtPost, "", nil)), want: graceful(HTTPError, "empty body")},
	{name: "garbage as gzip after the POST", then: faulty(garbage(gwssim.AtPost)), want: graceful(NetworkError, "POST ")},
	{name: "garbage as gzip after the POST was processed", then: faulty(after(garbage(gwssim.AtPost))), want: resolved},
	{name: "the answer to the POST has another content type", want: resolved,
		then: faulty(after(page(gwssim.AtPost, `{"statusCode":0}`, map[string]string{"Content-Type": "text/plain"})))},
	{name: "the answer to the POST is in UTF-16", browser: true, want: resolved,
		then: faulty(after(page(gwssim.AtPost, utf16LE(`{"statusCode":0}`), map[string]string{"Content-Type": "application/json; charset=UTF-16LE"})))},
	{name: "a refusal in ISO-8859-1", want: want{code: APIError, delivery: gws.Rejected, says: "Für Müller nicht", posts: 1, within: 2 * time.Second},
		then: faulty(page(gwssim.AtPost, "{\"statusCode\":2,\"statusMessage\":\"F\xfcr M\xfcller nicht\"}", map[string]string{"Content-Type": "application/json;charset=ISO-8859-1"}))},
	{name: "the answer to the POST has a byte order mark", want: resolved, browser: true,
		then: faulty(after(page(gwssim.AtPost, "\ufeff{\"statusCode\":0}", nil)))},
	{name: "the answer to the POST is in a charset that nobody knows", want: rejected(APIError, gws.Rejected, 0),
		then: faulty(page(gwssim.AtPost, `{"statusCode":2,"statusMessage":"Für Müller nicht"}`, map[string]string{"Content-Type": "application/json;charset=klingon"}))},
	{name: "the POST is answered by JSON that is not of GWS", then: faulty(page(gwssim.AtPost, `{"ok":true}`, nil)), want: graceful(HTTPError, "without a statusCode")},
	{name: "the POST is partially successful", then: faulty(page(gwssim.AtPost, `{"statusCode":7}`, nil)), want: graceful(APIError, "only partially successful")},
	{name: "the POST meets an internal error", then: faulty(page(gwssim.AtPost, `{"statusCode":4}`, nil)), want: graceful(APIError, "internal error of the server")},
	{name: "the POST meets an internal error after it was processed", browser: true, then: faulty(after(page(gwssim.AtPost, `{"statusCode":4}`, nil))), want: resolved},
	{name: "a gateway's own timeout after the POST was processed", want: resolved,
		then: faulty(gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoAnswer, Status: 504, Body: `{"statusCode":504,"error":"Gateway Timeout"}`, Processed: true})},
	{name: "a gateway's own timeout", want: graceful(APIError, "status code 504"),
		then: faulty(gwssim.Fault{At: gwssim.AtPost, Do: gwssim.DoAnswer, Status: 504, Body: `{"statusCode":504,"error":"Gateway Timeout"}`})},
	{name: "the POST is refused by GWS", browser: true, then: faulty(page(gwssim.AtPost, `{"statusCode":2,"statusMessage":"Not now"}`, nil)),
		want: want{code: APIError, delivery: gws.Rejected, says: "Not now", posts: 1, within: 2 * time.Second}},

	{name: "the CSRF token is rotated between GET and POST", browser: true, then: gwssim.Behavior{RejectCSRF: 1},
		want: want{posts: 2, processed: 1}}, // the first was refused before anything was done
	{name: "the CSRF token is rotated all the time", then: gwssim.Behavior{RejectCSRF: 2},
		want: want{code: HTTPError, delivery: gws.Rejected, says: "refused again", posts: 2}},
	{name: "the CSRF token is rotated, and the new one cannot be had", then: gwssim.Behavior{RejectCSRF: 1, Faults: []gwssim.Fault{{At: gwssim.AtSignIn, Do: gwssim.DoReset}}},
		want: rejected(NetworkError, gws.Rejected, 0)},
	{name: "the HTTP session has expired before the POST", want: want{posts: 2, processed: 1}, ready: func(_ *testing.T, s *scene) { s.ExpireHTTP() }},
}

// statuses are those that proxies and servers answer with.
var statuses = []int{401, 403, 404, 408, 413, 429, 500, 502, 503, 504}

func status(at gwssim.Stage, code int) gwssim.Fault {
	f := gwssim.Fault{At: at, Do: gwssim.DoAnswer, Status: code, Body: "As it is", Header: map[string]string{"Content-Type": "text/plain"}}
	if code == 429 || code == 503 {
		f.Header["Retry-After"] = "2"
		f.Header["Access-Control-Expose-Headers"] = "Retry-After"
	}
	return f
}

func TestStatuses(t *testing.T) { matrix(t, statusFaults()) }

// statusFaults are each status on each request.
func statusFaults() (rows []fault) {
	for _, code := range statuses {
		waits := 0 * time.Second
		if code == 429 || code == 503 {
			waits = 2 * time.Second
		}
		name := func(what string) string { return fmt.Sprintf("%d %s", code, what) }
		says := fmt.Sprintf("HTTP %d", code)

		signIn := resolved
		switch code {
		case 401:
			signIn = refused(Unauthorized, says)
		case 403, 404, 413:
			signIn = refused(HTTPError, says)
		}
		overcome := resolved
		overcome.opens = waits // the server is left alone for as long as it asks
		if signIn.code == "" {
			signIn = overcome
		}
		rows = append(rows, fault{name: name("at the sign-in"), start: faulty(status(gwssim.AtSignIn, code)), want: signIn})
		rows = append(rows, fault{name: name("at the upgrade"), over: WebSocket, start: faulty(status(gwssim.AtUpgrade, code)), want: resolved})
		for _, at := range []gwssim.Stage{gwssim.AtHandshake, gwssim.AtSubscribe, gwssim.AtConnect} {
			rows = append(rows, fault{name: name("at the CometD request: " + string(at)), over: LongPolling, start: faulty(status(at, code)), want: overcome})
		}
		rows = append(rows, fault{name: name("at the held connect"), over: LongPolling, start: faulty(status(gwssim.AtHeld, code)), want: resolved})
		rows = append(rows, fault{name: name("at every handshake"), over: LongPolling, want: refused(ConnectFailed, says),
			start: faulty(gwssim.Fault{At: gwssim.AtHandshake, Do: gwssim.DoAnswer, Status: code, Times: always})})
		// The session works and somebody waits: what the server holds for it must not be lost.
		rows = append(rows, fault{name: name("in place of the acknowledgement"), over: LongPolling, want: resolved,
			then: faulty(status(gwssim.AtAcknowledgement, code))})

		post := graceful(HTTPError, says)
		if code >= 400 && code < 500 && code != 408 {
			post = want{code: HTTPError, delivery: gws.Rejected, says: says, posts: 1, within: 2 * time.Second}
		}
		if code == 401 {
			post.code = Unauthorized
		}
		if waits > 0 {
			post.says = "Retry-After"
		}
		if code == 403 {
			post.says = "api-voice-outbound"
		}
		rows = append(rows, fault{name: name("after the POST"), browser: code == 429, then: faulty(status(gwssim.AtPost, code)), want: post})
		if code >= 500 || code == 408 {
			rows = append(rows, fault{name: name("after the POST was processed"), then: faulty(after(status(gwssim.AtPost, code))), want: resolved})
		}
	}
	return rows
}
