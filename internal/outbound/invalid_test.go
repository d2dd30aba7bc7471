package outbound

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gws"
)

func TestInvalid_LongNamesAndMessagesAreCut(t *testing.T) {
	const name = 1 << 20
	e := InvalidOptions([]gws.Problem{{Field: strings.Repeat("ü", name), Message: strings.Repeat("x", name)}})
	require.Len(t, e.Problems, 1)
	require.Equal(t, strings.Repeat("ü", mostName)+"…", e.Problems[0].Field)
	require.Equal(t, strings.Repeat("x", mostMessage)+"…", e.Problems[0].Message)
	require.Less(t, len(e.Message), 1000)
}

func TestInvalid_ManyProblemsAreCounted(t *testing.T) {
	problems := func(n int) (list []gws.Problem) {
		for i := range n {
			list = append(list, gws.Problem{Field: fmt.Sprintf("f%d", i), Message: "unknown"})
		}
		return list
	}
	require.Equal(t, problems(mostProblems), InvalidOptions(problems(mostProblems)).Problems)
	e := InvalidOptions(problems(10_000))
	require.Equal(t, append(problems(mostProblems), gws.Problem{Field: "others", Message: fmt.Sprintf("%d more problems", 10_000-mostProblems)}), e.Problems)
	require.True(t, strings.HasSuffix(e.Message, "; f31: unknown; others: 9968 more problems"), e.Message)
}

func TestInvalid_WhatCannotBeSeenIsEscaped(t *testing.T) {
	for name, want := range map[string]string{
		"": `""`, " ": " ", "a\x00\r\n\x1b[31m": `a\x00\r\n\x1b[31m`, "\u202eevil": `\u202eevil`, "\ufffd": `\ufffd`, "a\xffb": `a\xffb`, "\u2028": `\u2028`,
		"Größe 😀": "Größe 😀", "__proto__": "__proto__", `a"b\c`: `a"b\c`,
	} {
		e := InvalidOptions([]gws.Problem{{Field: name, Message: "unknown " + name + "."}})
		require.Equal(t, want, e.Problems[0].Field)
		require.NotContains(t, e.Message, "\x00")
		require.NotContains(t, e.Message, "\u202e")
		require.Equal(t, "wrong request or options, nothing was sent: "+want+": "+e.Problems[0].Message, e.Message)
	}
}
