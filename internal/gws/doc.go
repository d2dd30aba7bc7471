// Package gws speaks the REST side of Genesys Web Services (GWS): it checks
// the request that completes an outbound record, signs in, keeps the CSRF
// token, sends the request, and says of each failure whether the server may
// have processed it.
package gws
