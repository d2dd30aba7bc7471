//go:build !js

// Desktop serves the demo agent desktop together with a simulated GWS, on one
// origin:
//
//	desktop [-addr 127.0.0.1:8080] [-root .]
//
// Of the root it serves index.html, web/ and js/dist/, and nothing else. It
// prints its URL, and ends on SIGINT or SIGTERM.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"gws-outbound/internal/gwssim"
)

// ackDelayMS keeps the acknowledgement long enough for the page's timeline to
// show the step.
const ackDelayMS = 400

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "TCP `address` to listen on")
	root := flag.String("root", ".", "the project's `directory`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ready := func(url string) { fmt.Println(url) }
	if err := run(ctx, *addr, *root, ready); err != nil {
		fmt.Fprintln(os.Stderr, "desktop:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. It calls ready with the URL once it listens.
func run(ctx context.Context, addr, dir string, ready func(url string)) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the project's directory: %w", err)
	}
	defer root.Close()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	sim := gwssim.NewUnstarted()
	defer sim.Close()
	sim.Set(gwssim.Behavior{AckDelayMS: ackDelayMS})

	mux := http.NewServeMux()
	for _, path := range []string{"/api/", "/login", "/gwssim/"} {
		mux.Handle(path, sim.Handler())
	}
	mux.Handle("/", &files{root: root})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	ready("http://" + listener.Addr().String() + "/")
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
