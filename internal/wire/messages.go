package wire

import (
	"encoding/json"

	"gws-outbound/internal/gws"
)

// FromPage is a message that a page sends. Calls, and what is about one, have an ID that the page
// has given to the call; Client is the page's own number of a client.
type FromPage interface{ fromPage() }

// CreateClient is a call: it makes a client, which has the number from then on.
type CreateClient struct {
	ID, Client int
	Options    any // as [Read] gives values of a caller
	Headers    Headers
	AsksMe     bool // the page has asked the server who is signed in: a [Me] follows
	CometD     CometD

	// FirstTransport is over which transport the server was reached last, as the page remembers; "" if it does not. It may be anything.
	FirstTransport string

	Share   bool // other pages with the same options may use it as well
	Log     bool // the page takes the lines of the log: see [Log]
	Aborted bool // its signal has fired already

	// InPlaceOf is the number of a client that has ended, for whose agent this one has to be; 0 if there is none. The
	// bare start alone gives it.
	InPlaceOf int
}

// Headers is the option headers. Where all of it is zero, there is none.
type Headers struct {
	Ask     bool              // it is a function, to be asked with [AskHeaders]
	Fields  map[string]string // nil if there are none
	Refused string            // why the browser does not take it
}

// CometD is the option cometd. Where all of it is zero, there is none.
type CometD struct {
	Adopted bool   // the session is the page's own: it says so with [PageSession], and what follows it
	Refused string // why it cannot be
}

// Call is a call: it performs an operation.
type Call struct {
	ID, Client       int
	Method           string
	Request, Options any
	Reference        string       // that the request has if its caller gave none
	Delivery         gws.Delivery // what the page takes the delivery for, until it hears of another
	Aborted          bool
}

// Close is a call: it closes the client.
type Close struct {
	ID, Client int
	Options    any
}

// Stats is a call: it comes to what the client has counted: a [StatsText].
type Stats struct{ ID, Client int }

// Unsettled is a call: it lists what earlier clients have left.
type Unsettled struct{ ID, Client int }

// Settled is a call: it comes to what an unsettled call comes to.
type Settled struct {
	ID, Client  int
	ReferenceID string
}

// Forget is a call: it takes an unsettled call off the list.
type Forget struct {
	ID, Client  int
	ReferenceID any
}

// Abort says that the signal of a call has fired.
type Abort struct{ ID int }

// HeadersAnswer answers [AskHeaders].
type HeadersAnswer struct {
	ID     int               // of the question
	Fields map[string]string // nil if there are none
	Failed string            // what the function threw, in words
}

// Me is what the server has answered to GET /api/v2/me, which the page has sent while the program was loading.
type Me struct {
	Client int
	Status int               // 0 if there is no answer that is of use: then the program has to ask
	Took   float64           // milliseconds
	Fields map[string]string // of the header
	Body   []byte
}

// Cookies has the cookies that the page sees, as document.cookie has them: servers may repeat them.
type Cookies struct{ Cookies string }

// Delivered says that the caller of a call, or of Settled, has got what came of it.
type Delivered struct {
	Client      int
	ReferenceID string
}

// Listen asks for the notifications of a client that came at that time, or come later; earlier ones are left out.
type Listen struct {
	Client int
	Since  int64 // milliseconds since 1970
}

// Subscribe is a call: it subscribes to a channel. From then on the subscription has the number of the call.
type Subscribe struct {
	ID, Client        int
	Channel, Listener any // as [Read] gives values of a caller
}

// Unsubscribe is a call: it ends a subscription.
type Unsubscribe struct{ ID, Client, Subscription int }

// PageSession says what has become of the page's own session. The fields are those of bayeux.OwnerStatus.
type PageSession struct {
	Client           int
	Up               bool
	Session          int
	ClientID         string
	Transport        string
	Unacknowledged   bool
	HandshakeRefused string
	ConnectRefused   string
	Reason           string
}

// PageSubscribed says what has come of a [PageSubscribe]: the server has granted it, or has refused it, or
// something has kept it from being heard.
type PageSubscribed struct {
	Client  int
	Channel string
	Refused string // the server's words
	Failed  string
}

// PageEvent is an event of the page's own session, on a channel or pattern that it was asked to subscribe to.
type PageEvent struct {
	Client       int
	Subscription string
	Channel      string
	Data         json.RawMessage
	Failed       string // why there are no data
}

// Wake says that the connections may be dead, or may be had again.
type Wake struct{}

