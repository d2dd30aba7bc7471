package core

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/outbound"
	"gws-outbound/internal/wire"
)

// given reads the text of a value that a caller has passed.
func given(t *testing.T, text string) any {
	t.Helper()
	m, err := wire.Read([]byte(`{"kind":"close","options":` + text + `}`))
	require.NoError(t, err)
	return m.(*wire.Close).Options
}

func TestReadOptions_WrongOnesAreNamed(t *testing.T) {
	for text, field := range map[string]string{
		`5`:                             "options",
		`{"list":[]}`:                   "options",
		`{"unreadable":"Error: no"}`:    "options",
		`{"fields":{"baseUrl":"x"}}`:    "baseUrl",
		`{"fields":{"baseUrl":"null"}}`: "baseUrl",
		`{"fields":{"baseUrl":{"type":"bigint"}}}`:              "baseUrl",
		`{"fields":{"cometdPath":"//evil"}}`:                    "cometdPath",
		`{"fields":{"cometdPath":"/a/../b"}}`:                   "cometdPath",
		`{"fields":{"cometdPath":"/a/%2E%2e/b"}}`:               "cometdPath",
		`{"fields":{"cometdPath":"/a/.%2e"}}`:                   "cometdPath",
		`{"fields":{"cometdPath":"/\\evil"}}`:                   "cometdPath",
		`{"fields":{"cometdPath":"/a\r\nX-Evil: 1"}}`:           "cometdPath",
		`{"fields":{"cometdPath":"@evil"}}`:                     "cometdPath",
		`{"fields":{"transports":{"list":[]}}}`:                 "transports",
		`{"fields":{"transports":{"list":["carrier-pigeon"]}}}`: "transports",
		`{"fields":{"transports":"websocket"}}`:                 "transports",
		`{"fields":{"credentials":"always"}}`:                   "credentials",
		`{"fields":{"csrf":"yes"}}`:                             "csrf",
		`{"fields":{"journal":"yes"}}`:                          "journal",
		`{"fields":{"channels":{"list":["calls"]}}}`:            "channels",
		`{"fields":{"channels":{"list":[{"type":"bigint"}]}}}`:  "channels",
		`{"fields":{"channels":{"unreadable":"5"}}}`:            "channels",
		`{"fields":{"connectTimeout":-1}}`:                      "connectTimeout",
		`{"fields":{"requestTimeout":{"number":"NaN"}}}`:        "requestTimeout",
		`{"fields":{"ackTimeout":1e300}}`:                       "ackTimeout",
		`{"fields":{"maxMessageSize":1000}}`:                    "maxMessageSize",
		`{"fields":{"maxMessageSize":4096.5}}`:                  "maxMessageSize",
		`{"fields":{"maxMessageSize":{"number":"NaN"}}}`:        "maxMessageSize",
		`{"fields":{"maxMessageSize":"16 MiB"}}`:                "maxMessageSize",
		`{"fields":{"maxMessageSize":1e9}}`:                     "maxMessageSize",
		`{"fields":{"signal":{"fields":{}}}}`:                   "signal",
		`{"fields":{"logLevel":"loud"}}`:                        "logLevel",
		`{"fields":{"csrf":{"unreadable":"Error: no"}}}`:        "csrf",
		`{"fields":{"colour":"red"}}`:                           "colour",
		`{"fields":{"colour":null}}`:                            "colour",
	} {
		_, problems := (&Port{core: New(Config{})}).readOptions(&wire.CreateClient{Options: given(t, text)})
		require.Contains(t, fieldsOf(problems), field, text)
	}
	_, problems := (&Port{core: New(Config{})}).readOptions(&wire.CreateClient{Headers: wire.Headers{Refused: "TypeError: no"}})
	require.Contains(t, problems, gws.Problem{Field: "headers", Message: "TypeError: no"})
	_, problems = (&Port{core: New(Config{})}).readOptions(&wire.CreateClient{CometD: wire.CometD{Refused: "it lacks subscribe()"}})
	require.Contains(t, problems, gws.Problem{Field: "cometd", Message: "it lacks subscribe()"})
}

func TestReadOptions_ListsHaveAnEnd(t *testing.T) {
	list := wire.List{}
	for range wire.MaxProperties + 1 {
		list = append(list, "/a")
	}
	_, problems := (&Port{core: New(Config{})}).readOptions(&wire.CreateClient{Options: map[string]any{"channels": list}})
	require.Contains(t, fieldsOf(problems), "channels")
}

