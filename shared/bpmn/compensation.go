package bpmn

// compensationRules are those about compensation. They are Camunda 7's (BpmnParse.parseAssociations,
// parseCompensationEventSubprocess and parseThrowCompensateEventDefinition); what it leaves without an
// effect is a warning.
var compensationRules = map[string]Rule{
	ruleHandlerFlow: {
		Reason: "a sequence flow leads to a compensation handler or away from it",
		Fix:    "Remove the flow; an association joins the handler to its compensation event.",
	},
	ruleHandlerBorder: {
		Reason: "a boundary event is attached to a compensation handler",
		Fix:    "Make the handler a sub-process and attach the event to the activity inside of it.",
	},
	ruleHandlerUnused: {
		Reason:  "nothing leads to the compensation handler: it is never done",
		Fix:     "Draw an association from a compensation boundary event to it.",
		Warning: true,
	},
	ruleNoHandler: {
		Reason:  "the compensation boundary event has no handler: nothing undoes its activity",
		Fix:     "Draw an association from the event to an activity with isForCompensation=\"true\".",
		Warning: true,
	},
	ruleNotHandler: {
		Reason: "the association leads from a compensation event to something that cannot be its handler",
		Fix:    "Let it lead to an activity with isForCompensation=\"true\" in the same process or sub-process.",
	},
	ruleTwoHandlers: {
		Reason: "two compensation events or event sub-processes are for the same activity",
		Fix:    "Keep one of them.",
	},
	ruleProcessHandler: {
		Reason: "the compensation event sub-process stands in no sub-process: nothing can compensate a process",
		Fix:    "Put it into the sub-process that it undoes.",
	},
	ruleCompensationFlow: {
		Reason: "a sequence flow leaves the compensation boundary event",
		Fix:    "Draw an association to the handler instead.",
	},
	ruleActivityRef: {
		Reason: "the activityRef is no activity of the same process or sub-process",
		Fix:    "Name an activity beside the throwing event, from within an event sub-process also one beside that; without activityRef everything there is compensated.",
	},
	ruleCompensationIgnored: {
		Reason:  "an attribute of the compensation event is ignored",
		Fix:     "Remove it: a throwing event waits until everything is compensated, and only a throwing event names an activity.",
		Warning: true,
	},
}

type association struct {
	source, target string
	line           int
}

// undoes notes that an activity is for compensation: a handler, or an event sub-process that is one.
func (n *node) undoes(f *FlowNode) {
	f.ForCompensation = n.compensates() || f.Element.isActivity() && n.flag("isForCompensation") && !n.flag("triggeredByEvent")
}

// compensates reports whether n is an event sub-process whose start events are compensation events.
func (n *node) compensates() bool {
	if n.local != "subProcess" || !n.flag("triggeredByEvent") {
		return false
	}
	found := false
	for _, c := range n.children {
		if !c.bpmn("startEvent") {
			continue
		}
		triggers := c.triggers()
		if len(triggers) != 1 || !triggers[0].bpmn("compensateEventDefinition") {
			return false
		}
		found = true
	}
	return found
}

// readCompensateEvent reads an event that throws compensation, or one that its activity has.
func readCompensateEvent(r *reader, d *node, f *FlowNode) {
	s := f.subject()
	s.line = d.line
	if f.Element == ElementStartEvent && (f.Parent == nil || !f.Parent.TriggeredByEvent) {
		r.add(ruleMisplacedTrigger, s, "a compensateEventDefinition starts event sub-processes only")
		return
	}
	f.Event = &EventDefinition{Trigger: TriggerCompensation, ActivityRef: d.attr("activityRef")}
	f.Interrupting = false
	waits := d.attr("waitForCompletion")
	if f.Element.throws() {
		if waits != "" && !isTrue(waits) {
			r.add(ruleCompensationIgnored, s, "waitForCompletion=\"false\" is ignored: the event waits")
		}
		return
	}
	if waits != "" || f.Event.ActivityRef != "" {
		f.Event.ActivityRef = ""
		r.add(ruleCompensationIgnored, s, "activityRef and waitForCompletion are ignored at an event that catches compensation")
	}
}

