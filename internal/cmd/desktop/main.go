//go:build !js

// Desktop serves the demo agent desktop together with a simulated GWS, on one
// origin:
//
//	desktop [-addr 127.0.0.1:8080] [-root .] [-host name]... [-extension id]... [-check command [-once]] [-docs command]
//
// Of the root it serves index.html, web/, js/dist/, cometd.js, and build/docs/, the manual, as
// /docs/, and nothing else; the
// page at /simulator, which shows what the simulator does, is of web/. It
// prints its URL, and ends on SIGINT or SIGTERM. A check is a command that is
// run, with the URL as its last argument, once the server listens; with -once
// the server ends after it, with its exit status; without, the command of -docs makes the manual then.
//
// It answers requests to 127.0.0.1, localhost and the address that it listens on, and under each name that -host
// gives, from pages of these and from the sample extension (web/extension); -extension gives the id of another one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
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
	check := flag.String("check", "", "`command` to run once the server listens")
	docsCommand := flag.String("docs", "", "`command` to make the manual with, after the check")
	once := flag.Bool("once", false, "end after the check, with its exit status")
	var audience gwssim.Audience
	list := func(to *[]string) func(string) error {
		return func(s string) error { *to = append(*to, s); return nil }
	}
	flag.Func("host", "one more `name` of this machine in URLs, without a port; may be repeated", list(&audience.Hosts))
	flag.Func("extension", "the `id` of a browser extension that may use the simulator; may be repeated", list(&audience.Extensions))
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	checked := make(chan error, 1)
	ready := func(url string, manual *docs) {
		go func() {
			err := runCheck(ctx, *check, url)
			checked <- err
			if *once {
				stop()
				return
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, "desktop:", err)
			}
			fmt.Println(url)
			manual.make(ctx, *docsCommand)
		}()
	}
	err := run(ctx, *addr, *root, audience, ready)
	if err == nil && *once {
		err = <-checked
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "desktop:", err)
		os.Exit(1)
	}
}

// runCheck runs the command, if there is one, with url as its last argument.
func runCheck(ctx context.Context, command, url string) error {
	args := strings.Fields(command)
	if len(args) == 0 {
		return nil
	}
	cmd := exec.CommandContext(ctx, args[0], append(args[1:], url)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	return nil
}

// run serves the audience until ctx ends. It calls ready with the URL once it listens.
func run(ctx context.Context, addr, dir string, audience gwssim.Audience, ready func(url string, manual *docs)) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the project's directory: %w", err)
	}
	defer root.Close()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	sim := gwssim.NewUnstarted(audience)
	defer sim.Close()
	sim.Set(gwssim.Behavior{AckDelayMS: ackDelayMS})

	mux := http.NewServeMux()
	for _, path := range []string{"/api/", "/login", "/gwssim/"} {
		mux.Handle(path, sim.Handler())
	}
	manual := &docs{root: root}
	mux.Handle("/", audience.Only(&files{root: root, docs: manual}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	ready("http://"+listener.Addr().String()+"/", manual)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
