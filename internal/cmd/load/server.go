//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"

	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/interop"
)

// The servers besides those of package interop.
const simulator = "simulator"

// server is one in a process of its own, which ends with this one.
type server interface {
	URL() string // outlives a restart
	PID() int
	Kill()
	Restart() error // after Kill; returns when it listens
}

func launch(name string, heapMB int) (server, error) {
	switch name {
	case simulator:
		return launchSimulator()
	case string(interop.Jetty9), string(interop.Jetty8):
		return interop.Launch(interop.Kind(name), heapMB)
	}
	return nil, fmt.Errorf("there is no server %q: use %s, %s or %s", name, simulator, interop.Jetty9, interop.Jetty8)
}

// simulatorVerb as the first argument makes this program the simulator.
const simulatorVerb = "simulator"

// serveSimulator serves on the address of the argument until its standard
// input ends, as it does with whoever started it.
func serveSimulator(args []string) error {
	if len(args) != 1 {
		return errors.New("simulator: give it one address, such as 127.0.0.1:0")
	}
	sim, err := gwssim.Start(args[0])
	if err != nil {
		return err
	}
	sim.Set(gwssim.Behavior{KeepAlive: true})
	fmt.Println(sim.URL)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// simProcess is this program once more, as the simulator.
type simProcess struct {
	url   string
	cmd   *exec.Cmd
	stdin io.Closer
}

func launchSimulator() (server, error) {
	s := &simProcess{}
	if err := s.start("127.0.0.1:0"); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *simProcess) start(address string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	s.cmd = exec.Command(self, simulatorVerb, address)
	s.cmd.Stderr = os.Stderr
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return err
	}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("start the simulator: %w", err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		s.Kill()
		return fmt.Errorf("start the simulator: it has not said where it listens: %w", err)
	}
	s.url = strings.TrimSpace(line)
	return nil
}

func (s *simProcess) URL() string { return s.url }

func (s *simProcess) PID() int { return s.cmd.Process.Pid }

func (s *simProcess) Kill() {
	_ = s.cmd.Process.Kill() // fails if it has ended
	_ = s.cmd.Wait()         // it was killed
	s.stdin.Close()
}

func (s *simProcess) Restart() error {
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		return err
	}
	return s.start("127.0.0.1:" + port)
}
