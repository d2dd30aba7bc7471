//go:build interop

package interop_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/interop"
)

// handedOver has the session made over long-polling while the socket is opened, which takes longer on a far line.
func handedOver(t *testing.T, j *judge) {
	if j.transport != "websocket" {
		return
	}
	j.transports = j.kind.Transports()
	j.Line(0, 40*time.Millisecond)
	c := j.open(t, "/v2/me/calls")
	require.Equal(t, []string{"long-polling"}, handshakes(c))
	require.Equal(t, 1, c.session())
	require.Equal(t, 1, j.sessions())
	c.completeAll(t, 20, 5)

	j.Control("set", interop.Behavior{HoldAck: true}, nil)
	pending := c.acceptedAll(t, 1, long)
	j.cut(t)
	c.wait(t, "to be connected again", func(s bayeux.Status) bool { return s.State == bayeux.Connected })
	j.acknowledge(references(pending)...)
	pending[0].resolved(t, c)
	require.Equal(t, []string{"long-polling"}, handshakes(c), "the session is the same")
}

// handshakes returns the transports over which the client has sent one.
func handshakes(c *client) (transports []string) {
	for line := range strings.Lines(c.said()) {
		if before, _, ok := strings.Cut(line, ", sent /meta/handshake"); ok {
			words := strings.Fields(before)
			transports = append(transports, words[len(words)-1])
		}
	}
	return transports
}
