package bpmn

import (
	"strconv"

	"diom.io/workflow/shared/expr"
)

// Loop is a standard loop (BPMN 2.0.2 §10.3.8.1): an activity that is done again while a condition holds.
// Camunda 7 ignores the marker.
type Loop struct {
	// Condition is the loopCondition, or nil: it always holds.
	Condition *expr.Expression
	// TestBefore is whether the condition is asked before the first time, too.
	TestBefore bool
	// Maximum is how often the activity is done at most; 0: the condition alone ends it.
	Maximum int
}

func (r *reader) standardLoop(n *node, f *FlowNode, s subject) {
	r.judge(n, s)
	r.children(n, inLoop, s)
	l := &Loop{TestBefore: n.flag("testBefore")}
	if text := n.attr("loopMaximum"); text != "" {
		var err error
		if l.Maximum, err = strconv.Atoi(text); err != nil || l.Maximum < 1 {
			r.add(ruleLoopMaximum, s, "the loopMaximum %s is not a whole number of at least 1", clip(text))
			return
		}
	}
	for _, c := range n.children {
		if !c.bpmn("loopCondition") {
			continue
		}
		at := s
		at.line = c.line
		if !r.formal(c, at) {
			return
		}
		l.Condition = r.formula(c, at, "loopCondition", c.text)
		if l.Condition != nil && l.Condition.IsLiteral() {
			r.add(ruleLiteralCondition, at, "the loopCondition is plain text and can be neither true nor false: %s", clip(l.Condition.Source()))
		}
	}
	if l.Condition == nil && l.Maximum == 0 {
		r.add(ruleLoopOnce, s, "")
		return
	}
	r.lay(n, f, s, &MultiInstance{Sequential: true, Loop: l})
}
