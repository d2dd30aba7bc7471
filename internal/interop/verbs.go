package interop

// The bodies of what a [Pool] is asked and answers.
type (
	newArgs struct {
		Kind    Kind    `json:"kind"`
		Options Options `json:"options"`
	}
	newResult struct {
		ID  string `json:"id"`
		URL string `json:"url"`
	}
	loseArgs struct {
		Percent int    `json:"percent"`
		Seed    uint64 `json:"seed"`
	}
	lineArgs struct {
		Rate        int `json:"rate"`        // bytes/s in each direction; no limit if 0
		RoundTripMS int `json:"roundTripMS"` // half of it each way
	}
	socketsArgs struct {
		Fate  fate `json:"fate"`
		After int  `json:"after"` // messages of the server's, for dying
	}
	errorResult struct {
		Error string `json:"error"`
	}
)

// fate is what becomes of a WebSocket.
type fate string

const (
	living    fate = ""
	swallowed fate = "swallowed" // the request for it is never answered
	dying     fate = "dying"     // closed with the code 1008, once it has carried some messages
)
