// Package gwssim is a simulator of Genesys Web Services, as much of it as the
// Outbound API needs: sign-in, CSRF tokens, the POST of every operation in the
// table of package gws, with its validation and status codes, and CometD over
// WebSocket and long-polling. [Behavior] switches its faults; a [Fault] strikes
// single requests. It is for tests and for the demo.
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
//	POST /api/v2/me/outbound-records/{handle}  operations on a record
//	POST /api/v2/me/outbound-records           DoNotCallRecord, by the number
//	POST /api/v2/me/outbound-campaigns/{name}  operations in a campaign
//	     /api/v2/notifications                 CometD: WebSocket, or POST; also anything below it
//	GET  /login                                the login page that Behavior.Redirect leads to
//	POST /gwssim/{verb}                        control, below
//
// # Campaigns
//
// Every simulator has the campaigns "Renewals", "Fibre upgrade" (both started)
// and "Customer survey" (loaded), with two calling lists of 40 contacts each;
// they are those of [Sim.State]. The first contact of each list has three
// numbers, chained; the second was promised a callback, which is due.
//
// An agent (a user, in whatever session) starts a preview session of a campaign
// and gets its records one after the other: list by list, contacts whom another
// agent has left out. A record has a handle once it was handed out, from 70001
// on. To complete, reject, cancel, reschedule or update a record, or to get its
// chain, one must have it: all else is refused with statusCode 2, and nothing
// is done. A record completed with the call result Answer completes the other
// numbers of its contact, too. A rejected contact goes to others, never back to
// whom rejected it. A campaign, or a record of one, that there is not is refused
// with HTTP 404 and statusCode 6.
//
// Of other campaigns the simulator knows nothing: any record of one is accepted
// in every operation on a record, as often as it is asked for, and without
// callbacks or chains. Only operations in a campaign are refused.
//
// # Control
//
// Every verb takes and gives JSON and needs the content type
// application/json. An error is a status other than 200 and {"error": "..."}.
// Those that wait (watch, too) answer when what they wait for has happened; who no
// longer wants to wait ends the request.
//
//	verb            in                                 out                    method
//	set             a Behavior                         {}                     Set
//	posts           {}                                 [Post, ...]            Posts
//	requests        {}                                 [Request, ...]         Requests
//	struck          {}                                 [a number, ...]        Struck
//	processed       {}                                 a number               Processed
//	sessions        {}                                 a number               Sessions
//	state           {}                                 a State                State
//	watch           {"after": version}                 a State                Watch
//	own             {}                                 {"session", "user"}    of the page's cookie
//	fault           a Fault                            {"id": 1}              Inject
//	withdraw        {"id": 1}                          {}                     Withdraw
//	cut             {"session": 0}                     {}                     Cut
//	expire          {"session": 0}                     {}                     Expire
//	expire-http     {"session": 0}                     {}                     ExpireHTTP
//	become          {"session": 0, "user": "agent2"}   {}                     Become
//	kick            {"session": 0}                     {}                     Kick
//	campaign        {"campaignName", "status"}         {}                     SetCampaign
//	push            {"campaignName", "user"}           {"recordHandle": n}    Push
//	reset           {"seed": 1}                        {}                     Reset
//	publish         {"channel": "/c", "data": any}     {}                     Publish
//	publish         {"channel": "/c", "message": "…"}  {}                     PublishText
//	ack             {"referenceId": "..."}             {}                     Ack
//	wait-posts      {"n": 1}                           {}                     WaitPosts
//	wait-sessions   {"n": 1}                           {}                     WaitSessions
//	wait-connected  {"n": 1}                           {}                     WaitConnected
//	close           {}                                 {}                     Close
//
// A page of a demo shows what its own agent's session can go through by what
// "own" has answered. With that number as session, every verb below concerns no
// other; without one, or with 0, it concerns all.
//
//	the connection drops          cut          {"session": n}
//	the CometD session is lost    expire       {"session": n}
//	the HTTP session is lost      expire-http  {"session": n}
//	somebody else signs in        become       {"session": n, "user": "agent2"}
//	the server ends the session   kick         {"session": n}
//	the next answer is lost       fault        {"session": n, "at": "event", "do": "silence"}
//	it is late                    fault        {"session": n, "at": "event", "do": "delay", "delayMS": 5000}
//	it is another event           fault        {"session": n, "at": "event", "do": "amend", "body": "{\"notificationType\":\"RecordProcessedError\"}"}
//	the next POST gets a 500      fault        {"session": n, "at": "post", "do": "answer", "status": 500, "body": "..."}
//	it lacks the CSRF token       fault        {"session": n, "at": "post", "do": "answer", "status": 403,
//	                                            "body": "{\"statusCode\":3,\"statusMessage\":\"Missing or invalid Csrf token\"}"}
//	its connection is reset       fault        {"session": n, "at": "post", "do": "reset", "processed": true}
//
// "times" has it happen more often, -1 until it is withdrawn. "set" replaces
// the behaviour and all faults, of everybody.
//
// The test server makes a new one: POST {TEST_SERVER}/gwssim-new gives
// {"url": "http://127.0.0.1:NNNN"}.
//
//go:generate go run ../cmd/simulatortypes ../..
package gwssim
