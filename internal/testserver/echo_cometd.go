//go:build !js

//lint:file-ignore SA1019 the comment of the package internal/bayeux/websocket says why this library is here

package testserver

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"nhooyr.io/websocket"
)

// events are those that wait for a connect of a test.
func (e *Echo) events(id string) chan []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.waiting == nil {
		e.waiting = map[string]chan []byte{}
	}
	if e.waiting[id] == nil {
		e.waiting[id] = make(chan []byte, 10)
	}
	return e.waiting[id]
}

// message is a Bayeux message.
type message map[string]any

// cometd answers long-polling.
func (a *echoAnswer) cometd() {
	if a.refuse("CometD") {
		return
	}
	if a.place == "CometD garbage" {
		a.write(200, "application/json", `[{"channel":"/meta/connect","text":"`+a.all()+`\q"},`+a.all())
		return
	}
	var messages []message
	_ = json.Unmarshal(a.body, &messages)
	answer, _ := json.Marshal(a.replies(messages, a.r))
	a.write(200, "application/json", string(answer))
}

// socket answers over a WebSocket.
func (a *echoAnswer) socket() {
	if strings.HasPrefix(a.place, "CometD") && a.place != "CometD garbage" {
		a.refuse("CometD")
		return
	}
	c, err := accept(a.w, a.r)
	if err != nil {
		return
	}
	defer c.Close(websocket.StatusNormalClosure, "")
	for {
		_, frame, err := c.Read(a.r.Context())
		if err != nil {
			return
		}
		var messages []message
		_ = json.Unmarshal(frame, &messages)
		go a.answer(c, messages) // a connect is held
	}
}

func (a *echoAnswer) answer(c *websocket.Conn, messages []message) {
	if a.place == "CometD garbage" {
		_ = c.Write(a.r.Context(), websocket.MessageText, []byte(a.all()))
		return
	}
	answer, _ := json.Marshal(a.replies(messages, a.r))
	if a.place == "close" && len(messages) > 0 && messages[0]["channel"] == "/meta/connect" {
		reason := a.all()
		_ = c.Close(4001, strings.ToValidUTF8(reason[:min(len(reason), 120)], ""))
		return
	}
	_ = c.Write(a.r.Context(), websocket.MessageText, answer)
}

func (a *echoAnswer) replies(messages []message, r *http.Request) []message {
	var replies []message
	for _, m := range messages {
		channel, _ := m["channel"].(string)
		step := strings.TrimPrefix(channel, "/meta/")
		reply := message{"id": m["id"], "channel": channel, "successful": true}
		if id, ok := m["clientId"].(string); ok {
			a.saw(a.id, id)
			reply["clientId"] = id
		}
		var session []string
		if m["subscription"] != nil {
			reply["subscription"] = m["subscription"]
		}
		switch step {
		case "handshake":
			id := "node 7" + random()
			a.gave(a.id, id)
			session = []string{id} // to be repeated at once: the reply may be lost
			reply["clientId"], reply["version"] = id, "1.0"
			reply["supportedConnectionTypes"] = []string{"websocket", "long-polling"}
			reply["advice"] = message{"reconnect": "retry", "interval": 0, "timeout": 30000}
		case "connect":
			if advice, _ := m["advice"].(map[string]any); advice["timeout"] == nil {
				select {
				case data := <-a.events(a.id):
					replies = append(replies, message{"channel": "/v2/me/outbound", "data": json.RawMessage(data)})
				case <-r.Context().Done():
				case <-time.After(20 * time.Second):
				}
			}
		}
		refused := a.place == step || a.place == step+" none"
		switch {
		case a.place == "handshake types" && step == "handshake":
			reply["supportedConnectionTypes"] = []string{a.all(session...)}
		case a.place == "handshake advice" && step == "handshake":
			reply["advice"] = message{"reconnect": a.all(session...), "interval": a.all(session...), "hosts": a.all(session...)}
		case a.place == "connect ext" && step == "connect":
			reply["ext"] = message{"ack": a.all(session...), "text": a.all(session...)}
		case a.place == "disconnect" && step == "connect":
			replies = append(replies, message{"channel": "/meta/disconnect", "error": a.all(session...)})
		case refused:
			reply["successful"], reply["error"] = false, "401:"+a.all(session...)+":refused "+a.all(session...)
			if a.place != step {
				reply["advice"] = message{"reconnect": "none"}
			}
		}
		replies = append(replies, reply)
	}
	return replies
}
