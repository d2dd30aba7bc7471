package gws

import (
	"context"
	"encoding/json"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/httpx"
	"gws-outbound/internal/jsontext"
	"gws-outbound/internal/jsontext/corpus"
)

// longest is how many characters a message may have.
const longest = 2000

// FuzzAnswer has the server answer the POST, and all requests after it, with
// anything.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		okBody, `{"statusCode":0.0}`, `{"statusCode":"0"}`, `{"statuscode":0}`, `{"statusCode":7}`, `{"statusCode":9,"statusMessage":"soon"}`, `{"statusCode":1e99}`,
		`{"statusCode":20,"statusMessage":5}`, `{"statusCode":null}`, `[]`, `null`, ``, ` `, `<html>`, `{"message":"Missing or invalid Csrf token"}`, `{`, strings.Repeat("é", 3000),
	} {
		for _, status := range []int{0, 200, 204, 302, 401, 403, 408, 429, 500, 503} {
			f.Add(status, "application/json", "60", "X-CSRF-TOKEN", "abc", []byte(body))
		}
	}
	f.Add(403, "text/html", "", "Cookie", "a\r\nb", []byte("csrf"))
	f.Fuzz(func(t *testing.T, status int, contentType, retryAfter, csrfHeader, csrfValue string, body []byte) {
		const secret = "the-secret-token"
		posts := 0
		s := NewAuth(Config{BaseURL: base, CSRF: true, Doer: doer(func(req *httpx.Request) *httpx.Response {
			if req.Method == "POST" {
				posts++
			}
			if posts == 0 {
				return &httpx.Response{Status: 200, Header: httpx.Header{"x-csrf-header": "X-CSRF-TOKEN", "x-csrf-token": secret}, Body: []byte(okBody)}
			}
			return &httpx.Response{Status: status, Body: body, Header: httpx.Header{
				"content-type": contentType, "retry-after": retryAfter, "x-csrf-header": csrfHeader, "x-csrf-token": csrfValue,
			}}
		})})
		err := s.Post(t.Context(), postPath, []byte(`{}`), nil)
		require.LessOrEqual(t, posts, 2)
		good := status >= 200 && status <= 299
		code, readable := statusCodeOf(body)
		switch d := DeliveryOf(err); d {
		case Accepted:
			require.True(t, good && readable && code == 0, "accepted only if answered so")
		case Rejected:
			require.True(t, status >= 400 && status <= 499 && status != 408 || readable && code != 0, "rejected only if it says so")
			require.False(t, status != 401 && readable && MayHaveActed(int(code)), "something may have been done")
		case Unknown:
			require.False(t, good && readable && code == 0)
		default:
			t.Fatal(d)
		}
		if good && !readable {
			require.Equal(t, Unknown, DeliveryOf(err), "a success with garbage")
		}
		if err != nil {
			require.Less(t, utf8.RuneCountInString(err.Error()), longest)
			if !strings.Contains(string(body)+retryAfter+csrfHeader+csrfValue, secret) {
				require.NotContains(t, err.Error(), secret)
			}
		}
		for name := range s.RequestHeader() {
			require.True(t, name == "Content-Type" || !reserved(name), name)
			require.False(t, strings.ContainsFunc(name, notToken), name)
		}
	})
}

// FuzzUser reads who is signed in as encoding/json does it into maps.
func FuzzUser(f *testing.F) {
	for _, body := range append(corpus.Texts(), `{"user":{"id":"a","userName":"b"}}`, `{"user":{"ID":"x","userName":"b"},"User":{"id":"y"}}`, `{"user":{"id":12.0}}`,
		`{"user":{"id":9007199254740993}}`, `{"user":{"id":"a"},"user":{"id":"b"}}`, `{"user":{"id":null,"userName":"b"}}`, `{"user":[],"id":"a"}`, `{"user":{"id":1.5}}`) {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, problem := jsontext.Read(body)
		if problem != jsontext.None {
			require.Empty(t, readIdentity(body).name())
			return
		}
		members := func(raw json.RawMessage) (m map[string]json.RawMessage) {
			_ = json.Unmarshal(raw, &m)
			return m
		}
		user, want := members(members(json.RawMessage(v))["user"]), ""
		for _, name := range []string{"id", "userName"} {
			raw := user[name]
			var s string
			if json.Unmarshal(raw, &s) != nil && len(raw) > 0 && strings.ContainsRune("-0123456789", rune(raw[0])) {
				var whole bool
				if s, whole = jsontext.Integer(string(raw)); !whole {
					s = string(raw)
				}
			}
			if s != "" && len(s) <= MaxLongText {
				want = s
				break
			}
		}
		require.Equal(t, want, readIdentity(body).name())
	})
}

