package bpmn

import "slices"

// eventSubProcessRules are those about event sub-processes. They are Camunda 7's (BpmnParse.parseSubProcess and
// parseScopeStartEvent).
var eventSubProcessRules = map[string]Rule{
	ruleEventSubStart: {
		Reason: "the event sub-process has not exactly one start event, which has a trigger",
		Fix:    "Give it one start event with a message, a signal, a timer, a condition, an error or an escalation.",
	},
	ruleEventSubFlow: {
		Reason: "a sequence flow leads to the event sub-process or leaves it",
		Fix:    "Remove the flow; the event alone starts it, and nothing follows it.",
	},
	ruleEventSubPlace: {
		Reason: "the event sub-process has something that only an activity in the flow can have",
		Fix:    "Remove it, or put it on a sub-process inside of the event sub-process.",
	},
}

// eventSubTriggers are the triggers of start events that only an event sub-process may have on top of the
// others (BPMN 2.0.2 §10.5.2, table 10.86).
var eventSubTriggers = []string{"errorEventDefinition", "escalationEventDefinition"}

// fits reports whether a trigger may stand at an event.
func (o occasion) fits(trigger string, f *FlowNode) bool {
	return slices.Contains(o.elements, f.Element) || f.StartsEventSubProcess() && slices.Contains(eventSubTriggers, trigger)
}

// StartsEventSubProcess reports whether the node is the start event of an event sub-process.
func (f *FlowNode) StartsEventSubProcess() bool {
	return f.Element == ElementStartEvent && f.Parent != nil && f.Parent.TriggeredByEvent
}

// EventStarts returns the start events of the event sub-processes that stand in a sub-process, or in one of
// its instances, or, where that is nil, in the process itself; in document order.
func (p *Process) EventStarts(container *FlowNode) []*FlowNode { return p.eventStarts[idOf(container)] }

// readEventSubProcess reads what makes a sub-process one that an event starts.
func readSubProcess(r *reader, n *node, f *FlowNode) {
	f.TriggeredByEvent = n.flag("triggeredByEvent")
	if !f.TriggeredByEvent {
		return
	}
	if n.hasExtension("inputOutput") {
		r.add(ruleEventSubPlace, f.subject(), "the event sub-process cannot have input or output parameters")
	}
	for _, c := range n.children {
		if c.bpmn("multiInstanceLoopCharacteristics") {
			r.add(ruleEventSubPlace, f.subject(), "the event sub-process cannot have a multi-instance marker")
		}
	}
}

// interrupts reads whether the start event of an event sub-process interrupts what is around that; an error always does.
func (r *reader) interrupts(n *node, f *FlowNode) {
	if !f.StartsEventSubProcess() {
		return
	}
	f.Interrupting = n.attr("isInterrupting") == "" || n.flag("isInterrupting")
	if f.Event != nil && f.Event.Trigger == TriggerError && !f.Interrupting {
		r.add(ruleErrorInterrupts, f.subject(), `the error start event interrupts though it says isInterrupting="false"`)
		f.Interrupting = true
	}
}

// eventSubProcesses applies the rules about the event sub-processes of a process and finds their start
// events. What would start two of them, or one of them and a boundary event of the same activity, is an error.
func (r *reader) eventSubProcesses(p *draft) {
	found := map[*FlowNode][]*FlowNode{}
	for _, f := range p.process.Nodes {
		if f.StartsEventSubProcess() {
			found[f.Parent] = append(found[f.Parent], f)
		}
	}
	p.process.eventStarts = map[string][]*FlowNode{}
	for _, f := range p.process.Nodes {
		if !f.TriggeredByEvent || f.ForCompensation { // which has rules of its own
			continue
		}
		r.eventSubFlows(f)
		starts := found[f]
		if len(starts) != 1 || !p.triggered[starts[0]] {
			r.add(ruleEventSubStart, f.subject(), "the event sub-process has %d start events, or one without a trigger", len(starts))
			continue
		}
		if starts[0].Event != nil {
			id := idOf(f.Parent)
			p.process.eventStarts[id] = append(p.process.eventStarts[id], starts[0])
		}
	}
	starts := p.process.EventStarts(nil)
	r.namesOnce(starts)
	r.errorsOnce(starts)
	r.escalationsOnce(starts, nil)
}

func (r *reader) eventSubFlows(f *FlowNode) {
	for _, flow := range slices.Concat(f.Incoming, f.Outgoing) {
		r.add(ruleEventSubFlow, flow.subject(), "the sequence flow leads to the event sub-process %s or leaves it", clip(f.ID))
	}
}
