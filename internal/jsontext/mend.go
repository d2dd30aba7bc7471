package jsontext

// maxMending is how many bytes a value may grow by when it is mended: a control character
// takes up to six.
const maxMending = 1 << 20

// mend writes again what check has found to be readable, but not to be JSON.
func mend(odd []byte) (Value, Problem) {
	limit := len(odd) + maxMending
	b := make([]byte, 0, len(odd)+64)
	for i := 0; i < len(odd); {
		switch c := odd[i]; {
		case c == '"':
			end := skipString(odd, i)
			for _, c := range odd[i:end] {
				if c < ' ' {
					b = appendControl(b, c)
				} else {
					b = append(b, c)
				}
			}
			if len(b) > limit {
				return nil, Broken
			}
			i = end
		case inWord(c):
			end := skipWord(odd, i)
			if word := odd[i:end]; isOdd(word) {
				b = append(b, "null"...)
			} else {
				b = append(b, word...)
			}
			i = end
		default:
			b = append(b, c)
			i++
		}
	}
	return b, None
}

func isOdd(word []byte) bool {
	for _, odd := range oddWords {
		if string(word) == odd {
			return true
		}
	}
	return false
}
