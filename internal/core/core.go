package core

import (
	"sync"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/outbound/recovery"
	"gws-outbound/internal/redact"
)

// Config is what the core needs of the place where it runs.
type Config struct {
	Journal recovery.Open              // for clients with the option journal
	Log     func(bayeux.Level, string) // takes what the option logLevel lets pass, without secrets
}

// Core has the clients of all pages.
type Core struct {
	config  Config
	secrets redact.Secrets

	mu      sync.Mutex
	clients map[*client]struct{} // those that are not closed
}

// New returns a core without ports.
func New(config Config) *Core {
	c := &Core{config: config, clients: map[*client]struct{}{}}
	c.config.Log = func(level bayeux.Level, line string) { config.Log(level, c.Clean(line)) }
	return c
}

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
