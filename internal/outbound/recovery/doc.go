// Package recovery keeps what a client has sent, so that the next client
// finds it after a crash or a reload: what the journal does for calls.
//
// A request is written before it leaves, and removed when its caller knows
// what it has come to. What answers it is written before the server learns
// that it has arrived, since the server drops it then: see [bayeux.SavedSession].
//
// A client without a journal has [None], so that nobody asks whether there is one.
package recovery
