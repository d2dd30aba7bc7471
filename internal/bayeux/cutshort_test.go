package bayeux

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatIsWrongWithAFrame(t *testing.T) {
	for frame, want := range map[string]string{
		`[{"channel":"/a","data":{"n":1`:                        cutShort,
		`[{"channel":"/a","da`:                                  cutShort,
		`[{"channel":"/a","data":1}`:                            cutShort,
		`[`:                                                     cutShort,
		`[{"channel":"/a","data":1}]]`:                          brokenJSON,
		`[{"channel":"/a" "data":1}]`:                           brokenJSON,
		`[{"channel":"/a","data":nothing}]`:                     brokenJSON,
		`{` + strings.Repeat(`"a":{`, 20000):                    brokenJSON,
		strings.Repeat(`[`, 20000) + strings.Repeat(`]`, 20000): brokenJSON,
	} {
		_, err := decode([]byte(frame), func(*Message) {})
		require.Error(t, err, frame)
		require.Equal(t, want, err.(*ProtocolError).Problem, "%.60s", frame)
	}
}

func TestServerThatCutsEveryFrameShortIsNotFollowedForEver(t *testing.T) {
	run(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client()
		s.connect(c)
		for range mostCutShort {
			s.expect(metaConnect)
			s.say(`[{"channel":"/a","data":`)
			s.connection() // in which the server sends it again
			s.say(connectReply, s.expect(metaConnect)...)
		}
		s.expect(metaConnect)
		s.say(`[{"channel":"/a","data":`)
		s.silent()
		require.Equal(t, Connected, c.current().State)
	})
}
