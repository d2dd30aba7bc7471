package gwssim

import "encoding/json"

// The bodies of the control verbs that take or give more than a plain value;
// see the package documentation.
type (
	publishArgs struct {
		Channel string          `json:"channel"`
		Data    json.RawMessage `json:"data"`
	}
	ackArgs struct {
		ReferenceID string `json:"referenceId"`
	}
	waitArgs struct {
		N int `json:"n"`
	}
	newResult struct {
		URL string `json:"url"`
	}
	errorResult struct {
		Error string `json:"error"`
	}
)
