//go:build !js

package gwssim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// errUnknownVerb is returned for a path below /gwssim/ that is no verb.
var errUnknownVerb = errors.New("unknown verb; the documentation of package gwssim lists them")

// serveControl is POST /gwssim/{verb}. Only pages of this machine can use it:
// the content type makes a browser ask first.
func (s *Sim) serveControl(w http.ResponseWriter, r *http.Request) {
	verb := r.PathValue("verb")
	body, err := readControl(w, r)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, errorResult{Error: err.Error()})
		return
	}
	result, err := s.control(r.Context(), verb, body)
	switch {
	case errors.Is(err, errUnknownVerb):
		writeJSON(w, http.StatusNotFound, errorResult{Error: err.Error()})
	case err != nil:
		writeJSON(w, http.StatusBadRequest, errorResult{Error: err.Error()})
	default:
		writeJSON(w, http.StatusOK, result)
	}
	if verb == "close" {
		_ = http.NewResponseController(w).Flush()
		go s.Close() // it waits for this request, too
	}
}

// readControl returns the JSON of a control request.
func readControl(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" {
		return nil, errors.New("the Content-Type must be application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("read the control request: %w", err)
	}
	if len(body) == 0 {
		return []byte("{}"), nil
	}
	return body, nil
}

// control does what a verb says.
func (s *Sim) control(ctx context.Context, verb string, body []byte) (result any, err error) {
	switch verb {
	case "set":
		var b Behavior
		if err := decode(verb, body, &b); err != nil {
			return nil, err
		}
		s.Set(b)
	case "posts":
		return s.Posts(), nil
	case "requests":
		return s.Requests(), nil
	case "struck":
		return s.Struck(), nil
	case "processed":
		return s.Processed(), nil
	case "sessions":
		return s.Sessions(), nil
	case "cut":
		s.Cut()
	case "expire":
		s.Expire()
	case "expire-http":
		s.ExpireHTTP()
	case "kick":
		s.Kick()
	case "publish":
		var args publishArgs
		if err := decode(verb, body, &args); err != nil {
			return nil, err
		}
		if len(args.Data) == 0 {
			return nil, errors.New("the body of publish: data is missing")
		}
		s.Publish(args.Channel, args.Data)
	case "ack":
		var args ackArgs
		if err := decode(verb, body, &args); err != nil {
			return nil, err
		}
		s.Ack(args.ReferenceID)
	case "wait-posts":
		return waitFor(ctx, verb, body, s.WaitPosts)
	case "wait-sessions":
		return waitFor(ctx, verb, body, s.WaitSessions)
	case "wait-connected":
		return waitFor(ctx, verb, body, s.WaitConnected)
	case "close": // once it is answered
	default:
		return nil, fmt.Errorf("%q: %w", verb, errUnknownVerb)
	}
	return struct{}{}, nil
}

func waitFor(ctx context.Context, verb string, body []byte, wait func(context.Context, int) error) (any, error) {
	var args waitArgs
	if err := decode(verb, body, &args); err != nil {
		return nil, err
	}
	return struct{}{}, wait(ctx, args.N)
}

// decode reads the JSON of a verb; a field that does not exist is a mistake.
func decode(verb string, body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("the body of %s: %w", verb, err)
	}
	return nil
}
