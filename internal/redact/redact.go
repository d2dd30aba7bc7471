// Package redact takes out of texts what must be in none: what was sent or received as a secret, by its value. It finds
// a value in the encodings in which servers, browsers and this program itself write one into a text, and pieces of it.
package redact

import (
	"strings"
	"unicode/utf8"
)

const (
	// Withheld stands in a text for what was cut out of it.
	Withheld = "[withheld]"

	// Shortest is how many bytes a secret must have: what is less is found in texts that have nothing to do with it.
	Shortest = 6
	// piece is how many bytes in a row are cut out of a text where they are but a part of a secret.
	piece = 16
	// beginning is how many bytes are enough where an ellipsis follows, or stands before: there a quotation was cut short.
	beginning = 4
	// longestEscape is how many bytes one encoded character has at most.
	longestEscape = 12
	// last is how many are enough where the text ends: there a server may have cut short what it repeats.
	last = 8
	// longestText is how many bytes of a text are let through: nobody reads more of a message.
	longestText = 64 << 10
	// levels is how often encodings are read that lie in each other, such as JSON in JSON in percent-encoding.
	levels = 5
)

// Cut cuts values out of a text, such as those of a request that a server repeats. Those of three to five bytes are
// cut where they are words.
func Cut(text string, values []string) string {
	t := newCutter(text)
	for _, v := range values {
		t.cut(needlesOf(v), false)
		if n := len(v); n >= shortest && n < Shortest {
			t.cutWord(v)
		}
	}
	return t.String()
}

// cutter is a text, out of which something is to be cut.
type cutter struct {
	text   string
	views  []view // as it is, and with its encodings read, once, twice and so on; each without its line breaks, too
	hidden []bool // by the bytes of the text; nil if there are none
}

func newCutter(text string) *cutter {
	if len(text) > longestText {
		text = strings.ToValidUTF8(text[:longestText], "") + "…"
	}
	t := &cutter{text: text}
	for v, ok, n := plain(text), true, 0; ok && n < levels; n++ {
		t.views = append(t.views, v)
		if u, broken := v.unbroken(); broken {
			t.views = append(t.views, u)
		}
		v, ok = v.decoded()
	}
	return t
}

// cut cuts each place where the text has one of the needles, or enough of it. Only of what is secret is the beginning cut
// where the text ends: what people call things begins as other words do.
func (t *cutter) cut(needles []string, secret bool) {
	for i := range t.views {
		v := &t.views[i]
		for _, n := range needles {
			t.cutOne(v, n)
			if secret {
				t.cutBeginning(v, n, len(v.read)-incomplete(v.read), last)
			}
		}
	}
}

func (t *cutter) cutOne(v *view, needle string) {
	for _, end := range v.shortened {
		t.cutBeginning(v, needle, end, beginning)
	}
	for _, from := range v.resumed {
		t.cutEnd(v, needle, from)
	}
	if len(needle) < piece {
		for at := indexFrom(v.folded, needle, 0); at >= 0; at = indexFrom(v.folded, needle, at+1) {
			t.hide(v, at, at+len(needle))
		}
		return
	}
	// Whatever the two have in common, if it has the length of a piece, has one of these whole.
	const step = piece / 2
	for from := 0; from+step <= len(needle); from += step {
		block := needle[from : from+step]
		next := 0
		for at := indexFrom(v.folded, block, 0); at >= 0; at = indexFrom(v.folded, block, next) {
			next = at + 1
			if end := t.hiddenTo(v, at); end >= at+step {
				next = end - step + 1 // what repeats itself would take long
			} else if left, right := common(v.folded, at, needle, from, step); right-left >= piece {
				t.hide(v, left, right)
				next = right - step + 1
			}
		}
	}
}

// cutBeginning cuts the beginning of a needle, of so many bytes at least, where the view ends with it at a place.
func (t *cutter) cutBeginning(v *view, needle string, end, least int) {
	for n := min(piece, len(needle)) - 1; n >= least; n-- {
		if strings.HasSuffix(v.folded[:end], needle[:n]) {
			t.hide(v, end-n, end)
			return
		}
	}
}

// cutEnd cuts the end of a needle where the view goes on with it from a place, or behind what may be the rest of an encoded
// character there.
func (t *cutter) cutEnd(v *view, needle string, from int) {
	for at := from; at < min(from+longestEscape, len(v.folded)); at++ {
		for n := min(piece, len(needle)) - 1; n >= beginning; n-- {
			if strings.HasPrefix(v.folded[at:], needle[len(needle)-n:]) {
				t.hide(v, from, at+n)
				return
			}
		}
	}
}

// common returns how far what a text has at a place, and a needle at another one, are the same, to both sides.
func common(text string, at int, needle string, from, length int) (left, right int) {
	left, right = at, at+length
	for i := from; left > 0 && i > 0 && text[left-1] == needle[i-1]; i-- {
		left--
	}
	for i := from + length; right < len(text) && i < len(needle) && text[right] == needle[i]; i++ {
		right++
	}
	return left, right
}

// cutWord cuts a value where it stands alone, letter case as it is.
func (t *cutter) cutWord(value string) {
	for i := range t.views {
		v := &t.views[i]
		for at := indexFrom(v.read, value, 0); at >= 0; at = indexFrom(v.read, value, at+1) {
			end := at + len(value)
			if (at == 0 || !inWord(v.read[at-1])) && (end == len(v.read) || !inWord(v.read[end])) {
				t.hide(v, at, end)
			}
		}
	}
}

func inWord(c byte) bool {
	return c >= utf8.RuneSelf || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// indexFrom returns where a text has a needle, from a place on; -1 if nowhere.
func indexFrom(text, needle string, from int) int {
	if i := strings.Index(text[from:], needle); i >= 0 {
		return from + i
	}
	return -1
}

// hide notes that what a view has from one place to another is to go.
func (t *cutter) hide(v *view, from, to int) {
	if t.hidden == nil {
		t.hidden = make([]bool, len(t.text))
	}
	for i := v.start[from]; i < v.end[to-1]; i++ {
		t.hidden[i] = true
	}
}

// hiddenTo returns where what is hidden from a place on ends.
func (t *cutter) hiddenTo(v *view, at int) int {
	for t.hidden != nil && at < len(v.start) && t.hidden[v.start[at]] {
		at++
	}
	return at
}

// String returns the text without what was cut.
func (t *cutter) String() string {
	if t.hidden == nil {
		return t.text
	}
	var b strings.Builder
	for i := 0; i < len(t.text); i++ {
		switch {
		case !t.hidden[i]:
			b.WriteByte(t.text[i])
		case i == 0 || !t.hidden[i-1]:
			b.WriteString(Withheld)
		}
	}
	return b.String()
}
