package interop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"gws-outbound/internal/httpx"
)

// start asks the test server for a server.
func start(kind Kind, options Options) (*Server, error) {
	base := os.Getenv("TEST_SERVER")
	if base == "" {
		return nil, errors.New("TEST_SERVER is not set: run the tests through internal/cmd/testserver")
	}
	doer := httpx.New()
	in, err := json.Marshal(newArgs{Kind: kind, Options: options})
	if err != nil {
		return nil, err
	}
	body, err := post(doer, base+"/interop-new", in)
	if err != nil {
		return nil, err
	}
	var made newResult
	if err := json.Unmarshal(body, &made); err != nil {
		return nil, fmt.Errorf("parse the response: %w", err)
	}
	return &Server{URL: made.URL, call: func(verb string, in []byte) ([]byte, error) {
		return post(doer, base+"/interop/"+made.ID+"/"+verb, in)
	}}, nil
}

// post has no time limit but the test's: a server may have to be built first.
func post(doer httpx.Doer, url string, in []byte) ([]byte, error) {
	response, err := doer.Do(context.Background(), &httpx.Request{
		Method:      "POST",
		URL:         url,
		Header:      httpx.Header{"Content-Type": "application/json"},
		Body:        in,
		Credentials: httpx.Omit,
	})
	if err != nil {
		return nil, err
	}
	if response.Status != 200 {
		var failed errorResult
		_ = json.Unmarshal(response.Body, &failed)
		return nil, fmt.Errorf("status %d: %s", response.Status, failed.Error)
	}
	return response.Body, nil
}
