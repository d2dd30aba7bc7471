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

// The bodies of the verbs that only pages need.
type (
	sessionArgs struct {
		Session int `json:"session"` // 0 for all
	}
	ownResult struct {
		Session int    `json:"session"`
		User    string `json:"user"`
	}
)

// serveControl is POST /gwssim/{verb}. The content type makes a browser ask first.
func (s *Sim) serveControl(w http.ResponseWriter, r *http.Request) {
	verb := r.PathValue("verb")
	body, err := readControl(w, r)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, errorResult{Error: err.Error()})
		return
	}
	result, err := s.control(r, verb, body)
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
func (s *Sim) control(r *http.Request, verb string, body []byte) (result any, err error) {
	ctx := r.Context()
	switch verb {
	case "set":
		var b Behavior
		if err := decode(verb, body, &b); err != nil {
			return nil, err
		}
		for i, f := range b.Faults {
			if err := f.check(); err != nil {
				return nil, fmt.Errorf("the body of %s: faults[%d].%w", verb, i, err)
			}
		}
		s.Set(b)
	case "state":
		return s.State(), nil
	case "watch":
		var args watchArgs
		if err := decode(verb, body, &args); err != nil {
			return nil, err
		}
		return s.Watch(ctx, args.After)
	case "own":
		return s.own(r)
	case "fault":
		var f Fault
		if err := decode(verb, body, &f); err != nil {
			return nil, err
		}
		if err := f.check(); err != nil {
			return nil, fmt.Errorf("the body of %s: %w", verb, err)
		}
		return faultID{ID: s.Inject(f)}, nil
	case "withdraw":
		var args faultID
		if err := decode(verb, body, &args); err != nil {
			return nil, err
		}
		s.Withdraw(args.ID)
	case "campaign":
		var args campaignArgs
		if err := decode(verb, body, &args); err != nil {
			return nil, err
		}
		return struct{}{}, s.SetCampaign(args.CampaignName, args.Status)
	case "push":
		var args pushArgs
		if err := decode(verb, body, &args); err != nil {
			return nil, err
		}
		handle, err := s.Push(args.User, args.CampaignName)
		return pushResult{RecordHandle: handle}, err
	case "reset":
		args := resetArgs{Seed: defaultSeed}
		if err := decode(verb, body, &args); err != nil {
			return nil, err
		}
		s.Reset(args.Seed)
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
	case "cut", "expire", "expire-http", "kick":
		var args sessionArgs
		if err := decode(verb, body, &args); err != nil {
			return nil, err
		}
		do := map[string]func(int){"cut": s.cut, "expire": s.expire, "expire-http": s.expireHTTP, "kick": s.kick}
		do[verb](args.Session)
	case "become":
		var args becomeArgs
		if err := decode(verb, body, &args); err != nil {
			return nil, err
		}
		return struct{}{}, s.become(args.Session, args.User)
	case "publish":
		var args publishArgs
		if err := decode(verb, body, &args); err != nil {
			return nil, err
		}
		switch {
		case args.Message != "":
			s.PublishText(args.Channel, args.Message)
		case len(args.Data) == 0:
			return nil, errors.New("the body of publish: data is missing")
		default:
			s.Publish(args.Channel, args.Data)
		}
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

// own says which session the page has that asks.
func (s *Sim) own(r *http.Request) (*ownResult, error) {
	s.mu.Lock()
	defer s.unlock()
	l := s.loginOf(r)
	if l == nil {
		return nil, errors.New("this browser has no session: sign in first, with GET /api/v2/me")
	}
	return &ownResult{Session: l.id, User: l.user}, nil
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
