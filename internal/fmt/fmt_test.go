package fmt_test

import (
	"errors"
	std "fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/fmt"
)

type (
	code   string
	number int
	phase  int
	failed struct{ reason string }
)

func (p phase) String() string  { return "phase " + string(rune('0'+p)) }
func (f *failed) Error() string { return f.reason }

var operands = []any{
	nil, "", "text", "with \"quotes\"\n\x00\xff€", []byte("bytes"), code("CODE"), number(3), phase(2),
	0, -1, math.MinInt64, int32(7), uint8(255), uint64(math.MaxUint64), true, false,
	0.5, 1e6, 1e-7, -3.0, math.Inf(1), math.NaN(),
	io.EOF, &failed{"reason"}, (*failed)(nil), std.Errorf("outer: %w", io.EOF), 90 * time.Second,
	[]string{"a b", "c"}, []string{}, []string(nil),
}

func TestSprintf_PrintsAsTheStandardLibraryDoes(t *testing.T) {
	for _, format := range []string{
		"%v", "<%v>", "%+v", "%s", "%q", "%T", "%.2q", "%.40q", "%.1s", "%%", "100%% of %v",
	} {
		for _, operand := range operands {
			if takes(format, operand) {
				require.Equal(t, std.Sprintf(format, operand), fmt.Sprintf(format, operand), "%s of %T %#v", format, operand, operand)
			}
		}
	}
	for _, operand := range []any{0, -12, number(3), phase(2), int64(1 << 62), uint16(9)} {
		require.Equal(t, std.Sprintf("%d", operand), fmt.Sprintf("%d", operand))
	}
	require.Equal(t, "a: 1 of [\"x\"], b", fmt.Sprintf("%s: %d of %q, %v", "a", 1, []string{"x"}, errors.New("b")))
}

// takes reports whether a verb is for an operand: the package has only these.
func takes(format string, operand any) bool {
	if operand == (*failed)(nil) { // the standard library neither quotes nor cuts what it says of that
		return format == "%v" || format == "<%v>" || format == "%s"
	}
	switch operand.(type) {
	case nil:
		return format == "%v" || format == "<%v>" || format == "%+v" || format == "%T"
	case []byte:
		return !strings.Contains(format, "v") && format != "%%"
	case *failed, error, string, code, phase, time.Duration, []string:
		return format != "%%" && !(format[1] == '.' && isList(operand))
	}
	return format != "%%" && format[len(format)-1] != 'q' && format[len(format)-1] != 's'
}

func isList(operand any) bool { _, is := operand.([]string); return is }

func TestSprintf_MistakesAreSeen(t *testing.T) {
	sprintf := fmt.Sprintf // by a name that go vet does not know
	require.Equal(t, "%!d(string)", sprintf("%d", "x"))
	require.Equal(t, "%!s(int)", sprintf("%s", 1))
	require.Equal(t, "%!x(int)", sprintf("%x", 1))
	require.Equal(t, "%!d(MISSING)", sprintf("%d"))
	require.Equal(t, "%!(NOVERB)", sprintf("%"))
	require.Equal(t, "(map[string]int)", sprintf("%v", map[string]int{"a": 1}))
}

type panics struct{}

func (panics) Error() string { panic("in Error") }

func TestSprintf_ErrorThatPanicsIsNamed(t *testing.T) {
	require.Equal(t, "%!v(PANIC in fmt_test.panics)", fmt.Sprintf("%v", panics{}))
}

func TestErrorf_WrapsTheOperandOfW(t *testing.T) {
	err := fmt.Errorf("reading %q: %w (%d bytes)", "x", io.EOF, 3)
	require.EqualError(t, err, `reading "x": EOF (3 bytes)`)
	require.ErrorIs(t, err, io.EOF)
	require.Nil(t, errors.Unwrap(fmt.Errorf("plain %v", io.EOF)))
}

func FuzzSprintf(f *testing.F) {
	f.Add("\"quotes\"\n", "€\xff", 5)
	f.Fuzz(func(t *testing.T, text, other string, n int) {
		for _, format := range []string{"%s %q %d", "%v %.5q %v", "%.0s%.3s %d%%"} {
			require.Equal(t, std.Sprintf(format, text, other, n), fmt.Sprintf(format, text, other, n))
		}
	})
}
