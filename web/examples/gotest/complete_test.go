//go:build js && wasm

package gotest_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/hack-pad/safejs"
	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gwssim"
	"gws-outbound/internal/jsbridge"
)

func TestCompleteRecord(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	gws := gwssim.New(t)
	startModule(ctx, t, os.Getenv("TEST_SERVER")+"/dist/outbound.wasm")

	outbound, err := safejs.Global().Get("gwsOutbound")
	require.NoError(t, err)
	client := await(ctx, t, outbound, "createClient", map[string]any{
		"baseUrl": gws.URL,
		"headers": map[string]any{"Authorization": "Basic YWdlbnQ6c2VjcmV0"}, // agent:secret
	})
	event := await(ctx, t, client, "completeRecord", map[string]any{
		"recordHandle": 12, "applicationId": 134, "campaignName": "Campaign1", "callingList": "CallingList1",
		"devicePath": "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00", "callResult": "Answer", "referenceId": "from a test",
	})
	for field, want := range map[string]string{"notificationType": "RecordProcessedAcknowledge", "referenceId": "from a test"} {
		value, err := event.Get(field)
		require.NoError(t, err)
		got, err := value.String()
		require.NoError(t, err)
		require.Equal(t, want, got, field)
	}
	require.Equal(t, 1, gws.Processed())
	await(ctx, t, client, "close")
}

// startModule runs the module in the test's page, as a page without the loader
// does. The class Go is there: the page has loaded wasm_exec.js for the test.
func startModule(ctx context.Context, t *testing.T, url string) {
	t.Helper()
	global := safejs.Global()
	class, err := global.Get("Go")
	require.NoError(t, err)
	program, err := class.New()
	require.NoError(t, err)
	imports, err := program.Get("importObject")
	require.NoError(t, err)
	webAssembly, err := global.Get("WebAssembly")
	require.NoError(t, err)
	module, err := global.Call("fetch", url)
	require.NoError(t, err)
	source := await(ctx, t, webAssembly, "instantiateStreaming", module, imports)
	instance, err := source.Get("instance")
	require.NoError(t, err)
	_, err = program.Call("run", instance)
	require.NoError(t, err)
}

// await calls a method, and waits for the promise that it returns.
func await(ctx context.Context, t *testing.T, object safejs.Value, method string, args ...any) safejs.Value {
	t.Helper()
	promise, err := object.Call(method, args...)
	require.NoError(t, err)
	value, err := jsbridge.Await(ctx, promise)
	require.NoError(t, err, method)
	return value
}
