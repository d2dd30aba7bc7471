package redact

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// token has what encodings have other words for.
const token = `tok+En/42=="a\b&c%7e~d.e-f_g"`

// encodings are ways in which a server, a browser or this program writes a text.
var encodings = map[string]func(string) string{
	"as it is":   func(s string) string { return s },
	"upper case": strings.ToUpper,
	"query":      url.QueryEscape,
	"path":       url.PathEscape,
	"percent":    func(s string) string { return eachByte(s, "%%%02x") },
	"JSON":       func(s string) string { return asJSON(s) },
	"JSON with solidus": func(s string) string {
		return strings.ReplaceAll(asJSON(s), "/", `\/`)
	},
	"code units": func(s string) string { return eachByte(s, `\u%04X`) },
	"Go":         strconv.Quote,
	"JavaScript": func(s string) string { return eachByte(s, `\x%02x`) },
	"code point": func(s string) string { return eachByte(s, `\u{%x}`) },
	"escape()":   func(s string) string { return eachByte(s, "%%u%04X") },
	"HTML":       html.EscapeString,
	"references": func(s string) string { return eachByte(s, "&#%d;") },
	"hex references": func(s string) string {
		return eachByte(s, "&#x%X;")
	},
	"here and there": func(s string) string {
		formats := []string{"%%%02X", `\u%04x`, "&#%d;", "%c"}
		var b strings.Builder
		for i, c := range []byte(s) {
			format := formats[i%len(formats)]
			if strings.IndexByte(`%\&`, c) >= 0 {
				format = "&#%d;" // as it is, it would begin another encoding
			}
			fmt.Fprintf(&b, format, c)
		}
		return b.String()
	},
}

