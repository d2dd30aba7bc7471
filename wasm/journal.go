//go:build js && wasm

package main

import (
	"context"
	"fmt"

	"github.com/hack-pad/safejs"

	"gws-outbound/internal/gws"
	"gws-outbound/internal/journal"
	"gws-outbound/internal/jsbridge"
	"gws-outbound/internal/outbound"
)

// openJournal opens the database and the locks of the origin.
func openJournal() (journal.Store, journal.Locks, error) {
	locks, err := journal.NewWebLocks()
	if err != nil {
		return nil, nil, fmt.Errorf("navigator.locks: %w", err)
	}
	store, err := journal.NewIndexedDB()
	if err != nil {
		return nil, nil, fmt.Errorf("indexedDB: %w", err)
	}
	return store, locks, nil
}

// ofClient makes a method that takes a client's number first. begin is given the
// others; it must not wait.
func (m *module) ofClient(begin func(args arguments) (func(*outbound.Client) (safejs.Value, error), error)) (safejs.Func, error) {
	return export(m.reject, func(args arguments) (job, error) {
		id, err := args.at(0).Int()
		if err != nil {
			return nil, err
		}
		work, err := begin(args[1:])
		if err != nil {
			return nil, err
		}
		return func() (safejs.Value, error) {
			c := m.clients[id]
			if c == nil {
				return safejs.Undefined(), outbound.ClosedError(gws.NotSent)
			}
			return work(c)
		}, nil
	})
}

// unsettled lists the calls that clients before this one have left.
func unsettled(arguments) (func(*outbound.Client) (safejs.Value, error), error) {
	return func(c *outbound.Client) (safejs.Value, error) {
		list := []any{}
		for _, u := range c.Unsettled(context.Background()) {
			call := describeUnsettled(u)
			call["sentAt"], call["answerableUntil"] = u.SentAt.UnixMilli(), nil
			if !u.AnswerableUntil.IsZero() {
				call["answerableUntil"] = u.AnswerableUntil.UnixMilli()
			}
			list = append(list, call)
		}
		return safejs.ValueOf(list)
	}, nil
}

// describeUnsettled returns what is told of a call, but for its times.
func describeUnsettled(u outbound.Unsettled) map[string]any {
	return map[string]any{
		"method": u.Method, "request": map[string]any(u.Request), "referenceId": u.ReferenceID,
		"delivery": string(u.Delivery), "answered": u.Answered,
	}
}

// settled waits for the end of one of them.
func settled(args arguments) (func(*outbound.Client) (safejs.Value, error), error) {
	reference, err := readReference(args.at(0))
	return func(c *outbound.Client) (safejs.Value, error) { return waitSettled(c, reference) }, err
}

func waitSettled(c *outbound.Client, reference string) (safejs.Value, error) {
	result, err := c.Settled(context.Background(), reference)
	if err != nil {
		return safejs.Undefined(), err
	}
	return valueFor(result)
}

// forget takes one of them off the list.
func forget(args arguments) (func(*outbound.Client) (safejs.Value, error), error) {
	reference, err := readReference(args.at(0))
	return func(c *outbound.Client) (safejs.Value, error) {
		return safejs.Undefined(), c.Forget(context.Background(), reference)
	}, err
}

func readReference(v safejs.Value) (string, error) {
	if t := jsbridge.TypeOf(v); t != "string" {
		return "", outbound.InvalidOptions([]gws.Problem{{Field: "referenceId", Message: "must be a string, got " + t}})
	}
	return v.String()
}
