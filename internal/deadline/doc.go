// Package deadline has timers for what a caller waits for. They know when they
// fire late: then the page was frozen, the machine was asleep, or the thread
// was busy, and what was waited for may have arrived without anybody to take
// it. So a deadline that fires late has a grace.
package deadline
