//go:build linux

package main

import (
	"math/rand/v2"
	"time"

	"gws-outbound/internal/bayeux"
)

// comingBack is what the backoff of internal/bayeux alone has agents do after
// their server was away for so long: the share of them that arrives, in
// intervals of [bucket]. They all lost it at time 0; an attempt before it is up
// fails at once. Every other attempt begins with a sign-in, since a WebSocket
// that was refused may have been so for want of a cookie; where the server
// forgets its cookies, an attempt without one fails once more when it is up.
// A server that keeps up with them is assumed.
func comingBack(up time.Duration, forgets, jitter bool) []float64 {
	const agents = 200_000
	random := rand.New(rand.NewPCG(1, 2))
	var arrivals []int
	for range agents {
		var at time.Duration
		bound := bayeux.FirstBackoff
		for attempt := 1; ; attempt++ {
			wait := bound
			if jitter {
				wait = time.Duration(random.Float64() * float64(bound))
			}
			at += wait
			bound = min(2*bound, bayeux.MaxBackoff)
			signsIn := attempt%2 == 0
			if at >= up && (signsIn || !forgets) {
				break
			}
		}
		i := int(at / bucket)
		for len(arrivals) <= i {
			arrivals = append(arrivals, 0)
		}
		arrivals[i]++
	}
	shares := make([]float64, len(arrivals))
	for i, n := range arrivals {
		shares[i] = float64(n) / agents
	}
	return shares
}

// busiest is the largest share that arrives within one second.
func busiest(shares []float64) float64 {
	return mostWithin(int(time.Second/bucket), shares)
}

// mostWithin is the largest sum of so many neighbours in a list.
func mostWithin[T int | float64](width int, list []T) (most T) {
	for i := range list {
		var sum T
		for _, n := range list[i:min(i+width, len(list))] {
			sum += n
		}
		most = max(most, sum)
	}
	return most
}

// until is how many seconds it takes until such a share of the agents has arrived.
func until(shares []float64, share float64) float64 {
	sum := 0.0
	for i, s := range shares {
		if sum += s; sum >= share-1e-9 {
			return float64(i+1) * bucket.Seconds()
		}
	}
	return float64(len(shares)) * bucket.Seconds()
}
