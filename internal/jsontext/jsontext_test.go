package jsontext_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/jsontext"
)

func read(t *testing.T, text string) jsontext.Value {
	t.Helper()
	v, p := jsontext.Read([]byte(text))
	require.Equal(t, jsontext.None, p, "%.60q", text)
	return v
}

func TestRead_WhatIsNoJSONIsRefused(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for text, want := range map[string]jsontext.Problem{
		``: jsontext.CutShort, ` `: jsontext.CutShort, `{`: jsontext.CutShort, `[1,`: jsontext.CutShort, `{"a`: jsontext.CutShort, `{"a"`: jsontext.CutShort,
		`{"a":`: jsontext.CutShort, `"\`: jsontext.CutShort, `"\u00`: jsontext.CutShort, `tru`: jsontext.CutShort, `-`: jsontext.CutShort, `1.`: jsontext.CutShort, `1e+`: jsontext.CutShort,
		`-Inf`: jsontext.CutShort, `[1`: jsontext.CutShort,
		`]`: jsontext.Broken, `[1 2]`: jsontext.Broken, `[1,]`: jsontext.Broken, `{,}`: jsontext.Broken, `{"a" 1}`: jsontext.Broken, `{a:1}`: jsontext.Broken, `{"a":1]`: jsontext.Broken, `[1}`: jsontext.Broken,
		`"\x"`: jsontext.Broken, `"\u00g0"`: jsontext.Broken, `'a'`: jsontext.Broken, `01`: jsontext.Broken, `+1`: jsontext.Broken, `.5`: jsontext.Broken, `5.]`: jsontext.Broken, `1ex`: jsontext.Broken,
		`0x1`: jsontext.Broken, `truer`: jsontext.Broken, `undefined`: jsontext.Broken, `True`: jsontext.Broken, `Nan`: jsontext.Broken, `INF`: jsontext.Broken, `1 1`: jsontext.Broken, `{} x`: jsontext.Broken,
		`{"a":NaNa}`: jsontext.Broken, `{NaN:1}`: jsontext.Broken, "\xef\xbb\xbf\xef\xbb\xbf1": jsontext.Broken,
		deep(jsontext.MaxDepth): jsontext.None, deep(jsontext.MaxDepth + 1): jsontext.TooDeep, strings.Repeat(`{"a":`, 1_000_000): jsontext.TooDeep,
	} {
		_, p := jsontext.Read([]byte(text))
		require.Equal(t, want, p, "%.60q", text)
	}
}

func TestRead_WhatServersWriteInPlaceOfJSONIsMended(t *testing.T) {
	for text, want := range map[string]string{
		`NaN`: `null`, `[NaN,Infinity,-Infinity,+Infinity,nan,-nan,inf,-inf,-NaN]`: `[null,null,null,null,null,null,null,null,null]`,
		`{"a":NaN,"b":-1.5e3,"c":true , "d":"NaN"}`: `{"a":null,"b":-1.5e3,"c":true , "d":"NaN"}`,
		"{\"a\":\"x\ty\nz\x00\",\"b\x01\":[]}":      `{"a":"x\u0009y\u000az\u0000","b\u0001":[]}`,
		"\xef\xbb\xbf {\"a\":1}\n":                  `{"a":1}`,
		" [ 1 ] ":                                   `[ 1 ]`,
	} {
		require.Equal(t, want, string(read(t, text)), text)
	}
}

func TestRead_MendingTakesLittleMemory(t *testing.T) {
	v := read(t, `"`+strings.Repeat("\x01", 100_000)+`"`)
	require.Len(t, v, 600_002)
	_, p := jsontext.Read([]byte(`"` + strings.Repeat("\x01", 1<<20) + `"`))
	require.Equal(t, jsontext.Broken, p)
}

