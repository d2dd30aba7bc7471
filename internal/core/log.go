package core

import (
	"time"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/outbound"
	"gws-outbound/internal/wire"
)

// logger returns what takes a client's lines: its pages, where they want them or have no other console, or else the console, with
// the time if there are so many that this matters.
func (c *client) logger(opts outbound.Options) func(bayeux.Level, string) {
	switch {
	case c.logsToPages:
		return c.log
	case opts.LogFrom <= bayeux.Debug:
		return func(level bayeux.Level, line string) { opts.Log(level, timeOfDay(time.Now())+" "+line) }
	}
	return opts.Log
}

// levelNames are by their levels.
var levelNames = [...]string{bayeux.Debug: "debug", bayeux.Info: "info", bayeux.Warn: "warn"}

func (c *client) log(level bayeux.Level, line string) {
	for _, page := range c.allPages() {
		page.log(level, line)
	}
}

func (p *page) log(level bayeux.Level, line string) {
	now := time.Now()
	if p.timed {
		line = timeOfDay(now) + " " + line
	}
	p.port.out.together(&wire.Log{Client: p.number, Level: levelNames[level], Time: now.UnixMilli(), Message: line})
}

// timeOfDay is the time as "15:04:05.000": the layouts of package time would add to the module.
func timeOfDay(t time.Time) string {
	_, offset := t.Zone()
	left := (t.UnixMilli() + int64(offset)*1000) % (24 * 60 * 60 * 1000)
	b := []byte("00:00:00.000")
	for i := len(b) - 1; i >= 0; i-- {
		base := int64(10)
		switch i {
		case 2, 5, 8:
			continue
		case 3, 6:
			base = 6
		}
		b[i] += byte(left % base)
		left /= base
	}
	return string(b)
}
