//go:build !js

package interop

import (
	"encoding/json"

	"gws-outbound/internal/gws"
)

// operationsVariable is the environment variable by which a server learns the operations.
const operationsVariable = "GWS_OPERATIONS"

// operation is one as the servers know it.
type operation struct {
	Name        string `json:"name"`
	Path        string `json:"path"` // with its parameter in braces, if it has one
	MessageType string `json:"messageType"`

	// Notifications are the types of the events that answer it: the last ends it, one before that is
	// of each element of a list.
	Notifications []string `json:"notifications"`
}

// operations is the table of package gws, as JSON for the servers.
func operations() string {
	var list []operation
	for _, op := range gws.Operations() {
		o := operation{Name: op.Name, Path: op.Path}
		for _, a := range op.Answers {
			if a.Role == gws.Nothing {
				continue
			}
			o.MessageType = a.MessageType
			o.Notifications = append(o.Notifications, a.NotificationType)
			if a.Role == gws.Final { // of several, servers have the first
				break
			}
		}
		list = append(list, o)
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // strings marshal
	}
	return string(text)
}