func TestWalk_OneThatCannotBeReadIsLostAlone(t *testing.T) {
	deep := strings.Repeat("[", jsontext.MaxDepth+1) + strings.Repeat("]", jsontext.MaxDepth+1)
	for text, want := range map[string]struct{ read, lost string }{
		`[1,{"a":"]"},[2]]`:                    {read: `1 {"a":"]"} [2]`},
		` { "a" : 1 } `:                        {read: `{ "a" : 1 }`},
		`[]`:                                   {},
		"\xef\xbb\xbf[ ] ":                     {},
		`[{"a":undefined},{"b":1}]`:            {read: `{"b":1}`, lost: "broken JSON 15"},
		`[1,{"a":"\x","b":["]",{}]} , 2]`:      {read: `1 2`, lost: "broken JSON 24"},
		`[{"a":"},{"} x, 2]`:                   {read: `{"a":"},{"} 2`, lost: "broken JSON 1"},
		`[1 2, 3]`:                             {read: `1 3`, lost: "broken JSON 1"},
		`[` + deep + `,1]`:                     {read: `1`, lost: "JSON that is nested too deep 20002"},
		`[{"a":[1},{"b":2}]`:                   {lost: "broken JSON 17"}, // its end cannot be known
		`[{"a":"x"y"},{"b":2}]`:                {lost: "broken JSON 20"},
		`[1,{"a":2]`:                           {read: `1`, lost: "broken JSON 7"},
		`[1,{"a":"x`:                           {read: `1`, lost: "JSON that is cut short 7"},
		`[1,2`:                                 {read: `1 2`, lost: "JSON that is cut short 0"},
		`[1,`:                                  {read: `1`, lost: "JSON that is cut short 0"},
		`[`:                                    {lost: "JSON that is cut short 0"},
		``:                                     {lost: "JSON that is cut short 0"},
		`[1]]`:                                 {read: `1`, lost: "broken JSON 1"},
		`{} {}`:                                {read: `{}`, lost: "broken JSON 2"},
		`[1,]`:                                 {read: `1`, lost: "broken JSON 0"},
		`[,1]`:                                 {read: `1`, lost: "broken JSON 0"},
		`[{"a":NaN},1]`:                        {read: `mended:{"a":null} 1`},
		`[` + strings.Repeat("[", 2<<20) + `]`: {lost: fmt.Sprintf("JSON that is nested too deep %d", 2<<20+1)},
	} {
		var all, lost []string
		jsontext.Walk([]byte(text), func(v jsontext.Value, odd int) {
			s := string(v)
			if odd > 0 {
				s = "mended:" + s
			}
			all = append(all, s)
		}, func(p jsontext.Problem, size int) { lost = append(lost, fmt.Sprintf("%v %d", p, size)) })
		require.Equal(t, want.read, strings.Join(all, " "), "%.60q", text)
		require.Equal(t, want.lost, strings.Join(lost, " "), "%.60q", text)
	}
}

func TestMembers_NamesAreExactAndTheLastCounts(t *testing.T) {
	v := read(t, `{"A":0,"a":1,"b":{"a":9},"c":3,"\u0061":2,"c ":4,"":5}`)
	var got [4]jsontext.Value
	v.Members([]string{"a", "c", "", "d"}, got[:])
	require.Equal(t, [4]string{"2", "3", "5", ""}, [4]string{string(got[0]), string(got[1]), string(got[2]), string(got[3])})
	for _, none := range []string{`[]`, `"{"`, `1`, `null`, `{}`} {
		got = [4]jsontext.Value{}
		read(t, none).Members([]string{"a"}, got[:1])
		require.Nil(t, got[0])
	}
}

func TestValue_OfAnotherTypeIsNothing(t *testing.T) {
	for _, text := range []string{``, `null`, `{}`, `[]`, `"1"`, `1`, `true`, `1.5`, `1e400`} {
		v := jsontext.Value(text)
		s, isText := v.Text()
		require.Equal(t, text == `"1"`, isText)
		if isText {
			require.Equal(t, "1", s)
		}
		_, isBool := v.Bool()
		require.Equal(t, text == `true`, isBool)
		_, isFloat := v.Float()
		require.Equal(t, text == `1` || text == `1.5`, isFloat, text)
		_, isInt := v.Int()
		require.Equal(t, text == `1`, isInt, text)
		require.Equal(t, text == `null`, v.IsNull())
	}
}