// doer answers each request at once.
type doer func(*httpx.Request) *httpx.Response

func (d doer) Do(_ context.Context, req *httpx.Request) (*httpx.Response, error) { return d(req), nil }

// statusCodeOf reads a body as the documentation of GWS has it.
func statusCodeOf(body []byte) (code float64, readable bool) {
	text, _ := jsontext.Read(body)
	var parsed any
	if json.Unmarshal(text, &parsed) != nil {
		return 0, false
	}
	fields, _ := parsed.(map[string]any)
	code, readable = fields["statusCode"].(float64)
	return code, readable && code == math.Trunc(code) && math.Abs(code) <= math.MaxInt32
}

// pathOf is where a request may go: one segment more at most, which does not lead elsewhere.
var pathOf = regexp.MustCompile(`^/api/v2/me/outbound-(records(/[1-9][0-9]{0,18})?|campaigns/[^/?#\\]+)$`)

// FuzzRequest checks any request from JavaScript, of any method.
func FuzzRequest(f *testing.F) {
	for _, fields := range []string{
		`{"recordHandle":12,"applicationId":134,"campaignName":"Campaign1","callingList":"CallingList1","devicePath":"/devices/1","callResult":"Answer","phoneNumber":"5551234","referenceId":"r","operationName":"CompleteRecord"}`,
		`{"recordHandle":"9223372036854775807","applicationId":9007199254740991,"campaignName":"é","callingList":"\u2028","devicePath":"<>&","callResult":"Answr"}`,
		`{"recordHandle":1e19,"applicationId":"134","campaignName":"","callingList":" ","devicePath":5,"callResult":33,"phoneNumber":null,"referenceId":[],"operationName":"Other"}`,
		`{"recordhandle":12,"campaign":"x","__proto__":{},"":1,"\u0000":true}`, `{}`, `{"recordHandle":"00012"}`, `{"recordHandle":-0.5,"callResult":"7"}`,
		`{"applicationId":134,"campaignName":"..","devicePath":"/d"}`, `{"applicationId":134,"campaignName":"a/../b?c#d%2e\\","devicePath":"/d"}`,
		`{"recordHandle":1,"applicationId":134,"campaignName":"C","devicePath":"/d","phoneType":"Mobile","timeZone":7,"from":0,"until":86339}`,
		`{"recordHandle":1,"applicationId":134,"campaignName":"C","devicePath":"/d","callbackType":"Personal","timestamp":1800000000}`,
		`{"applicationId":134,"campaignName":"C","devicePath":"/d","phoneNumber":"5551234","chainAttribute":"AllChain","callbackType":"personal","timestamp":1e15}`,
		`{"applicationId":134,"campaignName":"C","callingList":"L","devicePath":"/d","phoneNumber":"1","phoneType":"Mobile","timeZone":"GMT","from":0,"until":1,"chainId":7,"otherFields":{"a":"","b":1e-7,"c":true,"d":null,"e":-0}}`,
		`{"otherFields":{"":1,"a":{"b":1},"c":[],"d":1e300,"e\u0000":"\u0000"},"chainId":{"x":1},"phoneNumber":{}}`,
	} {
		for method := range Methods() {
			f.Add(uint8(method), []byte(fields), method%2 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, number uint8, raw []byte, allowUnknown bool) {
		var values map[string]any
		if json.Unmarshal(raw, &values) != nil {
			return
		}
		fields := Fields{}
		for name, v := range values {
			if object, ok := v.(map[string]any); ok {
				for name, v := range object {
					object[name] = crossed(v)
				}
				fields[name] = object
			} else {
				fields[name] = crossed(v)
			}
		}
		method := Methods()[int(number)%len(Methods())]
		request, problems := ParseRequest(method, fields, allowUnknown)
		for _, p := range problems {
			require.NotEmpty(t, p.Message)
			require.Less(t, utf8.RuneCountInString(p.Message), longest)
		}
		if problems != nil {
			require.Zero(t, request)
			return
		}
		require.Regexp(t, pathOf, request.Path())
		last := request.Path()[strings.LastIndex(request.Path(), "/")+1:]
		require.NotContains(t, []string{".", ".."}, strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(last, "%2e", "."), "%2E", ".")))
		var sent map[string]any
		require.NoError(t, json.Unmarshal(request.Body(), &sent))
		require.Equal(t, request.Operation.Name, sent["operationName"])
		for name, v := range fields {
			switch {
			case name == "operationName":
				require.Contains(t, []any{nil, request.Operation.Name}, v)
			case request.Operation.InPath(name):
				require.NotContains(t, sent, name)
			default:
				if object, ok := v.(map[string]any); ok {
					maps.DeleteFunc(object, func(_ string, v any) bool { return v == nil })
				}
				require.Equal(t, v, sent[name], "%s is sent as it was written", name)
			}
		}
		require.LessOrEqual(t, len(sent), len(request.Operation.Parameters)+1)
		read, ok := ReadRequest(request.Path(), string(request.Body()))
		require.True(t, ok, "it can be read back")
		require.Equal(t, request, read)
		again, problems := ParseRequest(method, read.Fields(), true)
		require.Empty(t, problems, "and be made again")
		require.Equal(t, request, again)
		if result := request.Text("callResult"); !allowUnknown && result != "" {
			_, known := CallResultCode(result)
			require.True(t, known || slices.Contains(callResultsRunTogether, result))
		}
	})
}

