package outbound

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/httpx"
)

// What goes wrong in this program itself is not tried again: that would hide it.
func TestSignIn_PanicEndsTheOpeningAtOnce(t *testing.T) {
	for name, do := range map[string]func(Options) error{
		"open":     func(opts Options) error { _, err := Open(t.Context(), opts); return err },
		"identify": func(opts Options) error { _, err := Identify(t.Context(), opts); return err },
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			opts := options(gwssim.New(t), "websocket")
			opts.Headers = func(context.Context, bool) (httpx.Header, error) {
				asked++
				panic("a fault of ours")
			}
			var e *Error
			require.ErrorAs(t, do(opts), &e)
			require.Equal(t, ModuleExited, e.Code)
			require.Equal(t, gws.NotSent, e.Delivery)
			require.Contains(t, e.Message, "a fault of ours")
			require.Equal(t, 1, asked)
		})
	}
}
