//go:build !js

package gwssim_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gwssim"
)

// Chromium makes the id of the key: half of its SHA-256, in letters from a to p.
func TestSampleExtension_IsTheOneOfTheManifestsKey(t *testing.T) {
	text, err := os.ReadFile("../../web/extension/manifest.json")
	require.NoError(t, err)
	var manifest struct{ Key string }
	require.NoError(t, json.Unmarshal(text, &manifest))
	key, err := base64.StdEncoding.DecodeString(manifest.Key)
	require.NoError(t, err)
	sum := sha256.Sum256(key)
	id := strings.Map(func(r rune) rune {
		if r <= '9' {
			return r - '0' + 'a'
		}
		return r - 'a' + 'k'
	}, hex.EncodeToString(sum[:16]))
	require.Equal(t, gwssim.SampleExtension, id)
}
