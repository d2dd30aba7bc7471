// Package gws speaks the REST side of Genesys Web Services (GWS): it has the
// table of the Outbound API's operations, by which it checks requests, signs
// in, keeps the CSRF token, sends the request, and says of each failure
// whether the server may have processed it.
package gws
