//go:build !race && !js

package outbound

const modelSequences = 10_000
