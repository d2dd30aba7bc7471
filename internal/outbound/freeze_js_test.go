package outbound

import (
	"testing"
	"time"

	"github.com/hack-pad/safejs"
	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gwssim"
)

// When the page goes on, its timers come before what has arrived meanwhile.
func TestFrozenWhileASocketOpens_ItIsUsed(t *testing.T) {
	sim := gwssim.New(t)
	global := safejs.Global()
	original, err := global.Get("WebSocket")
	require.NoError(t, err)
	defer func() { require.NoError(t, global.Set("WebSocket", original)) }()
	function, err := global.Get("Function")
	require.NoError(t, err)
	freezing, err := function.New("original", `
		const made = function (url) {
			made.sockets = (made.sockets ?? 0) + 1;
			const socket = new original(url);
			for (const until = Date.now() + 3000; made.sockets === 1 && Date.now() < until; );
			return socket;
		};
		return made;`)
	require.NoError(t, err)
	made, err := freezing.Invoke(original)
	require.NoError(t, err)
	require.NoError(t, global.Set("WebSocket", made))

	opts := options(sim, WebSocket)
	opts.ConnectTimeout = 4 * time.Second // the half of it is for a socket
	open(t, opts)
	sockets, err := made.Get("sockets")
	require.NoError(t, err)
	n, err := sockets.Int()
	require.NoError(t, err)
	require.Equal(t, 1, n)
}
