package bayeux

import (
	"strconv"
	"strings"
	"time"
)

// The bounds of a line about a frame, which may hold thousands of messages from whomever.
const (
	mostTraced = 20  // messages
	mostShown  = 100 // bytes of a name
)

// traces reports whether the log is to have each message: nothing of that is put into words otherwise. It has channels, ids and sizes;
// no data, no extensions, and no id of a session.
func (o *Options) traces() bool { return o.LogFrom <= Debug && o.Log != nil }

// transmit sends messages over the link.
func (l *link) transmit(messages []Message) {
	if l.c.opts.traces() {
		text, _ := Encode(messages)
		t := &trace{l: l, what: "sent", size: len(text)}
		for i := range messages {
			t.message(&messages[i])
		}
		t.end()
	}
	l.conn.Send(messages)
}

// trace logs the messages of one frame. One that is nil takes nothing.
type trace struct {
	l     *link
	what  string // "sent" or "received"
	size  int    // bytes
	count int
}

func (t *trace) message(m *Message) {
	if t == nil {
		return
	}
	if t.count++; t.count <= mostTraced {
		t.log(m.words())
	}
}

// end logs what has been left out.
func (t *trace) end() {
	switch {
	case t == nil:
	case t.count == 0:
		t.log("no message")
	case t.count > mostTraced:
		t.log(strconv.Itoa(t.count-mostTraced) + " more")
	}
}

func (t *trace) log(words string) {
	t.l.c.logf(Debug, "%s, %s %s (frame of %d bytes)", t.l.name(), t.what, words, t.size)
}

// words names the message, and says that the server has refused it, but not in its words: these are in the status.
func (m *Message) words() string {
	w := shown(m.Channel)
	if m.ID != "" {
		w += " #" + shown(string(m.ID))
	}
	if m.Subscription != "" {
		w += " " + shown(m.Subscription)
	}
	if m.Successful != nil && !*m.Successful {
		w += " refused"
		if code := parseRefusal(m.Error).Code; code != 0 {
			w += " with " + strconv.Itoa(code)
		}
	}
	return w
}

// shown is a name of the server on a line of the log: the whole of it, or nothing. A secret that is cut is not found any more.
func shown(s string) string {
	switch {
	case len(s) > mostShown:
		return "(" + strconv.Itoa(len(s)) + " bytes)"
	case strings.ContainsFunc(s, unseen):
		return strconv.Quote(s)
	}
	return s
}

func unseen(r rune) bool { return !strconv.IsPrint(r) }

// traceOpened logs what has become of the opening of a connection; err is nil where it is open.
func (l *link) traceOpened(err error) {
	if !l.c.opts.traces() {
		return
	}
	what, why := "open", ""
	if err != nil {
		what, why = "not open", ": "+err.Error()
	}
	l.c.logf(Debug, "%s, %s after %v%s", l.name(), what, time.Since(l.began).Round(time.Millisecond), why)
}

// String is the status for the log.
func (s Status) String() string {
	w := string(s.State)
	if s.Transport != "" {
		w += " over " + s.Transport
	}
	if s.RetryIn > 0 {
		w += ", next attempt in " + s.RetryIn.Round(time.Millisecond).String()
	}
	if s.Reason != nil {
		w += ": " + s.Reason.Error()
	}
	return w
}
