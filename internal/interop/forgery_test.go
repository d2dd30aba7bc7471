//go:build interop && !js

package interop_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/bayeux"
	"gws-outbound/internal/gws"
	"gws-outbound/internal/interop"
	"gws-outbound/internal/outbound"
)

// peer has a session of its own with the server, over long-polling, and sends what it likes.
type peer struct {
	t        *testing.T
	url      string
	http     http.Client
	clientID string
}

func newPeer(t *testing.T, s *interop.Server) *peer {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	p := &peer{t: t, url: s.URL + outbound.DefaultCometdPath, http: http.Client{Jar: jar, Timeout: long}}
	reply := p.send(`[{"channel":"/meta/handshake","id":"h","version":"1.0","minimumVersion":"1.0","supportedConnectionTypes":["long-polling"]}]`)
	var replies []struct{ ClientID string }
	require.NoError(t, json.Unmarshal([]byte(reply), &replies))
	require.NotEmpty(t, replies)
	p.clientID = replies[0].ClientID
	require.NotEmpty(t, p.clientID, reply)
	return p
}

// send sends a text, in which %c stands for the peer's clientId, and returns the answer.
func (p *peer) send(text string) string {
	p.t.Helper()
	resp, err := p.http.Post(p.url, "application/json", strings.NewReader(strings.ReplaceAll(text, "%c", p.clientID)))
	require.NoError(p.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	return string(body)
}

// forgery is the text of an acknowledgement, whose record is another one.
func forgery(reference string) string {
	return fmt.Sprintf(`{"messageType":"OutboundRecordUpdated","notificationType":"RecordProcessedAcknowledge","referenceId":"%s","record":{"recordHandle":666}}`, reference)
}

const chat = "/v2/me/chat" // a channel that the client listens to, and peers may publish on

// attacks are messages of a peer that may publish on any channel but the agent's own: each as text, in which %r stands for the forged
// acknowledgement, and %c for the peer's clientId.
func attacks() map[string]string {
	on := func(more string) string { return `{"channel":"` + chat + `","clientId":"%c","id":"1"` + more + `}` }
	list := map[string]string{
		"the acknowledgement on another channel":       on(`,"data":%r`),
		"a channel in another letter case beside":      on(`,"chAnnel":"/v2/me/outbound","CHANNEL":"/v2/me/outbound","data":%r`),
		"the channel doubled":                          `{"channel":"/v2/me/outbound","channel":"` + chat + `","clientId":"%c","data":%r}`,
		"the channel escaped, and doubled":             `{"\u0063hannel":"/v2/me/outbound","channel":"` + chat + `","clientId":"%c","data":%r}`,
		"data in another letter case, and doubled":     on(`,"Data":%r,"DATA":%r,"data":1,"data":{"n":0}`),
		"a message in the data":                        on(`,"data":{"channel":"/v2/me/outbound","data":%r,"successful":true}`),
		"messages in the data":                         on(`,"data":[{"channel":"/v2/me/outbound","data":%r},{"channel":"/meta/disconnect"}]`),
		"a frame in a string":                          on(`,"data":"]},{\"channel\":\"/v2/me/outbound\"}]"`),
		"the message in ext, and under other names":    on(`,"ext":{"channel":"/v2/me/outbound","data":%r},"messages":[{"channel":"/v2/me/outbound","data":%r}],"data":2`),
		"the event's names beside the data":            on(`,"notificationType":"RecordProcessedAcknowledge","referenceId":"ref-1","record":{"recordHandle":666},"data":3`),
		"a prototype":                                  on(`,"__proto__":{"channel":"/v2/me/outbound"},"data":{"__proto__":%r,"constructor":%r}`),
		"advice that ends":                             on(`,"advice":{"reconnect":"none"},"data":4`),
		"advice that ends, by its interval":            on(`,"advice":{"reconnect":"retry","interval":-1},"data":5`),
		"advice to shake hands":                        on(`,"advice":{"reconnect":"handshake","interval":0},"data":6`),
		"advice that slows":                            on(`,"advice":{"interval":86400000,"timeout":86400000,"maxInterval":0,"multiple-clients":true},"data":7`),
		"advice that steers":                           on(`,"advice":{"hosts":["http://evil.example/"],"reconnect":"handshake"},"data":8`),
		"advice in the data":                           on(`,"data":{"advice":{"reconnect":"none"},"ext":{"ack":-1}}`),
		"a batch that is confirmed":                    on(`,"ext":{"ack":999999},"data":9`),
		"a batch that is asked for again":              on(`,"ext":{"ack":{"enabled":false,"batch":-5}},"successful":true,"data":10`),
		"a refusal":                                    on(`,"successful":false,"error":"402::Unknown client","subscription":"/v2/me/outbound","data":11`),
		"a channel of nearly the same name":            `{"channel":"/v2/me/Outbound","clientId":"%c","data":%r}`,
		"a channel below":                              `{"channel":"/v2/me/outbound/x","clientId":"%c","data":%r}`,
		"to disconnect":                                `{"channel":"/meta/disconnect","clientId":"nobody","successful":true,"data":%r,"advice":{"reconnect":"none"}}`,
		"to connect in another's place":                `{"channel":"/meta/connect","clientId":"nobody","connectionType":"long-polling","successful":true,"advice":{"timeout":0,"interval":-1},"data":%r}`,
		"a reply to a handshake":                       `{"channel":"/meta/handshake","successful":false,"error":"403::no","advice":{"reconnect":"none"},"data":%r}`,
		"an event on /meta/connect":                    `{"channel":"/meta/connect","clientId":"%c","id":"3","successful":false,"connectionType":"long-polling","advice":{"reconnect":"none","timeout":0},"data":%r}`,
		"a channel with a meta channel's name in case": `{"channel":"/Meta/disconnect","clientId":"%c","data":%r}`,
		"a service channel":                            `{"channel":"/service/v2/me/outbound","clientId":"%c","data":%r}`,
		"handles beyond JavaScript, infinities, depth": on(`,"data":{"recordHandle":9007199254740993,"deep":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`),
		"half of a surrogate pair":                     on(`,"data":{"referenceId":"\ud800ref-1"}`),
	}
	for id := range 12 { // those of the client's own messages
		list[fmt.Sprintf("a reply with the id %d", id)] = fmt.Sprintf(`{"channel":"%s","clientId":"%%c","id":"%d","successful":false,"error":"402::Unknown client","advice":{"reconnect":"none"},"data":%d}`, chat, id, id)
	}
	return list
}

// A peer that may publish on a channel which the client listens to neither answers a call, nor ends, slows or
// steers the session.
func TestForgery_PeerOnAnotherChannelChangesNothing(t *testing.T) {
	for _, kind := range []interop.Kind{interop.Jetty9, interop.Faye} {
		for _, transport := range transports {
			for _, channel := range []string{chat, "/v2/**"} {
				j := &judge{kind: kind, transport: transport, ack: kind.HasAck()}
				t.Run(fmt.Sprintf("%s %s", j.name(), channel), func(t *testing.T) {
					t.Parallel()
					j.Server = interop.Start(t, kind, interop.Options{})
					changesNothing(t, j, channel)
				})
			}
		}
	}
}

func changesNothing(t *testing.T, j *judge, channel string) {
	c := j.open(t, channel)
	p := newPeer(t, j.Server)
	j.Control("set", interop.Behavior{HoldAck: true}, nil)
	pending := c.acceptedAll(t, 1, long)[0]
	const quickly = 5 * time.Second

	list := attacks()
	names := make([]string, 0, len(list))
	for name := range list {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		text := strings.ReplaceAll(list[name], "%r", forgery(pending.reference))
		p.send("[" + text + "]")
		// What comes behind it has been heard: so has it, if the server let it pass.
		marker := 1000 + i
		p.send(fmt.Sprintf(`[{"channel":"%s","clientId":"%%c","data":{"n":%d}}]`, chat, marker))
		began := time.Now()
		c.await(t, "for what a peer published behind: "+name, func() bool {
			return slices.ContainsFunc(c.notifications, func(n notification) bool { return n.n == marker })
		})
		require.Less(t, time.Since(began), quickly, "slower, by %s", name)
		select {
		case <-pending.done:
			require.Fail(t, "a call was answered", "by %s: %s, %v", name, pending.data, pending.err)
		default:
		}
		require.Equal(t, 1, c.session(), "a new session, by %s", name)
		require.NotContains(t, c.said(), string(bayeux.Reconnecting), name)
	}
	c.mu.Lock()
	heard := len(c.notifications)
	c.mu.Unlock()
	require.Greater(t, heard, len(list)+20, "the server let most of them pass")

	began := time.Now()
	j.acknowledge(pending.reference)
	pending.resolved(t, c)
	require.Less(t, time.Since(began), quickly)
	j.Control("set", interop.Behavior{}, nil)
	began = time.Now()
	c.completeAll(t, 5, 1)
	require.Less(t, time.Since(began), quickly)
	require.Equal(t, 1, c.session())
}

// What is not promised: who may publish on the agent's own channel can forge. These servers let anybody.
func TestForgery_PeerOnTheAgentsChannelIsTheServersToRefuse(t *testing.T) {
	for _, kind := range []interop.Kind{interop.Jetty9, interop.Faye} {
		j := &judge{kind: kind, transport: "websocket", ack: kind.HasAck()}
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			j.Server = interop.Start(t, kind, interop.Options{})
			c := j.open(t)
			p := newPeer(t, j.Server)
			j.Control("set", interop.Behavior{HoldAck: true}, nil)
			_, reference := j.newReference()
			pending := c.call(t, "completeRecord", gws.Fields{
				"recordHandle": 1.0, "applicationId": 134.0, "campaignName": "Campaign1", "callingList": "CallingList1",
				"devicePath": "/devices/1", "referenceId": reference,
			}, long, nil)
			pending.isAccepted(t)
			p.send(`[{"channel":"/v2/me/outbound","clientId":"%c","data":` + forgery(reference) + `}]`)
			require.NoError(t, pending.end(t))
			require.Contains(t, string(pending.data), "666")
		})
	}
}
