// Package journal writes down what a client has sent and what has not been
// answered, so that the next client finds it after a crash or a reload: the
// requests, with what is known of their delivery, and what it takes to go on
// with the session over which the answers come.
//
// A [Journal] belongs to one client, its owner, which holds a lock as long as
// it lives. What is found without such a lock was left by one that is dead,
// and is taken over, with its lock; what others are writing who live is left
// alone. So two pages of one origin do not get in each other's way.
//
// The truth is in memory: a [Store] that fails costs nothing but what a crash
// would have left.
//
// An entry has the request as it was sent, and nothing else of anybody:
// neither who the agent is nor what signs it in. Agents who share a browser
// differ by a number made of their name.
package journal
