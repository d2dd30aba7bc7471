package bayeux

import (
	"bytes"
	"encoding/json"
)

// What follows reads JSON that is known to be valid, so that it need not look
// for anything but where values end. An event costs a fraction of what
// encoding/json takes for it, which matters where many come that nobody waits for.

// messages calls each with every message of a frame, which is an array or a
// single one.
func messages(frame []byte, each func(message []byte)) {
	if frame[0] != '[' {
		each(frame)
		return
	}
	for i := skipSpace(frame, 1); frame[i] != ']'; {
		end := skipValue(frame, i)
		each(frame[i:end])
		if i = skipSpace(frame, end); frame[i] == ',' {
			i = skipSpace(frame, i+1)
		}
	}
}

// decodeEvent reads a message that has a channel, data, and perhaps an id, and nothing
// else, all written plainly: so servers publish events. It reports whether
// the message is one; what is not is for encoding/json to read.
func decodeEvent(b []byte) (m Message, ok bool) {
	if b[0] != '{' {
		return Message{}, false
	}
	for i := skipSpace(b, 1); b[i] != '}'; {
		keyEnd := skipString(b, i)
		key := b[i:keyEnd]
		i = skipSpace(b, skipSpace(b, keyEnd)+1) // behind the colon
		end := skipValue(b, i)
		value := b[i:end]
		switch string(key) {
		case `"channel"`:
			if m.Channel != "" || !plain(value) {
				return Message{}, false
			}
			m.Channel = string(value[1 : len(value)-1])
		case `"id"`:
			if m.ID != "" || !plain(value) {
				return Message{}, false
			}
			m.ID = text(value[1 : len(value)-1])
		case `"data"`:
			if m.Data != nil {
				return Message{}, false
			}
			m.Data = json.RawMessage(bytes.Clone(value)) // who keeps it must not keep the frame
		default:
			return Message{}, false
		}
		if i = skipSpace(b, end); b[i] == ',' {
			i = skipSpace(b, i+1)
		}
	}
	return m, m.Channel != "" && m.Data != nil
}

// plain reports whether a value is a string, not empty, of printable ASCII
// characters that stand for themselves.
func plain(value []byte) bool {
	if value[0] != '"' || len(value) == 2 {
		return false
	}
	for _, c := range value[1 : len(value)-1] {
		if c < ' ' || c > '~' || c == '\\' {
			return false
		}
	}
	return true
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	return i
}

// skipString returns where the string that begins at i ends.
func skipString(b []byte, i int) int {
	for i++; b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// skipValue returns where the value that begins at i ends.
func skipValue(b []byte, i int) int {
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		for depth := 0; ; {
			switch b[i] {
			case '"':
				i = skipString(b, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			if i++; depth == 0 {
				return i
			}
		}
	}
	for i < len(b) && bytes.IndexByte([]byte(",]} \t\r\n"), b[i]) < 0 {
		i++
	}
	return i
}
