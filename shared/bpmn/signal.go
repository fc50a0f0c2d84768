package bpmn

import (
	"strings"
	"unicode/utf8"

	"diom.io/workflow/shared/expr"
)

// SignalVariable is one camunda:in of a thrown signal or of a call, or a camunda:out of a call: a variable or
// an expression that receivers get under the name Target, or all variables that the token sees.
type SignalVariable struct {
	All        bool
	Local      bool // only what is in the innermost scope, not what is around it
	Source     string
	Expression *expr.Expression // nil: the variable Source
	Target     string
}

// readSignalEvent reads which signal an event throws or waits for, and what a thrown one carries.
func readSignalEvent(r *reader, d *node, f *FlowNode) {
	s := f.subject()
	s.line = d.line
	name := r.signal(d, s)
	e := &EventDefinition{Trigger: TriggerSignal, Signal: name}
	if f.Element.throws() {
		e.SignalVariables, e.SignalKey = r.passed(d, "in", s, passing{"signal", ruleSignalPayload})
	} else {
		for _, c := range d.extensions() {
			if c.local == "in" {
				r.add(ruleIgnoredExtension, s, "the extension element in is ignored at an event that waits for a signal")
			}
		}
	}
	if name == nil {
		return
	}
	f.Event = e
	if f.startsProcess() && !name.IsLiteral() {
		r.add(ruleStartSignal, s, "the signal name %s of the start event is an expression, but nothing is known before the start", clip(name.Source()))
	}
}

// signal resolves a signalRef; nil says that it is wrong, which has been reported.
func (r *reader) signal(n *node, s subject) *expr.Expression {
	ref := n.attr("signalRef")
	if ref == "" {
		r.add(ruleNoSignal, s, "")
		return nil
	}
	declared := referred(r.signals, ref)
	if declared == nil {
		r.add(ruleNoSignal, s, "the signalRef %s is no signal of the file", clip(ref))
		return nil
	}
	text := strings.TrimSpace(declared.raw("name"))
	if text == "" {
		r.add(ruleSignalName, s, "the signal %s has no name", clip(ref))
		return nil
	}
	name := r.expression(s, "name of the signal "+clip(ref), declared.raw("name"))
	if name != nil && name.IsLiteral() && utf8.RuneCountInString(text) > maxName {
		r.add(ruleSignalName, s, "the name of the signal %s is longer than %d characters", clip(ref), maxName)
	}
	return name
}

// passing is what carries variables, and the rule about how it says so.
type passing struct{ what, rule string }

// passed reads the camunda:in, or the camunda:out, of what carries variables (Camunda 7
// BpmnParse.parseCallableElementProvider): without any it carries nothing. key is the business key, which
// only camunda:in gives.
func (r *reader) passed(n *node, local string, s subject, p passing) (list []SignalVariable, key *expr.Expression) {
	for _, c := range n.extensions() {
		if c.local != local {
			continue
		}
		at := s
		at.line = c.line
		v := SignalVariable{All: c.attr("variables") == "all", Local: c.flag("local"), Source: c.attr("source"), Target: c.attr("target")}
		expression, business := c.attr("sourceExpression"), c.attr("businessKey")
		switch {
		case business != "" && local == "in":
			key = r.expression(at, "businessKey of the "+p.what, business)
			continue
		case expression != "" && v.Source == "" && !v.All:
			v.Expression = r.expression(at, "sourceExpression of the "+p.what, expression)
		case v.All && v.Source == "" && expression == "":
		case v.Source == "" || v.All || expression != "":
			r.add(p.rule, at, "")
			continue
		}
		if !v.All && v.Target == "" {
			r.add(p.rule, at, "the camunda:%s has no target", local)
			continue
		}
		list = append(list, v)
	}
	return list, key
}
