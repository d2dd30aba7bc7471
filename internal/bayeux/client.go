package bayeux

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"gws-outbound/internal/fmt"
)

// Level says how much a line of the log matters.
type Level int

// The levels of the log.
const (
	Debug Level = iota
	Info
	Warn
)

// Options configure a [Client]. Only Transports is required.
type Options struct {
	// Transports are tried in this order until one works.
	Transports []Transport

	// Prepare runs before each handshake, to sign in for instance. If it
	// returns an error, so does the attempt.
	Prepare func(context.Context) error

	// PreparedIn, if set, is how long the work of Prepare that has just succeeded has taken, where that was begun before it
	// was called; 0 if it was not. It says how far the server is.
	PreparedIn func() time.Duration

	// DialledAhead, if set, reports whether the next socket is one that was dialled before the client was there. It is open soon, and
	// so the handshake goes over it.
	DialledAhead func() bool

	// Final reports whether the error of an attempt will not go away by trying
	// again: it ends the client then. It is asked once for each attempt, and only before the first session: later
	// on, one is worth waiting for.
	Final func(error) bool

	// OnStatus is called with each change of the status, on the client's loop: it
	// must not block.
	OnStatus func(Status)

	// OnGap is called, on the client's loop, that events may be missing between those that
	// came before and those that follow: a connection has broken without acknowledged
	// delivery, a session has taken the place of another, or a frame could not be read. The reason says which,
	// in words that may quote the server. Where a connection or a session is lost, the status says so first.
	// It must not block.
	OnGap func(reason string)

	// Log takes lines of text for a developer. They may quote the server, and so hold
	// whatever it knows.
	Log func(Level, string)

	// Secret is given the id of each session: who knows it has the session, so that it is to be in no text. It
	// may be nil.
	Secret func(clientID string)

	// LogFrom is how much a line must matter; what matters less is not even put into words.
	LogFrom Level

	// Resume returns a session that another client has left behind, to go on
	// with in place of the first handshake, or nil. Where the server does not
	// have it any more, or it may not, a handshake follows by itself. It
	// is called once, on the client's loop, when Prepare has succeeded for the
	// first time, and so knows who is signed in: the session of one agent is
	// not to be given to another. It must not block.
	Resume func() *SavedSession

	// OnLeftBehind, if set, is called with a time, on the client's loop, when a new session takes the place of that of Resume because
	// the network has failed: until then what the server holds for that one is still fetched. It is called once more when
	// that has come to its end. It must not block.
	OnLeftBehind func(until time.Time)

	// Save, if set, is called with what Resume takes of the session, whenever that has
	// changed, on the client's loop: it must not block. The next connect waits
	// until done is called, from any goroutine, which must happen within some
	// seconds, since the server does not keep the session for long: see
	// [SavedSession]. The events of the batch have been handled when it is called.
	Save func(session SavedSession, done func())

	// FirstTransport is the name of the one of Transports to be tried first, since
	// it has worked for another client; "" if nothing is known. Once another has
	// worked, that counts.
	FirstTransport string

	// Guest says that another client of this browser is to have the one request
	// that a server of CometD holds for a browser: connects over requests are never held, and no handshake goes over requests while
	// a socket is being opened.
	Guest bool

	// AwaitTurn, if set, asks for the client's turn among those of its browser to have a request held: granted is
	// called, from any goroutine, once it is, or if that cannot be known. leave gives it up, or takes the question back. It is called, on the
	// client's loop, of a client over requests that is no guest. Neither must block.
	AwaitTurn func(granted func()) (leave func())

	// Online reports whether the browser has a network; nil if nobody knows.
	Online func() bool

	// MaxNetworkDelay is how long a reply may take beyond the time for which the server
	// says that it holds a request; 10 s if zero.
	MaxNetworkDelay time.Duration

	// DialTimeout bounds the opening of a connection; 5 s if zero.
	DialTimeout time.Duration

	// MaxMessageSize is how many bytes a frame may have; [DefaultMaxMessageSize] if
	// zero. A connection on which more comes is given up, with its session;
	// transports should not even read it.
	MaxMessageSize int

	// Random returns a number in [0, 1); math/rand's if nil.
	Random func() float64
}

// Handler takes the events of a subscription, on the client's loop: it must
// not block. The message's data are not to be changed.
type Handler func(Message)

// Client keeps a session with a server until it is closed. Its methods can be
// called from any goroutine, handlers included, except for those that wait:
// [Client.Connect], [Client.Subscribe] and [Client.Close] must not be called on
// the loop.
type Client struct {
	opts Options
	box  *mailbox
	ctx  context.Context // done when the client is closed
	end  context.CancelFunc
	done chan struct{} // closed when the loop has ended

	statusWatch
	counts

	// All that follows belongs to the loop.

	subscriptions []*subscription
	unwanted      map[string][]chan struct{} // channels that the server has confirmed in this session and nobody wants, with those who wait until it knows

	attempts
	sessionState
	liveness
	pace
	turn turn
}

// attempts is what the client knows of its attempts to have a session.
type attempts struct {
	transport   int  // index into opts.Transports
	established bool // a connect has succeeded at least once
	signIn      bool // the session is to be kept, but Prepare may help the next attempt
	signedIn    bool // Prepare was called for that reason since a connect has succeeded
	preparedIn  time.Duration
	connectedAt time.Time // when the client was last connected
	retries     retries
	lastErr     error // the last failure since the session's last success

	opening context.Context // of the caller of Connect
	attempt int             // counts attempts: what was started in an older one is stale
	retryAt *time.Timer     // the next attempt, or the next connect
	dueAt   time.Time       // when it is due
	phase   phase

	link  *link // the connection, or its opening; nil if there is none
	spare *link // a second socket, to see whether the first is dead, or a better transport
	late  []*link
	race

	// Of transports there are few: sets of them are bits.
	tried      uint             // in this attempt
	worked     uint             // a connect has succeeded over it
	preferred  int              // the best of those; -1 if there is none
	remembered int              // the one that has worked last for another client; -1 if that is not known
	fruitless  int              // connections in a row that were of no use
	causes     map[string]error // why each does not work, by its name
	upgrading  bool             // the clock for the next upgrade runs
	upgradeIn  time.Duration
	moved      bool // the session has just moved to another transport

	before      *predecessor // of a session that has moved, what it was before
	predecessor *predecessor
}

