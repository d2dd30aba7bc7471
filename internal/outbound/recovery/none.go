package recovery

import (
	"context"
	"encoding/json"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
)

// None keeps nothing.
type None struct{}

var _ Recovery = None{}

func (None) Attach(*bayeux.Options)                {}
func (None) Connected()                            {}
func (None) Track(gws.Request) Call                { return NoCall{} }
func (None) Knows(string, string) bool             { return false }
func (None) Late(string, json.RawMessage)          {}
func (None) Delivered(string)                      {}
func (None) CallerGone(string)                     {}
func (None) Unsettled(context.Context) []Unsettled { return []Unsettled{} }
func (None) Find(string) (*Earlier, bool)          { return nil, false }
func (None) Forget(context.Context, string) error  { return nil }
func (None) ForgetAll(context.Context) error       { return nil }
func (None) NeedsSession() bool                    { return false }
func (None) Leave()                                {}
func (None) Close(bool) error                      { return nil }
func (None) Abandon()                              {}

// NoCall is a call of which nothing is kept.
type NoCall struct{}

var _ Call = NoCall{}

func (NoCall) Begin() <-chan struct{}         { return safe }
func (NoCall) Accepted()                      {}
func (NoCall) Answered(json.RawMessage)       {}
func (NoCall) Answer() json.RawMessage        { return nil }
func (NoCall) Ended(gws.Delivery, error) bool { return false }

// safe is the channel of what need not be waited for.
var safe = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()
