package manifest

import (
	"bytes"
	"fmt"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/soundness"
)

// supportTable is docs/bpmn-support.md: which elements execute, what becomes of the others, and the
// rules that a model must keep.
func supportTable() []byte {
	var b bytes.Buffer
	b.WriteString(tableHeader + "# BPMN support\n\nA deployment executes the elements marked so, reads the others marked *read* without an effect, and refuses the rest\n" +
		"with the element's id, its line, the rule and what to do instead.\n\n| element | | what it is, or how far it is executed | instead |\n|---|---|---|---|\n")
	for _, s := range bpmn.Supports() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Name, verdict(s), cell(s.What), cell(s.Fix))
	}
	b.WriteString("\n## Rules\n\nA breach is an entry of the problem document's `errors`; a warning is in the answer to the deployment.\n\n" +
		"| rule | | what it means | what to do |\n|---|---|---|---|\n")
	for _, r := range bpmn.Rules() {
		kind := "refused"
		if r.Warning {
			kind = "warning"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.Code, kind, cell(r.Reason), cell(r.Fix))
	}
	b.WriteString("\n## Findings\n\nA deployment, and `diom lint`, play the tokens of every process. What a run may meet is a warning with the way to it: the ids of the\n" +
		"flow nodes and sequence flows that the tokens passed, in order. A condition that is never true may exclude it.\n\n" +
		"| finding | what it means | what to do |\n|---|---|---|\n")
	for _, r := range soundness.Rules() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Code, cell(r.Reason), cell(r.Fix))
	}
	return b.Bytes()
}

func verdict(s bpmn.Support) string {
	switch {
	case s.Executed:
		return "**executed**"
	case s.Refused:
		return "refused"
	}
	return "read"
}
