// Package interop starts CometD servers that others wrote, as judges of the
// client: CometD on Jetty in three lines, Faye, and CometD for Node.js. Each is a
// small program in a folder beside this file, with the Outbound API of GWS next
// to CometD: every operation that is asked for where it belongs is accepted, and
// answered by the events of the documentation, which go one by one through the
// server's own API for publishing. The records that answer a request are made
// up: their handles count on from that of the request, or from 0.
//
// [Start] builds what is needed (with Maven and javac, or npm), starts the
// server and puts a TCP proxy in front of it, so that connections can be cut, and
// the line be slow or long:
//
//	s := interop.Start(t, interop.Jetty8, interop.Options{})
//	... connect to s.URL ...
//	s.Control("set", interop.Behavior{HoldAck: true}, nil)
//	s.Cut()
//
// In the browser, where nothing can be started, Start asks the test server,
// whose URL is in the environment variable TEST_SERVER, and which serves a
// [Pool].
//
// # Control
//
// These verbs of [Server.Control] are the server's own. Each takes and gives
// JSON.
//
//	verb      in                                              out
//	set       a Behavior, which replaces the one before       {}
//	ack       {"referenceId": "...", "count": 1}: sends so    {}
//	          many of the events that were held; all that
//	          are left without a count
//	held      {"referenceId": "..."}: how many events are     {"held": 0}
//	          held; CometD on Jetty alone
//	publish   {"channel": "/c", "count": 1, "size": 0}        {}
//	expire    {}: forgets every CometD session; on Jetty,     {}
//	          with {"channel": "/c"}, those subscribed to it
//	sessions  {}                                              {"sessions": 0}
//	posts     {}: how many operations were accepted, and what {"posts": 0, "last": {}}
//	          the newest had in its body and its path
//
// What publish sends has the data {"n": 0, "text": "xx"}: the number of the
// message, from 0, and as many characters as size says. CometD on Jetty has them
// at random, since its sockets compress: they are sent in about five sixths as
// many bytes there.
package interop
