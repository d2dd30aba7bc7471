package gws

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOperations(t *testing.T) {
	rows := Operations()
	methods, requests, answers := map[string]bool{}, map[string]bool{}, map[string]string{}
	for _, op := range rows {
		require.NotEmpty(t, op.RequestDoc, op.Name)
		require.Equal(t, !methods[op.Method], op.Doc != "", "%s: the first row of a method documents it", op.Name)
		require.False(t, requests[op.Request], op.Request)
		methods[op.Method], requests[op.Request] = true, true

		named := map[string]bool{}
		for i, p := range op.Parameters {
			require.False(t, named[p.Name], p.Name)
			named[p.Name] = true
			require.NotEmpty(t, p.Doc, p.Name)
			require.Equal(t, p.Kind == Choice, len(p.Choices) > 1, p.Name)
			if op.InPath(p.Name) {
				require.True(t, p.Required, p.Name)
				require.Zero(t, i, "the path goes first")
			}
		}
		require.Len(t, regexp.MustCompile(`{\w+}`).FindAllString(op.Path, -1), strings.Count(op.Path, "{"))
		for _, name := range []string{"applicationId", "campaignName", "devicePath", "referenceId"} {
			require.True(t, named[name], "%s has %s", op.Name, name)
		}
		require.Equal(t, "referenceId", op.Parameters[len(op.Parameters)-1].Name)

		final := 0
		for _, a := range op.Answers {
			if a.Role == Final {
				final++
			}
			require.Contains(t, []string{"", op.Name}, answers[a.NotificationType], "an answer is that of one operation")
			answers[a.NotificationType] = op.Name
			require.Equal(t, a.Role == Element, a.Role != Final && op.Result == ResultRecords)
		}
		require.NotZero(t, final)
	}
	require.Len(t, Methods(), len(methods))
	a, ok := rows[0].Answer("RecordProcessedAcknowledge")
	require.True(t, ok)
	require.Equal(t, Answer{"RecordProcessedAcknowledge", "OutboundRecordMessage", Final}, a)
	_, ok = rows[0].Answer("RecordRejectAcknowledge")
	require.False(t, ok)
}

func TestFindOperation(t *testing.T) {
	for _, c := range []struct {
		name, path string
		inPath     map[string]string
	}{
		{"CompleteRecord", "/api/v2/me/outbound-records/12", map[string]string{"recordHandle": "12"}},
		{"DoNotCallRecord", "/api/v2/me/outbound-records/12", map[string]string{"recordHandle": "12"}},
		{"DoNotCallRecord", "/api/v2/me/outbound-records", map[string]string{}},
		{"AddRecord", "/api/v2/me/outbound-records", map[string]string{}},
		{"GetPreviewRecord", "/api/v2/me/outbound-campaigns/a%2Fb%20%25", map[string]string{"campaignName": "a/b %"}},
	} {
		op, inPath, ok := FindOperation(c.name, c.path)
		require.True(t, ok, c.name)
		require.Equal(t, c.name, op.Name)
		require.Equal(t, c.inPath, inPath)
	}
	for _, c := range [][2]string{
		{"CompleteRecord", "/api/v2/me/outbound-records"}, {"CompleteRecord", "/api/v2/me/outbound-records/"}, {"AddRecord", "/api/v2/me/outbound-records/12"},
		{"CompleteRecord", "/api/v2/me/outbound-records/1/2"}, {"CompleteRecord", "/api/v2/me/outbound-campaigns/1"},
		{"GetPreviewRecord", "/api/v2/me/outbound-records/1"}, {"GetPreviewRecord", "/api/v2/me/outbound-campaigns/%zz"},
		{"completeRecord", "/api/v2/me/outbound-records/12"}, {"", ""},
	} {
		_, _, ok := FindOperation(c[0], c[1])
		require.False(t, ok, "%v", c)
	}
}

const device = "/devices/1"

