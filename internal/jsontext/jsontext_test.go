package jsontext_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/jsontext"
)

// FuzzRead reads what encoding/json reads, and must come to the same.
func FuzzRead(f *testing.F) {
	for _, text := range []string{
		`{"a":1,"b":"x\"\\","c":{"d":[1,2,{}]},"":null}`, ` [ 1 , "]" ,[ ] , {"a":"}"} ] `, `{}`, `[]`, `"é\u0061"`, "\"\xff\"", `-1.5e3`, "\t{\n}\r",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) {
			return
		}
		var all []json.RawMessage
		if json.Unmarshal(text, &all) == nil && all != nil {
			var got []json.RawMessage
			jsontext.Elements(trim(text), func(element []byte) { got = append(got, element) })
			require.Len(t, got, len(all))
			for i := range all {
				require.Equal(t, string(all[i]), string(got[i]))
			}
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(text, &object) == nil && object != nil {
			got := map[string]json.RawMessage{}
			require.True(t, jsontext.Properties(trim(text), func(name, value []byte) bool {
				var key string
				require.NoError(t, json.Unmarshal(name, &key))
				got[key] = value
				return true
			}))
			require.Len(t, got, len(object))
			for key := range object {
				require.Equal(t, string(object[key]), string(got[key]))
			}
		}
		if s, ok := jsontext.String(trim(text)); ok {
			var want string
			require.NoError(t, json.Unmarshal(text, &want))
			require.Equal(t, want, s)
		}
	})
}

// trim takes off the space around, which encoding/json lets pass.
func trim(text []byte) []byte {
	var raw json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		panic(err)
	}
	return raw
}

func TestPropertiesEndsEarly(t *testing.T) {
	calls := 0
	require.False(t, jsontext.Properties([]byte(`{"a":1,"b":2}`), func(_, _ []byte) bool { calls++; return false }))
	require.Equal(t, 1, calls)
}

// FuzzString writes strings so that encoding/json reads what it would have written itself.
func FuzzString(f *testing.F) {
	for _, s := range []string{"", "a", "\"\\\n\x00\x1f\x7f", "é😀\u2028", "a\xffb", "\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		theirs, err := json.Marshal(s)
		require.NoError(t, err)
		var want, got string
		require.NoError(t, json.Unmarshal(theirs, &want))
		require.NoError(t, json.Unmarshal(jsontext.AppendString(nil, s), &got))
		require.Equal(t, want, got)
	})
}
