package core

import (
	"time"

	"gws-outbound/internal/wire"
)

// The bounds of what is kept for a page that does not listen: word that it does may be on its way.
const (
	mostUnheard      = 100
	mostUnheardBytes = 1 << 20
)

// unheard is the last notifications for such a page.
type unheard struct {
	list  []arrival
	bytes int
}

type arrival struct {
	at int64 // milliseconds since 1970
	m  *wire.Notification
}

func (u *unheard) add(m *wire.Notification) {
	u.list = append(u.list, arrival{time.Now().UnixMilli(), m})
	u.bytes += len(m.Data)
	for len(u.list) > mostUnheard || u.bytes > mostUnheardBytes {
		u.bytes -= len(u.list[0].m.Data)
		u.list[0] = arrival{}
		u.list = u.list[1:]
	}
}

// take returns those that have come since then, and keeps none.
func (u *unheard) take(since int64) (list []*wire.Notification) {
	for _, a := range u.list {
		if a.at >= since {
			list = append(list, a.m)
		}
	}
	*u = unheard{}
	return list
}
