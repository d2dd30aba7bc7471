package gws

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseBaseURL(t *testing.T) {
	for in, want := range map[string]string{
		"https://gws.example.com":             "https://gws.example.com",
		"https://gws.example.com/":            "https://gws.example.com",
		"https://gws.example.com/prefix/a//":  "https://gws.example.com/prefix/a",
		"HTTP://127.0.0.1:8080":               "http://127.0.0.1:8080",
		"http://[::1]:8080/x":                 "http://[::1]:8080/x",
		"https://gws.example.com:65535/a%2Fb": "https://gws.example.com:65535/a%2Fb",
		"https://gws.example.com/é|\\{\"":     "https://gws.example.com/%C3%A9%7C%5C%7B%22",
		"https://bücher.example":              "https://bücher.example",
	} {
		got, err := ParseBaseURL(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got)
	}
	for in, want := range map[string]string{
		"":                               "not an absolute URL",
		"gws.example.com":                "not an absolute URL",
		"/api":                           "not an absolute URL",
		"//gws.example.com":              "not an absolute URL",
		"https://gws example":            "not an absolute URL",
		"https://h:port":                 "not an absolute URL",
		"https://h\n":                    "not an absolute URL",
		"ws://gws.example.com":           `it does not begin with http:// or https://`,
		"javascript:alert(1)":            `it does not begin with http:// or https://`,
		"https:gws.example.com":          "no host",
		"https://":                       "no host",
		"https://:443":                   "no host",
		"https://h:65536":                `the port is not a number up to 65535`,
		"https://agent:secret@h":         "an Authorization header",
		"https://h?token=secret":         "a query or a fragment",
		"https://h/?":                    "a query or a fragment",
		"https://h/#":                    "a query or a fragment",
		"https://h/#secret":              "a query or a fragment",
		"https://agent:secret@h:bad":     "an Authorization header",
		"https://agent:secret%zz@h":      "an Authorization header",
		"http://[::1%25lo]:8080":         "not an absolute URL",
		"http://[::1]8080":               "not an absolute URL",
		"http://[1]":                     "not an absolute URL",
		"http://[::1":                    "not an absolute URL",
		"https://h%41":                   "not an absolute URL",
		"https://h\\secret":              "not an absolute URL",
		"https://h/%zz":                  "not an absolute URL",
		"https://agent:secret/0@host":    "not an absolute URL",
		"https://agent:se cret@h/secret": "not an absolute URL",
	} {
		got, err := ParseBaseURL(in)
		require.ErrorContains(t, err, want, in)
		require.NotContains(t, err.Error(), "secret")
		require.Empty(t, got)
	}
}
