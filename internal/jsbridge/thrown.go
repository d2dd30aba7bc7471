//go:build js

package jsbridge

import (
	"unicode/utf8"

	"github.com/hack-pad/safejs"
)

// Thrown is what JavaScript threw, or a Promise was rejected with.
type Thrown struct{ Value safejs.Value }

// Error returns the name and message of a JavaScript error, and something
// legible for anything else; the beginning of it, if it is long.
func (t *Thrown) Error() string {
	const most = 1000 // characters
	text := t.words()
	if utf8.RuneCountInString(text) > most {
		return string([]rune(text)[:most]) + "…"
	}
	return text
}

func (t *Thrown) words() string {
	if TypeOf(t.Value) == "object" {
		name, message := t.NameAndMessage()
		switch {
		case name != "" && message != "":
			return name + ": " + message
		case name+message != "":
			return name + message
		}
	}
	s, err := t.Value.String()
	switch {
	case err != nil:
		return "a JavaScript value that has no text"
	case s == "": // nobody is to take it for nothing
		return "an empty string"
	}
	return s
}

// NameAndMessage returns the name and the message of a JavaScript error; "" where it has none, or is no object.
func (t *Thrown) NameAndMessage() (name, message string) {
	if TypeOf(t.Value) != "object" {
		return "", ""
	}
	return property(t.Value, "name"), property(t.Value, "message")
}

// property returns the string that is object's property name, or "". It may
// be a getter that throws.
func property(object safejs.Value, name string) string {
	v, err := Get(object, name)
	if err != nil || TypeOf(v) != "string" {
		return ""
	}
	s, err := v.String()
	if err != nil {
		return ""
	}
	return s
}
