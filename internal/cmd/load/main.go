//go:build linux

// Load runs many agents in one process, each a client of internal/outbound with
// real sockets, against a server in a process of its own, and measures what
// they cost on either side, and how they come back when the server has
// restarted.
//
//	load [-n 10000] [-server simulator] [-transport websocket] [-out results.json]
//	load -all -dir web/scale
//	load -report -dir web/scale
//
// The first measures once and prints the figures. With -all everything that the
// report of the folder has is measured, each in a process of its own, and the
// report written; -report writes it again from the results that are there.
//
// It needs Linux: what the processes use is read from /proc.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"gws-outbound/internal/outbound"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command(ctx, os.Args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			os.Exit(2)
		}
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == simulatorVerb {
		return serveSimulator(args[1:])
	}
	p := plan{print: os.Stdout}
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.IntVar(&p.agents, "n", 10_000, "how many `agents`")
	flags.StringVar(&p.server, "server", simulator, "simulator, cometd-9 or cometd-8")
	flags.StringVar(&p.transport, "transport", outbound.WebSocket, "websocket or long-polling")
	flags.IntVar(&p.heapMB, "heap", 6144, "heap of a JVM, in `megabytes`")
	flags.DurationVar(&p.idle, "idle", 30*time.Second, "how long the agents are watched doing nothing; a connect is held for 30 s")
	flags.DurationVar(&p.steady, "steady", 8*time.Second, "length of each of the three rounds of completions")
	flags.DurationVar(&p.down, "down", 5*time.Second, "how long the server is away at a restart")
	flags.DurationVar(&p.patience, "patience", 4*time.Minute, "how long the agents may take to come back")
	out := flags.String("out", "", "`file` of results to add these to, in place of those of the same kind")
	profile := flags.String("profile", "", "`folder` for profiles of the agents' process: its heap, and its CPU while they connect and come back")
	all := flags.Bool("all", false, "measure everything that the report has, and write it")
	report := flags.Bool("report", false, "write the report from the results that are there")
	dir := flags.String("dir", filepath.Join("web", "scale"), "`folder` of the report")
	if err := flags.Parse(args); err != nil {
		return flag.ErrHelp // it has been said
	}
	p.profile = *profile
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("%q is not understood: options begin with a dash", flags.Arg(0))
	case *report:
		return writeReport(*dir)
	case *all:
		return measureAll(ctx, *dir)
	}
	r, err := p.run(ctx)
	if err != nil {
		return err
	}
	r.print(os.Stdout)
	if *out != "" {
		return addResult(*out, r)
	}
	return nil
}
