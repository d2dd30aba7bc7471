package core

import (
	"sync"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/outbound/recovery"
	"gws-outbound/internal/redact"
)

// Config is what the core needs of the place where it runs.
type Config struct {
	Journal recovery.Open                                    // for clients with the option journal
	Turns   func(lock string, granted func()) (leave func()) // see outbound.Options; may be nil
	Log     func(bayeux.Level, string)                       // takes what the option logLevel lets pass, without secrets
}

// Core has the clients of all pages.
type Core struct {
	config  Config
	secrets redact.Secrets

	mu      sync.Mutex
	clients map[*client]struct{}     // those that are not closed
	shared  []*client                // those that pages may join, also while they are being made
	asked   int                      // questions that pages were asked
	levels  map[*client]bayeux.Level // from which lines are logged; of those that log, from before they connect until they have closed
}

// New returns a core without ports.
func New(config Config) *Core {
	c := &Core{config: config, clients: map[*client]struct{}{}, levels: map[*client]bayeux.Level{}}
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

func (c *Core) nextQuestion() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	return c.asked
}

// LogLibrary logs a line that a library has printed, at level info: it is no client's own, and is printed where the
// option logLevel of any lets it pass.
func (c *Core) LogLibrary(line string) {
	c.mu.Lock()
	heard := false
	for _, from := range c.levels {
		heard = heard || from <= bayeux.Info
	}
	c.mu.Unlock()
	if heard {
		c.config.Log(bayeux.Info, line)
	}
}

func (c *Core) setLevel(client *client, from bayeux.Level) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.levels[client] = from
}

func (c *Core) unsetLevel(client *client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.levels, client)
}
