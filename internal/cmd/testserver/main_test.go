//go:build !js

package main

import (
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain lets the test binary be the command that run starts: it asks the
// test server for a simulator and exits with 7 if it gets one.
func TestMain(m *testing.M) {
	switch os.Getenv("TESTSERVER_HELPER") {
	case "":
		os.Exit(m.Run())
	case "ask":
		res, err := http.Post(os.Getenv("TEST_SERVER")+"/gwssim-new", "application/json", strings.NewReader("{}"))
		if err == nil && res.StatusCode == 200 {
			os.Exit(7)
		}
	case "wait":
		// Somebody interrupts the parent, which passes it on.
		_ = syscall.Kill(os.Getppid(), syscall.SIGTERM)
		select {}
	}
	os.Exit(1)
}

func TestCommandFindsTheServerAndItsStatusIsPassedOn(t *testing.T) {
	t.Setenv("TESTSERVER_HELPER", "ask")
	status, err := run("127.0.0.1:0", []string{os.Args[0]})
	require.NoError(t, err)
	require.Equal(t, 7, status)
}

func TestSignalsArePassedOn(t *testing.T) {
	t.Setenv("TESTSERVER_HELPER", "wait")
	status, err := run("127.0.0.1:0", []string{os.Args[0]})
	require.NoError(t, err)
	require.Equal(t, 128+int(syscall.SIGTERM), status)
}

func TestMistakes(t *testing.T) {
	_, err := run("127.0.0.1:0", []string{"/no/such/command"})
	require.ErrorContains(t, err, "/no/such/command")
	_, err = run("nowhere:nothing", nil)
	require.Error(t, err)
}