// Seen is [Wake] for a page that is seen again.
type Seen struct{}

// Away says that the page is frozen, or about to be, until it says [Wake] or [Seen].
type Away struct{}

// Leave says that the page goes away.
type Leave struct{}

// Gone says that there is no page any more: nobody hears what is sent from now on.
type Gone struct{}

// Ping asks for a [Pong] with the same ID.
type Ping struct{ ID int }

func (*CreateClient) fromPage()   {}
func (*Call) fromPage()           {}
func (*Close) fromPage()          {}
func (*Stats) fromPage()          {}
func (*Unsettled) fromPage()      {}
func (*Settled) fromPage()        {}
func (*Forget) fromPage()         {}
func (*Abort) fromPage()          {}
func (*HeadersAnswer) fromPage()  {}
func (*Me) fromPage()             {}
func (*Cookies) fromPage()        {}
func (*Delivered) fromPage()      {}
func (*Listen) fromPage()         {}
func (*Subscribe) fromPage()      {}
func (*Unsubscribe) fromPage()    {}
func (*Wake) fromPage()           {}
func (*Seen) fromPage()           {}
func (*Away) fromPage()           {}
func (*Leave) fromPage()          {}
func (*Gone) fromPage()           {}
func (*Ping) fromPage()           {}
func (*PageSession) fromPage()    {}
func (*PageSubscribed) fromPage() {}
func (*PageEvent) fromPage()      {}

// ToPage is a message that a page gets.
type ToPage interface{ toPage() }

// Resolved is the good end of a call.
type Resolved struct {
	ID    int
	Value json.RawMessage // nil if there is none
}

// Rejected is the other one.
type Rejected struct {
	ID    int
	Error Error
}

// Error has the properties of an OutboundError. Those that do not apply are zero.
type Error struct {
	Code, Message string
	Delivery      gws.Delivery
	ReferenceID   string
	HTTPStatus    int
	StatusCode    int
	StatusMessage string
	Event         json.RawMessage
	Problems      []gws.Problem
	Cause         Cause
}

// Cause is the cause of an error: what the page has itself, or the name and the message of
// what the browser threw.
type Cause struct {
	Of            CauseOf
	ID            int // of the question, [OfHeaders]
	Name, Message string
}

// CauseOf says where a cause is kept.
type CauseOf string

// The places of a cause.
const (
	Nowhere   CauseOf = ""
	OfSignal  CauseOf = "signal"  // it is the reason of the call's signal
	OfHeaders CauseOf = "headers" // it is what the function for headers threw
	OfBrowser CauseOf = "browser" // it has a name and a message
)

// Known says what is known of a call that has not come to its end.
type Known struct {
	ID       int
	Delivery gws.Delivery
}

// Status says that the state of a client has changed.
type Status struct {
	Client    int
	State     string
	Transport string  // "" if there is no connection
	Reason    string  // "" if there is nothing to say
	RetryIn   float64 // milliseconds; 0 if no attempt is planned
}

// Notification is an event that answers no request.
type Notification struct {
	Client  int
	Channel string
	Data    json.RawMessage
}

// Event is an event for subscriptions.
type Event struct {
	Client        int
	Subscriptions []int
	Channel       string
	Data          json.RawMessage
}

// Gap says that events may have been missed.
type Gap struct {
	Client int
	Reason string
}

// Log is a line of the log, for a page that takes them, or whose program is in a shared Worker: the console of that is
// nowhere to be seen.
type Log struct {
	Client  int
	Level   string // "debug", "info" or "warn"
	Time    int64  // milliseconds since 1970
	Message string
}

// AskHeaders asks for what the option headers gives: for a [HeadersAnswer] with this ID.
type AskHeaders struct{ ID, Client int }

// PageSubscribe asks the page to subscribe to a channel in its own session, and in each that follows.
type PageSubscribe struct {
	Client  int
	Channel string
}

// PageUnsubscribe ends that.
type PageUnsubscribe struct {
	Client  int
	Channel string
}

// Pong answers a [Ping].
type Pong struct{ ID int }

func (*Resolved) toPage()        {}
func (*Rejected) toPage()        {}
func (*Known) toPage()           {}
func (*Status) toPage()          {}
func (*Notification) toPage()    {}
func (*Event) toPage()           {}
func (*Gap) toPage()             {}
func (*Log) toPage()             {}
func (*AskHeaders) toPage()      {}
func (*Pong) toPage()            {}
func (*PageSubscribe) toPage()   {}
func (*PageUnsubscribe) toPage() {}
