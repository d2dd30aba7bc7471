package gwssim

import "encoding/json"

// The bodies of the control verbs that take or give more than a plain value;
// see the package documentation.
type (
	publishArgs struct {
		Channel string          `json:"channel"`
		Data    json.RawMessage `json:"data,omitempty"`
		Message string          `json:"message,omitempty"` // the whole message, as text
	}
	ackArgs struct {
		ReferenceID string `json:"referenceId"`
	}
	waitArgs struct {
		N int `json:"n"`
	}
	watchArgs struct {
		After int `json:"after"`
	}
	faultID struct {
		ID int `json:"id"`
	}
	campaignArgs struct {
		CampaignName string         `json:"campaignName"`
		Status       CampaignStatus `json:"status"`
	}
	becomeArgs struct {
		Session int    `json:"session"` // 0 for all
		User    string `json:"user"`
	}
	pushArgs struct {
		User         string `json:"user"`
		CampaignName string `json:"campaignName"`
	}
	pushResult struct {
		RecordHandle int64 `json:"recordHandle"`
	}
	resetArgs struct {
		Seed uint64 `json:"seed"`
	}
	newResult struct {
		URL string `json:"url"`
	}
	errorResult struct {
		Error string `json:"error"`
	}
)
