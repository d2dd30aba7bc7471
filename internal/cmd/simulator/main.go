//go:build !js

// Simulator serves a simulated GWS (package gwssim), for the tests and the development of what uses the module. It
// is the command of the npm package gws-outbound-simulator (js/simulator).
//
//	simulator [-host localhost] [-port 8090] [-name name]... [-extension id]... [-until-eof]
//
// Its first line is its URL. It ends on SIGINT or SIGTERM, by the control verb "close", and, with -until-eof, when its
// standard input does: so whoever started it takes it along, however it ends.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"gws-outbound/internal/gwssim"
)

func main() {
	host := flag.String("host", "localhost", "the `name` or address of this machine to listen on. A page should be served under the same name: for browsers, localhost and 127.0.0.1 are two sites, and cookies stay in theirs")
	port := flag.Int("port", 8090, "TCP `port`; 0 for any that is free")
	eof := flag.Bool("until-eof", false, "end when standard input ends")
	var audience gwssim.Audience
	list := func(to *[]string) func(string) error {
		return func(s string) error { *to = append(*to, s); return nil }
	}
	flag.Func("name", "one more `name` of this machine, under which it and pages may be reached; may be repeated", list(&audience.Hosts))
	flag.Func("extension", "the `id` of a browser extension that may use it; may be repeated", list(&audience.Extensions))
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "simulator: unknown argument %q; -help lists the options\n", flag.Arg(0))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *eof {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	if err := run(ctx, *host, *port, audience, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "simulator:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, or the simulator is closed. It writes the URL to out once it listens.
func run(ctx context.Context, host string, port int, audience gwssim.Audience, out io.Writer) error {
	sim, err := gwssim.StartFor(net.JoinHostPort(host, strconv.Itoa(port)), audience)
	if err != nil {
		return err
	}
	defer sim.Close()
	// Under the name that was asked for, since that is what cookies go by.
	u, err := url.Parse(sim.URL)
	if err != nil {
		return err
	}
	u.Host = net.JoinHostPort(host, u.Port())
	if _, err := fmt.Fprintln(out, u); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-sim.Done():
	}
	return nil
}
