package bayeux

import (
	"bytes"

	"gws-outbound/internal/fmt"
	"gws-outbound/internal/jsontext"
)

// fault is a kind of what is wrong with a frame, or with one message in it.
type fault int

const (
	sound fault = iota
	emptyFrame
	emptyArray
	notBayeux // neither an array nor an object
	brokenJSON
	cutShort
	tooDeep
	noChannel
	mended // it was read all the same: see package jsontext
)

func (f fault) String() string {
	switch f {
	case emptyFrame:
		return "an empty frame"
	case emptyArray:
		return "an empty array"
	case notBayeux:
		return "neither an array nor an object"
	case noChannel:
		return "a message without a channel"
	case mended:
		return "JSON with NaN, an infinity or a control character, which was mended"
	case cutShort:
		return jsontext.CutShort.Error()
	case tooDeep:
		return jsontext.TooDeep.Error()
	default:
		return jsontext.Broken.Error()
	}
}

// report is what came of a frame. It says nothing of its content.
type report struct {
	handled  int // messages
	dropped  int // messages, or stretches in which there may have been some
	first    fault
	size     int  // bytes of the first thing that is wrong
	cutShort bool // the end of the frame is missing
	hidden   bool // or what follows cannot be told apart
}

func (r *report) note(f fault, size int) {
	if r.first == sound || r.first == mended {
		r.first, r.size = f, size
	}
}

func (r *report) drop(f fault, size int) {
	r.note(f, size)
	if size > 0 {
		r.dropped++
	}
}

func (r report) String() string {
	s := fmt.Sprintf("the server sent %v (%d bytes)", r.first, r.size)
	if r.dropped > 0 {
		s += ": it is dropped"
	}
	return s
}

// err is the frame as an error, for one because of which a connection is given up.
func (r report) err(frame []byte) *ProtocolError { return protocolError(r.first.String(), frame) }

// decode reads a frame, an array of messages or a single one, and passes each
// message to handle. They are read one by one: an array of a few megabytes can
// hold a million of next to nothing, which would take a hundred times the memory
// of the frame if they were all there at once. For the rules of reading see
// package jsontext: it is what all readers of what servers send use, and nothing
// else is.
//
// A message that cannot be read, or has no channel, is dropped alone where its
// end can be found, so that one odd message does not cost those beside it.
// Values of the wrong type inside a message are left out. What handle keeps of
// a message does not keep the frame.
func decode(frame []byte, handle func(*Message)) (r report) {
	trimmed := bytes.TrimSpace(jsontext.WithoutMark(frame))
	switch {
	case len(trimmed) == 0:
		r.note(emptyFrame, len(frame))
		return r
	case trimmed[0] != '[' && trimmed[0] != '{':
		r.drop(notBayeux, len(frame))
		return r
	}
	whole := jsontext.Walk(trimmed, func(v jsontext.Value, odd int) {
		size := len(v)
		if odd > 0 {
			size = odd
			r.note(mended, size)
		}
		if m := readMessage(v); m.Channel != "" {
			r.handled++
			handle(&m)
		} else {
			r.drop(noChannel, size)
		}
	}, func(p jsontext.Problem, size int) {
		switch p {
		case jsontext.CutShort:
			r.cutShort = true
			r.drop(cutShort, size)
		case jsontext.TooDeep:
			r.drop(tooDeep, size)
		default:
			r.drop(brokenJSON, size)
		}
	})
	r.hidden = !whole && !r.cutShort
	if r.handled == 0 && r.first == sound {
		r.note(emptyArray, len(frame))
	}
	return r
}

// What is read of a message.
var messageNames = []string{"channel", "data", "id", "successful", "clientId", "subscription", "error", "advice", "ext", "supportedConnectionTypes"}

// readMessage reads a message; without a channel it is none.
func readMessage(v jsontext.Value) (m Message) {
	var f [10]jsontext.Value
	v.Members(messageNames, f[:])
	m.Channel, _ = f[0].Text()
	m.Data = bytes.Clone(f[1])
	m.ID = readText(f[2])
	if yes, ok := f[3].Bool(); ok {
		m.Successful = &yes
	}
	m.ClientID, _ = f[4].Text()
	m.Subscription, _ = f[5].Text()
	m.Error = readText(f[6])
	m.Advice = readAdvice(f[7])
	m.Ext = bytes.Clone(f[8])
	m.SupportedConnectionTypes = f[9].Strings()
	return m
}

// readText reads a text: see there.
func readText(v jsontext.Value) text {
	switch s, ok := v.Text(); {
	case ok:
		return text(s)
	case v.IsNull():
		return ""
	default:
		return text(v)
	}
}

var adviceNames = []string{"reconnect", "interval", "timeout", "maxInterval", "multiple-clients"}

// readAdvice reads advice; nil if there is none.
func readAdvice(v jsontext.Value) *Advice {
	if !v.IsObject() {
		return nil
	}
	var f [5]jsontext.Value
	v.Members(adviceNames, f[:])
	a := new(Advice)
	a.Reconnect, _ = f[0].Text()
	for i, ms := range []**float64{&a.Interval, &a.Timeout, &a.MaxInterval} {
		if n, ok := f[1+i].Float(); ok {
			*ms = &n
		}
	}
	a.MultipleClients, _ = f[4].Bool()
	return a
}
