package gwssim_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/httpx"
)

// The methods of a Sim do the same here and in the browser: this test has no
// build constraint.
func TestMethods(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	sim := gwssim.New(t)
	doer := httpx.New()
	do := func(method, path string, header httpx.Header, body any) *httpx.Response {
		request := &httpx.Request{Method: method, URL: sim.URL + path, Header: header}
		if body != nil {
			var err error
			request.Body, err = json.Marshal(body)
			require.NoError(t, err)
			request.Header["Content-Type"] = "application/json"
		}
		response, err := doer.Do(ctx, request)
		require.NoError(t, err)
		return response
	}
	signIn := func() *httpx.Response {
		credentials := base64.StdEncoding.EncodeToString([]byte("agent:secret"))
		return do("GET", "/api/v2/me", httpx.Header{"Authorization": "Basic " + credentials}, nil)
	}
	cometd := func(message map[string]any) []map[string]any {
		response := do("POST", "/api/v2/notifications", httpx.Header{}, message)
		require.Equal(t, 200, response.Status)
		var messages []map[string]any
		require.NoError(t, json.Unmarshal(response.Body, &messages))
		return messages
	}
	var clientID string
	handshake := func() {
		reply := cometd(map[string]any{"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": []string{"long-polling"}})
		clientID = reply[0]["clientId"].(string)
		cometd(map[string]any{"channel": "/meta/subscribe", "clientId": clientID, "subscription": "/v2/me/*"})
	}
	frames := make(chan []map[string]any)
	connect := func() {
		go func() {
			frames <- cometd(map[string]any{"channel": "/meta/connect", "clientId": clientID, "connectionType": "long-polling"})
		}()
		require.NoError(t, sim.WaitConnected(ctx, 1))
	}

	sim.Set(gwssim.Behavior{SignInStatus: 503})
	require.Equal(t, 503, signIn().Status)
	sim.Set(gwssim.Behavior{HoldAck: true})
	signedIn := signIn()
	require.Equal(t, 200, signedIn.Status)
	require.Equal(t, "X-CSRF-TOKEN", signedIn.Header.Get("X-CSRF-HEADER"))
	token := signedIn.Header.Get("X-CSRF-TOKEN")

	handshake()
	connect()
	record := map[string]any{
		"operationName": "CompleteRecord", "applicationId": 134, "campaignName": "Campaign1", "callingList": "CallingList1",
		"devicePath": "/devices/1", "referenceId": "r1",
	}
	require.Equal(t, 200, do("POST", "/api/v2/me/outbound-records/12", httpx.Header{"X-CSRF-TOKEN": token}, record).Status)
	require.NoError(t, sim.WaitPosts(ctx, 1))
	require.Equal(t, 1, sim.Processed())
	body, err := json.Marshal(record)
	require.NoError(t, err)
	require.Equal(t, []gwssim.Post{{
		Path: "/api/v2/me/outbound-records/12", User: "agent", Body: string(body), ContentType: "application/json", CSRFToken: token, Status: 200,
	}}, sim.Posts())
	sim.Ack("r1")
	require.Equal(t, "r1", (<-frames)[0]["data"].(map[string]any)["referenceId"])

	connect()
	sim.Publish("/v2/me/calls", json.RawMessage(`{"call":1}`))
	require.Equal(t, map[string]any{"call": 1.0}, (<-frames)[0]["data"])
	connect()
	sim.Expire()
	require.Equal(t, "402::Unknown client", (<-frames)[0]["error"])
	handshake()
	require.Equal(t, 1, sim.Sessions())
	connect()
	sim.Kick()
	require.Equal(t, "/meta/disconnect", (<-frames)[0]["channel"])
	require.NoError(t, sim.WaitSessions(ctx, 0))

	handshake()
	failed := make(chan error)
	go func() {
		_, err := doer.Do(ctx, &httpx.Request{
			Method: "POST", URL: sim.URL + "/api/v2/notifications", Header: httpx.Header{"Content-Type": "application/json"},
			Body: []byte(`{"channel":"/meta/connect","clientId":"` + clientID + `","connectionType":"long-polling"}`),
		})
		failed <- err
	}()
	require.NoError(t, sim.WaitConnected(ctx, 1))
	sim.Cut()
	require.Error(t, <-failed)
	sim.ExpireHTTP()
	require.Equal(t, 401, do("GET", "/api/v2/me", nil, nil).Status)

	ended, end := context.WithCancel(ctx)
	end()
	require.ErrorIs(t, sim.WaitPosts(ended, 99), context.Canceled)
}
