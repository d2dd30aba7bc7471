// Package corpus has texts that readers could understand differently, for the tests of all that read what comes
// from outside: here, and as JSON.parse reads it on the page (js/test/readings.test.mjs).
package corpus

import (
	_ "embed"
	"encoding/json"
)

// Reading is what package jsontext makes of a text.
type Reading struct {
	Text    string `json:"text"`
	Problem string `json:"problem,omitempty"` // why it is not read; then there is nothing else
	Passed  string `json:"passed,omitempty"`  // what goes on to the page
	// Members are the properties that Value.Members finds, as they go on, by their names.
	Members map[string]string `json:"members,omitempty"`
}

//go:embed readings.json
var text []byte

// Readings returns all, as the test of package jsontext has written them.
func Readings() []Reading {
	var all []Reading
	if err := json.Unmarshal(text, &all); err != nil {
		panic(err)
	}
	return all
}

// Texts returns the texts alone.
func Texts() []string {
	var all []string
	for _, r := range Readings() {
		all = append(all, r.Text)
	}
	return all
}
