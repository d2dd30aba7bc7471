package journal

import (
	"encoding/hex"
	"encoding/json"
	"hash/fnv"
	"math"
	"strconv"
	"strings"
	"time"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/jsontext"
)

// Entry is a request that was sent, or was about to be, and is not known to be
// answered, or whose answer nobody has taken yet.
type Entry struct {
	ReferenceID string
	Path        string // of the POST, below the base URL
	Body        string // of the POST
	Delivery    string // what is known of it
	Over        string // the [Mark] of the CometD session over which its answer was to come; "" if it is not known
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
	Over        string
	Time        int64 // ms since 1970
	Answer      json.RawMessage
	Session     json.RawMessage
}

var recordNames = []string{"v", "referenceId", "path", "body", "delivery", "over", "time", "answer", "session"}

// encode returns the text of an entry. An answer for which there is no room is
// left at what says that there was one.
func (e *Entry) encode() (string, error) {
	r := record{
		Version: version, ReferenceID: e.ReferenceID, Path: e.Path, Body: e.Body,
		Delivery: e.Delivery, Over: e.Over, Time: e.SentAt.UnixMilli(), Answer: e.Answer,
	}
	text, err := r.encode()
	if err != nil && r.Answer != nil {
		r.Answer = shortened(e.Answer)
		text, err = r.encode()
	}
	return text, err
}

func (r *record) encode() (string, error) {
	b := strconv.AppendInt([]byte(`{"v":`), int64(r.Version), 10)
	for i, text := range []string{r.ReferenceID, r.Path, r.Body, r.Delivery, r.Over} {
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

// shortened returns what an answer tells of itself, each as it is written.
func shortened(answer json.RawMessage) json.RawMessage {
	const most = 1 << 10 // bytes of each
	names := []string{"notificationType", "referenceId"}
	var values [2]jsontext.Value
	jsontext.Value(answer).Members(names, values[:])
	b := []byte{'{'}
	for i, v := range values {
		if _, isText := v.Text(); len(v) > most || !isText && !v.IsNumber() {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(jsontext.AppendString(b, names[i]), ':'), v...)
	}
	return append(b, '}')
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
	v, problem := jsontext.Read([]byte(text))
	if problem != jsontext.None || !v.IsObject() {
		return record{}, false
	}
	var f [9]jsontext.Value
	v.Members(recordNames, f[:])
	kept, ok := f[0].Int()
	if !ok || kept < version || kept > math.MaxInt32 {
		return record{}, false
	}
	r.Version = int(kept)
	if f[6] != nil {
		if r.Time, ok = f[6].Int(); !ok {
			return record{}, false
		}
	}
	for i, to := range []*string{&r.ReferenceID, &r.Path, &r.Body, &r.Delivery, &r.Over} {
		if v := f[1+i]; v != nil {
			if *to, ok = v.Text(); !ok {
				return record{}, false
			}
		}
	}
	r.Answer, r.Session = json.RawMessage(f[7]), json.RawMessage(f[8])
	return r, r.Version == version
}

func (r *record) entry() *Entry {
	return &Entry{
		ReferenceID: r.ReferenceID, Path: r.Path, Body: r.Body,
		Delivery: r.Delivery, Over: r.Over, SentAt: time.UnixMilli(r.Time), Answer: r.Answer,
	}
}

// Scope tells the agents and servers apart whose entries one origin keeps. It
// does not tell who the agent is.
func Scope(server, agent string) string { return Mark(server + "\n" + agent) }

// Mark tells the ids of CometD sessions apart, and does not tell the id.
func Mark(id string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // never fails
	return hex.EncodeToString(h.Sum(nil))
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
