//go:build !js

package interop

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
)

var building sync.Mutex // one at a time

// build prepares what a server needs to run, unless that is up to date, and
// returns the command that runs it, without its options.
func build(kind Kind) ([]string, error) {
	building.Lock()
	defer building.Unlock()
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	switch kind {
	case Jetty9:
		return buildJetty(root, "jetty9", "jetty8") // one program serves both lines
	case Jetty8:
		return buildJetty(root, "jetty8", "jetty8")
	case Jetty31:
		return buildJetty(root, "jetty31", "jetty31")
	case Faye:
		return buildNode(root, "faye")
	case NodeJS:
		return buildNode(root, "cometd-nodejs")
	}
	return nil, fmt.Errorf("there is no server %q", kind)
}

// moduleRoot is the folder with go.mod, above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("there is no go.mod above the working directory")
		}
	}
}

// buildJetty has Maven bring the libraries, and compiles the program in the
// folder main against them.
func buildJetty(root, name, main string) ([]string, error) {
	source := filepath.Join(root, "internal", "interop")
	target := filepath.Join(root, "build", "interop", name)
	lib, classes := filepath.Join(target, "lib"), filepath.Join(target, "classes")
	run := []string{
		"java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
		"-cp", classes + string(filepath.ListSeparator) + filepath.Join(lib, "*"), "interop.Main",
	}
	pom := filepath.Join(source, name, "pom.xml")
	shared, _ := filepath.Glob(filepath.Join(source, "jetty", "*.java")) // the pattern is a good one
	own, _ := filepath.Glob(filepath.Join(source, main, "*.java"))
	java := slices.Concat(shared, own)

	err := ifChanged(filepath.Join(target, "libraries"), []string{pom}, func() error {
		if err := os.RemoveAll(lib); err != nil {
			return err
		}
		return execute("install Maven", "", "mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", "-DoutputDirectory="+lib)
	})
	if err != nil {
		return nil, err
	}
	err = ifChanged(filepath.Join(target, "compiled"), append(java, pom), func() error {
		if err := os.RemoveAll(classes); err != nil {
			return err
		}
		return execute("install a JDK, 17 or newer", "", "javac",
			slices.Concat([]string{"-nowarn", "-d", classes, "-cp", filepath.Join(lib, "*")}, java)...)
	})
	return run, err
}

// buildNode installs the packages of the lock file.
func buildNode(root, name string) ([]string, error) {
	dir := filepath.Join(root, "internal", "interop", name)
	err := ifChanged(filepath.Join(dir, "node_modules", ".installed"), []string{filepath.Join(dir, "package-lock.json")}, func() error {
		return execute("install Node.js, 20 or newer", dir, "npm", "ci", "--no-fund", "--no-audit", "--loglevel=error")
	})
	return []string{"node", filepath.Join(dir, "server.js")}, err
}

// ifChanged runs make unless it has succeeded for these inputs, of which the
// file stamp keeps a checksum.
func ifChanged(stamp string, inputs []string, make func() error) error {
	sum := sha256.New()
	for _, name := range inputs {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n%s", filepath.Base(name), len(b), b)
	}
	now := fmt.Appendf(nil, "%x\n", sum.Sum(nil))
	if before, err := os.ReadFile(stamp); err == nil && bytes.Equal(before, now) {
		return nil
	}
	if err := make(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(stamp), 0o755); err != nil {
		return err
	}
	return os.WriteFile(stamp, now, 0o644)
}

// execute runs a tool to its end; advice is what to do if it is missing.
func execute(advice, dir, tool string, args ...string) error {
	cmd := exec.Command(tool, args...)
	cmd.Dir = dir
	said := &tail{}
	cmd.Stdout, cmd.Stderr = said, said
	err := cmd.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%w: %s", err, advice)
	case err != nil:
		return fmt.Errorf("%s: %w; it said:\n%s", tool, err, said)
	}
	return nil
}
