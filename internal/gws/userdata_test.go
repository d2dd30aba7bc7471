package gws

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// addWith returns what comes of an addRecord with these otherFields.
func addWith(otherFields any) (Request, []Problem) {
	return ParseRequest("addRecord", Fields{
		"applicationId": 134.0, "campaignName": "C", "callingList": "L", "phoneNumber": "1", "phoneType": "Mobile",
		"timeZone": "GMT", "from": 0.0, "until": 1.0, "devicePath": device, "otherFields": otherFields,
	}, false)
}

func TestUserData_IsSentAsOneObject(t *testing.T) {
	many := map[string]any{}
	for i := range MaxUserData {
		many[fmt.Sprint("field", i)] = float64(i)
	}
	long := map[string]any{strings.Repeat("é", MaxShortText): strings.Repeat("é", MaxLongText)}
	for _, c := range []struct{ given, sent map[string]any }{
		{map[string]any{}, map[string]any{}},
		{map[string]any{"a": nil, "b": "x"}, map[string]any{"b": "x"}},
		{map[string]any{"a": "", "b": "\"\\\u2028", "c": 0.1, "d": -1.0, "e": 1e-9, "f": float64(maxSafeInteger), "g": false}, nil},
		{many, nil},
		{long, nil},
	} {
		if c.sent == nil {
			c.sent = c.given
		}
		r, problems := addWith(c.given)
		require.Empty(t, problems)
		var body struct{ OtherFields map[string]any }
		require.NoError(t, json.Unmarshal(r.Body(), &body))
		require.Equal(t, c.sent, body.OtherFields)
		require.Equal(t, c.sent, r.Fields()["otherFields"])
		require.Empty(t, r.Text("otherFields"))
	}
	r, problems := addWith(nil)
	require.Empty(t, problems)
	require.NotContains(t, string(r.Body()), "otherFields")
}

func TestUserData_EveryWrongFieldIsNamed(t *testing.T) {
	long := strings.Repeat("x", MaxLongText+1)
	_, problems := addWith(map[string]any{
		"a": Foreign("object"), "b": Foreign("array"), "c": math.NaN(), "d": math.Inf(-1), "e": 1e16, "f": long,
		"g": "\x00", "h": map[string]any{}, "i": Foreign("function"), "good": "x", "": 1.0, " ": 1.0, "\n": 1.0, long: 1.0,
	})
	const value = ", expected a string, a number or a boolean"
	require.ElementsMatch(t, []Problem{
		{"otherFields", `a field's name: got "", expected a string that is not empty`},
		{"otherFields", `a field's name: got " ", expected a string that is not empty`},
		{"otherFields", `a field's name: got "\n", expected a string without control characters`},
		{"otherFields", `a field's name: got "` + long[:40] + `…" with 1025 characters, expected at most 256`},
		{"otherFields.a", "got a value of type object" + value},
		{"otherFields.b", "got a value of type array" + value},
		{"otherFields.c", "got NaN, which JSON has no number for"},
		{"otherFields.d", "got -Inf, which JSON has no number for"},
		{"otherFields.e", "got 10000000000000000, which JavaScript does not hold exactly; pass the digits as a string"},
		{"otherFields.f", `got "` + long[:40] + `…" with 1025 characters, expected at most 1024`},
		{"otherFields.g", `got "\x00", expected a string without control characters`},
		{"otherFields.h", "got a value of type object" + value},
		{"otherFields.i", "got a value of type function" + value},
	}, problems)
}

func TestUserData_TooManyFieldsIsOneProblem(t *testing.T) {
	many := map[string]any{}
	for i := range MaxUserData + 1 {
		many[fmt.Sprint("field", i)] = Foreign("object")
	}
	_, problems := addWith(many)
	require.Equal(t, []Problem{{"otherFields", "got more than 100 fields, expected at most 100"}}, problems)
}
