package outbound

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTurnLock_IsOneForAServerAndHasNoSecret(t *testing.T) {
	for url, want := range map[string]string{
		"https://gws.example.com":                   "https://gws.example.com",
		"https://GWS.example.com:443/tenant/s3cr3t": "https://gws.example.com",
		"http://gws.example.com:80":                 "http://gws.example.com",
		"http://gws.example.com:443/a":              "http://gws.example.com:443",
		"http://[::1]:8080/a":                       "http://[::1]:8080",
	} {
		require.Equal(t, "gws-outbound turn "+want, turnLock(url), url)
	}
}