func TestInteger_ByValue(t *testing.T) {
	for number, want := range map[string]string{
		"12": "12", "12.0": "12", "1.2e1": "12", "0012": "12", "120e-1": "12", "1.20E+1": "12", "12.000": "12", "-12.0": "-12", "0": "0", "-0.0": "0", "0e999999999999999999999": "0",
		"9007199254740993": "9007199254740993", "9.007199254740993e15": "9007199254740993", "1e2": "100",
		"12.5": "", "1.25e1": "", "1e-1": "", "1e999999999999": "", "": "", "-": "", ".5": "", "5.": "", "a": "", "12 ": "", "1e": "", "0x1": "", "1.2.3": "", "+1": "",
	} {
		digits, ok := jsontext.Integer(number)
		require.Equal(t, want, digits, number)
		require.Equal(t, want != "", ok, number)
	}
}

func TestExact_IntegersBeyondJavaScriptsBecomeStrings(t *testing.T) {
	for text, want := range map[string]string{
		`9007199254740991`: ``, `-9007199254740991`: ``, `9007199254740992`: `"9007199254740992"`, `-9007199254740993`: `"-9007199254740993"`,
		`9007199254740993.0`: `"9007199254740993"`, `[-9007199254740993.00,1]`: `["-9007199254740993",1]`, `9007199254740991.0`: ``, `9007199254740993.01`: ``, `9007199254740993.0e1`: `"90071992547409930"`, `9007199254740993e0`: `"9007199254740993"`, `-9.007199254740993E+15`: `"-9007199254740993"`,
		`[90071992547409930e-1,9007199254740991e0,90071992547409931e-1,1e3,12.5e1,-0,1E15]`: `["9007199254740993",9007199254740991e0,90071992547409931e-1,1e3,12.5e1,-0,1E15]`,
		`[1e20,1e39]`: `["100000000000000000000","1000000000000000000000000000000000000000"]`, `[1e40,1E400,1.5e308,1e999999999]`: ``, `90071992547409930`: `"90071992547409930"`, `1.00000000000000000001`: ``,
		`{"recordHandle":9007199254740993,"a":[12,18446744073709551616],"9007199254740993":"9007199254740993"}`: `{"recordHandle":"9007199254740993","a":[12,"18446744073709551616"],"9007199254740993":"9007199254740993"}`,
		`"\"9007199254740993"`: ``, `true`: ``, `{"a":null,"b":12}`: ``, ``: ``,
	} {
		got := jsontext.Exact(jsontext.Value(text))
		if want == "" {
			want = text
		}
		require.Equal(t, want, string(got))
	}
	v := jsontext.Value(`{"recordHandle":12,"campaignName":"a"}`)
	require.Zero(t, testing.AllocsPerRun(10, func() { jsontext.Exact(v) }), "it costs nothing where there is none")
}

