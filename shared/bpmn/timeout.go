package bpmn

import (
	"slices"
	"strings"

	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/schedule"
)

// What happens to a user task that takes too long.
const (
	TimeoutRemind   = "remind"   // whoever has it is urged
	TimeoutEscalate = "escalate" // and his superior is told
	TimeoutTransfer = "transfer" // it goes to somebody else, his superior unless one is named
	TimeoutApprove  = "approve"  // it is completed with this outcome
	TimeoutReject   = "reject"
	TimeoutReturn   = "return" // it is returned, to the task before unless one is named
)

var timeoutWords = []string{TimeoutRemind, TimeoutEscalate, TimeoutTransfer, TimeoutApprove, TimeoutReject, TimeoutReturn}

// Timeout is what happens after some time when a user task is still open (diom:timeout).
type Timeout struct {
	// After gives an ISO 8601 duration: of working days and hours where Working is set.
	After   *expr.Expression
	Working bool
	Do      string
	// To gives who gets the task, or the node to return to; nil: the usual one.
	To *expr.Expression
}

// timeouts reads the elements timeout of a user task.
func (r *reader) timeouts(n *node, s subject) []Timeout {
	var list []Timeout
	for _, e := range n.extensions() {
		if e.local != "timeout" || e.space != spaceDIOM {
			continue
		}
		s.line = e.line
		t := Timeout{After: r.expression(s, "attribute after", e.raw("after")), Working: e.attr("working") != "false", Do: e.attr("do"), To: r.expression(s, "attribute to", e.raw("to"))}
		r.checkTimeout(e, s, t)
		list = append(list, t)
	}
	return list
}

func (r *reader) checkTimeout(e *node, s subject, t Timeout) {
	for _, x := range e.attributes {
		if x.space == "" && !slices.Contains([]string{"after", "working", "do", "to"}, x.local) {
			r.add(ruleTimeout, s, "there is no attribute %s", clip(x.local))
		}
	}
	if !slices.Contains(timeoutWords, t.Do) {
		r.add(ruleTimeout, s, "the attribute do is %q, none of %s", clip(t.Do), strings.Join(timeoutWords, ", "))
	}
	if w := e.attr("working"); w != "" && w != "true" && w != "false" {
		r.add(ruleTimeout, s, "the attribute working is %q, not true or false", clip(w))
	}
	if t.To != nil && t.Do != TimeoutTransfer && t.Do != TimeoutReturn {
		r.add(ruleTimeout, s, "the attribute to belongs to transfer and return")
	}
	if t.After == nil || t.After.IsLiteral() && schedule.CheckDuration(t.After.Source()) != nil {
		r.add(ruleTimeout, s, "the attribute after is %q, no duration such as P2D or PT4H", clip(e.attr("after")))
	}
}

// timeoutText is a list of them as a text in which every difference shows.
func timeoutText(list []Timeout) string {
	var parts []string
	for _, t := range list {
		text := t.Do + " after=" + sourceOf(t.After) + " to=" + sourceOf(t.To)
		if t.Working {
			text += " working"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}
