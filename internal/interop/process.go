//go:build !js

package interop

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// process is a server's. It ends with the program that started it, however
// that ends, since it reads from a pipe of which that holds the other end.
type process struct {
	cmd     *exec.Cmd
	stdin   io.Closer
	address string // where it listens
	ended   chan struct{}
}

const startTimeout = time.Minute

// run starts a server, and waits until it listens.
func run(command []string) (*process, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), operationsVariable+"="+operations())
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	said := &tail{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, stdin: stdin, ended: make(chan struct{})}
	port := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), "listening "); ok {
				port <- rest
			} else {
				fmt.Fprintln(said, lines.Text())
			}
		}
		_ = cmd.Wait() // it was killed
		close(p.ended)
	}()
	select {
	case number := <-port:
		p.address = "127.0.0.1:" + number
		return p, nil
	case <-p.ended:
		err = errors.New("it ended at once")
	case <-time.After(startTimeout):
		err = fmt.Errorf("it does not listen after %v", startTimeout)
	}
	p.kill()
	return nil, fmt.Errorf("%s: %w; it said:\n%s", command[0], err, said)
}

// port is the one on which it listens.
func (p *process) port() string {
	_, port, _ := strings.Cut(p.address, ":")
	return port
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // fails if it has ended
	<-p.ended
	p.stdin.Close()
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(b []byte) (int, error) {
	const most = 4 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if len(t.text) > most {
		t.text = t.text[len(t.text)-most:]
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