// FuzzRead reads what encoding/json reads, and must come to the same.
func FuzzRead(f *testing.F) {
	for _, text := range []string{
		`{"a":1,"b":"x\"\\","c":{"d":[1,2,{}]},"":null}`, ` [ 1 , "]" ,[ ] , {"a":"}"} ] `, `{}`, `[]`, `"é\u0061\ud83d\ude00\ud800\ud800\u0041\/\b\f\n\r\t"`, "\"\xff\"", `-1.5e3`, "\t{\n}\r",
		`{"a":1,"a":2,"\u0061":3}`, `[true,false,null,0,-0,1e5,1E-5,0.5]`, "{\"a\":NaN}", "\"\x01\"", `[-Infinity]`, "\xef\xbb\xbf1", `9007199254740993`, `{"a":[1},{"b":2}]`, `[1 2,3]`, `{"\ud800":1}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, p := jsontext.Read(text)
		if json.Valid(text) {
			if p == jsontext.TooDeep {
				return
			}
			require.Equal(t, jsontext.None, p)
			require.Equal(t, string(bytes.Trim(text, " \t\r\n")), string(v))
		} else if p != jsontext.None {
			require.Nil(t, v)
		}
		if p == jsontext.None {
			require.True(t, json.Valid(v), "what goes on is JSON")
			compare(t, v)
			exact := jsontext.Exact(v)
			require.True(t, json.Valid(exact))
			require.Equal(t, string(exact), string(jsontext.Exact(exact)))
		}
		walk(t, text, v, p)
	})
}

// compare reads a value as encoding/json does it.
func compare(t *testing.T, v jsontext.Value) {
	var all []json.RawMessage
	if json.Unmarshal(v, &all) == nil && all != nil {
		var got []json.RawMessage
		v.Elements(func(element jsontext.Value) { got = append(got, json.RawMessage(element)) })
		require.Len(t, got, len(all))
		for i := range all {
			require.Equal(t, string(all[i]), string(got[i]))
		}
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(v, &object) == nil && object != nil {
		got := map[string]json.RawMessage{}
		v.Properties(func(name string, value jsontext.Value) { got[name] = json.RawMessage(value) })
		require.Equal(t, object, got)
		for name, value := range object {
			var one [1]jsontext.Value
			v.Members([]string{name}, one[:])
			require.Equal(t, string(value), string(one[0]))
		}
	}
	var s string
	got, ok := v.Text()
	require.Equal(t, !v.IsNull() && json.Unmarshal(v, &s) == nil, ok)
	require.Equal(t, s, got)
	var f float64
	number, ok := v.Float()
	require.Equal(t, !v.IsNull() && json.Unmarshal(v, &f) == nil, ok)
	if ok {
		require.Equal(t, f, number)
	}
	_, exponent, _ := strings.Cut(strings.ToLower(string(v)), "e")
	if !ok || len(v) > 50 || len(exponent) > 4 || math.Abs(f) > 1e300 {
		return
	}
	want, ok := new(big.Rat).SetString(string(v))
	require.True(t, ok)
	digits, whole := jsontext.Integer(string(v))
	require.Equal(t, want.IsInt(), whole)
	if whole {
		require.Equal(t, want.Num().String(), digits)
	}
}

// walk reads the text as a frame.
func walk(t *testing.T, text []byte, v jsontext.Value, p jsontext.Problem) {
	var all []json.RawMessage
	lost, size := 0, 0
	jsontext.Walk(text, func(element jsontext.Value, _ int) {
		require.True(t, json.Valid(element))
		all = append(all, json.RawMessage(element))
	}, func(p jsontext.Problem, n int) {
		require.NotEqual(t, jsontext.None, p)
		lost++
		size += n
	})
	require.LessOrEqual(t, size, len(text))
	if p != jsontext.None {
		require.True(t, lost > 0 || p == jsontext.TooDeep, "of what is no JSON something is lost")
		return
	}
	require.Zero(t, lost)
	if v.IsArray() {
		var want []json.RawMessage
		require.NoError(t, json.Unmarshal(v, &want))
		require.Equal(t, fmt.Sprintf("%s", want), fmt.Sprintf("%s", append([]json.RawMessage{}, all...)))
		return
	}
	require.Len(t, all, 1)
	require.Equal(t, string(v), string(all[0]))
}

// FuzzValue asks anything of what is no JSON at all: it must come to an end.
func FuzzValue(f *testing.F) {
	for _, text := range []string{`{"a`, `{"a":`, `[1`, `[`, `"`, `"\`, `"\u`, `{"a" 1}`, `{{}`, `[,]`, `}`, `{"\ud800\u":1}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v := jsontext.Value(text)
		v.Elements(func(jsontext.Value) {})
		v.Properties(func(string, jsontext.Value) {})
		var one [1]jsontext.Value
		v.Members([]string{"a"}, one[:])
		_, _ = v.Text()
		_, _ = v.Bool()
		_, _ = v.Float()
		_, _ = v.Int()
		_ = jsontext.Exact(v)
	})
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

func BenchmarkRead(b *testing.B) {
	text := []byte(`{"notificationType":"RecordProcessedAcknowledge","referenceId":"r","record":{"recordHandle":12,"userData":{"` + strings.Repeat("x", 200) + `":[1,2,3]}}}`)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, p := jsontext.Read(text); p != jsontext.None {
			b.Fatal(p)
		}
	}
}
