// Command refusals says what the module finds wrong with requests, for a test of the client that is for tests. It
// reads JSON from standard input, a list of {"method", "request"}, in which {"time": n} is a Date, and writes the names of the
// wrong fields of each, in order.
package main

import (
	"encoding/json"
	"log"
	"os"
	"slices"
	"time"

	"gws-outbound/internal/gws"
)

func main() {
	var requests []struct {
		Method  string
		Request map[string]any
	}
	if err := json.NewDecoder(os.Stdin).Decode(&requests); err != nil {
		log.Fatal("refusals: ", err)
	}
	wrong := make([][]string, len(requests))
	for i, r := range requests {
		fields := gws.Fields{}
		for name, v := range r.Request {
			fields[name] = valueOf(v)
		}
		_, problems := gws.ParseRequest(r.Method, fields, false)
		wrong[i] = []string{}
		for _, p := range problems {
			wrong[i] = append(wrong[i], p.Field)
		}
		slices.Sort(wrong[i])
	}
	if err := json.NewEncoder(os.Stdout).Encode(wrong); err != nil {
		log.Fatal("refusals: ", err)
	}
}

// valueOf makes a value of a field, as the messages of a page have it.
func valueOf(v any) any {
	switch v := v.(type) {
	case []any:
		return gws.Foreign("array")
	case map[string]any:
		if ms, ok := v["time"].(float64); ok {
			return time.UnixMilli(int64(ms))
		}
		inner := map[string]any{}
		for name, v := range v {
			if _, deep := v.(map[string]any); deep {
				v = []any{} // no field has such a value
			}
			inner[name] = valueOf(v)
		}
		return inner
	}
	return v
}
