package core

import (
	"sync"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/outbound/recovery"
)

// Config is what the core needs of the place where it runs.
type Config struct {
	Journal recovery.Open              // for clients with the option journal
	Log     func(bayeux.Level, string) // takes what the option logLevel lets pass
}

// Core has the clients of all pages.
type Core struct {
	config Config

	mu      sync.Mutex
	clients map[*client]struct{} // those that are not closed
}

// New returns a core without ports.
func New(config Config) *Core { return &Core{config: config, clients: map[*client]struct{}{}} }

// WakeAll says that the machine was asleep.
func (c *Core) WakeAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for client := range c.clients {
		client.Wake()
	}
}

func (c *Core) add(client *client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clients[client] = struct{}{}
}

func (c *Core) remove(client *client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.clients, client)
}
