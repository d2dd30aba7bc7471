//go:build js

package jsbridge

import (
	"math"
	"time"

	"github.com/hack-pad/safejs"
)

// Date returns the time of a Date, of whatever frame; valid is false for one that stands for no
// time. What only looks like a Date is none.
func Date(v safejs.Value) (t time.Time, valid, isDate bool) {
	milliseconds, err := timeOf(v)
	if err != nil {
		return time.Time{}, false, false
	}
	if math.IsNaN(milliseconds) {
		return time.Time{}, false, true
	}
	return time.UnixMilli(int64(milliseconds)), true, true // at most 8.64e15
}

func timeOf(v safejs.Value) (float64, error) {
	constructor, err := safejs.Global().Get("Date")
	if err != nil {
		return 0, err
	}
	prototype, err := constructor.Get("prototype")
	if err != nil {
		return 0, err
	}
	getTime, err := prototype.Get("getTime")
	if err != nil {
		return 0, err
	}
	result, err := getTime.Call("call", v) // throws for all but a Date
	if err != nil {
		return 0, err
	}
	return result.Float()
}
