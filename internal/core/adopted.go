package core

import (
	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/wire"
)

// owner is the page, as the session of its own is asked.
type owner struct {
	port   *Port
	client int
}

func (o owner) Subscribe(channel string) {
	o.port.out.now(&wire.PageSubscribe{Client: o.client, Channel: channel})
}

func (o owner) Unsubscribe(channel string) {
	o.port.out.now(&wire.PageUnsubscribe{Client: o.client, Channel: channel})
}

// adopt has the page's own session taken, if there is to be one: the page speaks of it at once.
func (p *Port) adopt(m *wire.CreateClient) {
	if !m.CometD.Adopted {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.adopted[m.Client] = bayeux.NewAdopted(owner{p, m.Client})
}

func (p *Port) adoptedBy(client int) *bayeux.Adopted {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.adopted[client]
}

func (p *Port) forgetAdopted(client int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.adopted, client)
}

// takeFromSession takes what the page says of its own session. Of a client that is gone it is nothing.
func (p *Port) takeFromSession(m wire.FromPage) {
	switch m := m.(type) {
	case *wire.PageSession:
		if a := p.adoptedBy(m.Client); a != nil {
			a.SetStatus(bayeux.OwnerStatus{
				Up: m.Up, Session: m.Session, ClientID: m.ClientID, Transport: m.Transport, Unacknowledged: m.Unacknowledged,
				HandshakeRefused: m.HandshakeRefused, ConnectRefused: m.ConnectRefused, Reason: m.Reason,
			})
		}
	case *wire.PageSubscribed:
		switch a := p.adoptedBy(m.Client); {
		case a == nil:
		case m.Refused != "":
			a.Refused(m.Channel, m.Refused)
		case m.Failed != "":
			a.Missing(m.Channel, m.Failed)
		default:
			a.Granted(m.Channel)
		}
	case *wire.PageEvent:
		switch a := p.adoptedBy(m.Client); {
		case a == nil:
		case m.Failed != "":
			a.Lost(m.Subscription, m.Failed)
		default:
			a.Deliver(m.Subscription, bayeux.Message{Channel: m.Channel, Data: m.Data})
		}
	}
}
