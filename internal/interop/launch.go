//go:build !js

package interop

import (
	"fmt"
	"slices"
	"strconv"
)

// Process is a server on its own, without a proxy in front of it, for programs
// that measure it. It ends with the program that launched it.
type Process struct {
	command []string
	process *process
	port    string
}

// Launch builds and starts CometD 8 or 9 on Jetty. Every sign-in is an agent of
// its own there, who alone gets the acknowledgements of what he completes, as
// with GWS. The heap of the JVM may have so many megabytes. The caller kills
// it.
func Launch(kind Kind, heapMB int) (*Process, error) {
	if kind != Jetty9 && kind != Jetty8 {
		return nil, fmt.Errorf("launch %s: only %s and %s tell agents apart", kind, Jetty9, Jetty8)
	}
	command, err := build(kind)
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", kind, err)
	}
	// Of options that contradict each other the JVM takes the last. It is to run as
	// in production here, where the tests want a quick start.
	command = slices.Insert(command, slices.Index(command, "-cp"),
		"-Xmx"+strconv.Itoa(heapMB)+"m", "-XX:-UseSerialGC", "-XX:+UseG1GC", "-XX:TieredStopAtLevel=4")
	p := &Process{command: append(command, "--agents=true")}
	if err := p.start(); err != nil {
		return nil, err
	}
	p.port = p.process.port()
	return p, nil
}

func (p *Process) start() error {
	command := p.command
	if p.port != "" {
		command = append(slices.Clip(command), "--port="+p.port)
	}
	process, err := run(command)
	if err != nil {
		return fmt.Errorf("run the server: %w", err)
	}
	p.process = process
	return nil
}

// URL is where the server listens, such as "http://127.0.0.1:41234". It
// outlives a restart.
func (p *Process) URL() string { return "http://127.0.0.1:" + p.port }

// PID is the id of the process that runs now.
func (p *Process) PID() int { return p.process.cmd.Process.Pid }

// Kill ends the process at once, which breaks its connections.
func (p *Process) Kill() { p.process.kill() }

// Restart starts another in place of the one that was killed, on the same
// port. It returns when that listens.
func (p *Process) Restart() error { return p.start() }
