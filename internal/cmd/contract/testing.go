package main

import (
	"fmt"
	"strconv"
	"strings"

	"gws-outbound/internal/gws"
)

// testingTable is the TypeScript module by which the client for tests checks requests and makes their answers.
func testingTable() string {
	b := &strings.Builder{}
	b.WriteString(generated + "\nimport type { Row } from \"./testing-check.js\";\n\n")
	comment(b, "", "The operations of the Outbound API: what their requests may have, and what answers them.")
	b.WriteString("export const rows: readonly Row[] = [\n")
	for _, op := range gws.Operations() {
		fmt.Fprintf(b, "  {\n    method: %q,\n    operationName: %q,\n    path: %q,\n    parameters: {\n", op.Method, op.Name, op.Path)
		for _, p := range op.Parameters {
			writeRule(b, p)
		}
		b.WriteString("    },\n    answers: {\n")
		for _, a := range op.Answers {
			role := map[gws.Role]string{gws.Final: "final", gws.Element: "element", gws.Nothing: "nothing"}[a.Role]
			fmt.Fprintf(b, "      %s: %q,\n", a.NotificationType, role)
		}
		result := map[gws.Result]string{gws.ResultData: "data", gws.ResultRecord: "record", gws.ResultRecords: "records"}[op.Result]
		fmt.Fprintf(b, "    },\n    messageType: %q,\n    result: %q,\n  },\n", op.Answers[0].MessageType, result)
	}
	b.WriteString("];\n\n")
	comment(b, "", "The names that pass as a call result.")
	writeTexts(b, "callResults", gws.AcceptedCallResults())
	b.WriteString("\n")
	comment(b, "", "What the status codes mean; the index is the code.")
	var meanings []string
	var acted []string
	for code := 0; gws.StatusMeaning(code) != ""; code++ {
		meanings = append(meanings, gws.StatusMeaning(code))
		if gws.MayHaveActed(code) {
			acted = append(acted, strconv.Itoa(code))
		}
	}
	writeTexts(b, "statusMeanings", meanings)
	b.WriteString("\n")
	comment(b, "", "The status codes with which the server may have done what was asked, or a part of it.")
	fmt.Fprintf(b, "export const mayHaveActed: readonly number[] = [%s];\n", strings.Join(acted, ", "))
	return b.String()
}

func writeTexts(b *strings.Builder, name string, texts []string) {
	fmt.Fprintf(b, "export const %s: readonly string[] = [\n", name)
	for _, text := range texts {
		fmt.Fprintf(b, "  %q,\n", text)
	}
	b.WriteString("];\n")
}

// writeRule prints what a parameter may be, on one line where that is short enough.
func writeRule(b *strings.Builder, p gws.Parameter) {
	fields := append(bounds(p), fmt.Sprintf("expected: %q", strings.TrimPrefix(p.Expected(), "expected ")))
	if p.Required {
		fields = append(fields, "required: true")
	}
	line := fmt.Sprintf("      %s: { %s },\n", p.Name, strings.Join(fields, ", "))
	if len(line) > lineWidth+1 {
		for i, field := range fields {
			if !strings.Contains(field, "\n") && len("        "+field+",") > lineWidth {
				fields[i] = strings.Replace(field, ": ", ":\n          ", 1)
			}
		}
		line = fmt.Sprintf("      %s: {\n        %s,\n      },\n", p.Name, strings.Join(fields, ",\n        "))
	}
	b.WriteString(line)
}

// bounds are the fields of a rule that say what a kind of parameter may be.
func bounds(p gws.Parameter) []string {
	text := func(most int) string { return fmt.Sprintf("text: %d", most) }
	switch p.Kind {
	case gws.LongText:
		return []string{text(gws.MaxLongText)}
	case gws.ShortText:
		return []string{text(gws.MaxShortText)}
	case gws.Choice:
		var choices []string
		for _, choice := range p.Choices {
			choices = append(choices, strconv.Quote(choice))
		}
		line := "choices: [" + strings.Join(choices, ", ") + "]"
		if len(line) > lineWidth-len("        ,") {
			line = "choices: [\n          " + strings.Join(choices, ",\n          ") + ",\n        ]"
		}
		return []string{line}
	case gws.CallResultOf:
		return []string{text(gws.MaxShortText), "callResult: true"}
	case gws.RecordHandle:
		return []string{"least: 1", `digits: "any"`}
	case gws.PositiveInt:
		return []string{"least: 1", `digits: "beyond"`}
	case gws.NaturalInt:
		return []string{"least: 0", `digits: "beyond"`}
	case gws.IntegerOrText:
		return []string{"least: Number.MIN_SAFE_INTEGER", text(gws.MaxShortText)}
	case gws.Timestamp:
		return []string{fmt.Sprintf("seconds: %.0f", float64(gws.MaxTimestamp))}
	case gws.UserData:
		return []string{fmt.Sprintf("fields: %d", gws.MaxUserData), text(gws.MaxLongText)}
	}
	panic(fmt.Sprintf("there is no rule for the kind of %s: %d", p.Name, p.Kind))
}