// A session of the page's own is not opened, so that nothing is said of how; without the loader there can be none.
func TestReadOptions_CometD(t *testing.T) {
	for text, fields := range map[string][]string{
		`{"fields":{"channels":{"list":["/a"]},"guest":false,"transports":null}}`:                                       nil,
		`{"fields":{"cometdPath":"/a","transports":{"list":["websocket"]},"guest":true,"appendMessageTypeToURL":true}}`: ofOwnSession,
	} {
		p := New(Config{}).NewPort(func([]wire.ToPage) {})
		m := &wire.CreateClient{Client: 1, Options: withBase(given(t, text)), CometD: wire.CometD{Adopted: true}}
		p.adopt(m)
		opts, problems := p.readOptions(m)
		require.ElementsMatch(t, fields, fieldsOf(problems), text)
		require.Same(t, p.adoptedBy(1), opts.Adopted)
	}
	_, problems := (&Port{core: New(Config{})}).readOptions(&wire.CreateClient{Options: withBase(map[string]any{"cometd": gws.Foreign("object")})})
	require.Equal(t, []gws.Problem{{Field: "cometd", Message: "is an option of createClient of the npm package alone"}}, problems)
}

func withBase(options any) any {
	options.(map[string]any)["baseUrl"] = "http://gws.example"
	return options
}

func fieldsOf(problems []gws.Problem) (fields []string) {
	for _, p := range problems {
		fields = append(fields, p.Field)
	}
	return fields
}

func TestFirstTransport_IsOneOfTheTransports(t *testing.T) {
	const all, one = `{"fields":{}}`, `{"fields":{"transports":{"list":["websocket"]}}}`
	for _, c := range []struct{ options, first, want string }{
		{all, "", ""}, {all, "long-polling", "long-polling"}, {one, "long-polling", ""}, {all, "carrier-pigeon", ""},
	} {
		m := &wire.CreateClient{Options: given(t, c.options), FirstTransport: c.first}
		opts, problems := (&Port{core: New(Config{})}).readOptions(m)
		require.Equal(t, c.want, opts.FirstTransport, c)
		require.NotContains(t, fieldsOf(problems), "firstTransport")
	}
	// It is the loader's word, and no option.
	m := &wire.CreateClient{Options: given(t, `{"fields":{"firstTransport":"long-polling"}}`)}
	opts, problems := (&Port{core: New(Config{})}).readOptions(m)
	require.Empty(t, opts.FirstTransport)
	require.Contains(t, problems, gws.Problem{Field: "firstTransport", Message: "unknown option"})
}

func TestCallOptions_UnknownOnesAreNamed(t *testing.T) {
	options := given(t, `{"fields":{"ackTimeout":1,"allowUnknownCallResult":true}}`)
	_, problems := readCallOptions("completeRecord", options)
	require.Empty(t, problems)
	_, problems = readCallOptions("rejectRecord", options)
	require.Equal(t, []gws.Problem{{Field: "allowUnknownCallResult", Message: "unknown option"}}, problems)
}

func TestCloseOptions(t *testing.T) {
	for text, field := range map[string]string{
		`{"list":[]}`: "options", `5`: "options", `{"fields":{"forget":"yes"}}`: "forget", `{"fields":{"forgot":true}}`: "forgot",
	} {
		_, problems := readCloseOptions(given(t, text))
		require.Equal(t, []string{field}, fieldsOf(problems), text)
	}
	for text, want := range map[string]bool{`{"type":"undefined"}`: false, `null`: false, `{"fields":{}}`: false, `{"fields":{"forget":true}}`: true} {
		forget, problems := readCloseOptions(given(t, text))
		require.Empty(t, problems, text)
		require.Equal(t, want, forget, text)
	}
}

func TestReadOptions_Defaults(t *testing.T) {
	opts, _ := (&Port{core: New(Config{})}).readOptions(&wire.CreateClient{Options: map[string]any{"baseUrl": "https://gws"}})
	require.Equal(t, bayeux.DefaultMaxMessageSize, opts.MaxMessageSize, "the manual says what the CometD client takes by itself")
	require.Equal(t, outbound.DefaultCometdPath, opts.CometdPath)
	require.Equal(t, 30*time.Second, opts.AckTimeout)
}
