package main

import (
	"encoding/json"
	"fmt"
	"go/format"
	"strings"

	"gws-outbound/internal/contract"
)

// optionsReader is the Go file that reads the options of createClient.
func optionsReader() (string, error) {
	b := &strings.Builder{}
	b.WriteString(generated + "\npackage core\n\nimport \"time\"\n\n")
	b.WriteString("// readEach reads the options of the table, each with its default; those that are more than a value by methods of their names.\n")
	b.WriteString("func (r *optionsReader) readEach() {\n")
	for _, o := range contract.Options {
		byDefault, err := literal(o.Default)
		if err != nil {
			return "", fmt.Errorf("the default of %s: %w", o.Name, err)
		}
		if o.Go == "" {
			fmt.Fprintf(b, "r.%s(%s)\n", o.Name, byDefault)
			continue
		}
		reader := map[string]string{"boolean": "boolean", "number ms": "milliseconds", "number bytes": "bytes"}[strings.TrimSpace(o.Type+" "+o.Unit)]
		if reader == "" {
			return "", fmt.Errorf("there is no reader for %s, a %s", o.Name, o.Type)
		}
		if o.Unit == "ms" {
			byDefault += " * time.Millisecond"
		}
		fmt.Fprintf(b, "r.opts.%[1]s = %[2]s\nr.%[3]s(%[4]q, &r.opts.%[1]s)\n", o.Go, byDefault, reader, o.Name)
	}
	b.WriteString("}\n")
	source, err := format.Source([]byte(b.String()))
	return string(source), err
}

// literal is a default in Go; "" for one that JSON has no word for.
func literal(byDefault string) (string, error) {
	if !json.Valid([]byte(byDefault)) {
		return "", nil
	}
	var value any
	if err := json.Unmarshal([]byte(byDefault), &value); err != nil {
		return "", err
	}
	switch value := value.(type) {
	case string, bool:
		return fmt.Sprintf("%#v", value), nil
	case float64:
		return byDefault, nil
	case []any:
		list := []string{}
		for _, element := range value {
			text, ok := element.(string)
			if !ok {
				return "", fmt.Errorf("%v is no text", element)
			}
			list = append(list, text)
		}
		return fmt.Sprintf("%#v", list), nil
	}
	return "", fmt.Errorf("%s is of no type that an option has", byDefault)
}
