package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gws-outbound/internal/contract"
)

// options is the TypeScript module of the options of createClient.
func options() string {
	b := &strings.Builder{}
	b.WriteString(generated + "\nimport type { CometDLike, LoadOptions, LogEntry, Transport } from \"./api.js\";\n\n")
	comment(b, "", "How to reach Genesys Web Services. Every option has a default.")
	b.WriteString("export interface ClientOptions extends LoadOptions {\n")
	for i, o := range contract.Options {
		if i > 0 {
			b.WriteString("\n")
		}
		doc := slices.Clone(o.Doc)
		if o.Default != "" {
			doc[0] += " Default: `" + o.Default + "`."
		}
		comment(b, "  ", doc...)
		fmt.Fprintf(b, "  %s?: %s;\n", o.Name, o.Type)
	}
	b.WriteString("}\n\n")
	comment(b, "", "What they are where they are not given.")
	b.WriteString("export const defaults = {\n")
	for _, o := range contract.Options {
		if json.Valid([]byte(o.Default)) {
			fmt.Fprintf(b, "  %s: %s,\n", o.Name, o.Default)
		}
	}
	b.WriteString("} as const;\n")
	return b.String()
}

// codes is the TypeScript module of the codes of errors.
func codes() string {
	b := &strings.Builder{}
	b.WriteString(generated + "\n")
	comment(b, "", "What went wrong. `delivery` is what decides about trying again.")
	b.WriteString("export type ErrorCode =\n")
	for i, c := range contract.Codes {
		comment(b, "  ", c.Doc)
		fmt.Fprintf(b, "  | %q", c.Code)
		if i == len(contract.Codes)-1 {
			b.WriteString(";")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// optionsTable is the options in Markdown.
func optionsTable() string {
	b := &strings.Builder{}
	b.WriteString("\n| option | default | |\n|---|---|---|\n")
	for _, o := range contract.Options {
		byDefault := o.Default
		if byDefault != "" {
			byDefault = "`" + byDefault + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", o.Name, byDefault, o.Manual)
	}
	b.WriteString("\n")
	return b.String()
}

// codesTable is the codes in Markdown, those of which the same is said in one line.
func codesTable() string {
	b := &strings.Builder{}
	b.WriteString("\n| `code` | when | `delivery` | what to do |\n|---|---|---|---|\n")
	for i := 0; i < len(contract.Codes); {
		c := contract.Codes[i]
		names := "`" + c.Code + "`"
		for i++; i < len(contract.Codes) && contract.Codes[i].When == c.When; i++ {
			names += ", `" + contract.Codes[i].Code + "`"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", names, c.When, c.Delivery, c.Remedy)
	}
	b.WriteString("\n")
	return b.String()
}
