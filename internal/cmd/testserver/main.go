//go:build !js

// Testserver is what tests in a browser talk to, as they cannot listen
// themselves: the scenarios of package internal/testserver, and, made on
// request, simulators of package internal/gwssim, and servers and proxies of
// package internal/interop. Below /dist/ it has js/dist of the working directory, for
// any origin.
//
//	testserver [-addr 127.0.0.1:0] [-- command args...]
//
// With a command it runs that with its URL in the environment variable
// TEST_SERVER, and exits with its status. Without one it prints its URL and
// serves until it is interrupted.
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
	"syscall"
	"time"

	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/interop"
	"gws-outbound/internal/testserver"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "TCP `address` to listen on")
	flag.Parse()
	status, err := run(*addr, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "testserver:", err)
		os.Exit(1)
	}
	os.Exit(status)
}

// run serves until the command ends, and returns its exit status, or until
// the program is interrupted.
func run(addr string, command []string) (status int, err error) {
	interrupts := make(chan os.Signal, 4)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupts)

	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return 0, err
	}
	pool := &gwssim.Pool{}
	defer pool.Close()
	mux := http.NewServeMux()
	mux.Handle("/gwssim-new", pool)
	servers := &interop.Pool{}
	defer servers.Close()
	mux.Handle("/interop-new", servers)
	mux.Handle("/interop-door", servers)
	mux.Handle("/interop/", servers)
	mux.Handle("/dist/", dist("js/dist"))
	mux.Handle("/", testserver.Handler())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	defer server.Close()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()

	url := "http://" + listener.Addr().String()
	if len(command) == 0 {
		fmt.Println(url)
		select {
		case <-interrupts:
			return 0, nil
		case err := <-failed:
			return 0, fmt.Errorf("serve: %w", err)
		}
	}
	return runCommand(command, url, interrupts)
}

// dist serves a folder to pages of any origin.
func dist(folder string) http.Handler {
	files := http.StripPrefix("/dist/", http.FileServer(http.Dir(folder)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		files.ServeHTTP(w, r)
	})
}

// runCommand runs a command to its end, passing on the signals that come.
func runCommand(command []string, url string, signals <-chan os.Signal) (status int, err error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "TEST_SERVER="+url)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("run the command: %w", err)
	}
	ended, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		for {
			select {
			case s := <-signals:
				_ = cmd.Process.Signal(s) // fails if it has just ended
			case <-ended.Done():
				return
			}
		}
	}()
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			return 128 + int(ws.Signal()), nil // as a shell has it
		}
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 0, fmt.Errorf("run the command: %w", err)
	}
	return 0, nil
}
