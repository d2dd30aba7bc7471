package journal

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"gws-outbound/internal/jsontext"
)

// Entry is a request that was sent, or was about to be, and is not known to be
// answered, or whose answer nobody has taken yet.
type Entry struct {
	ReferenceID string
	Path        string // of the POST, below the base URL
	Body        string // of the POST
	Delivery    string // what is known of it
	SentAt      time.Time

	// Answer is the data of the event that answered the request, if one did,
	// nil otherwise; nobody knows of it.
	Answer json.RawMessage
}

// version is that of the texts that are kept. Those of another are not read; what a
// later version of this module has written, in another page, is left to that.
const version = 1

// record is what is kept of an entry, or of a session. Texts of every version have "v" and "time".
type record struct {
	Version     int
	ReferenceID string
	Path        string
	Body        string
	Delivery    string
	Time        int64 // ms since 1970
	Answer      json.RawMessage
	Session     json.RawMessage
}

var recordNames = []string{"v", "referenceId", "path", "body", "delivery", "time", "answer", "session"}

// encode returns the text of an entry. An answer for which there is no room is
// left at what says that there was one.
func (e *Entry) encode() (string, error) {
	r := record{
		Version: version, ReferenceID: e.ReferenceID, Path: e.Path, Body: e.Body,
		Delivery: e.Delivery, Time: e.SentAt.UnixMilli(), Answer: e.Answer,
	}
	text, err := r.encode()
	if err != nil && r.Answer != nil {
		r.Answer = shortened(e.Answer)
		text, err = r.encode()
	}
	return text, err
}

// shortened is what an answer has that says which one it is.
func shortened(answer json.RawMessage) json.RawMessage {
	var f [2]jsontext.Value
	jsontext.Value(answer).Members([]string{"notificationType", "referenceId"}, f[:])
	notification, _ := f[0].Text()
	reference, _ := f[1].Text()
	b := jsontext.AppendString([]byte(`{"notificationType":`), notification)
	return append(jsontext.AppendString(append(b, `,"referenceId":`...), reference), '}')
}

func (r *record) encode() (string, error) {
	b := strconv.AppendInt([]byte(`{"v":`), int64(r.Version), 10)
	for i, text := range []string{r.ReferenceID, r.Path, r.Body, r.Delivery} {
		if text != "" {
			b = jsontext.AppendString(appendName(b, recordNames[1+i]), text)
		}
	}
	b = strconv.AppendInt(appendName(b, "time"), r.Time, 10)
	if r.Answer != nil {
		b = append(appendName(b, "answer"), r.Answer...)
	}
	if r.Session != nil {
		b = append(appendName(b, "session"), r.Session...)
	}
	b = append(b, '}')
	var err error
	if len(b) > MaxEntry {
		err = fmt.Errorf("it has %d bytes, at most %d are kept", len(b), MaxEntry)
	}
	return string(b), err
}

func appendName(b []byte, name string) []byte {
	return append(jsontext.AppendString(append(b, ','), name), ':')
}

// decode reads what was kept; ok is false for what is damaged, or of another version. Of a
// later version, r has Version and Time.
func decode(text string) (r record, ok bool) {
	if len(text) > MaxEntry {
		return record{}, false
	}
	v, _ := jsontext.Read([]byte(text))
	var f [8]jsontext.Value
	v.Members(recordNames, f[:])
	found, isVersion := f[0].Int()
	ms, isTime := f[5].Int()
	if !isVersion || !isTime || found < version {
		return record{}, false
	}
	r = record{Version: int(found), Time: ms, Answer: json.RawMessage(f[6]), Session: json.RawMessage(f[7])}
	for i, to := range []*string{&r.ReferenceID, &r.Path, &r.Body, &r.Delivery} {
		*to, _ = f[1+i].Text()
	}
	return r, r.Version == version
}

func (r *record) entry() *Entry {
	return &Entry{
		ReferenceID: r.ReferenceID, Path: r.Path, Body: r.Body,
		Delivery: r.Delivery, SentAt: time.UnixMilli(r.Time), Answer: r.Answer,
	}
}

// Scope tells the agents and servers apart whose entries one origin keeps. It
// does not tell who the agent is.
func Scope(server, agent string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(server + "\n" + agent)) // never fails
	return fmt.Sprintf("%016x", h.Sum64())
}

// A key is the scope, the owner, and what it is of: "session", or "entry" and
// a reference, which may have slashes.
func key(scope, owner, what string) string { return scope + "/" + owner + "/" + what }

const (
	sessionKey = "session"
	entryKey   = "entry/"
)

// splitKey takes a key apart; ok is false for what is none of this scope.
func splitKey(scope, k string) (owner, what string, ok bool) {
	rest, ok := strings.CutPrefix(k, scope+"/")
	if !ok {
		return "", "", false
	}
	owner, what, ok = strings.Cut(rest, "/")
	return owner, what, ok && owner != "" && (what == sessionKey || strings.HasPrefix(what, entryKey))
}
