//go:build !js

package gwssim

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
)

// completeRecord is a valid CompleteRecord request.
type completeRecord struct {
	handle        int64
	applicationID int64
	campaignName  string
	callingList   string
	devicePath    string
	callResult    string // "" if absent
	phoneNumber   string // "" if absent
	referenceID   string // "" if absent
}

// operations are the other operations of the Outbound API on a record: known,
// but not simulated.
var operations = map[string]bool{
	"UpdateRecord": true, "RejectRecord": true, "CancelRecord": true, "DoNotCallRecord": true,
	"RescheduleRecord": true, "GetChainedRecord": true,
}

// serveRecord is the POST that completes a record.
func (s *Sim) serveRecord(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		refusal(http.StatusRequestEntityTooLarge, statusInvalidInput, "The body cannot be read: "+err.Error()).write(w)
		return
	}
	post := newPost(r, body)

	// The POST and what it does become visible at once: who has waited for it
	// can rely on its acknowledgement being on its way, or held.
	s.mu.Lock()
	b := s.behavior
	s.posts = append(s.posts, post)
	a, record := s.judge(w, r, post)
	var ack *acknowledgement
	if record != nil {
		s.processed++
		ack = s.schedule(post.User, record, b)
	}
	s.unlock()

	if ack != nil && b.AckFirst {
		select {
		case <-ack.sent:
		case <-r.Context().Done():
			abort()
		case <-s.ctx.Done():
			abort()
		}
	}
	if b.PostDelayMS > 0 && !s.pause(r.Context(), milliseconds(b.PostDelayMS)) {
		abort()
	}
	if !a.cut {
		s.mu.Lock()
		post.Status = a.status
		s.unlock()
	}
	a.write(w)
	if ack != nil && ack.afterAnswer {
		if !a.cut {
			_ = http.NewResponseController(w).Flush() // fails if the client has gone, which changes nothing
		}
		s.mu.Lock()
		ack.send()
		s.unlock()
	}
}

func newPost(r *http.Request, body []byte) *Post {
	return &Post{
		Path:        r.URL.Path,
		Body:        string(body),
		ContentType: r.Header.Get("Content-Type"),
		CSRFToken:   r.Header.Get(csrfTokenHeader),
	}
}

// judge decides on the answer to a POST, and on the record to be processed, if
// any. The caller holds the mutex.
func (s *Sim) judge(w http.ResponseWriter, r *http.Request, post *Post) (*answer, *completeRecord) {
	l, refused := s.admit(w, r)
	if refused != nil {
		return refused, nil
	}
	post.User = l.user
	if refused := s.checkCSRF(r, l); refused != nil {
		return refused, nil
	}
	record, refused := parseRecord(r.PathValue("handle"), post)
	if refused != nil {
		return refused, nil
	}
	b := s.behavior
	if b.StatusCode != 0 {
		return refusal(http.StatusOK, b.StatusCode, b.StatusMessage), nil
	}
	fault := postFault(b)
	switch {
	case fault == nil:
		return &answer{status: http.StatusOK, contentType: "application/json", body: []byte(`{"statusCode":0}`)}, record
	case b.PostProcessed:
		return fault, record
	default:
		return fault, nil
	}
}

// postFault is the answer that PostCut, PostStatus and PostBody ask for; nil
// for none.
func postFault(b Behavior) *answer {
	switch {
	case b.PostCut:
		return &answer{cut: true}
	case b.PostBody != "":
		a := &answer{status: http.StatusOK, contentType: "text/html; charset=utf-8", body: []byte(b.PostBody)}
		if b.PostStatus != 0 {
			a.status = b.PostStatus
		}
		if b.PostContentType != "" {
			a.contentType = b.PostContentType
		}
		return a
	case b.PostStatus != 0:
		return plainRefusal(b.PostStatus)
	}
	return nil
}

// parseRecord checks a request to complete a record as GWS does: a refusal is
// HTTP 200 with a statusCode, and names the parameter.
func parseRecord(handle string, post *Post) (*completeRecord, *answer) {
	refuse := func(code int, format string, args ...any) (*completeRecord, *answer) {
		return nil, refusal(http.StatusOK, code, fmt.Sprintf(format, args...))
	}
	mediaType, _, err := mime.ParseMediaType(post.ContentType)
	if err != nil || mediaType != "application/json" {
		return refuse(statusInvalidInput, "The Content-Type must be application/json.")
	}
	number, err := strconv.ParseInt(handle, 10, 64)
	if err != nil || number <= 0 {
		return refuse(statusInvalidInput, "The record handle in the path must be a positive integer.")
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal([]byte(post.Body), &body); err != nil || body == nil {
		return refuse(statusInvalidInput, "The body must be a JSON object.")
	}

	record := &completeRecord{handle: number}
	var operation string
	for _, field := range []struct {
		name     string
		required bool
		into     any
	}{
		{"operationName", true, &operation},
		{"applicationId", true, &record.applicationID},
		{"campaignName", true, &record.campaignName},
		{"callingList", true, &record.callingList},
		{"devicePath", true, &record.devicePath},
		{"callResult", false, &record.callResult},
		{"phoneNumber", false, &record.phoneNumber},
		{"referenceId", false, &record.referenceID},
	} {
		value, given := body[field.name]
		if !given || string(value) == "null" || string(value) == `""` {
			if field.required {
				return refuse(statusMissingParameter, "The required parameter %s is missing.", field.name)
			}
			continue
		}
		if err := json.Unmarshal(value, field.into); err != nil {
			return refuse(statusInvalidInput, "The parameter %s has the wrong type.", field.name)
		}
	}
	if operations[operation] {
		return refuse(statusInvalidState, "The operation %s is not valid for the current state.", operation)
	}
	if operation != "CompleteRecord" {
		return refuse(statusInvalidInput, "The operation %q is unknown.", operation)
	}
	return record, nil
}
