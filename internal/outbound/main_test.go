//go:build !js

package outbound

import (
	"flag"
	"os"
	"testing"
)

// TestMain runs more tests at a time than there are processors, unless it is
// given a number: those of faults spend most of their time waiting.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		if err := flag.Set("test.parallel", "16"); err != nil {
			panic(err) // go test has no such flag any more
		}
	}
	os.Exit(m.Run())
}
