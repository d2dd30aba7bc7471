package jsontext

// MaxDepth is how many arrays and objects may be within each other.
const MaxDepth = 10_000

// nest says of each array and object that is open whether it is an object. It is small, since it is on
// the stack of whoever reads: most texts have less than 64 within each other.
type nest struct {
	first uint64
	more  []uint64 // of those from the 65th on
	depth int
}

// word is where the bit of a depth is.
func (n *nest) word(depth int) *uint64 {
	if depth < 64 {
		return &n.first
	}
	return &n.more[depth/64-1]
}

// open reports whether there was room.
func (n *nest) open(object bool) bool {
	if n.depth == MaxDepth {
		return false
	}
	if n.depth == 64*(len(n.more)+1) {
		n.more = append(n.more, 0)
	}
	word, bit := n.word(n.depth), uint64(1)<<(n.depth%64)
	*word &^= bit
	if object {
		*word |= bit
	}
	n.depth++
	return true
}

// inObject reports whether the innermost is an object. There must be one.
func (n *nest) inObject() bool {
	top := n.depth - 1
	return *n.word(top)&(1<<(top%64)) != 0
}

// check returns where the value that begins at i ends, and whether it has to be mended. With a
// problem, end is where that is.
func check(b []byte, i int) (end int, odd bool, p Problem) {
	var open nest
	name := false // a name comes next, not a value
	for {
		if i = skipSpace(b, i); i == len(b) {
			return i, odd, CutShort
		}
		switch c := b[i]; {
		case c == '"':
			var raw bool
			if i, raw, p = checkString(b, i); p != None {
				return i, odd, p
			}
			odd = odd || raw
			if name {
				if i = skipSpace(b, i); i == len(b) {
					return i, odd, CutShort
				}
				if b[i] != ':' {
					return i, odd, Broken
				}
				i, name = i+1, false
				continue
			}
		case name:
			return i, odd, Broken
		case c == '{' || c == '[':
			if !open.open(c == '{') {
				return i, odd, TooDeep
			}
			if i = skipSpace(b, i+1); i == len(b) {
				return i, odd, CutShort
			}
			if b[i] != c+2 { // '{' and '}', '[' and ']' are two apart
				name = c == '{'
				continue
			}
			open.depth--
			i++
		case c == '-' || c >= '0' && c <= '9':
			var word bool
			if i, word, p = checkNumber(b, i); p != None {
				return i, odd, p
			}
			odd = odd || word
		default:
			var word bool
			if i, word, p = checkWord(b, i); p != None {
				return i, odd, p
			}
			odd = odd || word
		}
		// Behind a value.
		for {
			if open.depth == 0 {
				return i, odd, None
			}
			if i = skipSpace(b, i); i == len(b) {
				return i, odd, CutShort
			}
			object := open.inObject()
			if b[i] == ',' {
				i, name = i+1, object
				break
			}
			if object && b[i] != '}' || !object && b[i] != ']' {
				return i, odd, Broken
			}
			open.depth--
			i++
		}
	}
}

// checkString returns where the string that begins at i ends, and whether it has raw control
// characters.
func checkString(b []byte, i int) (end int, raw bool, p Problem) {
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1, raw, None
		case c == '\\':
			if i++; i == len(b) {
				return i, raw, CutShort
			}
			switch b[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				for range 4 {
					if i++; i == len(b) {
						return i, raw, CutShort
					}
					if hexDigit(b[i]) < 0 {
						return i, raw, Broken
					}
				}
			default:
				return i, raw, Broken
			}
		case c < ' ':
			raw = true
		}
	}
	return i, raw, CutShort
}

func hexDigit(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c >= 'a' && c <= 'f':
		return rune(c - 'a' + 10)
	case c >= 'A' && c <= 'F':
		return rune(c - 'A' + 10)
	}
	return -1
}

// checkNumber returns where the number that begins at i ends, and whether it is an infinity or
// NaN with a sign.
func checkNumber(b []byte, i int) (end int, odd bool, p Problem) {
	start := i
	if b[i] == '-' {
		i++
	}
	switch {
	case i == len(b):
		return i, false, CutShort
	case b[i] == '0':
		i++
	case b[i] >= '1' && b[i] <= '9':
		i = skipDigits(b, i)
	default:
		return checkWord(b, start)
	}
	if i < len(b) && b[i] == '.' {
		first := i + 1
		if i = skipDigits(b, first); i == first {
			return i, false, missing(b, i)
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		first := i
		if i = skipDigits(b, first); i == first {
			return i, false, missing(b, i)
		}
	}
	if i < len(b) && inWord(b[i]) {
		return i, false, Broken
	}
	return i, false, None
}

// missing is the problem of what is not at i.
func missing(b []byte, i int) Problem {
	if i == len(b) {
		return CutShort
	}
	return Broken
}

func skipDigits(b []byte, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}

// The words that JSON has for values, and those that servers print for numbers that it has not.
var words, oddWords = []string{"true", "false", "null"}, []string{"NaN", "-NaN", "Infinity", "-Infinity", "+Infinity", "nan", "-nan", "inf", "-inf"}

// checkWord returns where the bare word that begins at i ends, and whether it is none of JSON.
func checkWord(b []byte, i int) (end int, odd bool, p Problem) {
	end = skipWord(b, i)
	for k, list := range [...][]string{words, oddWords} {
		for _, word := range list {
			if string(b[i:end]) == word {
				return end, k == 1, None
			}
			if end == len(b) && end > i && len(word) > end-i && word[:end-i] == string(b[i:]) {
				p = CutShort
			}
		}
	}
	if p == None {
		p = Broken
	}
	return end, false, p
}

func skipWord(b []byte, i int) int {
	for i < len(b) && inWord(b[i]) {
		i++
	}
	return i
}

// inWord reports whether c can be within a number or a bare word.
func inWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.' || c == '_' || c == '$' || c >= 0x80
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	return i
}
