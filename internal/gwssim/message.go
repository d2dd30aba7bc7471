//go:build !js

package gwssim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// The meta channels of Bayeux.
const (
	metaHandshake   = "/meta/handshake"
	metaConnect     = "/meta/connect"
	metaSubscribe   = "/meta/subscribe"
	metaUnsubscribe = "/meta/unsubscribe"
	metaDisconnect  = "/meta/disconnect"
)

// request is a Bayeux message from a client.
type request struct {
	Channel                  string          `json:"channel"`
	ID                       json.RawMessage `json:"id"`
	ClientID                 string          `json:"clientId"`
	Version                  string          `json:"version"`
	SupportedConnectionTypes []string        `json:"supportedConnectionTypes"`
	ConnectionType           string          `json:"connectionType"`
	Subscription             json.RawMessage `json:"subscription"`
	Advice                   struct {
		Timeout *int `json:"timeout"`
	} `json:"advice"`
	Ext struct {
		Ack json.RawMessage `json:"ack"`
	} `json:"ext"`
}

// reply is the answer to a request, or a meta message of the server's own,
// which has no ID.
type reply struct {
	Channel                  string          `json:"channel"`
	ID                       json.RawMessage `json:"id,omitempty"`
	Successful               bool            `json:"successful"`
	Error                    string          `json:"error,omitempty"`
	ClientID                 string          `json:"clientId,omitempty"`
	Version                  string          `json:"version,omitempty"`
	MinimumVersion           string          `json:"minimumVersion,omitempty"`
	SupportedConnectionTypes []string        `json:"supportedConnectionTypes,omitempty"`
	Subscription             json.RawMessage `json:"subscription,omitempty"`
	Advice                   map[string]any  `json:"advice,omitempty"`
	Ext                      map[string]any  `json:"ext,omitempty"`
}

// event is a message with data, or a whole message as text.
type event struct {
	Channel string          `json:"channel"`
	Data    json.RawMessage `json:"data"`
	text    string          // the message as it is sent, if not ""
}

// parseRequests reads a batch of messages: an array, or one alone.
func parseRequests(body []byte) ([]*request, error) {
	body = bytes.TrimSpace(body)
	var requests []*request
	if len(body) > 0 && body[0] == '{' {
		requests = []*request{{}}
		if err := json.Unmarshal(body, requests[0]); err != nil {
			return nil, fmt.Errorf("parse a Bayeux message: %w", err)
		}
	} else if err := json.Unmarshal(body, &requests); err != nil {
		return nil, fmt.Errorf("parse an array of Bayeux messages: %w", err)
	}
	if len(requests) == 0 {
		return nil, errors.New("an array of Bayeux messages must not be empty")
	}
	for _, m := range requests {
		if m == nil || m.Channel == "" {
			return nil, errors.New("a Bayeux message has no channel")
		}
	}
	return requests, nil
}

// encode makes one JSON array of messages. All that goes into them is ours,
// or was checked to be JSON, but for messages that are given as text.
func encode(messages []any) []byte {
	body := []byte("[")
	for i, m := range messages {
		if i > 0 {
			body = append(body, ',')
		}
		if e, ok := m.(event); ok && e.text != "" {
			body = append(body, e.text...)
			continue
		}
		one, err := json.Marshal(m)
		if err != nil {
			panic(fmt.Errorf("encode Bayeux messages: %w", err))
		}
		body = append(body, one...)
	}
	return append(body, ']')
}