// compensations joins each activity to what undoes it. The boundary events are at their activities.
func (r *reader) compensations(p *draft) {
	joined := map[*FlowNode]bool{}
	for _, a := range p.associations {
		r.associate(p, a, joined)
	}
	for _, f := range p.process.Nodes {
		switch {
		case f.ForCompensation && f.TriggeredByEvent:
			r.handlerWithin(f)
			r.handlerFlows(f)
		case f.ForCompensation:
			r.handlerFlows(f)
			if !joined[f] {
				r.add(ruleHandlerUnused, f.subject(), "")
			}
		case f.Event != nil && f.Event.Trigger == TriggerCompensation:
			r.compensationEvent(p, f, joined)
		}
	}
}

// associate gives the activity of a compensation boundary event its handler. Other associations join
// what is only shown.
func (r *reader) associate(p *draft, a association, joined map[*FlowNode]bool) {
	event, target := p.process.nodes[a.source], p.process.nodes[a.target]
	if event == nil || event.AttachedTo == nil || event.Event == nil || event.Event.Trigger != TriggerCompensation || target == nil {
		return
	}
	s := event.subject()
	s.line = a.line
	switch {
	case !target.ForCompensation:
		r.add(ruleNotHandler, s, "the association leads to %s, which is not for compensation", clip(target.ID))
	case target.TriggeredByEvent:
		r.add(ruleNotHandler, s, "the association leads to the event sub-process %s", clip(target.ID))
	case target.Parent != event.Parent:
		r.add(ruleNotHandler, s, "the association leads to %s in another sub-process", clip(target.ID))
	default:
		event.AttachedTo.Compensation = target
		joined[target] = true
	}
	joined[event] = true
}

// handlerWithin makes an event sub-process what undoes the sub-process around it.
func (r *reader) handlerWithin(f *FlowNode) {
	switch around := f.Parent; {
	case around == nil:
		r.add(ruleProcessHandler, f.subject(), "")
	case around.Compensation != nil:
		r.add(ruleTwoHandlers, f.subject(), "%s undoes the sub-process %s already", clip(around.Compensation.ID), clip(around.ID))
	default:
		around.Compensation = f
	}
}

func (r *reader) handlerFlows(f *FlowNode) {
	for _, flow := range append(f.Incoming[:len(f.Incoming):len(f.Incoming)], f.Outgoing...) {
		r.add(ruleHandlerFlow, f.subject(), "the compensation handler has the sequence flow %s", clip(flow.ID))
		return
	}
}

func (r *reader) compensationEvent(p *draft, f *FlowNode, joined map[*FlowNode]bool) {
	switch {
	case f.Element.throws():
		r.activityRef(p, f)
	case f.AttachedTo == nil:
	case len(f.Outgoing) > 0:
		r.add(ruleCompensationFlow, f.subject(), "the sequence flow %s leaves the compensation boundary event", clip(f.Outgoing[0].ID))
	case !joined[f]:
		r.add(ruleNoHandler, f.subject(), "")
	}
}

// activityRef demands that the activity is beside the event, or beside the event sub-process around it.
func (r *reader) activityRef(p *draft, f *FlowNode) {
	ref := f.Event.ActivityRef
	if ref == "" {
		return
	}
	named, around := p.process.nodes[ref], f.Parent
	beside := named != nil && named.Parent == around
	if !beside && around != nil && around.TriggeredByEvent {
		beside = named != nil && named.Parent == around.Parent
	}
	if !beside || named.Element != 0 && !named.Element.isActivity() {
		r.add(ruleActivityRef, f.subject(), "the activityRef %s is no activity of the %s", clip(ref), p.where(around))
	}
}

// compensationOnce demands that an activity has one compensation event, and that none has the activity
// that undoes another.
func (r *reader) compensationOnce(host *FlowNode) {
	var first *FlowNode
	for _, b := range host.Boundary {
		switch {
		case b.Event == nil || b.Event.Trigger != TriggerCompensation:
		case first != nil:
			r.add(ruleTwoHandlers, b.subject(), "the activity %s has the compensation event %s already", clip(host.ID), clip(first.ID))
		default:
			first = b
		}
	}
}