// sessionState is what the client knows of its session.
type sessionState struct {
	frame          []byte // being handled
	nextID         int
	session        int // counts sessions: handshakes that succeeded, and one to be resumed
	clientID       string
	plan           plan
	askedAt        time.Time      // when the last connect was sent
	repliedAt      time.Time      // when the last one was answered
	eventful       bool           // there were events since then for somebody here
	cutShort       int            // frames cut short that were asked for again since the connection was steady
	confirmed      bool           // a connect of this session has succeeded
	answeredBeside bool           // the connect beside the subscriptions was answered, and they are not in place yet
	refusals       int            // connects in a row that the server refused
	hiddenBy       *ProtocolError // the last frame in which the reply to one could not be found, since one was answered
	movedAt        time.Time      // when the session last moved from a socket that may live
	ack            ackState

	seesOthers bool // the server sees other clients in this browser

	resumption
	saving     bool          // Options.Save is at work
	saved      *SavedSession // what it was given last
	connectFor int           // the attempt whose connect waits for it
}

// liveness is what the client knows of whether its connection lives.
type liveness struct {
	waitedFrom   time.Time // since when there were any without a break
	waiters      int       // callers that wait for an event
	trips        roundTrips
	requests     requests        // of others; see NoteRequest
	openedIn     time.Duration   // the shortest time in which a connection was opened
	patience     int             // how many times the limits have proved too short
	silences     int             // sockets in a row that were silent for as long as one may be at most
	clock        *time.Timer     // until the next look
	lookAt       time.Time       // when that is; zero if the clock does not run
	alive        []chan struct{} // to be closed at the next frame
	busyAt       time.Time       // when another socket last took long to be opened
	swallowed    int             // other sockets that got no answer since something came
	probing      bool            // a probe is under way
	probedAt     time.Time       // when the last one came to its end
	wasFrozen    bool            // see noteFreeze
	unsure       bool            // nothing comes, and no other connection can be opened
	outrun       int             // how many connects may yet lose their place to one that was given up: see losesPlace
	outrunFrom   time.Time       // when the last one was given up
	replacements int             // how many have taken the place of another since one was answered
	shortened    int             // connects in a row that got no reply in the short time that they had
}

// New returns a client that does nothing yet; [Client.Connect] starts it.
func New(opts Options) *Client {
	if opts.MaxNetworkDelay == 0 {
		opts.MaxNetworkDelay = 10 * time.Second
	}
	if opts.DialTimeout == 0 {
		opts.DialTimeout = 5 * time.Second
	}
	if opts.Random == nil {
		opts.Random = rand.Float64
	}
	ctx, end := context.WithCancel(context.Background())
	c := &Client{
		opts:        opts,
		box:         newMailbox(),
		ctx:         ctx,
		end:         end,
		done:        make(chan struct{}),
		statusWatch: newStatusWatch(),
		attempts:    attempts{phase: fresh, preferred: -1, causes: map[string]error{}},
	}
	c.plan = defaultPlan()
	c.remembered = slices.IndexFunc(opts.Transports, func(t Transport) bool { return t.Name() == opts.FirstTransport })
	go c.loop()
	return c
}

// Connect starts the client and waits until it is connected, with every
// subscription in place. Where the server refuses for good, that is the error:
// *[HandshakeError], *[SubscribeError], *[DisconnectedError], or what Prepare
// returned. Attempts go on until ctx is done: then the error is a
// *[ConnectError] around the last failure. After an error the client is of no
// more use and is to be closed.
func (c *Client) Connect(ctx context.Context) error {
	c.box.put(func() { c.start(ctx) })
	return c.awaitConnected(ctx)
}

// Close ends the session at the server, which discards what it still holds for
// it, and then the connection. It returns when that is done, or ctx is; the
// client is closed in any case.
func (c *Client) Close(ctx context.Context) {
	c.box.put(func() { c.goodbye() })
	select {
	case <-c.done:
	case <-ctx.Done():
		c.box.put(func() { c.finish(ErrClosed) })
		<-c.done
	}
}

// End ends the client at once, for that reason: whoever is signed in now is not the one that the session
// belongs to. No request is sent any more, which would carry somebody else's cookie; over a
// connection of its own the session is ended at the server. End does not wait.
func (c *Client) End(reason error) {
	c.box.put(func() {
		if c.link != nil && c.link.perRequest() {
			if x := c.link.underWay(metaDisconnect); x != nil {
				c.link.conn.Cancel(string(x.message.ID)) // the only one that Close lets wait
			}
			c.dropLink()
		}
		c.finish(reason)
	})
}

func (c *Client) gap(reason string) {
	if c.opts.OnGap != nil {
		c.opts.OnGap(reason)
	}
}

func (c *Client) logf(level Level, format string, args ...any) { c.opts.logf(level, format, args...) }

func (o *Options) logf(level Level, format string, args ...any) {
	if o.Log != nil && level >= o.LogFrom {
		o.Log(level, fmt.Sprintf(format, args...))
	}
}