// requests has a request of each row, all of its fields given, and what it is sent as.
var requests = []struct {
	method     string
	fields     Fields
	path, body string
}{
	{"completeRecord", Fields{"recordHandle": 12.0, "applicationId": 134.0, "campaignName": "C", "callingList": "L", "callResult": "Answer", "phoneNumber": "1", "devicePath": device, "referenceId": "r"},
		"/api/v2/me/outbound-records/12", `{"operationName":"CompleteRecord","applicationId":134,"campaignName":"C","callingList":"L","callResult":"Answer","phoneNumber":"1","devicePath":"/devices/1","referenceId":"r"}`},
	{"addRecord", Fields{"applicationId": 134.0, "campaignName": "C", "callingList": "L", "phoneNumber": "1", "phoneType": "Mobile", "timeZone": "GMT", "from": 0.0, "until": 86339.0, "chainId": 7.0,
		"otherFields": map[string]any{"Premium": 12.5, "Name": "é\"", "Vip": true, "Note": "", "__proto__": 0.0}, "devicePath": device, "referenceId": "r"},
		"/api/v2/me/outbound-records", `{"operationName":"AddRecord","applicationId":134,"campaignName":"C","callingList":"L","phoneNumber":"1","phoneType":"Mobile","timeZone":"GMT","from":0,"until":86339,"chainId":7,` +
			`"otherFields":{"Name":"é\"","Note":"","Premium":12.5,"Vip":true,"__proto__":0},"devicePath":"/devices/1","referenceId":"r"}`},
	{"updateRecord", Fields{"recordHandle": "12", "applicationId": 134.0, "campaignName": "C", "callingList": "L", "phoneNumber": "1", "phoneType": "Mobile", "timeZone": "GMT", "from": 0.0, "until": 86339.0, "devicePath": device, "referenceId": "r"},
		"/api/v2/me/outbound-records/12", `{"operationName":"UpdateRecord","applicationId":134,"campaignName":"C","callingList":"L","phoneNumber":"1","phoneType":"Mobile","timeZone":"GMT","from":0,"until":86339,"devicePath":"/devices/1","referenceId":"r"}`},
	{"rejectRecord", Fields{"recordHandle": 12.0, "applicationId": 134.0, "campaignName": "C", "callingList": "L", "devicePath": device, "referenceId": "r"},
		"/api/v2/me/outbound-records/12", `{"operationName":"RejectRecord","applicationId":134,"campaignName":"C","callingList":"L","devicePath":"/devices/1","referenceId":"r"}`},
	{"cancelRecord", Fields{"recordHandle": 12.0, "applicationId": 134.0, "campaignName": "C", "callingList": "L", "phoneNumber": "1", "chainAttribute": "AllChain", "devicePath": device, "referenceId": "r"},
		"/api/v2/me/outbound-records/12", `{"operationName":"CancelRecord","applicationId":134,"campaignName":"C","callingList":"L","phoneNumber":"1","chainAttribute":"AllChain","devicePath":"/devices/1","referenceId":"r"}`},
	{"doNotCallRecord", Fields{"recordHandle": 12.0, "applicationId": 134.0, "campaignName": "C", "callingList": "L", "phoneNumber": "1", "chainAttribute": "RecordOnly", "devicePath": device, "referenceId": "r"},
		"/api/v2/me/outbound-records/12", `{"operationName":"DoNotCallRecord","applicationId":134,"campaignName":"C","callingList":"L","phoneNumber":"1","chainAttribute":"RecordOnly","devicePath":"/devices/1","referenceId":"r"}`},
	{"doNotCallRecord", Fields{"applicationId": 134.0, "campaignName": "C", "callingList": "L", "phoneNumber": "1", "chainAttribute": "AllChain", "devicePath": device, "referenceId": "r"},
		"/api/v2/me/outbound-records", `{"operationName":"DoNotCallRecord","applicationId":134,"campaignName":"C","callingList":"L","phoneNumber":"1","chainAttribute":"AllChain","devicePath":"/devices/1","referenceId":"r"}`},
	{"rescheduleRecord", Fields{"recordHandle": 12.0, "applicationId": 134.0, "campaignName": "C", "callbackType": "Personal", "timestamp": time.UnixMilli(1433917552999), "devicePath": device, "referenceId": "r"},
		"/api/v2/me/outbound-records/12", `{"operationName":"RescheduleRecord","applicationId":134,"campaignName":"C","callbackType":"Personal","timestamp":1433917552,"devicePath":"/devices/1","referenceId":"r"}`},
	{"getChainedRecords", Fields{"recordHandle": 12.0, "applicationId": 134.0, "campaignName": "C", "devicePath": device, "referenceId": "r"},
		"/api/v2/me/outbound-records/12", `{"operationName":"GetChainedRecord","applicationId":134,"campaignName":"C","devicePath":"/devices/1","referenceId":"r"}`},
	{"getPreviewRecord", Fields{"campaignName": "a/b ü%?#;...", "applicationId": 134.0, "devicePath": device, "referenceId": "r"},
		"/api/v2/me/outbound-campaigns/a%2Fb%20%C3%BC%25%3F%23%3B...", `{"operationName":"GetPreviewRecord","applicationId":134,"devicePath":"/devices/1","referenceId":"r"}`},
	{"startPreviewSession", Fields{"campaignName": "C", "applicationId": 134.0, "devicePath": device, "referenceId": "r"},
		"/api/v2/me/outbound-campaigns/C", `{"operationName":"StartPreviewSession","applicationId":134,"devicePath":"/devices/1","referenceId":"r"}`},
	{"endPreviewSession", Fields{"campaignName": "C", "applicationId": 134.0, "devicePath": device, "referenceId": "r"},
		"/api/v2/me/outbound-campaigns/C", `{"operationName":"EndPreviewSession","applicationId":134,"devicePath":"/devices/1","referenceId":"r"}`},
}

