package redact

import (
	"strings"
	"sync"
)

// The bounds of what is remembered of one kind of secrets; the oldest go first.
const (
	mostValues = 256
	mostBytes  = 256 << 10

	longestValue = 8 << 10 // of a longer one, this much of its beginning is remembered
)

// Secrets remembers what was sent or received as a secret, and cuts it out of texts. Its zero value is ready, and may be
// used by several goroutines at once; a nil one remembers nothing.
type Secrets struct {
	mu       sync.Mutex
	headers  recent // what headers of the caller's are made of
	tokens   recent // CSRF tokens
	sessions recent // ids of CometD sessions
	cookies  recent // values of cookies
	requests recent // what requests say of persons
	short    recent // credentials that are too short to be looked for within words
}

// recent are values that were used last, each of them once, the last one at the end.
type recent struct {
	values []*value
	size   int // bytes
}

type value struct {
	text    string
	needles []string // made when they are first asked for
}

// AddHeader adds the value of a header field of the caller's.
func (s *Secrets) AddHeader(field string) {
	if s == nil {
		return
	}
	for _, v := range ofHeader(field) {
		s.add(&s.headers, v)
	}
	for _, v := range shortOfHeader(field) {
		s.mu.Lock()
		s.short.add(v)
		s.mu.Unlock()
	}
}

// AddToken adds a CSRF token.
func (s *Secrets) AddToken(token string) {
	if s != nil {
		s.add(&s.tokens, token)
	}
}

// AddSession adds the id of a CometD session.
func (s *Secrets) AddSession(id string) {
	if s != nil {
		s.add(&s.sessions, id)
	}
}

// shortestCookie is how many bytes the value of a cookie must have to be taken for a secret: many are
// settings, in words that texts have as well.
const shortestCookie = 16

// AddCookies adds the values of the cookies that a script sees, as document.cookie has them.
func (s *Secrets) AddCookies(cookies string) {
	if s == nil {
		return
	}
	for _, cookie := range strings.Split(cookies, ";") {
		_, v, _ := strings.Cut(cookie, "=")
		if v = strings.Trim(v, ` "`); len(v) >= shortestCookie {
			s.add(&s.cookies, v)
		}
	}
}

// AddRequest adds values of a request that may be about a person.
func (s *Secrets) AddRequest(values []string) {
	if s == nil {
		return
	}
	for _, v := range values {
		s.add(&s.requests, v)
	}
}

func (s *Secrets) add(to *recent, text string) {
	if len(text) < Shortest {
		return
	}
	text = strings.Clone(text[:min(len(text), longestValue)]) // what it was cut out of can be large
	s.mu.Lock()
	defer s.mu.Unlock()
	to.add(text)
}

func (r *recent) add(text string) {
	if n := len(r.values); n > 0 && r.values[n-1].text == text {
		return
	}
	for i, v := range r.values {
		if v.text == text {
			copy(r.values[i:], r.values[i+1:])
			r.values[len(r.values)-1] = v
			return
		}
	}
	r.size += len(text)
	r.values = append(r.values, &value{text: text})
	for len(r.values) > mostValues || r.size > mostBytes {
		r.size -= len(r.values[0].text)
		copy(r.values, r.values[1:])
		r.values[len(r.values)-1] = nil
		r.values = r.values[:len(r.values)-1]
	}
}

// Cut returns the text without the secrets, and without what URLs in it have of a user's name and password.
func (s *Secrets) Cut(text string) string {
	if text == "" {
		return ""
	}
	t := newCutter(text)
	t.cutUsers()
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, r := range []*recent{&s.headers, &s.tokens, &s.sessions, &s.cookies, &s.requests} {
			for _, v := range r.values {
				if v.needles == nil {
					v.needles = needlesOf(v.text)
				}
				t.cut(v.needles, r != &s.requests)
			}
		}
		for _, v := range s.short.values {
			t.cutWord(v.text)
		}
	}
	return t.String()
}

// cutUsers cuts what stands before the @ of a URL.
func (t *cutter) cutUsers() {
	for i := range t.views {
		v := &t.views[i]
		for at := indexFrom(v.read, "://", 0); at >= 0; at = indexFrom(v.read, "://", at+1) {
			from := at + len("://")
			host := v.read[from:]
			if end := strings.IndexAny(host, "/?#\\\"'<> \t\r\n"); end >= 0 {
				host = host[:end]
			}
			if user := strings.LastIndexByte(host, '@'); user > 0 {
				t.hide(v, from, from+user)
			}
		}
	}
}
