package quoted

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"":                       `""`,
		"Campaign1":              `"Campaign1"`,
		"Zoë – 市":                `"Zoë – 市"`,
		`{"statusCode":4}`:       `“{"statusCode":4}”`,
		"<p class=\"a\">\n</p>":  `“<p class="a">\n</p>”`,
		"a\u202Eb\x00\xff\uFFFD": `"a\u202eb\x00\xff\ufffd"`,
		`C:\new`:                 `"C:\new"`,
	} {
		require.Equal(t, want, Text(text))
	}
}
