package bayeux

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDecode_WhatIsWrongWithAFrame(t *testing.T) {
	const good = `{"channel":"/b","data":2}`
	for frame, want := range map[string]report{
		`[{"channel":"/a","data":1},` + good + `]`: {handled: 2},
		good:                                {handled: 1},
		"\xef\xbb\xbf[" + good + "]":        {handled: 1},
		` [ ] `:                             {first: emptyArray, size: 5},
		``:                                  {first: emptyFrame},
		"\xef\xbb\xbf \n":                   {first: emptyFrame, size: 5},
		`<html>`:                            {first: notBayeux, size: 6, dropped: 1},
		`[{"channel":"/a","data":{"n":1`:    {first: cutShort, size: 29, dropped: 1, cutShort: true},
		`[` + good + `,{"channel":"/a","da`: {handled: 1, first: cutShort, size: 19, dropped: 1, cutShort: true},
		`[` + good:                          {handled: 1, first: cutShort, cutShort: true},
		`[` + good + `,`:                    {handled: 1, first: cutShort, cutShort: true},
		`[`:                                 {first: cutShort, cutShort: true},
		`[` + good + `]]`:                   {handled: 1, first: brokenJSON, size: 1, dropped: 1},
		good + good:                         {handled: 1, first: brokenJSON, size: 25, dropped: 1},
		`[{"channel":"/a" "data":1},` + good + `]`:                                      {handled: 1, first: brokenJSON, size: 25, dropped: 1},
		`[{"channel":"/a","data":nothing},` + good + `]`:                                {handled: 1, first: brokenJSON, size: 31, dropped: 1},
		`[{"channel":"/a","data":"x"y"},` + good + `]`:                                  {first: brokenJSON, size: 56, dropped: 1, hidden: true}, // no end can be trusted
		`[null,7,"a",{},{"channel":5,"data":1},{"Channel":"/a","data":1},` + good + `]`: {handled: 1, first: noChannel, size: 4, dropped: 6},
		`[{"channel":"/a","data":NaN},` + good + `]`:                                    {handled: 2, first: mended, size: 27},
		`[{"channel":"/a","data":NaN},{},` + good + `]`:                                 {handled: 2, first: noChannel, size: 2, dropped: 1},
		`[{"channel":"/a","data":` + nested(999) + `},` + good + `]`:                    {handled: 2},
		`[{"channel":"/a","data":` + nested(10_000) + `},` + good + `]`:                 {handled: 1, first: tooDeep, size: 20_024, dropped: 1},
		`{` + strings.Repeat(`"a":{`, 20000):                                            {first: tooDeep, size: 100_001, dropped: 1},
		nested(20000):                                                                   {first: tooDeep, size: 39_998, dropped: 1},
	} {
		n := 0
		got := decode([]byte(frame), func(m *Message) {
			n++
			require.True(t, json.Valid(m.Data))
		})
		require.Equal(t, want, got, "%.80s", frame)
		require.Equal(t, want.handled, n)
	}
}

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

func TestServerThatCutsEveryFrameShortIsNotFollowedForEver(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		for range mostCutShort {
			s.expect(metaConnect)
			s.say(`[{"channel":"/a","data":`)
			s.connection() // in which the server sends it again
			s.say(connectReply, s.expect(metaConnect)...)
		}
		s.expect(metaConnect)
		s.say(`[{"channel":"/a","data":`)
		s.silent()
		require.Equal(t, Connected, c.current().State)
	})
}
