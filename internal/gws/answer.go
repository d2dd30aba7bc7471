package gws

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"time"

	"gws-outbound/internal/httpx"
	"gws-outbound/internal/jsontext"
)

const maxQuoted = 200 // characters of a body that go into an error

// apiStatus is what every answer of GWS has.
type apiStatus struct {
	code    int
	message string
}

var statusNames = []string{"statusCode", "statusMessage"}

// readStatus reads the statusCode out of a body. The error says in words
// what the body is instead of an answer of GWS.
func readStatus(body []byte) (apiStatus, error) {
	answer, problem := jsontext.Read(body)
	switch {
	case len(bytes.TrimSpace(jsontext.WithoutMark(body))) == 0:
		return apiStatus{}, errors.New("an empty body")
	case problem != jsontext.None:
		return apiStatus{}, errors.New("a body that is not JSON")
	case !answer.IsObject():
		return apiStatus{}, errors.New("JSON that is not an object")
	}
	var f [2]jsontext.Value
	answer.Members(statusNames, f[:])
	code, ok := f[0].Int()
	if !ok || code < -math.MaxInt32 || code > math.MaxInt32 {
		return apiStatus{}, errors.New("JSON without a statusCode that is an integer")
	}
	message, _ := f[1].Text()
	return apiStatus{code: int(code), message: cut(message, 1024)}, nil
}

// checkAnswer returns nil for an answer that says success: HTTP 2xx and
// statusCode 0. A statusCode that is not 0 says more than the HTTP status and
// goes first; 401 means the same whatever the body.
func checkAnswer(request string, resp *httpx.Response) error {
	fail := func(reason string) error {
		return &HTTPError{Request: request, Status: resp.Status, Reason: reason, after: resp.RetryAfter(time.Now())}
	}
	if resp.Redirected {
		return fail("redirected, most likely to a sign-in page")
	}
	if resp.Status == 401 {
		return &UnauthorizedError{Request: request}
	}
	status, err := readStatus(resp.Body)
	if err == nil && status.code != statusOK {
		return &StatusError{Request: request, HTTPStatus: resp.Status, StatusCode: status.code, StatusMessage: status.message,
			hint: leaveAlone(resp), after: resp.RetryAfter(time.Now())}
	}
	if resp.Status < 200 || resp.Status > 299 {
		return fail(refusal(resp))
	}
	if err == nil {
		return nil
	}
	reason := err.Error() + " in place of an answer of GWS"
	if looksLikeHTML(resp) {
		reason = "HTML in place of JSON, most likely a sign-in page"
	}
	return &HTTPError{Request: request, Status: resp.Status, Reason: reason + quoteBody(resp), Foreign: true}
}

// refusal says what an HTTP status other than 2xx came with.
func refusal(resp *httpx.Response) string {
	reason := "the server refused"
	if resp.Status < 400 || resp.Status > 499 {
		reason = "the server failed"
	}
	return reason + leaveAlone(resp) + quoteBody(resp)
}

// leaveAlone says for how long the server does not want to be asked again; ""
// if it has not said so.
func leaveAlone(resp *httpx.Response) string {
	after := resp.Field("Retry-After")
	if after == "" || resp.Status != 429 && resp.Status != 503 {
		return ""
	}
	return ", and asks to be left alone for a while (Retry-After: " + quote(after, 40) + ")"
}

func quoteBody(resp *httpx.Response) string {
	if len(resp.Body) == 0 {
		return ""
	}
	return ": " + quote(string(resp.Body[:min(len(resp.Body), 4*maxQuoted+4)]), maxQuoted)
}

func looksLikeHTML(resp *httpx.Response) bool {
	return strings.HasPrefix(strings.ToLower(resp.Field("Content-Type")), "text/html") ||
		bytes.HasPrefix(bytes.TrimSpace(jsontext.WithoutMark(resp.Body)), []byte("<"))
}
