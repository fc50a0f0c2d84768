package bpmn

// escalationRules are those about escalation events. They are Camunda 7's (BpmnParse.parseEscalation… and
// addEscalationEventDefinition).
var escalationRules = map[string]Rule{
	ruleEscalation: {
		Reason: "the escalationRef is no escalation of the file",
		Fix:    "Add an escalation to the file and refer to its id, or let the boundary event catch every escalation without an escalationRef.",
	},
	ruleEscalationCode: {
		Reason: "the event throws an escalation without a code",
		Fix:    "Refer to an escalation of the file that has an escalationCode.",
	},
	ruleEscalationHost: {
		Reason: "the escalation boundary event is on an activity that nothing can throw one from",
		Fix:    "Attach it to the sub-process around the event that throws the escalation, to the call of the process that does, or to a user task.",
	},
	ruleEscalationTwice: {
		Reason: "two boundary events of an activity, or two event sub-processes beside each other, catch the same escalation",
		Fix:    "Give each of them an escalation of its own; one that catches every escalation stands alone.",
	},
}

// readEscalationEvent reads what an event throws or catches. Unlike an error, an escalation has to be
// declared; a catching event without a code catches every one.
func readEscalationEvent(r *reader, d *node, f *FlowNode) {
	s := f.subject()
	s.line = d.line
	e := &EventDefinition{Trigger: TriggerEscalation}
	f.Event = e
	ref := d.attr("escalationRef")
	declared := referred(r.escalations, ref)
	if ref != "" && declared == nil {
		r.add(ruleEscalation, s, "the escalationRef %s is no escalation of the file", clip(ref))
		return
	}
	if declared != nil {
		e.EscalationCode = declared.attr("escalationCode")
	}
	variable := d.extension("escalationCodeVariable")
	switch {
	case !f.Element.throws():
		e.CodeVariable = variable
		return
	case variable != "":
		r.add(ruleIgnoredExtension, s, "the attribute escalationCodeVariable is ignored at an event that throws an escalation")
	}
	if e.EscalationCode == "" {
		r.add(ruleEscalationCode, s, "")
	}
}

// escalationsOnce applies the rules about the events that catch escalations from within one sub-process or process,
// or one task: the start events of the event sub-processes inside, and the boundary events of the activity, if there is
// one. One escalation has one event; an event for every escalation is the only one of its kind.
func (r *reader) escalationsOnce(inside []*FlowNode, host *FlowNode) {
	codes := map[string]*FlowNode{}
	r.escalationsOf(inside, codes)
	if host == nil {
		return
	}
	var border []*FlowNode
	for _, b := range host.Boundary {
		if b.Event != nil && b.Event.Trigger == TriggerEscalation && !host.Element.escalates() {
			r.add(ruleEscalationHost, b.subject(), "the escalation boundary event is on the %s %s: nothing can throw one to it", host.Element, clip(host.ID))
			continue
		}
		border = append(border, b)
	}
	r.escalationsOf(border, codes)
}

func (r *reader) escalationsOf(events []*FlowNode, codes map[string]*FlowNode) {
	var first, every *FlowNode
	for _, b := range events {
		if b.Event == nil || b.Event.Trigger != TriggerEscalation {
			continue
		}
		code := b.Event.EscalationCode
		same := codes[code]
		switch {
		case code != "" && same != nil:
			r.add(ruleEscalationTwice, b.subject(), "%s catches the escalation %s, too", clip(same.ID), clip(code))
		case first != nil && (code == "" || every != nil):
			r.add(ruleEscalationTwice, b.subject(), "this event or %s catches every escalation", clip(first.ID))
		}
		if first == nil {
			first = b
		}
		if code == "" {
			every = b
		}
		codes[code] = b
	}
}
