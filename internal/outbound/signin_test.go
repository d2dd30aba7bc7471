package outbound

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/httpx"
)

// What goes wrong in this program itself is not tried again: that would hide it.
func TestSignIn_PanicEndsTheOpeningAtOnce(t *testing.T) {
	for name, do := range opening() {
		t.Run(name, func(t *testing.T) {
			asked := 0
			opts := options(gwssim.New(t), "websocket")
			opts.Headers = func(context.Context, bool) (httpx.Header, error) {
				asked++
				panic("a fault of ours")
			}
			var e *Error
			require.ErrorAs(t, do(t.Context(), opts), &e)
			require.Equal(t, ModuleExited, e.Code)
			require.Equal(t, gws.NotSent, e.Delivery)
			require.Contains(t, e.Message, "a fault of ours")
			require.Equal(t, 1, asked)
		})
	}
}

// The server was not even asked: an error that blames it would lead nowhere.
func TestSignIn_FunctionForHeadersThatDoesNotAnswerIsNamed(t *testing.T) {
	for name, do := range opening() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opts := options(&gwssim.Sim{URL: "http://localhost"}, "websocket")
				opts.RequestTimeout = 2 * opts.ConnectTimeout
				opts.Headers = func(ctx context.Context, _ bool) (httpx.Header, error) {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				began := time.Now()
				var e *Error
				require.ErrorAs(t, do(t.Context(), opts), &e)
				require.Equal(t, opts.ConnectTimeout, time.Since(began))
				require.Equal(t, ConnectFailed, e.Code)
				require.Equal(t, gws.NotSent, e.Delivery)
				require.Contains(t, e.Message, "the option headers has not answered")
				require.NotContains(t, e.Message, "the server")
			})
		})
	}
}

func TestSignIn_RefusedSaysWhereToLook(t *testing.T) {
	for name, do := range opening() {
		t.Run(name, func(t *testing.T) {
			opts := options(gwssim.New(t), "websocket")
			opts.Headers = nil
			require.ErrorContains(t, do(t.Context(), opts), "; no headers were given, so that the browser's cookie has to sign in (errors.md#unauthorized)")
		})
	}
}

// opening are the ways to sign in for the first time.
func opening() map[string]func(context.Context, Options) error {
	return map[string]func(context.Context, Options) error{
		"open":     func(ctx context.Context, opts Options) error { _, err := Open(ctx, opts); return err },
		"identify": func(ctx context.Context, opts Options) error { _, err := Identify(ctx, opts); return err },
	}
}
