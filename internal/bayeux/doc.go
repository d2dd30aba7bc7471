// Package bayeux is a client of the Bayeux protocol as CometD servers speak
// it: handshake, connect loop, subscriptions, advice, acknowledged delivery,
// and reconnection that loses nothing the server still holds.
//
// A [Client] keeps one session over one [Transport] connection at a time. All
// of its state belongs to one goroutine, its loop: what comes from transports,
// timers and callers is queued there and handled in order. Handlers run on
// that goroutine too, in the order in which the server sent the events, and
// must not block it.
package bayeux