func eachByte(s, format string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

func asJSON(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func secrets(tokens ...string) *Secrets {
	s := &Secrets{}
	for _, v := range tokens {
		s.AddToken(v)
	}
	return s
}

func TestCut_ASecretInAnyEncodingIsWithheld(t *testing.T) {
	s := secrets(token)
	for one, encode := range encodings {
		require.Equal(t, "a "+Withheld+" b", strings.ReplaceAll(s.Cut("a "+encode(token)+" b"), `"`+Withheld+`"`, Withheld), one)
		for other, again := range encodings {
			if one == "upper case" || other == "upper case" {
				continue // the letters of an escape are no secret
			}
			text := s.Cut("a " + again(encode(token)) + " b")
			require.Contains(t, text, Withheld, "%s in %s", one, other)
			require.LessOrEqual(t, len(text), len("a b")+len(Withheld)+24, "%s in %s: %s", one, other, text) // quotes, encoded
		}
	}
}

// A browser's btoa writes the characters of ISO-8859-1 as bytes, many a server reads bytes as such, and those in Java write letters by name.
func TestCut_ASecretInAnotherCharset(t *testing.T) {
	const password = "pässwörß"
	latin1 := []byte("p\xe4ssw\xf6r\xdf")
	for name, header := range map[string]string{
		"the header is in UTF-8":      "Basic " + base64.StdEncoding.EncodeToString([]byte("agent:"+password)),
		"the header is in ISO-8859-1": "Basic " + base64.StdEncoding.EncodeToString(append([]byte("agent:"), latin1...)),
	} {
		s := &Secrets{}
		s.AddHeader(header)
		for _, text := range []string{password, "p%E4ssw%F6r%DF", `p\xe4ssw\xf6r\xdf`, "p&auml;ssw&ouml;r&szlig;", "p&#228;ssw&#246;r&#xDF;"} {
			require.Equal(t, "a "+Withheld+" b", s.Cut("a "+text+" b"), "%s: %s", name, text)
		}
	}
	s := secrets(password)
	require.Equal(t, "a "+Withheld+" b", s.Cut("a p\u00c3\u00a4ssw\u00c3\u00b6r\u00c3\u009f b"))
	require.Equal(t, "&euro; and &nosuch; stay", s.Cut("&euro; and &nosuch; stay"))
}

func TestCut_Base64OfATextThatHasTheSecret(t *testing.T) {
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		for before := range 7 {
			for after := range 4 {
				text := encoding.EncodeToString([]byte(strings.Repeat("<", before) + token + strings.Repeat(">", after)))
				got := secrets(token).Cut(text)
				require.Contains(t, got, Withheld, text)
				require.LessOrEqual(t, len(got), len(Withheld)+4*3+8, "%s of %s", got, text)
			}
		}
	}
}

func TestCut_ASecretThatIsBrokenIntoLines(t *testing.T) {
	for _, secret := range []string{token, "s3cr3t-12", "pässwörd", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.7Zc0q9LwT3xYkP2nVb8RmA"} {
		for _, b := range []string{"\n", "\r\n", "\r\n  ", "\n\t", `\n`, `\r\n`, "%0D%0A", "&#10;", "<br>", "<BR/>", "<wbr>", "\u00ad", "\u200b", `\u200b`} {
			for n := range 5 {
				var text strings.Builder
				for i, r := range []rune(strings.ReplaceAll(secret, `\`, "")) {
					if i > 0 && i%(n+1) == 0 {
						text.WriteString(b)
					}
					text.WriteRune(r)
				}
				s := secrets(strings.ReplaceAll(secret, `\`, ""))
				require.Equal(t, "a\n"+Withheld+"\nb", s.Cut("a\n"+text.String()+"\nb"), "%q", text.String())
			}
		}
	}
	lines := base64.StdEncoding.EncodeToString([]byte("agent:" + token))
	got := secrets(token).Cut(lines[:12] + "\r\n" + lines[12:])
	require.True(t, strings.HasPrefix(got, "YWdlbnQ6"+Withheld), got)
	require.Equal(t, "Unbroken text\nstays <br> as it is.", secrets(token).Cut("Unbroken text\nstays <br> as it is."))
	require.Equal(t, Withheld, secrets("tok😀en-1").Cut(`tok\ud83d\ude00en-1`))
}

func TestAddHeader_ShortCredentialsAreSecretsWhereTheyAreWords(t *testing.T) {
	for header, text := range map[string]string{
		"Basic " + base64.StdEncoding.EncodeToString([]byte("ann:1234")): "the password 1234 of 12345 is wrong",
		"Basic " + base64.StdEncoding.EncodeToString([]byte("a:b12")):    "YTpi is no b12",
		"Bearer abc": `no such token: "abc", abcd`,
		"bearer abc": `no such token: abc%22`,
	} {
		s := &Secrets{}
		s.AddHeader(header)
		got := s.Cut(text)
		require.Contains(t, got, Withheld, text)
		require.NotRegexp(t, `\b(1234|b12|abc)\b`, got)
	}
	s := &Secrets{}
	for _, header := range []string{"de, en", "true", "Bearer", "Basic YTox"} {
		s.AddHeader(header)
	}
	require.Equal(t, "de, true: a 1", s.Cut("de, true: a 1"))
}

func TestCut_ASecretThatIsCutShortIsWithheldAsWell(t *testing.T) {
	for name, encode := range encodings {
		encoded := strings.Trim(encode(token), `"`)
		for n := range len(encoded) {
			for _, ellipsis := range []string{"…", "..."} {
				got := secrets(token).Cut(`"` + encoded[:n] + ellipsis + `"`)
				for _, v := range newCutter(got).views {
					require.NotContains(t, v.folded, fold(token[:beginning]), "%s, %d characters: %s", name, n, got)
				}
			}
			for _, ellipsis := range []string{"…", "..."} {
				got := secrets(token).Cut(`"` + ellipsis + encoded[n:] + `"`)
				for _, v := range newCutter(got).views {
					require.NotContains(t, v.folded, fold(token[len(token)-beginning:]), "%s, from character %d: %s", name, n, got)
				}
			}
			for _, v := range newCutter(secrets(token).Cut("refused: " + encoded[:n])).views {
				require.NotContains(t, v.folded, fold(token[:last]), "%s, %d characters", name, n)
			}
		}
	}
}

func TestCut_APieceOfASecretIsWithheld(t *testing.T) {
	secret := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.7Zc0q9LwT3xYkP2nVb8RmA"
	for from := range secret {
		for to := from + piece; to <= len(secret); to++ {
			require.Equal(t, "<"+Withheld+">", secrets(secret).Cut("<"+secret[from:to]+">"))
		}
	}
	require.Equal(t, "<"+secret[5:5+piece-1]+">", secrets(secret).Cut("<"+secret[5:5+piece-1]+">"), "a shorter one may be anything")
}

func TestCut_WhatIsNoSecretStays(t *testing.T) {
	s := secrets(token, "abcde", "")
	s.AddHeader("application/json")
	s.AddHeader("XMLHttpRequest")
	s.AddCookies("state=accepted; a; =; theme=dark-and-blue")
	for _, text := range []string{
		"", "%", `\`, "&", "%%%", `\u12`, "&#;", "&#xFFFFFFFF;", "…", "tok…", "abcde",
		"POST /api/v2/me: HTTP 403: the server refused: application/json", "accepted by dark-and-blue",
		"https://gws.example.com/@me, and a@b",
	} {
		require.Equal(t, text, s.Cut(text))
	}
	require.Equal(t, "a", (*Secrets)(nil).Cut("a"))
	(*Secrets)(nil).AddToken("a")
}

func TestAddHeader_ItsPartsAreSecretsToo(t *testing.T) {
	pair := "agent:pässword 7"
	for header, hidden := range map[string][]string{
		"Bearer abcdef":   {"Bearer abcdef", "abcdef"},
		"bearer   abcdef": {"abcdef"},
		"Basic " + base64.StdEncoding.EncodeToString([]byte(pair)):    {base64.RawStdEncoding.EncodeToString([]byte(pair)), pair, "pässword 7", "p%C3%A4ssword+7"},
		"Basic " + base64.RawStdEncoding.EncodeToString([]byte(pair)): {pair, "pässword 7"},
		`Digest username="Mufasa-1", response="6629fae49393a053"`:     {"Mufasa-1", "6629fae49393a053"},
		"token=0123456789; expires=never":                             {"0123456789"},
		"a%2Bb%2Fc%20d":                                               {"a+b/c d", "a%2bb/c%20d"},
		"  padded value ":                                             {"padded value"},
	} {
		s := &Secrets{}
		s.AddHeader(header)
		for _, v := range hidden {
			require.Equal(t, "("+Withheld+")", s.Cut("("+v+")"), "%s of %s", v, header)
		}
		require.Equal(t, "the server refused: bearer or basic, agent", s.Cut("the server refused: bearer or basic, agent"))
	}
}

func TestAddCookies_LongValuesAreSecrets(t *testing.T) {
	s := &Secrets{}
	s.AddCookies(`JSESSIONID=node0abcdefghijklm1; b="0123456789abcdef="; short=0123456789`)
	require.Equal(t, Withheld+" "+Withheld+" 0123456789.", s.Cut("node0abcdefghijklm1 0123456789abcdef= 0123456789."))
}

func TestCut_TheUserOfAURL(t *testing.T) {
	for text, want := range map[string]string{
		"GET http://user:password@host/a: no": "GET http://" + Withheld + "@host/a: no",
		"wss://u@host":                        "wss://" + Withheld + "@host",
		"http://a@b:c@host?d@e":               "http://" + Withheld + "@host?d@e",
		"http%3A%2F%2Fuser:pa@host":           "http%3A%2F%2F" + Withheld + "@host",
		"http://host/a@b, http://":            "http://host/a@b, http://",
		`"http://host", "a@b"`:                `"http://host", "a@b"`,
	} {
		require.Equal(t, want, (&Secrets{}).Cut(text))
	}
}

func TestSecrets_TheOldestOfManyAreForgottenByTheirKind(t *testing.T) {
	s := &Secrets{}
	s.AddHeader("the-first-header")
	for i := range mostValues {
		s.AddSession(fmt.Sprintf("session-%04d", i))
		s.AddSession("session-0000") // is in use
		s.AddToken(fmt.Sprintf("%06d", i) + strings.Repeat("x", 4090))
	}
	require.Len(t, s.sessions.values, mostValues)
	require.LessOrEqual(t, s.tokens.size, mostBytes)
	s.AddSession("session-9999")
	require.Equal(t, "[withheld] session-0001 [withheld] [withheld]", s.Cut("session-0000 session-0001 session-9999 the-first-header"))
	size := 0
	for _, v := range s.tokens.values {
		size += len(v.text)
	}
	require.Equal(t, size, s.tokens.size)
}

func TestCut_ALongTextEndsWithAnEllipsis(t *testing.T) {
	long := strings.Repeat("é", longestText)
	require.Equal(t, long[:longestText]+"…", secrets(token).Cut(long))
	require.Equal(t, Withheld+"…", secrets(strings.Repeat("s", 100<<10)).Cut(strings.Repeat("s", 100<<10)))
}

func TestCut_ValuesOfARequest(t *testing.T) {
	values := []string{"Ann", "+49 30 123", "ab"}
	require.Equal(t, `{"name":"[withheld]","phone":"[withheld]"} Annex ann ab`, Cut(`{"name":"Ann","phone":"\u002b49 30 123"} Annex ann ab`, values))
	require.Equal(t, "[withheld]", Cut("Ann", values))
	require.Equal(t, "missing: callingList", Cut("missing: callingList", []string{"CallingList1"}))
	s := &Secrets{}
	s.AddRequest([]string{"CallingList1", "Ann"})
	require.Equal(t, "Ann [withheld] callingList", s.Cut("Ann callinglist1 callingList"))
}

func FuzzCut(f *testing.F) {
	f.Add("a %2B \\u002b &#43; http://a@b … tok+En/42", token, uint64(1))
	f.Fuzz(func(t *testing.T, text, secret string, seed uint64) {
		s := secrets(secret)
		s.AddHeader(text)
		s.AddHeader(secret)
		s.AddCookies(text)
		_ = s.Cut(text)
		_ = Cut(text, []string{secret})
		if len(secret) < Shortest || strings.ContainsAny(text+secret, `%\&`) {
			return
		}
		// In whatever mixture of encodings, it is not to be read any more.
		random := rand.New(rand.NewPCG(seed, 0))
		var b strings.Builder
		for _, c := range []byte(secret) {
			fmt.Fprintf(&b, []string{"%%%02X", `\x%02x`, "%c"}[random.IntN(3)], c)
		}
		if strings.ContainsFunc(secret, func(c rune) bool { return c >= 0x80 }) {
			return
		}
		got := newCutter(secrets(secret).Cut(text + " " + b.String() + " " + text))
		for _, v := range got.views {
			if !strings.Contains(fold(text+Withheld), fold(secret)) && !strings.Contains(fold(Withheld+" "+text), fold(secret)) {
				require.NotContains(t, v.folded, fold(secret))
			}
		}
	})
}

func BenchmarkCut(b *testing.B) {
	s := &Secrets{}
	for i := range 5 {
		s.AddHeader("Bearer " + strings.Repeat(strconv.Itoa(i), 60))
		s.AddSession(strings.Repeat(strconv.Itoa(i), 32))
	}
	text := strings.Repeat("POST /api/v2/me/outbound-records/12: HTTP 403: ", 5)
	for b.Loop() {
		s.Cut(text)
	}
}
