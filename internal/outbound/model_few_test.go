//go:build race || js

package outbound

// Fewer where it is slow.
const modelSequences = 1000
