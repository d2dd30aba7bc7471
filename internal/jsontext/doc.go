// Package jsontext is the one reader of JSON that comes from outside: from servers and, within
// the program, from the page. Every reader of such text uses it, so that no two of them
// understand the same text differently. The rules:
//
//   - Names are matched exactly, upper and lower case included, once their escapes are decoded.
//   - Of properties with the same name the last counts, as it does for JSON.parse, which reads
//     the same events on the page.
//   - What is nested deeper than [MaxDepth] is not read. How long a text may be is bounded by
//     who receives it.
//   - Integers are kept as text, never as floating-point numbers: see [Value.Integer].
//   - Two mistakes that servers make are mended: NaN and the infinities, bare, read as null,
//     and a control character in a string is accepted and escaped in what goes on. Nothing else
//     that is not JSON is read.
//   - A byte order mark before the text is skipped.
//
// A text is checked once, by [Read] or [Walk]. What they give is a [Value], which is valid JSON,
// so that its methods look for nothing but where values end. Next to nothing is allocated:
// encoding/json takes many times as long, in a browser a third of what a call costs.
package jsontext
