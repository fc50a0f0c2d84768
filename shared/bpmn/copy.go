package bpmn

import "diom.io/workflow/shared/expr"

// copyTo reads who is told when a user task is decided: the attribute copyTo of diom:approval, or the attribute to of
// diom:copy on a task with a policy or without. nil: nobody.
func (r *reader) copyTo(n *node, s subject) *expr.Expression {
	text, given := "", 0
	for _, e := range n.extensions() {
		if e.space != spaceDIOM {
			continue
		}
		at := ""
		switch e.local {
		case "approval":
			at = e.raw("copyTo")
		case "copy":
			if at = e.raw("to"); at == "" {
				s.line = e.line
				r.add(ruleCopy, s, "the element copy has no attribute to")
			}
		}
		if at != "" {
			text, s.line = at, e.line
			given++
		}
	}
	if given > 1 {
		r.add(ruleCopy, s, "it is said %d times who is told", given)
	}
	return r.expression(s, "attribute copyTo", text)
}
