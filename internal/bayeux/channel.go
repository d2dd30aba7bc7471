package bayeux

import (
	"strings"

	"gws-outbound/internal/fmt"
)

// CheckChannel says what is wrong with channel as the target of a
// subscription: it must be absolute, without empty segments, not a meta
// channel, and "*" or "**" may stand only as its last segment.
func CheckChannel(channel string) error {
	segments, absolute := strings.CutPrefix(channel, "/")
	switch {
	case len(channel) > 1024:
		return fmt.Errorf("channel %q… is longer than 1024 bytes", channel[:40])
	case !absolute || segments == "":
		return fmt.Errorf("channel %q must begin with / and name something, such as /v2/me/calls", channel)
	case channel == "/meta" || strings.HasPrefix(channel, "/meta/"):
		return fmt.Errorf("channel %q is the protocol's own", channel)
	}
	parts := strings.Split(segments, "/")
	for i, part := range parts {
		switch {
		case part == "":
			return fmt.Errorf("channel %q has an empty segment", channel)
		case strings.Contains(part, "*") && (i < len(parts)-1 || part != "*" && part != "**"):
			return fmt.Errorf("channel %q: * and ** may only be the whole last segment", channel)
		}
	}
	return nil
}

// matches reports whether an event on channel belongs to the subscription
// pattern: the channel itself, "/a/*" for one more segment, "/a/**" for any
// number of more segments.
func matches(pattern, channel string) bool {
	if pattern == channel {
		return true
	}
	if prefix, deep := strings.CutSuffix(pattern, "**"); deep {
		return strings.HasPrefix(channel, prefix) && len(channel) > len(prefix)
	}
	if prefix, wild := strings.CutSuffix(pattern, "*"); wild {
		rest, below := strings.CutPrefix(channel, prefix)
		return below && rest != "" && !strings.Contains(rest, "/")
	}
	return false
}
