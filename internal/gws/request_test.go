package gws

import (
	"encoding/json"
	"maps"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// good returns a request without mistakes, changed: a nil stands for an
// absent field as it does in JavaScript.
func good(change Fields) Fields {
	f := Fields{
		"recordHandle":  12.0,
		"applicationId": 134.0,
		"campaignName":  "Campaign1",
		"callingList":   "CallingList1",
		"devicePath":    "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00",
	}
	maps.Copy(f, change)
	return f
}

func TestParseCompleteRecord(t *testing.T) {
	r, problems := ParseRequest("completeRecord", good(nil), false)
	require.Empty(t, problems)
	require.Equal(t, "/api/v2/me/outbound-records/12", r.Path())
	require.JSONEq(t, `{"operationName": "CompleteRecord", "applicationId": 134, "campaignName": "Campaign1",
		"callingList": "CallingList1", "devicePath": "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00"}`, string(r.Body()))

	r, problems = ParseRequest("completeRecord", good(Fields{
		"operationName": "CompleteRecord", "callResult": "Pickedup", "phoneNumber": "+49 30 <1>&2",
		"referenceId": "réf \"1\"", "recordHandle": "0009223372036854775"}), false)
	require.Empty(t, problems)
	require.Equal(t, "/api/v2/me/outbound-records/9223372036854775", r.Path())
	var body map[string]any
	require.NoError(t, json.Unmarshal(r.Body(), &body))
	require.Equal(t, map[string]any{
		"operationName": "CompleteRecord", "applicationId": 134.0, "campaignName": "Campaign1",
		"callingList": "CallingList1", "devicePath": "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00",
		"callResult": "Pickedup", "phoneNumber": "+49 30 <1>&2", "referenceId": "réf \"1\"",
	}, body)

	// null and undefined are the same as no such field.
	r, problems = ParseRequest("completeRecord", good(Fields{"operationName": nil, "callResult": nil, "phoneNumber": nil, "referenceId": nil}), false)
	require.Empty(t, problems)
	require.NotContains(t, string(r.Body()), "callResult")
}

func TestParseCompleteRecordHandle(t *testing.T) {
	for _, c := range []struct {
		in   any
		want string
	}{
		{1.0, "1"}, {float64(maxSafeInteger), "9007199254740991"}, {"1", "1"}, {"007", "7"}, {"9223372036854775807", "9223372036854775807"},
	} {
		r, problems := ParseRequest("completeRecord", good(Fields{"recordHandle": c.in}), false)
		require.Empty(t, problems)
		require.Equal(t, c.want, r.Text("recordHandle"))
	}
}

func TestParseCompleteRecordProblems(t *testing.T) {
	const integer = ", expected a positive integer"
	const handle = integer + ", or its digits as a string"
	const tooBigHandle = ", expected 1 to 9223372036854775807, in at most 19 digits"
	long := strings.Repeat("é", 1025)
	for _, c := range []struct {
		field string
		value any
		want  string
	}{
		{"recordHandle", nil, "missing" + handle},
		{"recordHandle", 0.0, "got 0" + handle},
		{"recordHandle", -1.0, "got -1" + handle},
		{"recordHandle", 1.5, "got 1.5" + handle},
		{"recordHandle", math.NaN(), "got NaN" + handle},
		{"recordHandle", math.Inf(-1), "got -Inf" + handle},
		{"recordHandle", float64(1 << 53), "got 9007199254740992, which JavaScript does not hold exactly; pass the digits as a string"},
		{"recordHandle", 1e22, "got 1e+22, which JavaScript does not hold exactly; pass the digits as a string"},
		{"recordHandle", "", `got ""` + handle},
		{"recordHandle", "12a", `got "12a"` + handle},
		{"recordHandle", "-1", `got "-1"` + handle},
		{"recordHandle", "+1", `got "+1"` + handle},
		{"recordHandle", "1/../2", `got "1/../2"` + handle},
		{"recordHandle", "١٢", `got "١٢"` + handle},
		{"recordHandle", "0", `got "0"` + tooBigHandle},
		{"recordHandle", "000", `got "000"` + tooBigHandle},
		{"recordHandle", "9223372036854775808", `got "9223372036854775808"` + tooBigHandle},
		{"recordHandle", "00000000000000000001", `got "00000000000000000001"` + tooBigHandle},
		{"recordHandle", true, "got true" + handle},
		{"recordHandle", Foreign("bigint"), "got a value of type bigint" + handle},

		{"operationName", "completeRecord", `got "completeRecord", expected "CompleteRecord" or no such field`},
		{"operationName", "", `got "", expected "CompleteRecord" or no such field`},
		{"operationName", 1.0, `got 1, expected "CompleteRecord" or no such field`},

		{"applicationId", nil, "missing" + integer},
		{"applicationId", "134", `got the string "134"` + integer + ": pass a number"},
		{"applicationId", "x", `got "x"` + integer},
		{"applicationId", 0.0, "got 0" + integer},
		{"applicationId", 1.25, "got 1.25" + integer},
		{"applicationId", math.NaN(), "got NaN" + integer},
		{"applicationId", float64(1 << 53), "got 9007199254740992, which JavaScript does not hold exactly; pass the digits as a string"},
		{"applicationId", "9007199254740991", `got the string "9007199254740991"` + integer + ": pass a number"},
		{"applicationId", "9223372036854775808", `got "9223372036854775808", expected at most 9223372036854775807`},
		{"applicationId", math.Inf(1), "got +Inf" + integer},
		{"applicationId", false, "got false" + integer},

		{"campaignName", nil, "missing, expected a string that is not empty"},
		{"campaignName", "", `got "", expected a string that is not empty`},
		{"campaignName", " \u00a0", `got " \u00a0", expected a string that is not empty`},
		{"campaignName", "a\nb", `got "a\nb", expected a string without control characters`},
		{"campaignName", "a\x00", `got "a\x00", expected a string without control characters`},
		{"campaignName", "a\xff", `got "a\xff", expected a string without control characters`},
		{"campaignName", long, `got "` + strings.Repeat("é", 40) + `…" with 1025 characters, expected at most 1024`},
		{"campaignName", 1.0, "got 1, expected a string"},
		{"callingList", Foreign("array"), "got a value of type array, expected a string"},
		{"devicePath", nil, "missing, expected a string that is not empty"},
		{"devicePath", 42, "got a value of type int, expected a string"},

		{"callResult", "", `got "", expected a string that is not empty, or no such field`},
		{"callResult", "answer", `unknown call result "answer"; did you mean 'Answer'?`},
		{"callResult", 33.0, "got 33, expected the name of a call result: 33 is 'Answer'"},
		{"callResult", 0.0, "got 0, expected the name of a call result: 0 is 'Ok'"},
		{"callResult", 53.0, "got 53, expected the name of a call result: 53 is 'WrongNumber'"},
		{"callResult", 54.0, "got 54, expected the name of a call result"},
		{"callResult", 1.5, "got 1.5, expected the name of a call result"},
		{"callResult", true, "got true, expected a string"},
		{"phoneNumber", "", `got "", expected a string that is not empty, or no such field`},
		{"phoneNumber", 49301.0, "got 49301, expected a string"},
		{"phoneNumber", strings.Repeat("1", 257), `got "` + strings.Repeat("1", 40) + `…" with 257 characters, expected at most 256`},
		{"referenceId", "", `got "", expected a string that is not empty, or no such field`},
		{"referenceId", "a\u0085", `got "a\u0085", expected a string without control characters`},
		{"referenceId", strings.Repeat("r", 257), `got "` + strings.Repeat("r", 40) + `…" with 257 characters, expected at most 256`},
		{"referenceId", Foreign("symbol"), "got a value of type symbol, expected a string"},

		{"recordhandle", 1.0, "unknown field; did you mean recordHandle?"},
		{"record_handle", 1.0, "unknown field; did you mean recordHandle?"},
		{"campaign", "x", "unknown field; did you mean campaignName?"},
		{"handle", 1.0, "unknown field; did you mean recordHandle?"},
		{"phone", "1", "unknown field; did you mean phoneNumber?"},
		{"applicationID", 1.0, "unknown field; did you mean applicationId?"},
		{"referenceIdentifier", "1", "unknown field; did you mean referenceId?"},
		{"x", nil, "unknown field, there is no such parameter"},
		{"ackTimeout", 1.0, "unknown field, there is no such parameter"},
		{strings.Repeat("campaignName", 1000), 1.0, "unknown field, there is no such parameter"},
	} {
		r, problems := ParseRequest("completeRecord", good(Fields{c.field: c.value}), false)
		require.Equal(t, []Problem{{Field: c.field, Message: c.want}}, problems)
		require.Zero(t, r)
	}

	for field, n := range map[string]int{"campaignName": 1024, "callingList": 1024, "devicePath": 1024, "phoneNumber": 256, "referenceId": 256} {
		_, problems := ParseRequest("completeRecord", good(Fields{field: strings.Repeat("é", n)}), false)
		require.Empty(t, problems, field)
	}
}

func TestParseCompleteRecordNamesAll(t *testing.T) {
	fieldsOf := func(problems []Problem) (fields []string) {
		for _, p := range problems {
			fields = append(fields, p.Field)
		}
		return fields
	}
	_, problems := ParseRequest("completeRecord", Fields{
		"operationName": "x", "callResult": "x", "phoneNumber": "", "referenceId": "", "zebra": 1.0, "Alpha": 1.0, "beta": nil,
	}, false)
	require.Equal(t, []string{"recordHandle", "operationName", "applicationId", "campaignName", "callingList",
		"callResult", "phoneNumber", "devicePath", "referenceId", "Alpha", "beta", "zebra"}, fieldsOf(problems))

	_, problems = ParseRequest("completeRecord", nil, false)
	require.Equal(t, []string{"recordHandle", "applicationId", "campaignName", "callingList", "devicePath"}, fieldsOf(problems))

	text, err := json.Marshal(problems[0])
	require.NoError(t, err)
	require.JSONEq(t, `{"field": "recordHandle", "message": "missing, expected a positive integer, or its digits as a string"}`, string(text))
}

func TestParseCompleteRecordAllowUnknown(t *testing.T) {
	r, problems := ParseRequest("completeRecord", good(Fields{"callResult": "Voicemail"}), true)
	require.Empty(t, problems)
	require.Equal(t, "Voicemail", r.Text("callResult"))
	for _, wrong := range []any{"", "a\n", 33.0, strings.Repeat("x", 257)} {
		_, problems = ParseRequest("completeRecord", good(Fields{"callResult": wrong}), true)
		require.Len(t, problems, 1, "%v", wrong)
	}
}

func TestNewReferenceID(t *testing.T) {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range 100 {
		id := NewReferenceID()
		require.Regexp(t, uuid, id)
		require.False(t, seen[id])
		seen[id] = true
	}
}
