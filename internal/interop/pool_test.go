//go:build !js

package interop

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPool_DoorToAPort_HasALineOfItsOwn(t *testing.T) {
	pool, made := doorToSizes(t)
	const roundTrip = 100 * time.Millisecond
	ask(t, pool, "/interop/"+made.ID+"/line", `{"roundTripMS":`+strconv.Itoa(int(roundTrip.Milliseconds()))+`}`, http.StatusOK, nil)

	from := time.Now()
	response, err := client(t).Get(made.URL + "/10")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, int64(10), response.ContentLength)
	require.GreaterOrEqual(t, time.Since(from), 2*roundTrip) // of it one for the connection

	var failed errorResult
	ask(t, pool, "/interop/"+made.ID+"/publish", `{}`, http.StatusBadRequest, &failed)
	require.Equal(t, `a proxy has no verb "publish"`, failed.Error)
}

func TestPool_DoorToNoPort_IsRefused(t *testing.T) {
	pool := &Pool{}
	defer pool.Close()
	for _, body := range []string{`{}`, `{"port":-1}`, `{"port":65536}`} {
		var failed errorResult
		ask(t, pool, "/interop-door", body, http.StatusBadRequest, &failed)
		require.Contains(t, failed.Error, "the port must be from 1 to 65535", body)
	}
}

func TestPool_ClosedDoor_IsGone(t *testing.T) {
	pool, made := doorToSizes(t)
	ask(t, pool, "/interop/"+made.ID+"/close", `{}`, http.StatusOK, nil)
	_, err := client(t).Get(made.URL + "/10")
	require.Error(t, err)
	ask(t, pool, "/interop/"+made.ID+"/line", `{}`, http.StatusBadRequest, nil)
}

// doorToSizes returns a pool with a door to a server with the handler sizes.
func doorToSizes(t *testing.T) (*Pool, newResult) {
	site := httptest.NewServer(sizes)
	t.Cleanup(site.Close)
	_, port, err := net.SplitHostPort(site.Listener.Addr().String())
	require.NoError(t, err)
	pool := &Pool{}
	t.Cleanup(pool.Close)
	var made newResult
	ask(t, pool, "/interop-door", `{"port":`+port+`}`, http.StatusOK, &made)
	return pool, made
}

// ask posts JSON to a pool, and reads its answer into out, which may be nil.
func ask(t *testing.T, pool *Pool, path, body string, status int, out any) {
	t.Helper()
	request := httptest.NewRequest("POST", path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	pool.ServeHTTP(answer, request)
	require.Equal(t, status, answer.Code, answer.Body)
	if out != nil {
		require.NoError(t, json.Unmarshal(answer.Body.Bytes(), out))
	}
}
