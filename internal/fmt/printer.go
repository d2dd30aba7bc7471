package fmt

// printer replaces the verbs of a format.
type printer struct {
	format   string
	operands []any
	wrapped  error // the operand of %w
}

func (p *printer) print() string {
	b := make([]byte, 0, len(p.format)+16*len(p.operands))
	next := 0
	for i := 0; i < len(p.format); i++ {
		if p.format[i] != '%' {
			b = append(b, p.format[i])
			continue
		}
		verb, precision, length := readVerb(p.format[i+1:])
		i += length
		switch {
		case verb == '%':
			b = append(b, '%')
		case verb == 0:
			b = append(b, "%!(NOVERB)"...)
		case next == len(p.operands):
			b = append(b, '%', '!', verb)
			b = append(b, "(MISSING)"...)
		default:
			operand := p.operands[next]
			next++
			if err, is := operand.(error); verb == 'w' && is && p.wrapped == nil {
				p.wrapped, verb = err, 'v'
			}
			b = appendValue(b, verb, precision, operand)
		}
	}
	return string(b)
}

// readVerb reads what follows a percent sign: a verb, 0 at the format's end, and the precision before it,
// -1 without. A plus is for structs, and changes nothing here.
func readVerb(format string) (verb byte, precision, length int) {
	precision = -1
	for i := range len(format) {
		switch c := format[i]; {
		case c == '+':
		case c == '.':
			precision = 0
		case precision >= 0 && '0' <= c && c <= '9':
			precision = 10*precision + int(c-'0')
		default:
			return c, precision, i + 1
		}
	}
	return 0, precision, len(format)
}