// crossed is a value of JSON as it comes from JavaScript, where it is in no field that takes an object.
func crossed(v any) any {
	switch v.(type) {
	case map[string]any:
		return Foreign("object")
	case []any:
		return Foreign("array")
	}
	return v
}

// FuzzReadRequest reads what somebody else may have written.
func FuzzReadRequest(f *testing.F) {
	f.Add("/api/v2/me/outbound-records/12", `{"operationName":"CompleteRecord","applicationId":134,"campaignName":"C","callingList":"L","devicePath":"/d"}`)
	f.Add("/api/v2/me/outbound-records/012", `{"operationName":"RejectRecord","applicationId":1e2,"campaignName":null,"referenceId":"r"}`)
	f.Add("/api/v2/me/outbound-campaigns/..", `{"operationName":"GetPreviewRecord","applicationId":1,"devicePath":"/d","campaignName":"other"}`)
	f.Add("/api/v2/me/outbound-records", `{"operationName":"AddRecord","applicationId":1,"campaignName":"C","callingList":"L","phoneNumber":"1","phoneType":"Mobile","timeZone":5,"from":0,"until":1,"devicePath":"/d","otherFields":{"a":"b","c":null}}`)
	f.Add("/api/v2/me/outbound-records", `{"operationName":"DoNotCallRecord","recordHandle":12,"phoneNumber":"1"}`)
	f.Fuzz(func(t *testing.T, path, body string) {
		request, ok := ReadRequest(path, body)
		if !ok {
			return
		}
		require.Regexp(t, pathOf, request.Path())
		again, problems := ParseRequest(request.Operation.Method, request.Fields(), true)
		require.Empty(t, problems)
		require.Equal(t, request, again)
	})
}

func FuzzCallResult(f *testing.F) {
	for _, s := range []string{"Answer", "answer", "Answr", "33", "-1", "054", "99", "", " ", "Pickedup", "TransferFailed", "\x00", strings.Repeat("A", 70)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		code, ok := CallResultCode(name)
		problem := checkCallResult(name, false)
		require.Less(t, utf8.RuneCountInString(problem), longest)
		require.Equal(t, ok || slices.Contains(callResultsRunTogether, name), problem == "")
		require.Empty(t, checkCallResult(name, true))
		if ok {
			require.True(t, code >= 0 && code < len(callResults))
		}
		if near := nearest(name, callResults[:]); near != "" {
			require.Equal(t, distance(near, name), distance(name, near))
			require.LessOrEqual(t, distance(name, near), max(len(near), len(name)))
		}
	})
}

func FuzzBaseURL(f *testing.F) {
	for _, s := range []string{"https://gws.example.com", "http://h:8080/p/", "https://user:hunter2@h", "ftp://h", "//h", "https://h?x", "https://h#", "https://h:99999", "http://[::1]/", "https://h/%zz", "https:/\\h", "http://h/\x7f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		base, err := ParseBaseURL(s)
		if err != nil {
			require.Empty(t, base)
			require.NotContains(t, err.Error(), "hunter2")
			require.Less(t, utf8.RuneCountInString(err.Error()), longest)
			return
		}
		require.False(t, strings.HasSuffix(base, "/") || strings.ContainsAny(base, "?#@") && !strings.Contains(base, "/"))
		again, err := ParseBaseURL(base)
		require.NoError(t, err)
		require.Equal(t, base, again)
		// Another reader takes it for the same. What an IPv6 address looks like is left to the browser.
		u, err := url.Parse(base)
		if strings.Contains(base, "//[") && err != nil {
			return
		}
		require.NoError(t, err)
		require.Nil(t, u.User)
		require.Equal(t, base, u.Scheme+"://"+u.Host+u.EscapedPath())
	})
}
