//go:build !js

package gwssim

import (
	"io"
	"net/http"
)

// servePost is the POST that asks for an operation.
func (s *Sim) servePost(w http.ResponseWriter, r *http.Request) {
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
	a, d := s.judge(w, r, post)
	var ack *acknowledgement
	if d != nil {
		s.processed++
		ack = s.schedule(d, b)
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

// done is an order that was carried out.
type done struct {
	*order
	session int // the HTTP session it came in
	notices []notice
}

// judge decides on the answer to a POST, and carries out what it asks for, if
// it is to be. The caller holds the mutex.
func (s *Sim) judge(w http.ResponseWriter, r *http.Request, post *Post) (*answer, *done) {
	l, refused := s.admit(w, r)
	if refused != nil {
		return refused, nil
	}
	post.User = l.user
	if refused := s.checkCSRF(r, l); refused != nil {
		return refused, nil
	}
	o, refused := parseOrder(r, post)
	if refused != nil {
		return refused, nil
	}
	b := s.behavior
	if b.StatusCode != 0 {
		return refusal(http.StatusOK, b.StatusCode, b.StatusMessage), nil
	}
	fault := postFault(b)
	if fault != nil && !b.PostProcessed {
		return fault, nil
	}
	notices, refused := s.carryOut(o)
	if refused != nil {
		return refused, nil
	}
	d := &done{order: o, session: l.id, notices: notices}
	if fault != nil {
		return fault, d
	}
	return &answer{status: http.StatusOK, contentType: "application/json", body: []byte(`{"statusCode":0}`)}, d
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
