package wire

import (
	"encoding/json"
	"errors"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/jsontext"
)

// ErrUnknown is returned for a text that is no message of the list.
var ErrUnknown = errors.New("no such message")

// The properties of messages from a page. What a kind does not have is not there.
const (
	atKind = iota
	atID
	atClient
	atMethod
	atRequest
	atOptions
	atHeaders
	atAborted
	atReference
	atDelivery
	atReferenceID
	atFields
	atFailed
	atCookies
	atAsksMe
	atStatus
	atTook
	atBody
	atCometD
	atChannel
	atListener
	atSubscription
	atSince
	atData
	atRefused
	atSession
	atShare
	atLog
	atFirstTransport
	properties
)

var names = []string{"kind", "id", "client", "method", "request", "options", "headers", "aborted", "reference", "delivery", "referenceId", "fields", "failed", "cookies", "asksMe", "status", "took", "body", "cometd", "channel", "listener", "subscription", "since", "data", "refused", "session", "share", "log", "firstTransport"}

// Read reads a message from a page. Values that a caller has passed are read by their types: a string,
// float64 or bool; nil for null, and for undefined among properties; a time.Time for a Date, [List]
// for an array, map[string]any for an object of plain data, [Unreadable] for what threw, and
// gws.Foreign for all else.
func Read(text []byte) (FromPage, error) {
	v, problem := jsontext.Read(text)
	if problem != jsontext.None {
		return nil, problem
	}
	var f [properties]jsontext.Value
	v.Members(names, f[:])
	kind, _ := f[atKind].Text()
	id, client := integer(f[atID]), integer(f[atClient])
	aborted, _ := f[atAborted].Bool()
	switch kind {
	case "createClient":
		asksMe, _ := f[atAsksMe].Bool()
		share, _ := f[atShare].Bool()
		log, _ := f[atLog].Bool()
		return &CreateClient{
			ID: id, Client: client, Options: readGiven(f[atOptions]), Headers: readHeaders(f[atHeaders]), CometD: readCometD(f[atCometD]),
			FirstTransport: readText(f[atFirstTransport]), AsksMe: asksMe, Share: share, Log: log, Aborted: aborted,
		}, nil
	case "call":
		return &Call{
			ID: id, Client: client, Method: readText(f[atMethod]), Request: readGiven(f[atRequest]), Options: readGiven(f[atOptions]),
			Reference: readText(f[atReference]), Delivery: gws.Delivery(readText(f[atDelivery])), Aborted: aborted,
		}, nil
	case "close":
		return &Close{id, client, readGiven(f[atOptions])}, nil
	case "stats":
		return &Stats{id, client}, nil
	case "unsettled":
		return &Unsettled{id, client}, nil
	case "settled":
		return &Settled{id, client, readText(f[atReferenceID])}, nil
	case "forget":
		return &Forget{id, client, readGiven(f[atReferenceID])}, nil
	case "abort":
		return &Abort{id}, nil
	case "headers":
		return &HeadersAnswer{id, readFields(f[atFields]), readText(f[atFailed])}, nil
	case "me":
		took, _ := f[atTook].Float()
		return &Me{client, integer(f[atStatus]), took, readFields(f[atFields]), readBytes(f[atBody])}, nil
	case "cookies":
		return &Cookies{readText(f[atCookies])}, nil
	case "delivered":
		return &Delivered{client, readText(f[atReferenceID])}, nil
	case "listen":
		since, _ := f[atSince].Int()
		return &Listen{client, since}, nil
	case "subscribe":
		return &Subscribe{id, client, readGiven(f[atChannel]), readGiven(f[atListener])}, nil
	case "unsubscribe":
		return &Unsubscribe{id, client, integer(f[atSubscription])}, nil
	case "pageSession":
		return readPageSession(client, f[atSession]), nil
	case "pageSubscribed":
		return &PageSubscribed{client, readText(f[atChannel]), readText(f[atRefused]), readText(f[atFailed])}, nil
	case "pageEvent":
		return &PageEvent{client, readText(f[atSubscription]), readText(f[atChannel]), json.RawMessage(f[atData]), readText(f[atFailed])}, nil
	case "wake":
		return &Wake{}, nil
	case "seen":
		return &Seen{}, nil
	case "away":
		return &Away{}, nil
	case "leave":
		return &Leave{}, nil
	case "gone":
		return &Gone{}, nil
	case "ping":
		return &Ping{id}, nil
	}
	return nil, ErrUnknown
}

func integer(v jsontext.Value) int {
	n, _ := v.Int()
	return int(n)
}

func readText(v jsontext.Value) string {
	s, _ := v.Text()
	return s
}

// readBytes reads a text of which each character is a byte.
func readBytes(v jsontext.Value) []byte {
	text := readText(v)
	bytes := make([]byte, 0, len(text))
	for _, char := range text {
		bytes = append(bytes, byte(char))
	}
	return bytes
}

var headerNames = []string{"ask", "fields", "refused"}

func readHeaders(v jsontext.Value) (h Headers) {
	var f [3]jsontext.Value
	v.Members(headerNames, f[:])
	h.Ask, _ = f[0].Bool()
	h.Fields, h.Refused = readFields(f[1]), readText(f[2])
	return h
}

// readFields reads an object of strings; nil if there is none.
func readFields(v jsontext.Value) map[string]string {
	if !v.IsObject() {
		return nil
	}
	fields := map[string]string{}
	v.Properties(func(name string, value jsontext.Value) { fields[name] = readText(value) })
	return fields
}

var cometdNames = []string{"adopted", "refused"}

func readCometD(v jsontext.Value) (c CometD) {
	var f [2]jsontext.Value
	v.Members(cometdNames, f[:])
	c.Adopted, _ = f[0].Bool()
	c.Refused = readText(f[1])
	return c
}

var sessionNames = []string{"up", "number", "clientId", "transport", "unacknowledged", "handshakeRefused", "connectRefused", "reason"}

func readPageSession(client int, v jsontext.Value) *PageSession {
	var f [8]jsontext.Value
	v.Members(sessionNames, f[:])
	s := &PageSession{
		Client: client, Session: integer(f[1]), ClientID: readText(f[2]), Transport: readText(f[3]),
		HandshakeRefused: readText(f[5]), ConnectRefused: readText(f[6]), Reason: readText(f[7]),
	}
	s.Up, _ = f[0].Bool()
	s.Unacknowledged, _ = f[4].Bool()
	return s
}
