// Package outbound performs the operations of the Outbound API and tells what
// came of each. One call is a POST and the wait for the event that answers
// it: GWS takes the POST at once, which proves nothing, and answers over
// CometD, sometimes before it answers the POST. What is sent and what answers
// it is in the table of package gws.
package outbound