func TestParseRequest(t *testing.T) {
	rows := map[*Operation]bool{}
	for _, c := range requests {
		r, problems := ParseRequest(c.method, c.fields, false)
		require.Empty(t, problems, c.method)
		require.Equal(t, c.method, r.Operation.Method)
		rows[r.Operation] = true
		require.Len(t, c.fields, len(r.Operation.Parameters), "%s: all of its fields are given", r.Operation.Request)
		require.Equal(t, c.path, r.Path())
		require.Equal(t, c.body, string(r.Body()))
		require.Equal(t, "r", r.ReferenceID)
		require.Equal(t, "134", r.Text("applicationId"))
		require.Empty(t, r.Text("no such"))

		op, _, found := FindOperation(r.Operation.Name, r.Path())
		require.True(t, found)
		require.Same(t, r.Operation, op, "a server finds the same row")

		// Without what is not required, and without what is.
		required := Fields{}
		for _, p := range r.Operation.Parameters {
			if p.Required {
				required[p.Name] = c.fields[p.Name]
			}
		}
		r, problems = ParseRequest(c.method, required, false)
		require.Empty(t, problems, c.method)
		require.Len(t, r.values, len(required))
		for name := range required {
			without := Fields{}
			for field, v := range required {
				if field != name {
					without[field] = v
				}
			}
			_, problems = ParseRequest(c.method, without, false)
			require.NotEmpty(t, problems)
			require.Contains(t, problems[0].Message, "missing, expected")
		}
	}
	for _, op := range Operations() {
		require.True(t, rows[op], "%s has an example here", op.Request)
	}
	_, problems := ParseRequest("deleteRecord", Fields{}, false)
	require.Equal(t, []Problem{{"operationName", `there is no operation "deleteRecord"`}}, problems)
}

