//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"gws-outbound/internal/interop"
	"gws-outbound/internal/outbound"
)

// resultsFile is beside the report.
const resultsFile = "results.json"

// measureAll measures what the report has, each in a process of its own, so
// that none finds what another has left, and writes it.
func measureAll(ctx context.Context, dir string) error {
	cometd := string(interop.Jetty9)
	list := []struct {
		agents            int
		server, transport string
	}{
		{100, simulator, outbound.WebSocket},
		{1000, simulator, outbound.WebSocket},
		{10_000, simulator, outbound.WebSocket},
		{1000, simulator, outbound.LongPolling},
		{100, cometd, outbound.WebSocket},
		{1000, cometd, outbound.WebSocket},
		{10_000, cometd, outbound.WebSocket},
		{1000, cometd, outbound.LongPolling},
	}
	for _, one := range list { // before the first, not in half an hour
		if err := checkFiles(filesFor(one.agents, one.transport)); err != nil {
			return err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i, one := range list {
		fmt.Printf("== %d of %d: %d agents, %s, %s\n", i+1, len(list), one.agents, one.server, one.transport)
		cmd := exec.CommandContext(ctx, self, "-n", strconv.Itoa(one.agents), "-server", one.server,
			"-transport", one.transport, "-out", filepath.Join(dir, resultsFile))
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%d agents, %s, %s: %w", one.agents, one.server, one.transport, err)
		}
	}
	return writeReport(dir)
}
