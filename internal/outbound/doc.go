// Package outbound completes outbound records and tells what came of it. One
// completion is a POST and the wait for the event that answers it: GWS takes
// the POST at once, which proves nothing, and acknowledges the record over
// CometD, sometimes before it answers the POST.
package outbound
