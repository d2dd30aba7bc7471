package jsontext

// Problem is why a text cannot be read. It never says what is in the text.
type Problem uint8

// The problems.
const (
	None     Problem = iota
	Broken           // it is no JSON
	CutShort         // it is JSON up to its end, and something is missing there
	TooDeep          // it is nested deeper than MaxDepth
)

func (p Problem) Error() string {
	switch p {
	case CutShort:
		return "JSON that is cut short"
	case TooDeep:
		return "JSON that is nested too deep"
	default:
		return "broken JSON"
	}
}
