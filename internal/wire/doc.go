// Package wire has the messages between a page and the program, and their text: one list of kinds,
// one reader, one writer. The same kinds are in js/src/wire.ts, each beside its name here.
//
// Only text crosses. So nothing can fail to be cloned on its way into a Worker, and a message is
// the same wherever the program runs. What no text can hold stays where it is, and goes by number:
// the reason of a page's AbortSignal by the number of its call, what its function for headers threw by
// the number of the question. The compiled module goes to a Worker before the first message. HTTP
// requests and their answers do not pass here at all: see package httpx.
//
// A text from a page is one message. A text to a page is a list of messages, since those that
// come together are cheaper in one.
package wire
