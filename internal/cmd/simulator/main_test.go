//go:build !js

package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gwssim"
)

// start runs it on a free port, and returns its URL and what it ends with.
func start(ctx context.Context, t *testing.T) (url string, ended <-chan error) {
	t.Helper()
	reader, writer := io.Pipe()
	result := make(chan error, 1)
	go func() {
		result <- run(ctx, "localhost", 0, gwssim.Audience{}, writer)
		writer.Close()
	}()
	line, err := bufio.NewReader(reader).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line), result
}

func TestRun_EndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url, ended := start(ctx, t)
	require.Regexp(t, `^http://localhost:[1-9]\d*$`, url)
	request, err := http.NewRequest(http.MethodGet, url+"/api/v2/me", nil)
	require.NoError(t, err)
	request.SetBasicAuth("agent", "secret")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	cancel()
	require.NoError(t, <-ended)
}

func TestRun_EndsByTheControlVerb(t *testing.T) {
	url, ended := start(t.Context(), t)
	response, err := http.Post(url+"/gwssim/close", "application/json", strings.NewReader("{}"))
	require.NoError(t, err)
	response.Body.Close()
	require.NoError(t, <-ended)
}

func TestRun_PortIsTaken(t *testing.T) {
	sim := gwssim.New(t)
	port, err := strconv.Atoi(sim.URL[strings.LastIndex(sim.URL, ":")+1:])
	require.NoError(t, err)
	require.ErrorContains(t, run(t.Context(), "127.0.0.1", port, gwssim.Audience{}, io.Discard), "address already in use")
}
