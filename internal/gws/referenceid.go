package gws

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
)

// NewReferenceID returns a random UUID (RFC 4122, version 4) for a request
// whose caller gave no referenceId: without one, its acknowledgement could
// not be mistaken for another's. It is to be unique, and no secret: crypto/rand
// would add 4 % to the module.
func NewReferenceID() string {
	var b [16]byte
	binary.NativeEndian.PutUint64(b[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(b[8:], rand.Uint64())
	b[6] = b[6]&0x0f | 4<<4 // version 4
	b[8] = b[8]&0x3f | 2<<6 // the RFC's variant
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
