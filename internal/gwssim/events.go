//go:build !js

package gwssim

import (
	"encoding/json"
	"fmt"
	"maps"
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

// answered is the call result Answer, which a request without one means.
const answered = 33

// acknowledgement is what is to be sent for an operation that was carried out.
type acknowledgement struct {
	send        func()        // with the mutex held, once
	sent        chan struct{} // closed by send
	afterAnswer bool          // to be sent by the POST's handler, once it has answered
}

// schedule arranges for the events of an operation that was carried out; nil if
// there are to be none. The caller holds the mutex.
func (s *Sim) schedule(d *done, b Behavior) *acknowledgement {
	if b.NoAck {
		return nil
	}
	f := s.strike(AtEvent, "", d.session)
	ack := &acknowledgement{sent: make(chan struct{})}
	received := time.Now()
	delay := milliseconds(b.AckDelayMS)
	var struck Action
	amendment := ""
	if f != nil {
		struck = f.Do
		switch f.Do {
		case DoSilence:
			s.noteEvents(d.user, orderEvents(d, b, "", received), struck)
			return nil
		case DoDelay:
			delay += milliseconds(f.DelayMS)
		case DoAmend:
			amendment = f.Body
		}
	}
	ack.send = func() {
		s.publish(d.user, struck, orderEvents(d, b, amendment, received)...)
		close(ack.sent)
	}
	switch {
	case b.HoldAck:
		s.heldAcks[d.referenceID()] = append(s.heldAcks[d.referenceID()], ack.send)
	case delay > 0 || b.PostDelayMS > 0 || b.AckFirst:
		s.after(delay, ack.send)
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
	s.publish("", "", event{Channel: channel, Data: data})
}

// PublishText sends a text in place of a message, which may be anything, to every
// CometD session that has subscribed to the channel.
func (s *Sim) PublishText(channel, message string) {
	s.mu.Lock()
	defer s.unlock()
	s.publish("", "", event{Channel: channel, text: message})
}

// publish sends events to the sessions of a user, or of all if it is "". Those
// on the internal channel go to every session, as nobody subscribes to it. The
// caller holds the mutex.
func (s *Sim) publish(user string, struck Action, events ...event) {
	noted := s.noteEvents(user, events, struck)
	if user != "" {
		for ses := range s.byUser[user] {
			s.offer(ses, events, noted)
		}
		return
	}
	for _, ses := range s.sessions {
		s.offer(ses, events, noted)
	}
}

// offer delivers to a session those of the events that it gets, and notes them. The caller
// holds the mutex.
func (s *Sim) offer(ses *session, events []event, noted []*SentEvent) {
	var wanted []event
	for i, e := range events {
		if e.Channel == internalChannel || ses.subscribed(e.Channel) {
			wanted = append(wanted, e)
			if noted[i] != nil {
				noted[i].Sessions++
			}
		}
	}
	if len(wanted) > 0 {
		s.deliver(ses, wanted)
	}
}

// orderEvents are the events of an operation that was carried out, in the order
// and shape of the API's documentation. What the behaviour changes in the
// acknowledgement, it changes in the last; the amendment of a fault goes into all.
func orderEvents(d *done, b Behavior, amendment string, received time.Time) []event {
	var events []event
	for i, n := range d.notices {
		data := maps.Clone(n)
		if d.referenceID() != "" && !b.NoEcho {
			data["referenceId"] = d.referenceID()
		}
		amendNotice(data, amendment)
		if i < len(d.notices)-1 {
			events = append(events, newEvent(outboundChannel, data))
			continue
		}
		if b.Notification != "" {
			data["notificationType"] = b.Notification
		}
		if r, ok := data["record"].(map[string]any); ok && b.WrongRecord {
			if handle, ok := r["recordHandle"].(int64); ok {
				r = maps.Clone(r)
				r["recordHandle"] = handle + 1
				data["record"] = r
			}
		}
		for range 1 + max(0, b.Duplicates) {
			events = append(events, newEvent(outboundChannel, data))
		}
		events = append(events, newEvent(internalChannel, deviceEvent(d, data, received)))
	}
	return events
}

// deviceEvent is what tells the agent's device of an event.
func deviceEvent(d *done, data notice, received time.Time) map[string]any {
	userData := map[string]any{
		"GSW_USER_EVENT":     data["notificationType"],
		"GSW_APPLICATION_ID": d.integers["applicationId"],
		"GSW_CAMPAIGN_NAME":  d.texts["campaignName"],
	}
	if r, ok := data["record"].(map[string]any); ok {
		for name, field := range map[string]string{"GSW_RECORD_HANDLE": "recordHandle", "GSW_CALLING_LIST": "callingList"} {
			if value, ok := r[field]; ok {
				userData[name] = value
			}
		}
	}
	if d.Name == "CompleteRecord" {
		if code, ok := callResultCode(d.texts["callResult"]); ok {
			userData["GSW_CALL_RESULT"] = code
		}
	}
	now := time.Now()
	return map[string]any{
		"messageType": "DeviceUserEventMessage",
		"deviceId":    path.Base(d.texts["devicePath"]),
		"userData":    userData,
		"metrics": map[string]any{
			"eventProcessing": map[string]any{
				"serverGenerationTimestamp":   now.UnixMilli(),
				"nodeProcessingTimeNanos":     now.Sub(received).Nanoseconds(),
				"serverProcessingTimeTotalMs": now.Sub(received).Milliseconds(),
			},
		},
	}
}

// amendNotice puts the fields of a fault into the data of an event; null
// removes one. There may be none.
func amendNotice(n notice, fields string) {
	if fields == "" {
		return
	}
	var changes map[string]any
	if err := json.Unmarshal([]byte(fields), &changes); err != nil {
		panic(fmt.Errorf("Fault.Body: %w", err))
	}
	for name, value := range changes {
		if value == nil {
			delete(n, name)
		} else {
			n[name] = value
		}
	}
}

// callResultCode is GSW_CALL_RESULT of a callResult. Without one it is 33
// (Answer), as in the documentation's sample; an unknown name has none.
func callResultCode(name string) (code int, ok bool) {
	if name == "" {
		return answered, true
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
