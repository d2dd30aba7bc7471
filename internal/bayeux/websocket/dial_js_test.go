package websocket

import (
	"testing"

	"github.com/hack-pad/safejs"
	"github.com/stretchr/testify/require"
)

func TestWhatTheConstructorThrowsIsTold(t *testing.T) {
	global := safejs.Global()
	original, err := global.Get("WebSocket")
	require.NoError(t, err)
	defer func() { require.NoError(t, global.Set("WebSocket", original)) }()
	constructor, err := global.Get("Function")
	require.NoError(t, err)
	throws, err := constructor.New(`throw new DOMException("not from a page loaded over HTTPS", "SecurityError")`)
	require.NoError(t, err)
	require.NoError(t, global.Set("WebSocket", throws))
	_, err = New("ws://127.0.0.1:1/").Open(t.Context(), newRecorder())
	require.ErrorContains(t, err, "not from a page loaded over HTTPS")
}
