//go:build !js

package gwssim

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"gws-outbound/internal/gws"
)

// The channels of the events that follow a processed record.
const (
	outboundChannel = "/v2/me/outbound"
	internalChannel = "/me/internal"
)

// acknowledgement is what is to be sent for a processed record.
type acknowledgement struct {
	send        func()        // with the mutex held, once
	sent        chan struct{} // closed by send
	afterAnswer bool          // to be sent by the POST's handler, once it has answered
}

// schedule arranges for the events of a processed record; nil if there are to
// be none. The caller holds the mutex.
func (s *Sim) schedule(user string, record *completeRecord, b Behavior) *acknowledgement {
	if b.NoAck {
		return nil
	}
	ack := &acknowledgement{sent: make(chan struct{})}
	received := time.Now()
	ack.send = func() {
		s.publish(user, recordEvents(record, b, received)...)
		close(ack.sent)
	}
	switch {
	case b.HoldAck:
		s.heldAcks[record.referenceID] = append(s.heldAcks[record.referenceID], ack.send)
	case b.AckDelayMS > 0 || b.PostDelayMS > 0 || b.AckFirst:
		s.after(milliseconds(b.AckDelayMS), ack.send)
	default:
		ack.afterAnswer = true
	}
	return ack
}

// Ack sends the acknowledgements that Behavior.HoldAck has kept for a
// referenceId ("" for POSTs without one). It does nothing if there are none.
func (s *Sim) Ack(referenceID string) {
	s.mu.Lock()
	defer s.unlock()
	held := s.heldAcks[referenceID]
	delete(s.heldAcks, referenceID)
	for _, send := range held {
		send()
	}
}

// Publish sends an event to every CometD session that has subscribed to the
// channel. The data must be valid JSON.
func (s *Sim) Publish(channel string, data json.RawMessage) {
	if !json.Valid(data) {
		panic(fmt.Sprintf("gwssim: Publish: not JSON: %q", data))
	}
	s.mu.Lock()
	defer s.unlock()
	s.publish("", event{Channel: channel, Data: data})
}

// publish sends events to the sessions of a user, or of all if it is "". Those
// on the internal channel go to every session, as nobody subscribes to it. The
// caller holds the mutex.
func (s *Sim) publish(user string, events ...event) {
	if user != "" {
		for ses := range s.byUser[user] {
			s.offer(ses, events)
		}
		return
	}
	for _, ses := range s.sessions {
		s.offer(ses, events)
	}
}

// offer delivers to a session those of the events that it gets. The caller
// holds the mutex.
func (s *Sim) offer(ses *session, events []event) {
	var wanted []event
	for _, e := range events {
		if e.Channel == internalChannel || ses.subscribed(e.Channel) {
			wanted = append(wanted, e)
		}
	}
	if len(wanted) > 0 {
		s.deliver(ses, wanted)
	}
}

// recordEvents are the events of a processed record, in the order and shape of
// the API's documentation.
func recordEvents(record *completeRecord, b Behavior, received time.Time) []event {
	notification := "RecordProcessedAcknowledge"
	if b.Notification != "" {
		notification = b.Notification
	}
	handle := record.handle
	if b.WrongRecord {
		handle++
	}
	ack := map[string]any{
		"messageType":      "OutboundRecordMessage",
		"notificationType": notification,
		"record": map[string]any{
			"campaignName":  record.campaignName,
			"devicePath":    record.devicePath,
			"callingList":   record.callingList,
			"applicationId": record.applicationID,
			"recordHandle":  handle,
		},
	}
	if record.referenceID != "" && !b.NoEcho {
		ack["referenceId"] = record.referenceID
	}
	userData := map[string]any{
		"GSW_USER_EVENT":     notification,
		"GSW_RECORD_HANDLE":  handle,
		"GSW_APPLICATION_ID": record.applicationID,
		"GSW_CAMPAIGN_NAME":  record.campaignName,
		"GSW_CALLING_LIST":   record.callingList,
	}
	if code, ok := callResultCode(record.callResult); ok {
		userData["GSW_CALL_RESULT"] = code
	}
	now := time.Now()
	device := map[string]any{
		"messageType": "DeviceUserEventMessage",
		"deviceId":    path.Base(record.devicePath),
		"userData":    userData,
		"metrics": map[string]any{
			"eventProcessing": map[string]any{
				"serverGenerationTimestamp":   now.UnixMilli(),
				"nodeProcessingTimeNanos":     now.Sub(received).Nanoseconds(),
				"serverProcessingTimeTotalMs": now.Sub(received).Milliseconds(),
			},
		},
	}
	events := make([]event, 0, 2+b.Duplicates)
	for range 1 + max(0, b.Duplicates) {
		events = append(events, newEvent(outboundChannel, ack))
	}
	return append(events, newEvent(internalChannel, device))
}

// callResultCode is GSW_CALL_RESULT of a callResult. Without one it is 33
// (Answer), as in the documentation's sample; an unknown name has none.
func callResultCode(name string) (code int, ok bool) {
	if name == "" {
		name = "Answer"
	}
	return gws.CallResultCode(name)
}

func newEvent(channel string, data any) event {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(err) // maps of strings and numbers marshal
	}
	return event{Channel: channel, Data: raw}
}

// matches reports whether a subscription covers a channel. Its last segment
// may be "*" for any one segment, or "**" for any number of them.
func matches(subscription, channel string) bool {
	if prefix, ok := strings.CutSuffix(subscription, "/**"); ok {
		rest, under := strings.CutPrefix(channel, prefix+"/")
		return under && rest != ""
	}
	if prefix, ok := strings.CutSuffix(subscription, "/*"); ok {
		rest, under := strings.CutPrefix(channel, prefix+"/")
		return under && rest != "" && !strings.Contains(rest, "/")
	}
	return subscription == channel
}
