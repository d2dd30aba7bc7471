package httpx

// Cause is why a request got no response, as far as that can be found out where requests are made. Browsers tell a
// page no more than that it failed; the console of a browser says why.
type Cause int

// The causes.
const (
	Unexplained    Cause = iota
	CutOff               // the response has begun to come, and its body did not come whole
	UnfitHeader          // nothing was sent
	MixedContent         // a page that came over https asks over http
	PolicyForbids        // a Content-Security-Policy
	CORSForbids          // the server answers, and does not allow the page's origin to read it
	NothingAnswers       // not even a request whose answer nobody may read gets one; WebKit tells a Worker of no policy
)
