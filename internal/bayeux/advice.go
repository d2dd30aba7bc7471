package bayeux

import "time"

// Advice is what a server tells a client to do, or a client asks a server for,
// as it stands in a message. Times are in milliseconds.
type Advice struct {
	Reconnect       string   `json:"reconnect,omitempty"` // "retry", "handshake" or "none"
	Interval        *float64 `json:"interval,omitempty"`
	Timeout         *float64 `json:"timeout,omitempty"`
	MaxInterval     *float64 `json:"maxInterval,omitempty"`
	MultipleClients bool     `json:"multiple-clients,omitempty"`
}

// The values of [Advice.Reconnect].
const (
	retry     = "retry"
	handshake = "handshake"
	none      = "none"
)

// plan is the advice in force.
type plan struct {
	reconnect   string
	interval    time.Duration // between two connects; below 0: do not connect again
	timeout     time.Duration // for which the server holds a connect
	maxInterval time.Duration // for which a session outlives its last connect
}

// defaultPlan is what holds until a server advises: CometD's own defaults.
func defaultPlan() plan {
	return plan{reconnect: retry, timeout: 30 * time.Second, maxInterval: 10 * time.Second}
}

// follow returns the plan after advice a. Advice replaces what was known, so
// that it is merged over the defaults, not over the plan before; only nil,
// which servers send when nothing has changed, keeps that.
func (p plan) follow(a *Advice) plan {
	if a == nil {
		return p
	}
	n := defaultPlan()
	switch a.Reconnect {
	case retry, handshake, none:
		n.reconnect = a.Reconnect
	}
	set(&n.interval, a.Interval)
	set(&n.timeout, a.Timeout)
	set(&n.maxInterval, a.MaxInterval)
	return n
}

// maxAdvice bounds what a server can advise: longer would be for ever to the
// person who waits.
const maxAdvice = 24 * time.Hour

func set(d *time.Duration, ms *float64) {
	if ms == nil {
		return
	}
	if *ms < 0 {
		*d = -1
		return
	}
	*d = time.Duration(min(*ms, float64(maxAdvice/time.Millisecond))) * time.Millisecond
}

// final reports whether the server wants no further attempt.
func (p plan) final() bool { return p.reconnect == none || p.interval < 0 }

// lifetime is how long a session can be taken to live at the server once its
// connects fail.
func (p plan) lifetime() time.Duration {
	if p.maxInterval < 0 {
		return noEnd
	}
	return max(p.timeout, 0) + max(p.interval, 0) + max(p.maxInterval, 0)
}
