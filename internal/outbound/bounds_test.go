package outbound

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
)

// hostile plays a completion whose POST was accepted, of which the
// acknowledgement follows once the server has done its worst over a socket.
func hostile(t *testing.T, worst func(s *modelServer, l *modelLink)) (got outcome, reconnected bool, sessions int, log []string) {
	synctest.Test(t, func(t *testing.T) {
		s := &modelServer{conf: modelConfig{Ack: true}, truths: map[string]*modelTruth{
			"ref-1": {fate: modelFate{Answer: "ok", Event: "ack", EventAfter: 10 * time.Second}},
		}}
		opts := modelOptions(func(level bayeux.Level, line string) {
			if level > bayeux.Debug {
				log = append(log, line)
			}
		})
		opts.OnStatus = func(status bayeux.Status) {
			reconnected = reconnected || status.State == bayeux.Reconnecting
			sessions = status.Session
		}
		c, err := opts.open(t.Context(), s.network())
		require.NoError(t, err)
		defer c.Close()
		done := call(t.Context(), c, record(), CallOptions{})
		synctest.Wait()
		s.mu.Lock()
		worst(s, s.links[0])
		s.mu.Unlock()
		got = <-done
		require.Zero(t, c.Pending())
	})
	return got, reconnected, sessions, log
}

func TestHostileServer(t *testing.T) {
	noise := func(handle int) string {
		return fmt.Sprintf(`{"notificationType":"RecordProcessedAcknowledge","referenceId":"of others","record":{"recordHandle":%d}}`, handle)
	}
	for name, test := range map[string]struct {
		worst    func(s *modelServer, l *modelLink)
		breaks   bool
		sessions int // 1 if zero
	}{
		"100,000 acknowledgements of others": {worst: func(_ *modelServer, l *modelLink) {
			for i := range 100_000 {
				l.frame(`[{"channel":"/v2/me/outbound","data":` + noise(i) + `}]`)
			}
		}},
		"and in one frame": {worst: func(s *modelServer, l *modelLink) {
			one := `{"channel":"/v2/me/outbound","data":` + noise(1) + `},`
			l.frame(`[` + strings.Repeat(one, bayeux.DefaultMaxMessageSize/len(one)-1) + one[:len(one)-1] + `]`)
		}},
		"a frame of 50 MB": {breaks: true, sessions: 2, worst: func(_ *modelServer, l *modelLink) {
			l.frame(`[{"channel":"/v2/me/outbound","data":"` + strings.Repeat("x", 50<<20) + `"}]`)
		}},
		"deep nesting": {worst: func(_ *modelServer, l *modelLink) {
			for _, depth := range []int{500, 990, 1000, 300_000} {
				nested := strings.Repeat(`{"record":`, depth) + "1" + strings.Repeat("}", depth)
				l.frame(`[{"channel":"/v2/me/outbound","data":` + nested + `}]`)
			}
		}},
		"events that cannot be read": {worst: func(_ *modelServer, l *modelLink) {
			for _, data := range []string{`null`, `0`, `""`, `[]`, `{"record":null,"referenceId":{}}`, `{"record":[],"notificationType":9}`} {
				l.frame(`[{"channel":"/v2/me/outbound","data":` + data + `}]`)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, reconnected, sessions, log := hostile(t, test.worst)
			require.NoError(t, got.err)
			require.True(t, bytes.Contains(got.data, []byte(`"ref-1"`)))
			require.Equal(t, test.breaks, reconnected)
			require.Equal(t, max(test.sessions, 1), sessions)
			require.LessOrEqual(t, len(log), 30)
			for _, line := range log {
				require.Less(t, len(line), 1000)
				require.NotContains(t, line, "internal error")
			}
		})
	}
}

func TestWhatTheServerSaysIsCutInErrors(t *testing.T) {
	got, _, _, _ := hostile(t, func(_ *modelServer, l *modelLink) {
		l.frame(`[{"channel":"/v2/me/outbound","data":{"referenceId":"ref-1","notificationType":"` + strings.Repeat("é", 1<<20) + `"}}]`)
	})
	e := got.rejected(t, RecordError, gws.Accepted)
	require.Less(t, len(e.Message), 1000)
}
