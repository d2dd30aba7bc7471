//go:build !js

package gwssim

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// SampleExtension is the id of the extension in web/extension, which follows from the key in its manifest.
const SampleExtension = "pjikblgkbhcidopnlkljlkffipikoicd"

// Audience is who may talk to the simulator, and to what is served beside it: pages of this machine and the
// sample extension. The zero value lets in nobody else.
//
// A site elsewhere could have its own name lead here (DNS rebinding), so that its scripts read what they
// like; the Host of a request tells. Any extension with the permission for this machine could use the
// simulator in the agent's place; the Origin of its POSTs and WebSockets tells.
type Audience struct {
	Hosts      []string // more names of this machine, as they are in URLs, without a port
	Extensions []string // ids of more extensions
}

// Only passes on requests of the audience alone. Another Host gets status 421, another Origin 403.
func (a Audience) Only(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.refuse(w, r) {
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refuse answers a request that is not of the audience.
func (a Audience) refuse(w http.ResponseWriter, r *http.Request) bool {
	if !a.host(r, hostOf(r.Host)) {
		http.Error(w, "This server has another name: use 127.0.0.1 or localhost, or start it with the name", http.StatusMisdirectedRequest)
		return true
	}
	for _, origin := range r.Header.Values("Origin") {
		if !a.origin(r, origin) {
			http.Error(w, "Pages of this origin may not use this server", http.StatusForbidden)
			return true
		}
	}
	return false
}

// hostOf returns what is before the port.
func hostOf(hostPort string) string {
	u := url.URL{Host: hostPort}
	return u.Hostname()
}

// host reports whether name is one of this server's. An address that the connection has come to is one: no
// name can be made to look like it.
func (a Audience) host(r *http.Request, name string) bool {
	if strings.EqualFold(name, "localhost") || slices.ContainsFunc(a.Hosts, func(h string) bool { return strings.EqualFold(h, name) }) {
		return true
	}
	ip, err := netip.ParseAddr(name)
	if err != nil {
		return false
	}
	if ip.IsLoopback() {
		return true
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && local.AddrPort().Addr().Unmap() == ip.Unmap()
}

// origin reports whether pages of an origin may use the server.
func (a Audience) origin(r *http.Request, origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.User != nil {
		return false
	}
	switch u.Scheme {
	case "http", "https":
		return a.host(r, u.Hostname())
	case "chrome-extension":
		return u.Host == SampleExtension || slices.Contains(a.Extensions, u.Host)
	case "moz-extension":
		return slices.Contains(a.Extensions, u.Host)
	}
	return false
}