func TestParseRequestProblems(t *testing.T) {
	const when = "expected a Date, or seconds since 1970"
	for _, c := range []struct {
		method, field string
		value         any
		want          string
	}{
		{"rescheduleRecord", "timestamp", nil, "missing, " + when},
		{"rescheduleRecord", "timestamp", InvalidDate, "got an invalid Date, " + when},
		{"rescheduleRecord", "timestamp", Foreign("object"), "got a value of type object, " + when},
		{"rescheduleRecord", "timestamp", "2026-01-01", `got "2026-01-01", ` + when},
		{"rescheduleRecord", "timestamp", 1.5, "got 1.5, " + when},
		{"rescheduleRecord", "timestamp", 0.0, "got 0, " + when},
		{"rescheduleRecord", "timestamp", 1433917552000.0, "got 1433917552000, which is too great for seconds and looks like milliseconds; pass a Date, or seconds since 1970"},
		{"rescheduleRecord", "timestamp", time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), "got a Date in the year 1969, expected one from 1970 to 5138"},
		{"rescheduleRecord", "timestamp", time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), "got a Date in the year 9999, expected one from 1970 to 5138"},
		{"rescheduleRecord", "callbackType", nil, "missing, expected Personal or Campaign"},
		{"rescheduleRecord", "callbackType", "personal", `got "personal"; did you mean 'Personal'?`},
		{"rescheduleRecord", "callbackType", "x", `got "x", expected Personal or Campaign`},
		{"rescheduleRecord", "campaignName", time.Now(), "got a Date, expected a string"},
		{"rescheduleRecord", "time", 1.0, "unknown field; did you mean timestamp?"},
		{"rescheduleRecord", "callResult", "Answer", "unknown field, there is no such parameter"},
		{"updateRecord", "phoneType", "Mobil", `got "Mobil"; did you mean 'Mobile'?`},
		{"updateRecord", "phoneType", 4.0, "got 4, expected NoContactType, HomePhone, DirectBusinessPhone, BusinessWithExt, Mobile, VacationPhone, Pager, Modem, VoiceMail, PinPager, EmailAddress or InstantMessaging"},
		{"updateRecord", "timeZone", true, "got true, expected an integer or a string"},
		{"updateRecord", "timeZone", 1.5, "got 1.5, expected an integer or a string"},
		{"updateRecord", "timeZone", "", `got "", expected a string that is not empty, or no such field`},
		{"updateRecord", "from", -1.0, "got -1, expected an integer, 0 or greater"},
		{"updateRecord", "until", "5", `got the string "5", expected an integer, 0 or greater: pass a number`},
		{"addRecord", "timeZone", nil, "missing, expected an integer or a string"},
		{"addRecord", "from", nil, "missing, expected an integer, 0 or greater"},
		{"addRecord", "chainId", 1.5, "got 1.5, expected an integer, 0 or greater"},
		{"addRecord", "recordHandle", 12.0, "unknown field, there is no such parameter"},
		{"addRecord", "otherFields", Foreign("array"), "got a value of type array, expected an object of strings, numbers and booleans"},
		{"addRecord", "phoneNumber", map[string]any{"a": 1.0}, "got a value of type object, expected a string"},
		{"cancelRecord", "chainAttribute", "RecordsOnly", `got "RecordsOnly"; did you mean 'RecordOnly'?`},
		{"rejectRecord", "operationName", "CompleteRecord", `got "CompleteRecord", expected "RejectRecord" or no such field`},
		{"startPreviewSession", "campaignName", "..", `got "..", which cannot be sent: it would lead to another path`},
		{"startPreviewSession", "campaignName", ".", `got ".", which cannot be sent: it would lead to another path`},
		{"getPreviewRecord", "recordHandle", 1.0, "unknown field, there is no such parameter"},
		{"getChainedRecords", "handle", 1.0, "unknown field; did you mean recordHandle?"},
	} {
		for _, good := range requests {
			if good.method != c.method {
				continue
			}
			f := Fields{c.field: c.value}
			for field, v := range good.fields {
				if field != c.field {
					f[field] = v
				}
			}
			r, problems := ParseRequest(c.method, f, false)
			require.Equal(t, []Problem{{c.field, c.want}}, problems)
			require.Zero(t, r)
		}
	}

	r, problems := ParseRequest("updateRecord", Fields{"recordHandle": 1.0, "applicationId": 1.0, "campaignName": "..", "devicePath": device, "timeZone": -25200.0}, false)
	require.Empty(t, problems, "dots are nothing but text in a body")
	require.Contains(t, string(r.Body()), `"timeZone":-25200,`)
	_, problems = ParseRequest("rescheduleRecord", Fields{"recordHandle": 1.0, "applicationId": 1.0, "campaignName": "C", "devicePath": device, "callbackType": "Personal", "timestamp": 1.0}, false)
	require.Empty(t, problems, "the past passes")
}

func TestDoNotCallByHandleOrNumber(t *testing.T) {
	f := Fields{"applicationId": 134.0, "campaignName": "C", "devicePath": device}
	_, problems := ParseRequest("doNotCallRecord", f, false)
	require.Equal(t, []Problem{{"phoneNumber", "missing, expected a string that is not empty; it can be left out only where there is a recordHandle"}}, problems)

	f["recordhandle"], f["recordHandle"] = 12.0, nil
	_, problems = ParseRequest("doNotCallRecord", f, false)
	require.Contains(t, problems, Problem{"recordhandle", "unknown field; did you mean recordHandle?"})

	delete(f, "recordhandle")
	f["phoneNumber"] = "1"
	r, problems := ParseRequest("doNotCallRecord", f, false)
	require.Empty(t, problems)
	require.Equal(t, "/api/v2/me/outbound-records", r.Path())

	f["recordHandle"] = 0.0
	_, problems = ParseRequest("doNotCallRecord", f, false)
	require.Equal(t, []Problem{
		{"recordHandle", "got 0, expected a positive integer, or its digits as a string"},
		{"callingList", "missing, expected a string that is not empty"},
	}, problems)
}
