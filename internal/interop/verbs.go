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
	errorResult struct {
		Error string `json:"error"`
	}
)
