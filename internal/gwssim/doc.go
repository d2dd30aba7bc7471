// Package gwssim is a simulator of Genesys Web Services, as much of it as
// completing an outbound record needs: sign-in, CSRF tokens, the POST with its
// validation and status codes, and CometD over WebSocket and long-polling.
// [Behavior] switches its faults; a [Fault] strikes single requests. It is for tests and for the demo.
//
// [New] gives a test a running simulator, as net/http/httptest does:
//
//	sim := gwssim.New(t)
//	sim.Set(gwssim.Behavior{AckDelayMS: 50})
//	... sign in at sim.URL as "agent" with the password "secret" ...
//	require.NoError(t, sim.WaitConnected(ctx, 1))
//
// In the browser, where a test cannot listen, New asks the test server
// (internal/cmd/testserver, its URL in the environment variable TEST_SERVER)
// for a simulator on a port of its own, and every method is a request to it.
// So one test runs in both. Cookies do not tell ports apart: simulators that
// one browser uses at the same time take each other's cookies away.
//
// # Paths
//
//	GET  /api/v2/me                            sign-in: Basic credentials or cookie
//	POST /api/v2/me/outbound-records/{handle}  CompleteRecord
//	     /api/v2/notifications                 CometD: WebSocket, or POST; also anything below it
//	GET  /login                                the login page that Behavior.Redirect leads to
//	POST /gwssim/{verb}                        control, below
//
// # Control
//
// Every verb takes and gives JSON and needs the content type
// application/json. An error is a status other than 200 and {"error": "..."}.
// The three that wait answer when what they wait for has happened; who no
// longer wants to wait ends the request.
//
//	verb            in                                 out                    method
//	set             a Behavior                         {}                     Set
//	posts           {}                                 [Post, ...]            Posts
//	requests        {}                                 [Request, ...]         Requests
//	struck          {}                                 [a number, ...]        Struck
//	processed       {}                                 a number               Processed
//	sessions        {}                                 a number               Sessions
//	cut             {}                                 {}                     Cut
//	expire          {}                                 {}                     Expire
//	expire-http     {}                                 {}                     ExpireHTTP
//	kick            {}                                 {}                     Kick
//	publish         {"channel": "/c", "data": any}     {}                     Publish
//	ack             {"referenceId": "..."}             {}                     Ack
//	wait-posts      {"n": 1}                           {}                     WaitPosts
//	wait-sessions   {"n": 1}                           {}                     WaitSessions
//	wait-connected  {"n": 1}                           {}                     WaitConnected
//	close           {}                                 {}                     Close
//
// The test server makes a new one: POST {TEST_SERVER}/gwssim-new gives
// {"url": "http://127.0.0.1:NNNN"}.
package gwssim
