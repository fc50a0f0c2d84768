package bpmn

import (
	"slices"
	"strconv"
	"strings"

	"diom.io/workflow/shared/expr"
)

// MaxInstances is how many instances a multi-instance activity may have.
const MaxInstances = 1000

// The variables of a multi-instance activity (BPMN 2.0.2 §13.3.6; the names are Camunda 7's). The first
// three are of the activity as a whole, the last is the index of an instance, from 0.
const (
	NumberOfInstances          = "nrOfInstances"
	NumberOfActiveInstances    = "nrOfActiveInstances"
	NumberOfCompletedInstances = "nrOfCompletedInstances"
	LoopCounter                = "loopCounter"
)

// MultiInstance is how often and for what an activity is done (BPMN 2.0.2 §10.3.8). The node that has
// it is the activity as a whole: flows, boundary events and its asynchronous continuations are there.
type MultiInstance struct {
	Sequential bool
	// Cardinality gives the number of instances; nil: as many as the collection has elements.
	Cardinality *expr.Expression
	// Collection gives a list; a literal is the name of the variable that holds it. Nil: none.
	Collection *expr.Expression
	// ElementVariable names the variable of an instance that holds its element; empty: none.
	ElementVariable string
	// Condition is the completionCondition, or nil: when it is true after an instance has been completed,
	// the others are cancelled.
	Condition *expr.Expression
	// Loop makes it a standard loop; nil: it is none. A loop is a sequence without a count.
	Loop *Loop
	// Instance is the activity as one instance does it: without flows and boundary events, with the input
	// parameters, and with the asynchronous continuations of the marker.
	Instance *FlowNode
}

// HasScope reports whether an entered node has variables of its own.
func (f *FlowNode) HasScope() bool {
	return f.Holds() || f.Call != nil || len(f.Inputs)+len(f.Outputs) > 0
}

// Holds reports whether tokens can be inside of the node: of a sub-process, of the instances of an
// activity, or of what an event compensates.
func (f *FlowNode) Holds() bool {
	return f.Element.Embeds() || f.MultiInstance != nil || f.Compensates()
}

// Compensates reports whether the node is an event that compensates activities and waits for that.
func (f *FlowNode) Compensates() bool {
	return f.Event != nil && f.Element.throws() && (f.Event.Trigger == TriggerCompensation || f.Event.Trigger == TriggerCancel)
}

// IsActivity reports whether the node is a task or a sub-process.
func (f *FlowNode) IsActivity() bool { return f.Element.isActivity() }

// multiInstance reads the marker of an activity, whose node has all else but its flows and boundary
// events.
func (r *reader) multiInstance(n *node, f *FlowNode) {
	for _, c := range n.children {
		if !c.bpmn("multiInstanceLoopCharacteristics") && !c.bpmn("standardLoopCharacteristics") {
			continue
		}
		s := f.subject()
		s.line = c.line
		switch {
		case !f.Element.isActivity():
			r.add(ruleLoopPlace, s, "the %s has a multi-instance marker", f.Element)
		case f.MultiInstance != nil:
			r.add(ruleLoopPlace, s, "the activity has a second loop marker")
		case c.bpmn("standardLoopCharacteristics"):
			r.standardLoop(c, f, s)
		default:
			r.loop(c, f, s)
		}
	}
}

func (r *reader) loop(n *node, f *FlowNode, s subject) {
	r.judge(n, s)
	r.children(n, inLoop, s)
	if behavior := n.attr("behavior"); behavior != "" && behavior != "All" {
		r.add(ruleUnsupportedAttribute, s, "the attribute behavior asks for events of single instances (%s), which this version does not execute", clip(behavior))
	}
	m := &MultiInstance{Sequential: n.flag("isSequential"), ElementVariable: n.extension("elementVariable")}
	m.Collection = r.expression(s, "attribute collection", n.rawExtension("collection"))
	given := n.extension("collection") != ""
	for _, c := range n.children {
		given = r.loopPart(m, c, s) || given
	}
	switch {
	case !given:
		r.add(ruleLoopCount, s, "")
	case m.ElementVariable != "" && m.Collection == nil && m.Cardinality != nil:
		r.add(ruleLoopElement, s, "the element variable %s has no collection to take its values from", clip(m.ElementVariable))
	case slices.Contains([]string{NumberOfInstances, NumberOfActiveInstances, NumberOfCompletedInstances, LoopCounter}, m.ElementVariable):
		r.add(ruleLoopElement, s, "the element variable %s has the name of a variable that each multi-instance activity has", m.ElementVariable)
	}
	if len(f.Outputs) > 0 {
		r.add(ruleMappingPlace, s, "a multi-instance activity cannot have output parameters: each instance would overwrite those of the others")
	}
	r.lay(n, f, s, m)
}

// lay puts a marker around an activity: what each instance does moves into it.
func (r *reader) lay(n *node, f *FlowNode, s subject, m *MultiInstance) {
	m.Instance = f.instance(isTrue(n.extension("asyncBefore")) || isTrue(n.extension("async")), isTrue(n.extension("asyncAfter")))
	if cycle := r.retryCycle(n, s); cycle != nil {
		m.Instance.RetryCycle = cycle
	}
	f.MultiInstance, f.Inputs, f.Listeners = m, nil, nil
}

// loopPart reads a child of the marker and reports whether it says how many instances there are.
func (r *reader) loopPart(m *MultiInstance, c *node, s subject) (counts bool) {
	s.line = c.line
	switch {
	case c.bpmn("loopCardinality"):
		if r.formal(c, s) {
			m.Cardinality = r.cardinality(c, s)
		}
		return true
	case c.bpmn("loopDataInputRef"):
		m.Collection = r.expression(s, "element loopDataInputRef", c.text)
		return m.Collection != nil
	case c.bpmn("inputDataItem"):
		m.ElementVariable = c.attr("name")
		if m.ElementVariable == "" {
			r.add(ruleLoopElement, s, "the inputDataItem has no name")
		}
	case c.bpmn("completionCondition"):
		if r.formal(c, s) {
			m.Condition = r.formula(c, s, "completionCondition", c.text)
		}
		if m.Condition != nil && m.Condition.IsLiteral() {
			r.add(ruleLiteralCondition, s, "the completionCondition is plain text and can be neither true nor false: %s", clip(m.Condition.Source()))
		}
	}
	return false
}

func (r *reader) cardinality(n *node, s subject) *expr.Expression {
	e := r.formula(n, s, "element loopCardinality", n.text)
	if e == nil {
		if strings.TrimSpace(n.text) == "" {
			r.add(ruleLoopCardinality, s, "the loopCardinality is empty")
		}
		return nil
	}
	if e.IsLiteral() {
		if n, err := strconv.Atoi(e.Source()); err != nil || n < 0 || n > MaxInstances {
			r.add(ruleLoopCardinality, s, "the loopCardinality %s is not a whole number from 0 to %d", clip(e.Source()), MaxInstances)
		}
	}
	return e
}

// instance is the node without what belongs to the activity as a whole.
func (f *FlowNode) instance(asyncBefore, asyncAfter bool) *FlowNode {
	i := *f
	i.Incoming, i.Outgoing, i.Default, i.Boundary = nil, nil, nil, nil
	i.Outputs = nil
	i.AsyncBefore, i.AsyncAfter = asyncBefore, asyncAfter
	return &i
}
