package outbound

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/gwssim"
)

func TestFaultsInTheClosing(t *testing.T) { matrix(t, closingFaults()) }

// closingFaults happen to the disconnect of a client that is closed while a
// completion is pending. The caller learns of it at once, and Close does not wait
// for a server that does not answer.
func closingFaults() (rows []fault) {
	row := func(name string, f gwssim.Fault) {
		f.At, f.Times = gwssim.AtDisconnect, always
		rows = append(rows, fault{
			name: name, then: gwssim.Behavior{HoldAck: true, Faults: []gwssim.Fault{f}},
			pending: func(t *testing.T, s *scene) {
				get(t, s.accepted)
				go s.c.Close()
			},
			after: func(t *testing.T, s *scene) {
				begun := time.Now()
				s.c.Close() // again: it returns when the client is closed
				require.Less(t, time.Since(begun), 4*time.Second)
			},
			want: want{code: Closed, delivery: gws.Accepted, posts: 1, processed: 1, ended: true},
		})
	}
	row("the disconnect is reset", gwssim.Fault{Do: gwssim.DoReset})
	row("the answer to the disconnect is reset", gwssim.Fault{Do: gwssim.DoReset, Processed: true})
	row("half an answer to the disconnect", gwssim.Fault{Do: gwssim.DoHalf})
	row("the disconnect is never answered", gwssim.Fault{Do: gwssim.DoSilence})
	row("the connection is closed at the disconnect", gwssim.Fault{Do: gwssim.DoClose})
	row("a login page at the disconnect", gwssim.Fault{Do: gwssim.DoAnswer, Body: loginPage, Header: html})
	for _, code := range statuses {
		row(fmt.Sprintf("%d at the disconnect", code), status(gwssim.AtDisconnect, code))
		rows[len(rows)-1].over = LongPolling
	}
	return rows
}
