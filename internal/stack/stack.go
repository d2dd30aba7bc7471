// Package stack makes room for calls that nest.
package stack

// size is how many bytes a call of the API needs, with what it calls.
const size = 4 << 10

// Reserve makes room on the stack of this goroutine, which has just begun. It begins with 2 KiB, and where calls
// nest deeper than that they are copied to twice the room, again and again, frame by frame: in a browser that
// takes a tenth of the time of a call. Here there is nothing to copy yet.
//
//go:noinline
func Reserve() {
	var room [size]byte
	use(room[:])
}

//go:noinline
func use([]byte) {}
