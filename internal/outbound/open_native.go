//go:build !js

package outbound

import (
	"context"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/httpx"
)

// OpenOver is [Open] over an HTTP client of the caller's, whose cookies are
// the agent's and whose connections thousands of agents may share. random is
// that of [bayeux.Options]; it may be nil.
func OpenOver(ctx context.Context, opts Options, doer *httpx.Client, random func() float64) (*Client, error) {
	return opts.open(ctx, network{
		doer:       doer,
		transports: func(rest *gws.Auth) []bayeux.Transport { return transports(opts, doer, rest) },
		random:     random,
	})
}
